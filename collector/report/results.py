"""Results objects in little memory: what was judged, and on which evidence, kept apart. Pure.

Over a year the same is judged of the same resources again and again. Where a listing changed,
though, the evidence of all its resources did: its digest is among it. So each distinct judgement is
one object, however often it was made, and evidence is kept by number. A line that stood in the
object before, of the same check, is not parsed again, and where only its evidence differs from a
line that was parsed, only that is read.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ValidationError

from collector.evaluate import Result, Subject
from collector.evidence.record import Digest
from collector.evidence.snapshot import Outcome

_CANONICAL = re.compile(
    rb'(\{"check":"[^"\\]*","evidence":\[)'
    rb'(?:"([0-9a-f]{64}(?:","[0-9a-f]{64})*)")?'
    rb'(\],"outcome":.*)'
)
"""A line as runs write it: what stands before its evidence, the evidence, what stands behind."""


@dataclass(frozen=True, order=True, slots=True)
class Judged:
    """What a result says, without its evidence. In one `Judgements`, equal ones are one object."""

    check: str
    resource: Subject
    outcome: Outcome
    reason: str
    phi: bool | Literal["unclassified"] | None = field(default=None, compare=False)
    """As in `collector.evaluate.Result`."""


@dataclass(frozen=True, eq=False, slots=True)
class ResultsObject:
    """The content of one results object."""

    judged: tuple[Judged, ...]
    """One a line, in their order."""
    _evidence: array[int]
    """Numbers of the digests of all lines, one line after the other."""
    _ends: array[int]
    """Where each line's evidence ends."""
    _digests: list[str]
    """By number; shared by all objects."""

    def results(self) -> Iterator[Result]:
        """The results, with their evidence."""
        return map(self.result, range(len(self.judged)))

    def result(self, line: int) -> Result:
        """The result on a line, counted from 0."""
        one, begin = self.judged[line], self._ends[line - 1] if line else 0
        numbers = self._evidence[begin : self._ends[line]]
        evidence = tuple(self._digests[number] for number in numbers)
        return Result(one.check, one.resource, one.outcome, one.reason, evidence, one.phi)


class Judgements:
    """Reads results objects, in the order of their snapshots."""

    def __init__(self) -> None:
        self._judged: dict[tuple[object, ...], Judged] = {}
        self._subjects: dict[tuple[str, ...], Subject] = {}
        self._numbers: dict[str, int] = {}
        self._digests: list[str] = []
        self._before: dict[str, dict[bytes, tuple[Judged, array[int]]]] = {}
        self._parsed: dict[tuple[bytes, bytes], Judged] = {}
        """By what stands in a line before and behind its evidence."""

    def read(self, check: str, data: bytes) -> ResultsObject:
        """The results in the bytes.

        Args:
            check: whose results they are said to be.
            data: JSON Lines, one result a line.

        Raises:
            ValueError: they are not such; names the line.
        """
        before, now = self._before.get(check, {}), {}
        judged: list[Judged] = []
        evidence, ends = array("I"), array("I")
        for number, line in enumerate(data.removesuffix(b"\n").split(b"\n") if data else (), 1):
            known = before.get(line)
            if known is None:
                known = self._parse(line, number)
            now[line] = known
            judged.append(known[0])
            evidence.extend(known[1])
            ends.append(len(evidence))
        self._before[check] = now
        return ResultsObject(tuple(judged), evidence, ends, self._digests)

    def evidence(self, after: int = 0) -> list[str]:
        """Digests of all that the results read so far rest on, each once, as they were met; without
        the first few."""
        return self._digests[after:]

    def _parse(self, line: bytes, number: int) -> tuple[Judged, array[int]]:
        split = _CANONICAL.fullmatch(line)
        if split is not None and (judged := self._parsed.get((split[1], split[3]))) is not None:
            digests = split[2].decode("ascii").split('","') if split[2] else []
            return judged, array("I", map(self._number, digests))
        judged, evidence = self._validated(line, number)
        # Said twice, the evidence of the line would not be what stands between the two.
        if split is not None and b'"evidence"' not in split[3]:
            self._parsed[split[1], split[3]] = judged
        return judged, array("I", map(self._number, evidence))

    def _validated(self, line: bytes, number: int) -> tuple[Judged, tuple[str, ...]]:
        try:
            read = _Line.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "it"
            raise ValueError(f"line {number}: {place}: {first['msg']}") from None
        about = read.resource
        named = (about.account, about.id, about.region, about.type)
        subject = self._subjects.get(named)
        if subject is None:
            subject = self._subjects[named] = Subject(*named)
        phi: bool | Literal["unclassified"] | None = read.phi
        if phi is None and "phi" in read.model_fields_set:
            phi = "unclassified"
        key = (read.check, named, read.outcome, read.reason, phi)
        judged = self._judged.get(key)
        if judged is None:
            judged = self._judged[key] = Judged(read.check, subject, read.outcome, read.reason, phi)
        return judged, read.evidence

    def _number(self, digest: str) -> int:
        number = self._numbers.setdefault(digest, len(self._digests))
        if number == len(self._digests):
            self._digests.append(digest)
        return number


class _Subject(BaseModel):
    account: str
    id: str
    region: str
    type: str


class _Line(BaseModel):
    """A line of a results object; it may say more."""

    check: str
    outcome: Outcome
    resource: _Subject
    reason: str
    evidence: tuple[Digest, ...]
    phi: bool | None = None
