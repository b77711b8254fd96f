"""`collector timestamp` and `collector anchor`."""

from __future__ import annotations

import sys

import click

EXIT_NO_TIMESTAMP = 1


@click.command()
@click.argument("locker", required=False)
@click.option("--account", "accounts", multiple=True, help="Only this account's log; repeatable.")
@click.option(
    "--newest",
    is_flag=True,
    help="Only to the newest seal of each log: it shows that all before it existed, too.",
)
@click.pass_context
def timestamp(
    context: click.Context, locker: str | None, accounts: tuple[str, ...], newest: bool
) -> None:
    """Add timestamps to the seals in LOCKER that carry none.

    For those that were made while no authority answered. What is added shows that a seal existed
    when it was added, not when the seal says it was made. It needs no signing key.
    """
    from collector.cli.workbench import authorities, configured, require_folder
    from collector.errors import ConfigError, TimestampError
    from collector.evidence.anchors import logs
    from collector.evidence.canonical import timestamp as written
    from collector.evidence.locker import open_locker
    from collector.evidence.log import named_log
    from collector.evidence.timestamps import add_timestamp, without_timestamp

    config = configured(context)
    asked = authorities(config)
    if not asked:
        raise ConfigError(
            "no timestamp authority is configured; write to collector.toml: [[timestamp]], url ="
            ' "https://…", ca_bundle = "roots.pem"'
        )
    store = open_locker(config.locker if locker is None else locker, config.keeping)
    require_folder(store.url, "adding timestamps in")
    store.check_writable()
    added = 0
    for log in map(named_log, accounts) if accounts else logs(store):
        for number, sealed in without_timestamp(store, log, newest=newest):
            try:
                seen = add_timestamp(store, sealed, asked, config.timestamp_seconds)
            except TimestampError as error:
                click.echo(
                    f"collector: number {number} of {log.title}: {error}; {added} were added before"
                    " it, run again for the rest",
                    err=True,
                )
                sys.exit(EXIT_NO_TIMESTAMP)
            click.echo(f"{log.title}: number {number} existed by {written(seen)}")
            added += 1
    click.echo(f"{added} timestamps added", err=True)


@click.command()
@click.argument("locker", required=False)
@click.option("--key", help="Signing key, file:PATH; default COLLECTOR_KEY, or the user's own.")
@click.pass_context
def anchor(context: click.Context, locker: str | None, key: str | None) -> None:
    """Seal the heads of all logs in LOCKER, and print the head of the anchors.

    Whoever remembers that one line can tell whether anything in LOCKER was cut off or rewritten.
    """
    from datetime import UTC, datetime

    from collector.cli.workbench import (
        configured,
        configured_stamper,
        keep_apart,
        key_spec,
        require_folder,
    )
    from collector.evidence.anchors import seal_anchor
    from collector.evidence.canonical import timestamp as written
    from collector.evidence.key_log import check_signer
    from collector.evidence.keys import open_signer
    from collector.evidence.locker import open_locker
    from collector.evidence.log import ANCHORS

    config = configured(context)
    url = config.locker if locker is None else locker
    store = open_locker(url, config.keeping)
    require_folder(store.url, "anchoring")
    spec = key_spec(config, key)
    keep_apart(spec, url)
    store.check_writable()
    stamper = configured_stamper(config)
    signer = open_signer(spec, create=False)
    note = check_signer(store, ANCHORS, signer)
    sealed, made = seal_anchor(store, signer, lambda: datetime.now(UTC), stamper)
    for head in made.heads:
        click.echo(f"{head.log}: number {head.number}, {head.sha256}", err=True)
    if note is not None:
        click.echo(f"collector: warning: {note}", err=True)
    if sealed.timestamp is not None:
        click.echo(f"existed by {written(sealed.timestamp)}", err=True)
    if sealed.timestamp_fault is not None:
        click.echo(
            f"collector: warning: anchor {sealed.number} is sealed without a timestamp:"
            f" {sealed.timestamp_fault}; collector timestamp {url} adds it later",
            err=True,
        )
    click.echo(f"anchors:{sealed.number}:{sealed.seal_sha256}")


COMMANDS = (timestamp, anchor)
