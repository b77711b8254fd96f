"""What the reports on requirements share: their bases, as text and as rows of CSV."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from collector.evidence.canonical import timestamp
from collector.evidence.record import printable
from collector.report.basis import Basis

WIDTH = 100

LIMITS = (
    "This report says what evidence was found, by fixed rules. It is no opinion on a system of "
    "controls, no attestation report by a CPA, and no finding of compliance with any law.",
)
"""What no report of this product is."""


def safe(texts: Iterable[str]) -> Iterator[str]:
    """The lines of texts, safe to print: names in a locker are other people's."""
    return (printable(line) for text in texts for line in text.split("\n"))


def heading(basis: Basis) -> Iterator[str]:
    """What was looked at, and what a reader must know before the rest."""
    yield f"As of {timestamp(basis.at)}"
    for one in basis.snapshots:
        yield printable(
            f"Account {one.account} ({one.provider} {one.account_id}): snapshot {one.number} of "
            f"{timestamp(one.sealed_at)}, {one.checks} checks, {one.reads} reads, "
            f"{'complete' if one.complete else 'NOT COMPLETE'}"
        )
    for warning in basis.warnings:
        yield from filled(f"! {printable(warning)}")


def rests_on(basis: Basis) -> Iterator[str]:
    """The snapshots and entries that a report rests on, by number and digest of the seal."""
    yield ""
    yield "Rests on, by number, time and digest of the seal; all of it was verified:"
    for one in basis.snapshots:
        shown = "" if one.shown_at is None else f"  shown at {timestamp(one.shown_at)}"
        yield f"  {one.account} {one.number}  {timestamp(one.sealed_at)}  {one.seal_sha256}{shown}"
        yield printable(
            f"    signed by {one.keyid}; read by {one.identity}; "
            f"regions {', '.join(one.regions) or 'none'}; collector {one.version}"
        )
    for entry in basis.entries:
        yield f"  entry {entry.number}  {timestamp(entry.sealed_at)}  {entry.seal_sha256}"
        yield printable(
            f"    {entry.what}: {entry.subject}, {entry.state}, {entry.effective} to "
            f"{entry.expires}, approved by {entry.approver}"
        )
    if not basis.entries:
        yield "  no entry of the log of attestations"
    yield f"Check it yourself: {printable(basis.verify_command)}"
    yield from said("Notes", [*basis.notes, *LIMITS])


def said(title: str, texts: Iterable[str]) -> Iterator[str]:
    """A titled list; nothing, where it is empty."""
    listed = list(texts)
    if listed:
        yield ""
        yield f"{title}:"
    for text in listed:
        yield from filled(printable(text), first="- ", then="  ")


def defined(title: str, words: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What words mean."""
    yield from said(title, (f"{word}: {text}" for word, text in words))


def filled(text: str, first: str = "", then: str = "") -> Iterator[str]:
    """The text in lines of at most `WIDTH`."""
    yield from textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )


def basis_rows(basis: Basis) -> Iterator[Mapping[str, object]]:
    """The basis as rows of CSV: `snapshot`, `entry`, `warning` and `note`."""
    for one in basis.snapshots:
        yield {
            "row": "snapshot",
            "id": one.number,
            "account": one.account,
            "state": "complete" if one.complete else "not complete",
            "detail": (
                f"{one.provider} {one.account_id}, sealed {timestamp(one.sealed_at)}, seal "
                f"{one.seal_sha256}, document {one.snapshot_sha256}, signed by {one.keyid}, read "
                f"by {one.identity}, regions {' '.join(one.regions)}"
            ),
        }
    for entry in basis.entries:
        yield {
            "row": "entry",
            "id": entry.number,
            "state": entry.state,
            "detail": (
                f"{entry.what}: {entry.subject}, {entry.effective} to {entry.expires}, sealed "
                f"{timestamp(entry.sealed_at)}, seal {entry.seal_sha256}"
            ),
        }
    for kind, texts in (("warning", basis.warnings), ("note", (*basis.notes, *LIMITS))):
        for text in texts:
            yield {"row": kind, "detail": text}
