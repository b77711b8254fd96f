"""The snapshot document, and the names of objects, keys and timestamps in a locker. Pure.

A snapshot is a small document over content-addressed objects: what did not change since the last
run is named again and not stored again.
"""

from __future__ import annotations

import base64
from typing import Literal

from pydantic import Field, JsonValue

from collector.evidence.record import AccountName, Count, Digest, Moment, Record

OBJECTS = "v1/objects/"
KEYS = "v1/keys/"
TIMESTAMPS = "v1/timestamps/"

Outcome = Literal["pass", "fail", "unknown", "not_applicable"]


class Account(Record):
    """The account that was read."""

    name: AccountName
    """Its name in the configuration, and in the locker."""
    provider: Literal["aws", "gcp", "azure"]
    id: str
    """AWS account id, Google Cloud project id, Azure subscription id."""


class Collector(Record):
    """The program that read and judged."""

    version: str
    checks_sha256: Digest
    """Digest of the code of the checks."""
    mappings_sha256: Digest
    """Digest of the mappings by which results are tagged."""


class Scope(Record):
    """What was asked for."""

    regions: tuple[str, ...]
    checks: tuple[str, ...]
    """Ids of the checks."""
    settings: dict[str, JsonValue]
    """Settings in force, by the id of the check."""


class Summary(Record):
    """How many results of each outcome there are, and how many calls they rest on."""

    passed: Count = Field(validation_alias="pass", serialization_alias="pass")
    failed: Count = Field(validation_alias="fail", serialization_alias="fail")
    unknown: Count
    not_applicable: Count
    calls: Count

    def outcomes(self) -> dict[Outcome, int]:
        """Number of results by outcome, without the outcomes that did not occur."""
        counts: dict[Outcome, int] = {
            "pass": self.passed,
            "fail": self.failed,
            "unknown": self.unknown,
            "not_applicable": self.not_applicable,
        }
        return {outcome: count for outcome, count in counts.items() if count}


class CheckEntry(Record):
    """One check of the run, and where its results are."""

    id: str
    control: str
    severity: Literal["critical", "high", "medium", "low"]
    soc2: tuple[str, ...]
    """Criteria of the Trust Services Criteria, by the mapping of the day."""
    hipaa: tuple[str, ...]
    """Citations of 45 CFR."""
    summary: dict[Outcome, Count]
    """Number of results by outcome; an outcome that did not occur may be left out."""
    results_sha256: Digest
    """The results object: JSON Lines, one result a line."""
    results_merkle_root: Digest | None = Field(default=None, exclude_if=lambda root: root is None)
    """Root of the tree over the lines of the results object, by which one can be shown without the
    others: `collector.evidence.merkle`. Documents of early versions have none."""


class Snapshot(Record):
    """The outcome of one run over one account.

    It does not hold its number in the chain: that stands in its seal, so that a run that has to
    take another number need not write its document anew.
    """

    format: Literal["collector/snapshot/v1"] = Field(
        default="collector/snapshot/v1", validation_alias="schema", serialization_alias="schema"
    )
    account: Account
    started: Moment
    finished: Moment
    collector: Collector
    identity: str
    """The principal that read."""
    scope: Scope
    summary: Summary
    complete: bool
    """Whether nothing that the checks need was left unread."""
    checks: tuple[CheckEntry, ...]
    calls_sha256: Digest
    """The calls object: JSON Lines, one read a line."""
    calls_merkle_root: Digest | None = Field(default=None, exclude_if=lambda root: root is None)
    """The same of the calls object."""


def parse_snapshot(data: bytes, source: str) -> Snapshot:
    """The snapshot document that the bytes are.

    Args:
        data: canonical JSON.
        source: what the bytes are, for the error message: the document's key.

    Raises:
        EvidenceError: they are no snapshot document, or not written as `Snapshot.to_bytes` does.
    """
    return Snapshot.from_bytes(data, source)


def object_key(sha256: str) -> str:
    """Key of the object with this content."""
    return f"{OBJECTS}sha256/{sha256[:2]}/{sha256}"


def public_key_key(fingerprint: str) -> str:
    """Key of a public key.

    A fingerprint is base64 and may hold `/`, so the file is named by the same digest in hex.
    """
    digest = base64.b64decode(fingerprint.removeprefix("SHA256:") + "=", validate=True)
    return f"{KEYS}{digest.hex()}.pem"


def timestamp_key(seal_sha256: str, token_sha256: str) -> str:
    """Key of a timestamp that was added to a seal after it was written, by the digests of both."""
    return f"{TIMESTAMPS}{seal_sha256}/{token_sha256}.tsr"


def authority_key(sha256: str) -> str:
    """Key of the root certificate of a timestamp authority, by the digest of its DER."""
    return f"{TIMESTAMPS}authorities/{sha256}.pem"
