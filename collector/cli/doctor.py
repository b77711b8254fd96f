"""`collector doctor`."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from collector.cli.options import checks_dir_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from collector.cli.workbench import Workbench
    from collector.evidence.timestamps import Authority

EXIT_UNREADY = 3


@click.command()
@click.option(
    "--account", "accounts", multiple=True, help="Account to try; default all configured."
)
@click.option("--locker", help="Locker to try; default as for run.")
@click.option("--key", help="Signing key to try; default as for run.")
@checks_dir_option
@click.pass_context
def doctor(
    context: click.Context, accounts: tuple[str, ...], locker: str | None, key: str | None
) -> None:
    """Try everything that a run needs, and write nothing.

    Reads configuration, checks and mappings, opens locker and key, asks each timestamp authority,
    and reads each account as a run would; names each permission that is missing. Leaves with 2 if a
    run could not start, with 3 if it would leave something unknown or an authority fails.
    """
    from collector.cli.workbench import workbench
    from collector.errors import CollectorError

    try:
        bench = workbench(context)
    except CollectorError as error:
        _say(False, str(error))
        sys.exit(2)
    _say(True, f"configuration, {len(bench.checks)} checks and their mappings agree")
    can_start = _try("locker", lambda: _locker(bench, locker))
    can_start &= _try("key", lambda: _key(bench, key))
    try:
        authorities = bench.authorities()
    except CollectorError as error:
        _say(False, str(error))
        authorities, can_start = [], False
    seconds = bench.config.timestamp_seconds
    is_complete = True
    for authority in authorities:
        is_complete &= _try("time", partial(_time, authority, seconds))
    names = accounts or tuple(sorted(bench.config.accounts))
    if not names:
        _say(True, "no account is configured; --account demo needs none")
    for name in names:
        try:
            is_complete &= _account(bench, name)
        except CollectorError as error:
            _say(False, str(error))
            can_start = False
    if not can_start:
        sys.exit(2)
    sys.exit(0 if is_complete else EXIT_UNREADY)


def _try(what: str, attempt: Callable[[], str]) -> bool:
    from collector.errors import CollectorError

    try:
        _say(True, f"{what}: {attempt()}")
    except CollectorError as error:
        _say(False, str(error))
        return False
    return True


def _locker(bench: Workbench, url: str | None) -> str:
    store = bench.locker(url)
    store.check_writable()
    return f"{store.url} can be written"


def _key(bench: Workbench, spec: str | None) -> str:
    from pathlib import Path

    from collector.cli.workbench import key_spec
    from collector.evidence.keys import TRIAL

    named = key_spec(bench.config, spec)
    if named.startswith("file:") and not Path(named.removeprefix("file:")).expanduser().exists():
        return f"{named} will be made by the first run"
    signer = bench.signer(spec, create=False)
    signer.sign(TRIAL)
    return f"{named} has fingerprint {signer.fingerprint}"


def _time(authority: Authority, timeout_seconds: float) -> str:
    """Ask an authority for a timestamp of something that is nothing."""
    import os
    from datetime import UTC, datetime

    from collector.evidence.canonical import timestamp
    from collector.evidence.timestamps import stamper

    stamp = stamper([authority], timeout_seconds)(os.urandom(64), datetime.now(UTC))
    return f"{authority.url} says {timestamp(stamp.time)}"


def _account(bench: Workbench, name: str) -> bool:
    """Read the account as a run would; whether all could be read."""
    from datetime import UTC, datetime

    from collector.accounts import (
        has_endpoints,
        may_discover,
        open_reader,
        phi_of,
        provider_of,
    )
    from collector.collect import collect
    from collector.reconcile import reconciled

    endpoints = has_endpoints(name, bench.config)
    chosen = bench.choose(
        provider_of(name, bench.config),
        endpoints=endpoints,
        discover=may_discover(name, bench.config),
        tags=bool(phi_of(name, bench.config)),
    )
    checks = [bench.checks[i] for i in chosen]
    sources = frozenset(r.source for c in checks for r in c.resources)
    reader = open_reader(name, bench.config, sources=sources)
    _say(True, f"account {name}: credentials of {reader.scope.identity}")
    reads = collect(checks, reader, workers=bench.config.workers)
    # What was answered, but cannot be read or is contradicted, leaves something unknown as well.
    agreed = reconciled(reads, datetime.now(UTC))
    missing: dict[str, set[str]] = {}
    others: set[str] = set()
    for unread in (u for resource in agreed.resources for u in agreed[resource].unread):
        for permission in unread.missing:
            missing.setdefault(permission, set()).add(unread.operation)
        if not unread.missing:
            others.add(unread.reason)
    for permission, operations in sorted(missing.items()):
        _say(
            False,
            f"account {name}: missing permission {permission}, for {', '.join(sorted(operations))}",
        )
    for other in sorted(others):
        _say(False, f"account {name}: {other}")
    if missing or others:
        return False
    _say(True, f"account {name}: {len(reads.answers)} reads, nothing is missing")
    return True


def _say(is_good: bool, text: str) -> None:
    mark = click.style("ok  ", fg="green") if is_good else click.style("FAIL", fg="red")
    click.echo(f"{mark} {text}")


COMMANDS = (doctor,)
