"""Sources: what a report rests on, read from a locker and verified before anything is said of it.

The first thing that does not hold ends the report: a statement is no better than the weakest thing
that it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from collector.attestation.kinds import Kind
from collector.attestation.ledger import doubt, read_standing
from collector.attestation.state import NO_TAGS, Standing, Tags
from collector.attestation.subjects import read_tags
from collector.check import Check
from collector.classification import reads_tags
from collector.closing import Closing
from collector.errors import ConfigError
from collector.evidence.canonical import timestamp
from collector.evidence.documents import kept_files
from collector.evidence.keys import PublicKey
from collector.evidence.links import read_named
from collector.evidence.locker import Locker
from collector.evidence.log import ATTESTATIONS
from collector.evidence.record import EvidenceError
from collector.evidence.snapshot import object_key
from collector.mapping import Mappings
from collector.report.evidence import AccountEvidence, Installed, account_evidence
from collector.report.history import History, Progress, read_history
from collector.report.parts import Grounds
from collector.report.phi import limit_to_phi

RESOLUTION: Final = timedelta(seconds=1)
"""That of the times of seals: what was sealed in the second of a moment is there at the moment."""


@dataclass(frozen=True)
class Asked:
    """What a report is about."""

    accounts: tuple[str, ...]
    at: datetime
    """The moment, aware."""
    trusted: tuple[PublicKey, ...]
    """The keys that may sign. Without any, the locker's own are taken, which is less."""
    roots: tuple[x509.Certificate, ...] = ()
    """Of the timestamp authorities that are trusted; likewise."""
    is_phi_only: bool = False
    """Whether only what is marked as PHI is asked for."""


@dataclass(frozen=True)
class Program:
    """What it is judged by: the checks and mappings of today."""

    checks: Mapping[str, Check[...]]
    installed: Mapping[str, Installed]
    checks_sha256: str
    mappings: Mappings
    kinds: Mapping[str, Kind]
    closing: Closing


def installed(checks: Mapping[str, Check[...]]) -> dict[str, Installed]:
    """What reports know of the checks there are, by id."""
    return {
        id_: Installed(
            id=id_,
            control=one.control,
            title=one.title,
            provider=one.provider,
            is_always_run=not (reads_tags(one) or one.follows_findings),
        )
        for id_, one in checks.items()
    }


def read_grounds(
    locker: Locker, asked: Asked, program: Program, progress: Progress | None = None
) -> Grounds:
    """The evidence of the accounts, and what people signed, as of the moment.

    Args:
        locker: only read.
        asked: the accounts and the moment.
        program: what it is judged by.
        progress: told how many files of an account were verified.

    Raises:
        EvidenceError: something does not hold; names the first thing that does not.
        ConfigError: an account has no snapshot at or before the moment, or one that read no tags
            where only what is marked as PHI is asked for.
        LockerError: the locker cannot be read.
    """
    standing = read_standing(locker, asked.trusted)
    require_files(locker, standing)
    return Grounds(
        mappings=program.mappings,
        kinds=program.kinds,
        closing=program.closing,
        accounts=[
            _account(locker, name, asked, program, standing, progress) for name in asked.accounts
        ],
        standing=standing,
        at=asked.at,
        doubts=[] if asked.trusted else doubts(locker, standing, asked.accounts),
    )


def doubts(locker: Locker, standing: Standing, accounts: Iterable[str]) -> list[str]:
    """Why what people signed may not be theirs, where nobody vouches for a key.

    Raises:
        LockerError: the locker cannot be read.
    """
    if not standing.terms:
        return []
    return [told for name in accounts if (told := doubt(locker, name)) is not None]


def _account(
    locker: Locker,
    name: str,
    asked: Asked,
    program: Program,
    standing: Standing,
    progress: Progress | None,
) -> AccountEvidence:
    history = read_history(
        locker,
        name,
        begins=None,
        ends=asked.at + RESOLUTION,
        trusted=asked.trusted,
        roots=asked.roots,
        progress=progress,
    )
    if history.latest is None:
        raise ConfigError(
            f"account {name} as of {timestamp(asked.at)}: there is no snapshot yet; the first, "
            f"number {history.first.number}, is of {timestamp(history.first.created_at)}"
        )
    phi = None
    if asked.is_phi_only:
        history, phi = limit_to_phi(
            history,
            {one.id: one.control for one in program.installed.values()},
            program.mappings.of_data,
            [check.id for check in program.checks.values() if reads_tags(check)],
        )
    return account_evidence(
        history,
        standing,
        at=asked.at,
        installed=program.installed,
        checks_sha256=program.checks_sha256,
        tags=_tags(locker, history, asked, program, standing),
        phi=phi,
    )


def _tags(
    locker: Locker, history: History, asked: Asked, program: Program, standing: Standing
) -> Tags:
    """The tags of what fails; read only where an exception goes by them."""
    terms = standing.accepted(history.account, asked.at).terms
    by_tag = {term.entry.check for term in terms if term.entry.tag is not None}
    if history.latest is None or not by_tag:
        return NO_TAGS
    snapshot = history.latest.snapshot
    names = {
        one.resource.id
        for entry in snapshot.checks
        if entry.id in by_tag
        for one in history.judged(entry)
        if one.outcome == "fail"
    }
    return read_tags(locker, snapshot, program.checks, names)


def require_files(locker: Locker, standing: Standing) -> None:
    """See that the files that entries keep are there, and are what they were.

    Raises:
        EvidenceError: one is not; names it.
        LockerError: the locker cannot be read.
    """
    for term in standing.terms:
        named_by = ATTESTATIONS.document_key(term.document_sha256)
        for digest in kept_files(term.entry):
            _, problem = read_named(locker, object_key(digest), digest, named_by)
            if problem is not None:
                raise EvidenceError(
                    f"{problem}; no report can rest on this, collector verify says more"
                )
