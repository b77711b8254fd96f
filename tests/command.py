"""The command line as a user types it, in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

import collector.cli


class Said(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]
"""Takes the words behind `collector`."""


def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command line where the process is; no traceback ever reaches a user."""

    def run(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["collector", *words])
        with pytest.raises(SystemExit) as left:
            collector.cli.main()
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Said(int(left.value.code or 0), said.out, said.err)

    return run
