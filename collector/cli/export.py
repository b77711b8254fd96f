"""`collector export`."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

EXIT_NOT_VERIFIED = 5

DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def export() -> None:
    """Give evidence to others."""


@export.command("package")
@click.argument("locker", required=False)
@click.option("--account", "accounts", multiple=True, required=True, help="Repeatable.")
@click.option("--from", "first", type=DAY, required=True, help="First day of the period, UTC.")
@click.option("--to", "last", type=DAY, required=True, help="Last day of the period, UTC.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="ZIP to write.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=click.Path(dir_okay=False),
    help="Public key (PEM) that must have signed; default the locker's own; repeatable.",
)
@click.pass_context
def package(
    context: click.Context,
    locker: str | None,
    accounts: tuple[str, ...],
    first: datetime,
    last: datetime,
    output: Path,
    force: bool,
    keys: tuple[str, ...],
) -> None:
    """Write all evidence of a period, with what an auditor needs to verify it, as one ZIP.

    It is verified before it gets its name: leaves with 5, and writes nothing, if anything does not
    hold. The same period gives the same bytes.
    """
    from collector.cli.outputs import finished, say_problems, trusted_keys
    from collector.cli.workbench import configured, require_folder
    from collector.errors import ConfigError
    from collector.evidence.locker import open_locker
    from collector.export import package as packages

    period = packages.Period(first.date(), last.date())
    if period.last < period.first:
        raise ConfigError(f"--to {period.last}: is before --from {period.first}")
    trusted = trusted_keys(keys)
    config = configured(context)
    store = open_locker(config.locker if locker is None else locker)
    require_folder(store.url, "packaging")
    with finished(output, force=force) as unfinished:
        chosen = packages.select(store, list(dict.fromkeys(accounts)), period)
        packages.write(store, chosen, period, unfinished)
        report = packages.check(unfinished, chosen, trusted)
        if not report.ok:
            say_problems(store.url, report)
            sys.exit(EXIT_NOT_VERIFIED)
    for log, numbers in sorted(chosen.of_period.items()):
        before = numbers[0] - 1
        click.echo(
            f"{log.title}: {len(numbers)} snapshots of the period, numbers {numbers[0]} to"
            f" {numbers[-1]}, and {before} before, so that the chain is whole"
        )
    click.echo(f"{report.objects} objects ({report.size_bytes:,} bytes); all of it verified")
    for warning in report.warnings:
        click.echo(f"warning: {warning}")
    click.echo(f"{packages.file_digest(output)}  {output}")


COMMANDS = (export,)
