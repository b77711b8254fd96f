"""What the commands of manual evidence share: sealing an entry, and showing entries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from datetime import datetime

    from collector.attestation.draft import Said
    from collector.attestation.record import Attachment, Entry
    from collector.attestation.state import Accepted, S, Standing, Stated, Term
    from collector.check import Check
    from collector.evidence.canonical import JSON
    from collector.evidence.locker import Locker
    from collector.evidence.snapshot import Snapshot


LARGEST_BYTES = 100_000_000
"""The largest file that is kept. Larger ones are named by their digest."""


@dataclass(frozen=True)
class Writing:
    """Where an entry goes, and with what it is sealed."""

    context: click.Context
    locker: str | None
    key: str | None


def one_locker(argument: str | None, option: str | None) -> str | None:
    """The locker that is named, if one is.

    Raises:
        ConfigError: two are.
    """
    from collector.errors import ConfigError

    if argument is not None and option is not None and argument != option:
        raise ConfigError(f"LOCKER {argument} and --locker {option}: expected one of them")
    return argument if option is None else option


def now() -> datetime:
    """The time, in whole seconds."""
    from datetime import UTC, datetime

    return datetime.now(UTC).replace(microsecond=0)


def moment(text: str | None) -> datetime:
    """The moment that `--at` names: the end of a day, or the one that is given; None: now."""
    from datetime import timedelta

    from collector.attestation.state import day_ends
    from collector.attestation.words import parse_day
    from collector.evidence.canonical import parse_timestamp

    if text is None:
        return now()
    if "T" in text:
        from collector.errors import ConfigError

        try:
            return parse_timestamp(text)
        except ValueError:
            raise ConfigError(
                f"--at: found {text!r}; expected a day such as 2026-01-31, or 2026-01-31T12:00:00Z"
            ) from None
    return day_ends(parse_day("--at", text)) - timedelta(seconds=1)


def author_of(name: str | None) -> str:
    """Who writes: the one that is named, or the user of this machine.

    Raises:
        ConfigError: the machine does not know.
    """
    import getpass

    from collector.errors import ConfigError

    if name is not None:
        return name
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise ConfigError("--author: missing, and this machine has no name for its user") from None


def read_documents(
    kept: Sequence[str], named: Sequence[str]
) -> tuple[tuple[Attachment, ...], dict[str, bytes]]:
    """The files of an entry, and the content of those that are kept, by digest.

    Raises:
        ConfigError: one cannot be read, is empty, too large, holds a key, or is given twice.
    """
    from pathlib import Path

    from collector.attestation.record import Attachment
    from collector.attestation.words import refuse_secret
    from collector.errors import ConfigError
    from collector.evidence.canonical import sha256

    found: list[Attachment] = []
    content: dict[str, bytes] = {}
    for paths, is_kept in ((kept, True), (named, False)):
        option = "--document" if is_kept else "--document-digest-only"
        for path in paths:
            try:
                if Path(path).exists() and not Path(path).is_file():
                    raise ConfigError(f"{option}: {path} is no file")
                data = Path(path).read_bytes()
            except OSError as error:
                raise ConfigError(f"{option}: {path}: {error.strerror}") from None
            name, digest = Path(path).name, sha256(data)
            if not data:
                raise ConfigError(f"{option}: {path} is empty; expected a document")
            if not name.isprintable():
                raise ConfigError(f"{option}: found {name!r}; expected a name that can be printed")
            if any(digest == other.sha256 for other in found):
                raise ConfigError(f"{option}: {path} is given twice, by its content")
            if is_kept:
                if len(data) > LARGEST_BYTES:
                    raise ConfigError(
                        f"{option}: {path} has {len(data)} bytes; expected {LARGEST_BYTES} at most;"
                        " larger ones go with --document-digest-only"
                    )
                refuse_secret(f"{option} {path}", data)
                content[digest] = data
            found.append(
                Attachment(name=name, sha256=digest, size_bytes=len(data), is_kept=is_kept)
            )
    return tuple(found), content


def standing_of(store: Locker, keys: Sequence[str], *, any_key: bool = False) -> Standing:
    """The log of attestations, verified.

    Args:
        store: where it is.
        keys: files of the public keys that may sign.
        any_key: whether any key of the locker may: to find what a new entry is about, which judges
            nothing.

    Raises:
        EvidenceError: something of it does not hold.
    """
    from collector.attestation.ledger import read_standing
    from collector.cli.verify import trusted_keys
    from collector.evidence.key_log import read_own_keys

    trusted = list(read_own_keys(store).values()) if any_key else trusted_keys(keys)[0]
    return read_standing(store, trusted)


def accepted_of(
    store: Locker,
    standing: Standing,
    snapshot: Snapshot,
    at: datetime,
    names: Iterable[str],
    checks: Callable[[], Mapping[str, Check[...]]],
    *,
    is_trusted: bool = False,
) -> Accepted:
    """The exceptions that count for a snapshot's results.

    Args:
        store: where the snapshot is.
        standing: all exceptions.
        snapshot: whose results are told.
        at: the moment at which the exceptions have to count.
        names: full names of the resources, for exceptions by tag.
        checks: brings all checks by id, if an exception by tag needs them.
        is_trusted: whether somebody vouches for the keys; otherwise it is warned of exceptions by
            a key that has nothing to do with the account's.
    """
    from collector.attestation.ledger import doubt
    from collector.attestation.subjects import read_tags

    account = snapshot.account.name
    accepted = standing.accepted(account, at)
    doubted = doubt(store, account) if accepted.terms and not is_trusted else None
    if doubted is not None:
        warn(doubted)
    if not any(term.entry.tag for term in accepted.terms):
        return accepted
    return standing.accepted(account, at, read_tags(store, snapshot, checks(), names))


def open_existing(context: click.Context, locker: str | None) -> Locker:
    """The locker, which has to be there."""
    from collector.cli.workbench import configured, require_folder
    from collector.evidence.locker import open_locker

    config = configured(context)
    store = open_locker(config.locker if locker is None else locker)
    require_folder(store.url, "reading")
    return store


def seal(writing: Writing, entry: Entry, files: Mapping[str, bytes], what: str) -> None:
    """Seal an entry, and say so. Everything about it was looked at before.

    Raises:
        ConfigError: the locker is a folder that does not exist, as when its name is mistyped: an
            entry there would be lost to whoever reports on the right one.
    """
    from collector.attestation.ledger import write
    from collector.cli.workbench import (
        configured,
        configured_stamper,
        keep_apart,
        key_spec,
        require_folder,
    )
    from collector.evidence.key_log import check_signer
    from collector.evidence.keys import open_signer
    from collector.evidence.locker import open_locker
    from collector.evidence.log import ATTESTATIONS

    config = configured(writing.context)
    url = config.locker if writing.locker is None else writing.locker
    store, spec = open_locker(url, config.keeping), key_spec(config, writing.key)
    keep_apart(spec, url)
    require_folder(store.url, "sealing into")
    store.check_writable()
    stamper = configured_stamper(config)
    signer = open_signer(spec, create=True)
    note = check_signer(store, ATTESTATIONS, signer)
    sealed = write(store, entry, files, signer, now, stamper)
    click.echo(
        f"{what} is sealed as number {sealed.number} in {url}, signed by {signer.fingerprint}"
    )
    if note is not None:
        warn(note)
    if sealed.timestamp_fault is not None:
        warn(
            f"number {sealed.number} is sealed without a timestamp: {sealed.timestamp_fault};"
            f" collector timestamp {url} adds it later"
        )


def seal_withdrawal(
    writing: Writing, number: int, kind: type[Stated], *, author: str | None, reason: str
) -> None:
    """Seal that an entry counts no more.

    Raises:
        ConfigError: there is none of the kind with that number that still counts.
    """
    from collector.attestation.draft import draft_withdrawal, require_kind

    standing = standing_of(open_existing(writing.context, writing.locker), (), any_key=True)
    found = require_kind(standing.term(number), number, kind)
    entry = draft_withdrawal(found, author=author_of(author), reason=reason, now=now())
    seal(writing, entry, {}, f"Withdrawal of number {number}")


def warn(text: str) -> None:
    """One line on stderr."""
    click.echo(f"collector: warning: {text}", err=True)


def warn_of(said: Said) -> None:
    """Say what an auditor would ask about."""
    from collector.attestation.draft import warnings

    for text in warnings(said):
        warn(text)


def chosen(terms: Iterable[Term[S]], at: datetime, state: str, within_days: int) -> list[Term[S]]:
    """The entries in a state of `STATES`."""
    if state == "all":
        return list(terms)
    if state == "expiring":
        return [t for t in terms if t.state(at) == "in_force" and t.days_left(at) <= within_days]
    return [t for t in terms if t.state(at) == state.replace("-", "_")]


def as_json(term: Term[Stated], at: datetime) -> dict[str, JSON]:
    """An entry with what becomes of it, for programs."""
    from collector.evidence.canonical import timestamp

    return {
        "number": term.number,
        "state": term.state(at),
        "days_left": term.days_left(at),
        "sealed_at": timestamp(term.sealed_at),
        "begins": timestamp(term.begins),
        "ended_by": term.ending,
        "seal_sha256": term.seal_sha256,
        "document_sha256": term.document_sha256,
        **term.entry.model_dump(mode="json"),
    }


def print_listing(
    form: str,
    terms: Sequence[Term[Stated]],
    at: datetime,
    columns: Sequence[str],
    row: Callable[[Term[Any]], Sequence[str]],
) -> None:
    """Print entries as a table, CSV or one JSON list.

    Args:
        form: `table`, `csv` or `json`.
        terms: the entries.
        at: the moment as of which their state is told.
        columns: the names of what `row` gives, in lower case.
        row: what is told of an entry beside its number, state and last day.
    """
    import csv
    import io

    from collector.cli.results import inert
    from collector.cli.tables import table
    from collector.evidence.record import printable

    if form == "json":
        click.echo(json.dumps([as_json(t, at) for t in terms], ensure_ascii=False, indent=2))
        return
    headers = ["number", "state", "expires", "days_left", *columns]
    rows = [
        [
            str(t.number),
            t.state(at).replace("_", "-"),
            t.entry.expires.isoformat(),
            str(t.days_left(at)) if t.state(at) in ("in_force", "not_yet_effective") else "",
            *row(t),
        ]
        for t in terms
    ]
    if form == "table":
        shown = [[printable(cell) for cell in cells] for cells in rows]
        click.echo(table([h.upper().replace("_", " ") for h in headers], shown, widest=48))
        return
    for cells in (headers, *rows):
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(map(inert, cells))
        click.echo(out.getvalue())


def print_entry(term: Term[Stated], form: str) -> None:
    """Print all of one entry, for people or as JSON."""
    from collector.evidence.record import printable

    found = as_json(term, now())
    if form == "json":
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for name, value in found.items():
        if value in (None, [], {}):
            continue
        click.echo(f"{name + ':':<20} {printable(_shown(name, value))}")


def _shown(name: str, value: JSON) -> str:
    if name == "documents" and isinstance(value, list):
        return "; ".join(
            f"{d['name']} ({d['size_bytes']} bytes, sha256 {d['sha256']}"
            f"{'' if d['is_kept'] else ', not kept'})"
            for d in value
            if isinstance(d, dict)
        )
    if isinstance(value, dict):
        return ", ".join(f"{k}={v}" for k, v in value.items())
    if isinstance(value, list):
        return "=".join(map(str, value)) if name == "tag" else " ".join(map(str, value))
    return str(value)
