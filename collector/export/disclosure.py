"""Disclosure: one result with the answers behind it, and proof that all are of one snapshot.

The seal and the document go along as they are: the document says which checks ran, and how many
results of each kind there were. Of the results and calls only the lines that are asked for go
along, each with its way up to the root that the document states (`collector.evidence.merkle`). An
answer goes along whole, or not at all: its digest is over all of it.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue, PlainSerializer

from collector.errors import ConfigError, SigningError
from collector.evidence.canonical import sha256
from collector.evidence.chain import CLOCK_SKEW
from collector.evidence.documents import made_at, parse_document
from collector.evidence.keys import PublicKey, load_public_key
from collector.evidence.links import read_named
from collector.evidence.locker import Locker
from collector.evidence.log import account_log, seal_place
from collector.evidence.merkle import Proof, merkle_root, prove, proven_root, split_lines
from collector.evidence.record import Count, Digest, EvidenceError, Record
from collector.evidence.seal import Sealed, open_seal
from collector.evidence.snapshot import CheckEntry, Snapshot, object_key, public_key_key
from collector.source import HOME


def _decoded(value: object) -> object:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


_Bytes = Annotated[
    bytes,
    BeforeValidator(_decoded),
    PlainSerializer(lambda data: base64.b64encode(data).decode("ascii"), return_type=str),
]


class ProvenLine(Record):
    """A line of a results or calls object, and its way up the tree."""

    line: str
    index: Count
    size: Count
    """How many lines the object has."""
    salt: Digest
    path: tuple[Digest, ...]

    def root(self) -> str | None:
        """The root that it leads to, None if to none."""
        path = tuple(map(bytes.fromhex, self.path))
        proof = Proof(self.index, self.size, bytes.fromhex(self.salt), path)
        return proven_root(self.line.encode(), proof)


class Disclosure(Record):
    """What is handed over."""

    format: Literal["collector/disclosure/v1"] = Field(
        default="collector/disclosure/v1", validation_alias="schema", serialization_alias="schema"
    )
    seal_key: str
    """The seal's place in its log."""
    seal: _Bytes
    document: _Bytes
    public_key: str
    """PEM of the key that signed, for convenience: trust comes from a key out of another source."""
    result: ProvenLine
    calls: tuple[ProvenLine, ...]
    """Those that brought the answers."""
    answers: tuple[_Bytes, ...]
    """In the order of their digests; may be fewer than the result names."""


@dataclass(frozen=True)
class Disclosed:
    """What a disclosure shows."""

    sealed: Sealed
    check: CheckEntry
    result: Mapping[str, JsonValue]
    calls: tuple[Mapping[str, JsonValue], ...]
    answers: Mapping[str, bytes]
    """By digest."""


def disclose(
    locker: Locker,
    account: str,
    number: int,
    check: str,
    resource: str,
    *,
    region: str | None = None,
    with_answers: bool = True,
) -> Disclosure:
    """Take one result out of a snapshot.

    Args:
        locker: only read.
        account: whose chain.
        number: the snapshot in it.
        check: id of the check.
        resource: full name of the resource, `resource.id`.
        region: its region, where there are several of that name.
        with_answers: whether the answers go along, or only their digests.

    Raises:
        ConfigError: there is not exactly one such result, or the snapshot has no Merkle roots.
        EvidenceError: what is read is not what its name says.
        ObjectMissing: something is not there.
    """
    log = account_log(account)
    seal = locker.get(log.seal_key(number))
    sealed = open_seal(seal, log.seal_key(number))
    key = log.document_key(sealed.statement.document_sha256)
    document = _named(locker, key, sealed.statement.document_sha256)
    snapshot = parse_document(log, document, key)
    assert isinstance(snapshot, Snapshot)
    entry = next((entry for entry in snapshot.checks if entry.id == check), None)
    if entry is None:
        raise ConfigError(f"disclosing a result of {check}: snapshot {number} has none of it")
    if entry.results_merkle_root is None or snapshot.calls_merkle_root is None:
        raise ConfigError(
            f"disclosing a result of snapshot {number}: it was made by a version without Merkle"
            " roots, so a result of it cannot be proved alone; give the package instead"
        )
    results = _object(locker, entry.results_sha256, entry.results_merkle_root, key)
    at = [
        index
        for index, line in enumerate(split_lines(results))
        if _is_of(json.loads(line)["resource"], resource, region)
    ]
    if len(at) != 1:
        raise ConfigError(
            f"disclosing the result of {check} on {resource}: snapshot {number} has {len(at)} such"
            " results; expected one, by --region if need be"
        )
    result = json.loads(split_lines(results)[at[0]])
    calls = _object(locker, snapshot.calls_sha256, snapshot.calls_merkle_root, key)
    answers = sorted(set(result["evidence"])) if with_answers else []
    pem = locker.get(public_key_key(sealed.keyid))
    return Disclosure(
        seal_key=log.seal_key(number),
        seal=seal,
        document=document,
        public_key=pem.decode("ascii", "replace"),
        result=_proven(results, at[0]),
        calls=tuple(_proven(calls, index) for index in calls_behind(result, calls)),
        answers=tuple(_named(locker, object_key(digest), digest) for digest in answers),
    )


def open_disclosure(data: bytes, trusted: Sequence[PublicKey]) -> Disclosed:
    """Verify a disclosure, believing nothing of it but the keys.

    Args:
        data: the file.
        trusted: keys that may have signed; none: the one in the file, which proves little.

    Raises:
        EvidenceError: something in it does not hold.
    """
    told = Disclosure.from_bytes(data, "disclosure")
    place = seal_place(told.seal_key)
    sealed = open_seal(told.seal, told.seal_key)
    if place != (sealed.statement.log, sealed.statement.number):
        raise EvidenceError(f"disclosure: its seal is not the one of {told.seal_key}")
    try:
        keys = trusted or (load_public_key(told.public_key.encode(), "in it"),)
    except SigningError as error:
        raise EvidenceError(f"disclosure: {error}") from None
    if not any(sealed.is_signed_by(key) for key in keys):
        raise EvidenceError(f"disclosure: its seal is not signed by a trusted key: {sealed.keyid}")
    if sha256(told.document) != sealed.statement.document_sha256:
        raise EvidenceError("disclosure: its document is not the one that the seal names")
    snapshot = parse_document(sealed.statement.log, told.document, "document")
    if not isinstance(snapshot, Snapshot):
        raise EvidenceError("disclosure: it is of no account's snapshot")
    if made_at(snapshot) - sealed.statement.created_at > CLOCK_SKEW:
        raise EvidenceError("disclosure: its document was finished after it was sealed")
    result = _result(told.result)
    entry = next((entry for entry in snapshot.checks if entry.id == result["check"]), None)
    if entry is None or told.result.root() != entry.results_merkle_root:
        raise EvidenceError("disclosure: its result is not one of that snapshot")
    _check_size("result", told.result, sum(entry.summary.values()))
    calls = tuple(_line(call) for call in told.calls)
    evidence = result["evidence"]
    assert isinstance(evidence, list)
    for proven, call in zip(told.calls, calls, strict=True):
        if proven.root() != snapshot.calls_merkle_root:
            raise EvidenceError("disclosure: a call in it is not one of that snapshot")
        _check_size("call", proven, snapshot.summary.calls)
        if call.get("answer_sha256") not in evidence:
            raise EvidenceError("disclosure: a call in it brought no answer of the result")
    answers = {sha256(answer): answer for answer in told.answers}
    if not answers.keys() <= set(map(str, evidence)):
        raise EvidenceError("disclosure: an answer in it is not one that the result rests on")
    return Disclosed(sealed, entry, result, calls, answers)


def calls_behind(result: Mapping[str, JsonValue], calls: bytes) -> list[int]:
    """Places of the calls that brought the answers of a result.

    Many calls may have brought the same answer, such as "there is none"; their parameters name
    other resources, which are nobody's business here. Of such, those are taken that are about the
    result's resource, as far as that can be seen; if it cannot, none is.
    """
    resource, evidence = result["resource"], result["evidence"]
    assert isinstance(resource, dict)
    assert isinstance(evidence, list)
    found: dict[object, list[tuple[int, dict[str, JsonValue]]]] = {}
    for index, line in enumerate(split_lines(calls)):
        call = json.loads(line)
        if call["answer_sha256"] in evidence:
            found.setdefault(call["answer_sha256"], []).append((index, call))
    chosen: list[int] = []
    for alike in found.values():
        asked = Counter(_question(call) for _, call in alike)
        chosen += [
            index
            for index, call in alike
            if len(alike) == 1 or _is_about(call, resource, is_general=asked[_question(call)] > 1)
        ]
    return sorted(chosen)


def _question(call: Mapping[str, JsonValue]) -> tuple[str, str]:
    return str(call.get("source")), json.dumps(call.get("params"), sort_keys=True)


def _is_about(
    call: Mapping[str, JsonValue], resource: Mapping[str, JsonValue], *, is_general: bool
) -> bool:
    """Whether a call is about a resource: of its region, and with parameters that name it or none.

    Args:
        call: a line of the calls.
        resource: a result's.
        is_general: whether the same was asked in another region, so its parameters name nothing.
    """
    region, params = resource.get("region"), call.get("params") or {}
    if region != HOME and call.get("region") not in (None, region):
        return False
    words = [str(value) for value in params.values()] if isinstance(params, dict) else []
    return is_general or not words or any(_is_named(word, str(resource["id"])) for word in words)


def _is_named(word: str, resource: str) -> bool:
    """Whether a word is a whole part of a resource's full name: `logs` is none of `:::new-logs`."""
    return bool(word) and re.search(rf"(^|[:/]){re.escape(word)}($|[:/])", resource) is not None


def _is_of(found: Mapping[str, JsonValue], resource: str, region: str | None) -> bool:
    return found["id"] == resource and region in (None, found.get("region"))


def _proven(data: bytes, index: int) -> ProvenLine:
    proof = prove(data, index)
    return ProvenLine(
        line=split_lines(data)[index].decode(),
        index=proof.index,
        size=proof.size,
        salt=proof.salt.hex(),
        path=tuple(node.hex() for node in proof.path),
    )


def _line(proven: ProvenLine) -> dict[str, JsonValue]:
    try:
        value = json.loads(proven.line)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise EvidenceError("disclosure: a line in it is not an object of JSON")
    return value


def _result(proven: ProvenLine) -> dict[str, JsonValue]:
    result = _line(proven)
    if not isinstance(result.get("evidence"), list) or not isinstance(result.get("check"), str):
        raise EvidenceError("disclosure: its result does not name its check and its evidence")
    return result


def _check_size(what: str, proven: ProvenLine, size: int) -> None:
    """The root alone does not say how many lines there are: others lead up in the same way."""
    if proven.size != size:
        raise EvidenceError(
            f"disclosure: a {what} in it is said to be one of {proven.size}, but the document says"
            f" {size}"
        )


def _named(locker: Locker, key: str, digest: str) -> bytes:
    """The bytes of a file that is named by their digest, unless they are others."""
    data, problem = read_named(locker, key, digest, "the snapshot")
    if problem is not None:
        raise EvidenceError(str(problem))
    return data


def _object(locker: Locker, digest: str, root: str, document: str) -> bytes:
    data = _named(locker, object_key(digest), digest)
    if merkle_root(data) != root:
        raise EvidenceError(f"{document}: its Merkle root is not that of {object_key(digest)}")
    return data
