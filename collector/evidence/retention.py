"""Retention of what is referred to again.

An object that did not change since the last run is not stored again. Its retention would still be
that of the day when it was first put, and it could be deleted before the last snapshot that refers
to it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from collector.errors import LockerError
from collector.evidence.locker import Locker

MARGIN = timedelta(days=30)
"""By how much longer a retention is made than it has to be, so that it is not made longer again
tomorrow: what is referred to every day costs one look a day and one change in thirty."""

SLACK = timedelta(days=1)
"""How much earlier than wanted an end may be: what one run puts and another finds a minute later is
left alone. For short retentions it is a tenth of them."""


def renew(locker: Locker, key: str, now: datetime) -> None:
    """Keep a file that is referred to again as long as one that is put now, but for `SLACK`.

    Raises:
        LockerError: it could not be made sure that the file is kept.
    """
    period = locker.retention()
    if period is None:
        return
    enough = now + period - min(SLACK, period / 10)
    if _is_kept(locker, key, enough):
        return
    until = (now + period + min(MARGIN, period / 10)).replace(microsecond=0)
    try:
        locker.extend_retention(key, until)
    except LockerError:
        # Another run that is some seconds ahead may have extended it, and S3 and Google refuse
        # what would shorten it by these.
        if not _is_kept(locker, key, enough):
            raise


def _is_kept(locker: Locker, key: str, enough: datetime) -> bool:
    until = locker.stat(key).retained_until
    return until is not None and until >= enough
