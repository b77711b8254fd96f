"""`collector verify`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collector.evidence.keys import PublicKey
    from collector.evidence.report import Chain, Report
    from collector.evidence.verify import RememberedHead

EXIT_NOT_VERIFIED = 5

MOST_PROBLEMS = 20
"""How many problems are listed before they are only counted."""


@click.command()
@click.argument("locker", required=False)
@click.option("--account", help="Only this account's chain.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=click.Path(dir_okay=False),
    help="Public key (PEM) that you have from elsewhere and trust; repeatable.",
)
@click.option(
    "--head",
    "heads",
    multiple=True,
    metavar="[NAME:]NUMBER:SHA256",
    help="A head that an earlier verify printed. Only so is it found that the newest snapshots were"
    " deleted, or a whole chain rewritten with a stolen key; repeatable.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def verify(
    context: click.Context,
    locker: str | None,
    account: str | None,
    keys: tuple[str, ...],
    heads: tuple[str, ...],
    form: str,
) -> None:
    """Check every signature, digest and link in LOCKER; offline, read-only.

    Leaves with 5 if anything does not hold, and names each object that is wrong. The head that is
    printed is worth keeping elsewhere: give it to --head next time.
    """
    from collector.cli.workbench import configured, require_folder
    from collector.errors import ConfigError
    from collector.evidence import verify as verification
    from collector.evidence.locker import open_locker
    from collector.evidence.log import KEY_LOG, account_log

    config = configured(context)
    url = config.locker if locker is None else locker
    trusted, whose = trusted_keys(keys)
    remembered = [_head(text) for text in heads]
    for log, number, _ in remembered:
        if account is not None and log not in (None, KEY_LOG, account_log(account)):
            raise ConfigError(f"--head {log.title}:{number}: is not of account {account}")
    store = open_locker(url)
    require_folder(store.url, "verifying")
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=1, label="Verifying", file=sys.stderr, hidden=hidden) as bar:

        def show(done: int, known: int) -> None:
            bar.length = known
            bar.update(done - bar.pos)

        report = verification.verify(
            store,
            account=account,
            trusted=trusted,
            heads=remembered,
            progress=show,
        )
    if form == "json":
        click.echo(_json(report))
    else:
        _print(report, url, whose)
    sys.exit(0 if report.ok else EXIT_NOT_VERIFIED)


def trusted_keys(keys: Sequence[str]) -> tuple[list[PublicKey], str]:
    """The public keys in these files, and what to call them.

    Raises:
        ConfigError: one cannot be read.
        SigningError: one is no public key.
    """
    from pathlib import Path

    from collector.errors import ConfigError
    from collector.evidence.keys import load_public_key

    found = []
    for name in keys:
        try:
            if Path(name).exists() and not Path(name).is_file():
                raise ConfigError(f"reading public key {name}: is no file")
            found.append(load_public_key(Path(name).read_bytes(), name))
        except OSError as error:
            raise ConfigError(f"reading public key {name}: {error.strerror}") from None
    return found, "the keys that you gave" if found else "keys found in the locker itself"


def _head(text: str) -> RememberedHead:
    import re

    from collector.errors import ConfigError
    from collector.evidence.log import named_log
    from collector.evidence.record import ACCOUNT_NAME

    name = rf"(?:accounts/)?{ACCOUNT_NAME}"
    match = re.fullmatch(rf"(?:({name}):)?(\d{{1,12}}):([0-9a-fA-F]{{64}})", text)
    if match is None:
        raise ConfigError(
            f"--head: found {text!r}; expected NUMBER:SHA256 or NAME:NUMBER:SHA256 as an earlier"
            " verify printed it"
        )
    log = None if match[1] is None else named_log(match[1])
    return log, int(match[2]), match[3].lower()


def _print(report: Report, url: str, whose: str) -> None:
    for chain in report.chains:
        click.echo(_chain(chain))
    click.echo(f"{report.objects} objects ({report.size_bytes:,} bytes) hold what their names say")
    for warning in report.warnings:
        click.echo(f"warning: {warning}")
    if report.ok:
        click.echo(f"VERIFIED {url}: every signature, digest and link holds, by {whose}")
        for chain in report.chains:
            head = f"{chain.log.title}:{chain.head.number}:{chain.head.sha256}"
            click.echo(
                f"Keep elsewhere, for the next time:\n  collector verify {url} --head {head}"
            )
        return
    click.echo(f"NOT VERIFIED {url}: {len(report.problems)} found")
    for problem in report.problems[:MOST_PROBLEMS]:
        click.echo(f"  {problem}")
    if len(report.problems) > MOST_PROBLEMS:
        click.echo(f"  and {len(report.problems) - MOST_PROBLEMS} more; all with --format json")


def _chain(chain: Chain) -> str:
    from collector.evidence.canonical import timestamp

    first, last = chain.first, chain.last
    what = "seals" if chain.log.account is None else "snapshots"
    when = [timestamp(m.created_at) if m.created_at else "unreadable" for m in (first, last)]
    keys = ", ".join(chain.keys) or "no readable key"
    return (
        f"{chain.log.title}: {chain.seals} {what}, number {first.number} of {when[0]}"
        f" to {last.number} of {when[1]}, signed by {keys}"
    )


def _json(report: Report) -> str:
    import json

    return json.dumps(
        {
            "verified": report.ok,
            "chains": [
                {
                    "log": c.log.name,
                    **({} if c.log.account is None else {"account": c.log.account}),
                    ("seals" if c.log.account is None else "snapshots"): c.seals,
                    "head": {"number": c.head.number, "sha256": c.head.sha256},
                    "keys": list(c.keys),
                }
                for c in report.chains
            ],
            "objects": report.objects,
            "problems": [{"key": p.key, "message": p.message} for p in report.problems],
            "warnings": list(report.warnings),
        },
        indent=2,
    )


COMMANDS = (verify,)
