"""Results objects in little memory: what was judged, and on which evidence, kept apart. Pure.

Over a year the same is judged of the same resources again and again. Where a listing changed,
though, the evidence of all its resources did: its digest is among it. So each distinct judgement is
one object, however often it was made, and evidence is kept by number. A line that stood in the
object before, of the same check, is not parsed again, nor is one all of whose parts are known.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ValidationError

from collector.evaluate import Result, Subject
from collector.evidence.canonical import canonical
from collector.evidence.record import Digest
from collector.evidence.snapshot import Outcome

_BEHIND = b'],"outcome":'
"""What stands behind the evidence in a line that is written as runs write it."""


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
        self._numbers: dict[bytes, int] = {}
        """By digest as JSON has it, in quotation marks."""
        self._digests: list[str] = []
        self._before: dict[str, dict[bytes, tuple[Judged, array[int]]]] = {}
        self._parsed: dict[str, dict[bytes, Judged]] = {}
        """By check, and by what stands in a line behind its evidence."""

    def read(self, check: str, data: bytes) -> ResultsObject:
        """The results in the bytes.

        Args:
            check: whose results they are said to be.
            data: JSON Lines, one result a line.

        Raises:
            ValueError: they are not such; names the line.
        """
        before, now = self._before.get(check, {}), {}
        parsed = self._parsed.setdefault(check, {})
        begin = canonical({"check": check})[:-1] + b',"evidence":['
        judged: list[Judged] = []
        evidence, ends = array("I"), array("I")
        for number, line in enumerate(data.removesuffix(b"\n").split(b"\n") if data else (), 1):
            known = before.get(line) or self._recognized(line, begin, parsed)
            if known is None:
                known = self._validated(line, number, begin, parsed)
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

    def _recognized(
        self, line: bytes, begin: bytes, parsed: dict[bytes, Judged]
    ) -> tuple[Judged, array[int]] | None:
        """The result on a line that is made of parts which stood in valid ones; else None."""
        if not line.startswith(begin):
            return None
        end = line.find(_BEHIND, len(begin))
        judged = parsed.get(line[end:]) if end >= 0 else None
        if judged is None:
            return None
        try:
            digests = line[len(begin) : end].split(b",")
            return judged, array("I", [self._numbers[digest] for digest in digests])
        except KeyError:
            return None

    def _validated(
        self, line: bytes, number: int, begin: bytes, parsed: dict[bytes, Judged]
    ) -> tuple[Judged, array[int]]:
        """The result on a line, whatever is in it."""
        try:
            read = _Line.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "it"
            raise ValueError(f"line {number}: {place}: {first['msg']}") from None
        judged = self._shared(read)
        digests = [f'"{digest}"'.encode() for digest in read.evidence]
        behind = line.removeprefix(begin + b",".join(digests))
        # A line can say its evidence twice, be it in escapes: then it is not what stands between.
        is_plain = b'"evidence"' not in behind and b"\\u" not in behind
        if behind.startswith(_BEHIND) and is_plain:
            parsed[behind] = judged
        return judged, array("I", map(self._number, digests))

    def _shared(self, read: _Line) -> Judged:
        """What a line says, as one object with all that are equal to it."""
        about = read.resource
        named = (about.account, about.id, about.region, about.type)
        subject = self._subjects.setdefault(named, Subject(*named))
        phi: bool | Literal["unclassified"] | None = read.phi
        if phi is None and "phi" in read.model_fields_set:
            phi = "unclassified"
        key = (read.check, named, read.outcome, read.reason, phi)
        judged = Judged(read.check, subject, read.outcome, read.reason, phi)
        return self._judged.setdefault(key, judged)

    def _number(self, digest: bytes) -> int:
        number = self._numbers.setdefault(digest, len(self._digests))
        if number == len(self._digests):
            self._digests.append(digest[1:-1].decode("ascii"))
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
