"""What protects the evidence in a locker, one thing at a time: looked at, and set where it is not.

Each kind of bucket lists its protections; what is done with the list is the same for all. Nothing
that is there is ever loosened, shortened or taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from collector.errors import LockerError
from collector.evidence.address import Address, Bucket, Container, Folder, GoogleBucket
from collector.evidence.locker import Keeping, opening

State = Literal["ok", "missing", "unread"]
"""There; not there; could not be read, which is never taken for there."""

RETENTION_DAYS = 2192
"""Six years with two leap days among them, which is how long 45 CFR 164.316(b)(2)(i) has records
kept. Wanted where the configuration names no days."""


@dataclass(frozen=True)
class Look:
    """What was found of a protection."""

    is_met: bool
    text: str


class NoBucket(LockerError):
    """There is no bucket to look at."""


@dataclass(frozen=True)
class Protection:
    """One thing that protects evidence."""

    name: str
    wanted: str
    """What should be there, and so what would be done."""
    look: Callable[[], Look]
    """Raises `NoBucket` where there is none, any other `LockerError` where it cannot be read."""
    act: Callable[[], None] | None = None
    """Sets it; raises `LockerError`. None: it is for a person to set, and `wanted` says how."""


@dataclass(frozen=True)
class Finding:
    """What became of a protection."""

    name: str
    state: State
    found: str
    wanted: str
    is_changed: bool = False
    """Whether it was set just now."""


@dataclass(frozen=True)
class Place:
    """Where a bucket is made that is not there."""

    location: str | None = None
    """AWS region or Google location; None: as the SDK's configuration has it, or the cloud."""


def protections(address: Address, keeping: Keeping, place: Place) -> Sequence[Protection]:
    """What should protect the locker at an address. Nothing is asked yet.

    Args:
        address: the locker.
        keeping: retention and encryption that are wanted.
        place: for a bucket that is not there yet.

    Raises:
        ConfigError: its cloud's SDK is not installed, or there are no credentials.
        LockerError: there can be no client.
    """
    with opening(address):
        match address:
            case Folder():
                from collector.evidence.folder_protection import folder_protections

                return folder_protections(address)
            case Bucket():
                from collector.evidence.s3_protection import s3_protections

                return s3_protections(address, keeping, place)
            case GoogleBucket():
                from collector.evidence.gcs_protection import gcs_protections

                return gcs_protections(address, keeping, place)
            case Container():
                from collector.evidence.blob_protection import blob_protections

                return blob_protections(address, keeping)


def unseen(address: Address) -> str | None:
    """What protects a locker and cannot be looked at with a locker's own API; None: nothing."""
    if not isinstance(address, Container):
        return None
    return (
        "lifecycle rules, the default retention's length and the account's settings (TLS 1.2 or "
        "newer, no public access, no shared keys), which only Azure's management plane tells; see "
        f"az storage account show -n {address.account}"
    )


def inspect(wanted: Sequence[Protection]) -> tuple[Finding, ...]:
    """Look at each protection. Nothing is changed."""
    return tuple(_looked_at(protection) for protection in wanted)


def establish(wanted: Sequence[Protection]) -> tuple[Finding, ...]:
    """Set what is missing, in order, and look again. What could not be read is left alone."""
    return tuple(_established(protection) for protection in wanted)


def _looked_at(protection: Protection) -> Finding:
    try:
        found = protection.look()
    except NoBucket as error:
        return Finding(protection.name, "missing", str(error), protection.wanted)
    except LockerError as error:
        return Finding(protection.name, "unread", str(error), protection.wanted)
    state: State = "ok" if found.is_met else "missing"
    return Finding(protection.name, state, found.text, protection.wanted)


def _established(protection: Protection) -> Finding:
    before = _looked_at(protection)
    if before.state != "missing" or protection.act is None:
        return before
    try:
        protection.act()
    except LockerError as error:
        found = f"{before.found}; setting it failed: {error}"
        return Finding(before.name, "missing", found, before.wanted)
    after = _looked_at(protection)
    return Finding(after.name, after.state, after.found, after.wanted, is_changed=True)
