"""`collector locker`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collector.evidence.protection import Finding

EXIT_UNPROTECTED = 3

WIDEST_CELL = 56

format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text"
)


@click.group()
def locker() -> None:
    """The folder or bucket that evidence is kept in, and what protects it."""


@locker.command("check")
@click.argument("url", metavar="[LOCKER]", required=False)
@format_option
@click.pass_context
def check(context: click.Context, url: str | None, form: str) -> None:
    """Look at what protects LOCKER against deletion and change; read-only.

    Retention and encryption are held against [retention] and locker_encryption_key of the
    configuration. Leaves with 3 if something is missing or could not be read.
    """
    _report(context, url, form, None, apply=False)


@locker.command("init")
@click.argument("url", metavar="[LOCKER]", required=False)
@click.option("--apply", is_flag=True, help="Do it. Without, it is only said what would be done.")
@click.option(
    "--location", help="AWS region or Google location of a bucket that has yet to be made."
)
@format_option
@click.pass_context
def init(
    context: click.Context, url: str | None, apply: bool, location: str | None, form: str
) -> None:
    """Set up what protects LOCKER, and make its bucket if there is none.

    Nothing that is there is loosened, shortened or taken away. In compliance mode a retention
    cannot be taken back by anybody. Leaves with 3 if something is still missing or could not be
    read.
    """
    _report(context, url, form, location, apply=apply)


def _report(
    context: click.Context, url: str | None, form: str, location: str | None, *, apply: bool
) -> None:
    import json
    from dataclasses import asdict

    from collector.cli.workbench import configured
    from collector.evidence.address import parse_address
    from collector.evidence.protection import Place, establish, inspect, protections, unseen

    config = configured(context)
    address = parse_address(config.locker if url is None else url)
    wanted = protections(address, config.keeping, Place(location))
    findings = establish(wanted) if apply else inspect(wanted)
    is_protected = all(finding.state == "ok" for finding in findings)
    if form == "json":
        told = {
            "locker": address.url,
            "protected": is_protected,
            "protections": [asdict(finding) for finding in findings],
            "unseen": unseen(address),
        }
        click.echo(json.dumps(told, indent=2))
    else:
        _print(address.url, findings)
        if (text := unseen(address)) is not None:
            click.echo(f"\nNot seen from here: {text}")
        settable = {protection.name for protection in wanted if protection.act is not None}
        if not apply and any(f.state == "missing" and f.name in settable for f in findings):
            click.echo(
                f"\nNothing was changed. Next:\n  collector locker init {address.url} --apply"
            )
    sys.exit(0 if is_protected else EXIT_UNPROTECTED)


def _print(url: str, findings: Sequence[Finding]) -> None:
    from collector.cli.tables import table

    rows = [
        [
            finding.name,
            "set" if finding.is_changed and finding.state == "ok" else finding.state,
            finding.found,
            "-" if finding.state == "ok" else finding.wanted,
        ]
        for finding in findings
    ]
    click.echo(table(["PROTECTION", "STATE", "FOUND", "EXPECTED"], rows, widest=WIDEST_CELL))
    missing = sum(finding.state == "missing" for finding in findings)
    unread = sum(finding.state == "unread" for finding in findings)
    if missing or unread:
        click.echo(f"\nNOT PROTECTED {url}: {missing} missing, {unread} could not be read")
    else:
        click.echo(f"\nPROTECTED {url}: all of it is there")


COMMANDS = (locker,)
