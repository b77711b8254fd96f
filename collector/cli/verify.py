"""`collector verify`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.x509 import Certificate

    from collector.evidence.heads import Heads
    from collector.evidence.keys import PublicKey
    from collector.evidence.report import Chain, Late, Report, Times
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
@click.option(
    "--heads",
    "heads_file",
    type=click.Path(dir_okay=False),
    help="File that remembers the heads: checked if it is there, and written anew on success. Keep"
    " it where whoever writes the evidence cannot.",
)
@click.option(
    "--since-head",
    "since_head",
    type=click.Path(dir_okay=False),
    help="The same, but only checked; it must be there.",
)
@click.option(
    "--since",
    metavar="NUMBER|DATE|FILE",
    help="Verify only what is new since a file of heads, a date, or with --account a number.",
)
@click.option(
    "--tsa-roots",
    "tsa_roots",
    multiple=True,
    type=click.Path(dir_okay=False),
    help="Root certificates (PEM) of timestamp authorities that you trust; repeatable.",
)
@click.option(
    "--require-timestamps",
    is_flag=True,
    help="A seal without a timestamp that holds is a problem.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def verify(
    context: click.Context,
    locker: str | None,
    account: str | None,
    keys: tuple[str, ...],
    heads: tuple[str, ...],
    heads_file: str | None,
    since_head: str | None,
    since: str | None,
    tsa_roots: tuple[str, ...],
    require_timestamps: bool,
    form: str,
) -> None:
    """Check every signature, digest, link and timestamp in LOCKER; offline, read-only.

    Leaves with 5 if anything does not hold, and names each object that is wrong. The head that is
    printed is worth keeping elsewhere: give it to --head next time, or use --heads.
    """
    from datetime import UTC, datetime
    from pathlib import Path

    from collector.cli.workbench import configured, keep_outside, require_folder
    from collector.errors import ConfigError
    from collector.evidence import verify as verification
    from collector.evidence.heads import read_heads, resolve_since, write_heads
    from collector.evidence.locker import open_locker
    from collector.evidence.log import KEY_LOG, account_log
    from collector.evidence.times import require_times

    config = configured(context)
    url = config.locker if locker is None else locker
    trusted, whose = trusted_keys(keys)
    remembered = [_head(text) for text in heads]
    for log, number, _ in remembered:
        if account is not None and log not in (None, KEY_LOG, account_log(account)):
            raise ConfigError(f"--head {log.title}:{number}: is not of account {account}")
    store = open_locker(url)
    require_folder(store.url, "verifying")
    roots = root_certificates(tsa_roots)
    known = None
    if heads_file is not None:
        keep_outside(Path(heads_file), url, "heads file")
        known = read_heads(Path(heads_file)) if Path(heads_file).exists() else None
    remembered += _of_heads(known)
    if since_head is not None:
        remembered += _of_heads(read_heads(Path(since_head)))
    numbers, vouched = (None, None) if since is None else resolve_since(since, store, account)
    remembered += _of_heads(vouched)
    if since is not None and vouched is None and heads_file is not None:
        raise ConfigError(
            f"--heads with --since {since}: what is before was not verified; give the file to"
            " --since, or verify all"
        )
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
            roots=roots,
            since=numbers,
            progress=show,
        )
    if require_timestamps:
        report = require_times(report)
    unvouched = since if vouched is None else None
    if form == "json":
        click.echo(_json(report))
    else:
        _print(report, url, whose, since)
    if unvouched is not None:
        click.echo(
            f"collector: warning: what is before {unvouched} is taken as it is: only a file of"
            " heads shows that it is what was verified",
            err=True,
        )
    if report.ok and heads_file is not None:
        write_heads(Path(heads_file), report, url, datetime.now(UTC), known)
        click.echo(f"heads remembered in {heads_file}", err=True)
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


def root_certificates(files: tuple[str, ...]) -> list[Certificate]:
    """The roots of timestamp authorities in the files that are named.

    Raises:
        ConfigError: one cannot be read, or holds no certificate.
    """
    from collector.cli.workbench import read_file
    from collector.evidence.timestamps import load_certificates
    from collector.evidence.token import is_root

    loaded = [load_certificates(read_file(name, "certificates"), name) for name in files]
    return [found for certificates in loaded for found in certificates if is_root(found)]


def _of_heads(heads: Heads | None) -> list[RememberedHead]:
    if heads is None:
        return []
    return [(log, head.number, head.sha256) for log, head in heads.by_log().items()]


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


def _print(report: Report, url: str, whose: str, since: str | None) -> None:
    for chain in report.chains:
        click.echo(_chain(chain))
        click.echo(f"  {_times(chain)}")
        for late in chain.times.late[:MOST_PROBLEMS]:
            click.echo(f"  {_late(late)}")
        if len(chain.times.late) > MOST_PROBLEMS:
            click.echo(f"  and {len(chain.times.late) - MOST_PROBLEMS} more such")
    click.echo(f"{report.objects} objects ({report.size_bytes:,} bytes) hold what their names say")
    for warning in report.warnings:
        click.echo(f"warning: {warning}")
    if report.ok:
        what = "every signature, digest and link" + (f" since {since}" if since else "")
        click.echo(f"VERIFIED {url}: {what} holds, by {whose}")
        heads = [f"--head {c.log.title}:{c.head.number}:{c.head.sha256}" for c in report.chains]
        command = " \\\n    ".join([f"collector verify {url}", *heads])
        click.echo(f"Keep elsewhere, for the next time (or let --heads FILE do so):\n  {command}")
        return
    click.echo(f"NOT VERIFIED {url}: {len(report.problems)} found")
    for problem in report.problems[:MOST_PROBLEMS]:
        click.echo(f"  {problem}")
    if len(report.problems) > MOST_PROBLEMS:
        click.echo(f"  and {len(report.problems) - MOST_PROBLEMS} more; all with --format json")


def _chain(chain: Chain) -> str:
    from collector.evidence.canonical import timestamp

    first, last = chain.first, chain.last
    what = "seal" if chain.log.account is None else "snapshot"
    when = [timestamp(m.created_at) if m.created_at else "unreadable" for m in (first, last)]
    keys = ", ".join(chain.keys) or "no readable key"
    if chain.seals == 1:
        return f"{chain.log.title}: 1 {what}, number {first.number} of {when[0]}, signed by {keys}"
    return (
        f"{chain.log.title}: {chain.seals} {what}s, number {first.number} of {when[0]}"
        f" to {last.number} of {when[1]}, signed by {keys}"
    )


def _times(chain: Chain) -> str:
    from collector.evidence.canonical import timestamp

    times = chain.times
    if times.shown is None:
        return "none carries a trusted time: when they were made is the signer's own word"
    without = f", the first without is number {times.first_without}" if times.first_without else ""
    number, by = times.shown
    return (
        f"{times.trusted or 'none'} of {chain.seals} carry a trusted time{without}; number"
        f" {number} and all before it existed by {timestamp(by)}"
    )


def _late(late: Late) -> str:
    from collector.evidence.canonical import timestamp

    return (
        f"number {late.number} says it was made at {timestamp(late.created_at)}, and is known to"
        f" have existed by {timestamp(late.existed_by)} only"
    )


def _times_json(times: Times) -> dict[str, object]:
    from collector.evidence.canonical import timestamp

    shown = times.shown
    return {
        "trusted": times.trusted,
        "first_without": times.first_without,
        "existed": None if shown is None else {"number": shown[0], "by": timestamp(shown[1])},
        "late": [
            {
                "number": late.number,
                "created_at": timestamp(late.created_at),
                "existed_by": timestamp(late.existed_by),
            }
            for late in times.late
        ],
    }


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
                    "timestamps": _times_json(c.times),
                    "passed_over": c.passed_over,
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
