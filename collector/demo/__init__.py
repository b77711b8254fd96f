"""The demo account: a simulated AWS account inside this process, of an invented company.

It needs no cloud, no configuration and no credentials, and opens no connection. moto plays AWS; the
modules `seed_*` set up the account of Brackenfield Health, which sells patient-record software and
has, as companies do, most things in order and some not.
"""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING

from collector.errors import ConfigError

if TYPE_CHECKING:
    from collector.readers.aws import AwsReader
    from collector.source import Source


def open_demo(sources: frozenset[Source] | None = None) -> AwsReader:
    """A reader of the simulated account, which is made the first time this is called.

    Readers opened later in the same process read the same account. What is in it follows from the
    calendar month alone, so that two runs in a month find the same.

    Args:
        sources: what will be read, so that no more of the SDK is loaded; None: anything may be.

    Raises:
        ConfigError: moto, which the extra `demo` brings, is not installed, or the environment tells
            it to simulate another account.
    """
    if importlib.util.find_spec("moto") is None:
        raise ConfigError(
            "the demo account needs the extra demo;"
            " pip install 'compliance-evidence-collector[demo]'"
        )
    if "MOTO_ACCOUNT_ID" in os.environ:
        raise ConfigError(
            "the demo account: found MOTO_ACCOUNT_ID in the environment, by which moto puts all it"
            " simulates into one account; unset it"
        )
    from collector.demo.account import open_account

    return open_account(sources)
