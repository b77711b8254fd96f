"""Collect: from checks to reads.

Which sources are read follows from the checks' parameter types. Each operation is called once for
each set of parameters, whichever checks ask; a child is read as soon as its parent has arrived.
One thread (the caller's) decides, the pool's threads only wait for the cloud.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue

import structlog
from pydantic import ValidationError

from collector.answer import (
    MALFORMED,
    NOT_RESOLVED,
    Answer,
    Failure,
    Reader,
    ShapeError,
    items,
)
from collector.check import Check, lineage
from collector.errors import CollectorError
from collector.evidence.canonical import JSON, canonical, sha256
from collector.offers import OFFERS, leaves_out, listing_of
from collector.reads import Observed, Population, Reads, Region, Unread, is_enabled, is_regional
from collector.repeats import ANOTHER, about_another
from collector.resource import Resource
from collector.source import HOME, Aws, Source, Tls

WORKERS = 32
"""Reads under way at once. What a cloud can bear is for its reader to know, which waits for it."""

CONTRADICTORY = "Contradictory"
"""Code where two answers of one run describe one resource differently."""


BROKEN = "ReaderBroke"
"""Code of a read that failed by a fault of this program."""

log = structlog.get_logger()


Progress = Callable[[int, int], None]
"""Called with the number of reads done and the number known so far."""


def collect(
    checks: Iterable[Check[...]],
    reader: Reader,
    *,
    workers: int = WORKERS,
    progress: Progress | None = None,
) -> Reads:
    """Read what the checks need, each operation once for each set of parameters.

    A fault in one read never loses another: it becomes an `Unread` of what rests on it.
    """
    wanted: dict[type[Resource], None] = {}
    for check in checks:
        wanted |= dict.fromkeys(check.resources)
    if reader.scope.regions is None and any(is_regional(r) for r in wanted):
        wanted = {Region: None, **wanted}
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="read") as pool:
        return _Collection(reader, tuple(wanted), pool, progress).run()


@dataclass(eq=False)
class _Node:
    """A resource that was found, with the answers it was found in."""

    cls: type[Resource]
    resource: Resource
    name: str
    region: str
    place: str
    """Where its children are read."""
    parent: _Node | None
    digests: set[str] = field(default_factory=set)
    failed: _Miss | None = None

    def evidence(self) -> tuple[str, ...]:
        """Own answers and those of all ancestors."""
        above = self.parent.evidence() if self.parent is not None else ()
        return tuple(sorted({*self.digests, *above}))


@dataclass(frozen=True, eq=False)
class _Miss:
    """Something that could not be read. What it rests on is known when all reads are done."""

    resource: type[Resource]
    above: _Node | None
    place: str
    failure: Failure


@dataclass
class _Pending:
    """A read under way, and what is to be done with it when it has arrived."""

    source: Source
    params: Mapping[str, JSON]
    place: str
    waiting: list[Callable[[_Pending], None]]
    answer: Answer | None = None


class _Collection:
    """The state of one `collect`. Touched by the calling thread alone."""

    def __init__(
        self,
        reader: Reader,
        wanted: tuple[type[Resource], ...],
        pool: ThreadPoolExecutor,
        progress: Progress | None,
    ) -> None:
        self.reader = reader
        self.scope = reader.scope
        self.wanted = wanted
        self.pool = pool
        self.progress = progress
        self.reads: dict[bytes, _Pending] = {}
        self.running: dict[Future[Answer], _Pending] = {}
        self.done: SimpleQueue[Future[Answer]] = SimpleQueue()
        self.below: dict[type[Resource], list[type[Resource]]] = {}
        for resource in wanted:
            if resource.source.per is not None:
                self.below.setdefault(resource.source.per, []).append(resource)
        self.nodes: dict[type[Resource], dict[tuple[str, str], _Node]] = {r: {} for r in wanted}
        self.missed: dict[type[Resource], list[_Miss]] = {r: [] for r in wanted}
        self.listed: dict[type[Resource], set[tuple[str, str]]] = {r: set() for r in wanted}
        self.regions: dict[type[Resource], set[str]] = {r: set() for r in wanted}
        self.not_offered: set[tuple[Source, str]] = set()

    def run(self) -> Reads:
        for resource in self.wanted:
            if resource.source.per is None:
                for place in self._places(resource):
                    self._ask(resource, None, place)
        while self.running:
            future = self.done.get()
            pending = self.running.pop(future)
            pending.answer = self._answer(future, pending)
            for take in pending.waiting:
                take(pending)
            if self.progress is not None:
                self.progress(len(self.reads) - len(self.running), len(self.reads))
        self._require_region()
        answers = [(p.source, p.answer) for p in self.reads.values() if p.answer is not None]
        populations = {r: self._population(r) for r in self.wanted}
        return Reads(self.scope, populations, answers, frozenset(self.not_offered))

    def _answer(self, future: Future[Answer], pending: _Pending) -> Answer:
        """The reader's answer. A fault of the reader itself loses this read and no other."""
        error = future.exception()
        if error is None:
            answer = future.result()
            if _can_be_kept(answer):
                return answer
            failure = Failure(f"{MALFORMED} (no JSON that could be kept)")
            return Answer(answer.source, answer.params, answer.place, failure=failure)
        if isinstance(error, CollectorError) or not isinstance(error, Exception):
            raise error
        log.error("reader_broke", source=pending.source.name, exc_info=error)
        failure = Failure(f"{BROKEN} ({type(error).__name__})")
        return Answer(pending.source.name, pending.params, pending.place, failure=failure)

    def _require_region(self) -> None:
        """Every account has a region; a listing of none would hide all that is regional."""
        regions = self.nodes.get(Region)
        if regions is None or self.missed[Region]:
            return
        if not any(is_enabled(node.resource) for node in regions.values()):
            self._missed(Region, None, self.scope.home, Failure(f"{MALFORMED} (no region)"))

    def _places(self, resource: type[Resource]) -> tuple[str, ...]:
        """Where a resource without a parent is asked for at once."""
        if isinstance(resource.source, Tls):
            return (HOME,)
        if not is_regional(resource):
            return (self.scope.home,)
        return self.scope.regions or ()

    def _ask(self, resource: type[Resource], above: _Node | None, place: str) -> None:
        """Read for one parent; a read that another type shares is not repeated."""
        source = resource.source
        self.regions[resource].add(self._label(source, place))
        params = self._params(source, above)
        if params is None:
            if source.items is None:  # a listing that is not asked for holds nothing
                self._found(resource, {}, above, place, digest=None, is_absent=True)
            return
        self._read(source, params, place, partial(self._arrived, resource, above))

    def _read(
        self,
        source: Source,
        params: Mapping[str, JSON],
        place: str,
        take: Callable[[_Pending], None],
    ) -> None:
        """Read once, however often it is asked for, and hand each asker what has arrived."""
        key = canonical([type(source).__name__, source.name, params, place])
        pending = self.reads.get(key)
        if pending is None:
            pending = self.reads[key] = _Pending(source, params, place, [take])
            context = contextvars.copy_context()
            future = self.pool.submit(context.run, self.reader.read, source, params, place)
            self.running[future] = pending
            future.add_done_callback(self.done.put)
        elif pending.answer is None:
            pending.waiting.append(take)
        else:
            take(pending)

    def _params(self, source: Source, above: _Node | None) -> dict[str, JSON] | None:
        """The parameters of a call; None where the parent has nothing to ask for."""
        params: dict[str, JSON] = {
            name: _with_account(value, self.scope.account)
            for name, value in source.constants.items()
        }
        if above is None:
            return params
        for name, wanted in source.params.items():
            attribute = wanted if isinstance(wanted, str) else wanted[0]
            value = getattr(above.resource, attribute)
            if value is None:
                return None
            if isinstance(wanted, tuple):
                value = [*value] if isinstance(value, tuple) else [value]
            params[name] = value
        return params

    def _arrived(self, resource: type[Resource], above: _Node | None, pending: _Pending) -> None:
        """Turn an answer into resources, or into what could not be read."""
        answer = pending.answer
        assert answer is not None
        if not answer.is_complete:
            assert answer.failure is not None
            listing = listing_of(resource.source) if is_regional(resource) else None
            is_unresolved = answer.failure.code == NOT_RESOLVED and not answer.pages
            if is_unresolved and listing is not None:
                take = partial(self._where_offered, resource, pending)
                self._read(OFFERS, listing, self.scope.home, take)
            else:
                self._missed(resource, above, pending.place, answer.failure)
            return
        source = resource.source
        if not answer.is_absent and (path := about_another(source, answer)) is not None:
            self._missed(resource, above, pending.place, Failure(ANOTHER, path))
            return
        body = answer.body()
        digest = sha256(body) if body is not None else None
        try:
            if answer.is_absent:
                found: list[JSON] = [] if source.items is not None else [{}]
            else:
                found = items(source, answer.pages)
        except ShapeError as error:
            self._missed(resource, above, pending.place, Failure(MALFORMED, str(error)))
            return
        if resource.source.items is None and not answer.is_absent:
            found = [_with_volatile(found[0], answer)]
        if digest is not None:
            self.listed[resource].add((self._label(source, pending.place), digest))
        for item in found:
            self._found(
                resource, item, above, pending.place, digest=digest, is_absent=answer.is_absent
            )

    def _where_offered(
        self, resource: type[Resource], unresolved: _Pending, offers: _Pending
    ) -> None:
        """Take the list that says whether a region has a service whose name is not known there.

        If it has not, there is nothing of the service, and the list is the evidence for that.
        """
        place, listing = unresolved.place, offers.answer
        assert unresolved.answer is not None and unresolved.answer.failure is not None
        assert listing is not None
        body = listing.body()
        if body is None or not leaves_out(listing, place, self.scope.home):
            self._missed(resource, None, place, unresolved.answer.failure)
            return
        self.regions[resource].discard(place)
        self.listed[resource].add((place, sha256(body)))
        self.not_offered.add((unresolved.source, place))

    def _found(
        self,
        resource: type[Resource],
        item: JSON,
        above: _Node | None,
        place: str,
        *,
        digest: str | None,
        is_absent: bool,
    ) -> None:
        try:
            parsed = resource.parse(
                item, above.resource if above is not None else None, is_absent=is_absent
            )
        except ValidationError as error:
            self._missed(resource, above, place, Failure(_malformed(error)))
            return
        except RecursionError:
            self._missed(resource, above, place, Failure(f"{MALFORMED} (nested too deep)"))
            return
        region = getattr(parsed, "region", None) or (
            above.region if above is not None else self._label(resource.source, place)
        )
        name = self._name(resource, parsed, above, region)
        node = _Node(
            resource, parsed, name, region, self._place_below(parsed, place), above,
            {digest} if digest is not None else set(),
        )  # fmt: skip
        known = self.nodes[resource].setdefault((name, region), node)
        known.digests |= node.digests
        if known is not node:
            if known.resource != parsed and known.failed is None:
                known.failed = _Miss(resource, known, known.region, Failure(CONTRADICTORY))
            return
        self._descend(node)

    def _descend(self, node: _Node) -> None:
        if isinstance(node.resource, Region):
            if not is_enabled(node.resource):
                return
            for resource in self.wanted:
                if is_regional(resource):
                    self._ask(resource, None, node.resource.id)
            return
        for resource in self.below.get(node.cls, ()):
            # Endpoints are where their parent is; no region is asked for them.
            is_endpoint = isinstance(resource.source, Tls)
            self._ask(resource, node, node.region if is_endpoint else node.place)

    def _place_below(self, parsed: Resource, place: str) -> str:
        return getattr(parsed, "region", None) or place

    def _name(self, cls: type[Resource], parsed: Resource, above: _Node | None, region: str) -> str:
        if cls.is_aspect():
            return above.name if above is not None else self.scope.account
        if cls.full_name is None:
            return parsed.id
        facts = {"partition": self.scope.partition, "account": self.scope.account}
        return cls.full_name.format(**parsed.model_dump(), **facts, **_unless_own(parsed, region))

    def _missed(
        self, resource: type[Resource], above: _Node | None, place: str, failure: Failure
    ) -> None:
        self.missed[resource].append(_Miss(resource, above, place, failure))

    def _unread(self, miss: _Miss) -> Unread:
        source, above = miss.resource.source, miss.above
        return Unread(
            operation=source.name,
            region=self._label(source, miss.place),
            code=miss.failure.code,
            missing=source.permissions if miss.failure.denied else (),
            of=above.name if above is not None else None,
            type=above.cls.type_name() if above is not None else None,
            id=above.resource.id if above is not None else None,
            evidence=above.evidence() if above is not None else (),
        )

    def _label(self, source: Source, place: str) -> str:
        """The region as results name it: reads at the home endpoint are of the whole account."""
        home = isinstance(source, Aws) and source.regions == "home"
        return HOME if home and place == self.scope.home else place

    def _population(self, resource: type[Resource]) -> Population[Resource]:
        nodes = self.nodes[resource].values()
        observed = [
            Observed(n.resource, n.name, n.region, n.evidence()) for n in nodes if n.failed is None
        ]
        missed = [*self.missed[resource], *(n.failed for n in nodes if n.failed is not None)]
        above = [r for r in lineage(resource)[1:] if r in self.nodes]
        if Region in self.nodes and is_regional(lineage(resource)[-1]):
            above.append(Region)
        for ancestor in above:
            missed += self.missed[ancestor]
            missed += [n.failed for n in self.nodes[ancestor].values() if n.failed is not None]
        unread = set(map(self._unread, missed))
        listed = frozenset(entry for r in (resource, *above) for entry in self.listed[r])
        return Population(
            observed=tuple(sorted(observed, key=lambda o: (o.name, o.region))),
            unread=tuple(sorted(unread, key=_unread_order)),
            listed=listed,
            regions=tuple(sorted(self.regions[lineage(resource)[-1]])),
        )


def _with_volatile(item: JSON, answer: Answer) -> JSON:
    """An answer together with what is kept of it with the call.

    A check may judge by when something last happened, as long as it says so in no reason: the
    evidence that its result names stays the same while the account does.
    """
    volatile = answer.provenance.get("volatile")
    if not isinstance(item, Mapping) or not isinstance(volatile, Mapping):
        return item
    return {**item, **{name: value for name, value in volatile.items() if "." not in name}}


def _with_account(value: JSON, account: str) -> JSON:
    """A constant parameter with the account's id in the place of `{account}`."""
    match value:
        case str():
            return value.replace("{account}", account)
        case Mapping():
            return {name: _with_account(inner, account) for name, inner in value.items()}
        case list():
            return [_with_account(inner, account) for inner in value]
        case _:
            return value


def _can_be_kept(answer: Answer) -> bool:
    """Whether an answer can be written as evidence; texts may hold what is no Unicode."""
    try:
        answer.body()
        canonical([dict(answer.params), dict(answer.provenance)])
    except ValueError:
        return False
    return True


def _malformed(error: ValidationError) -> str:
    """Code that names the first field that did not parse, and why, but no value of the answer."""
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{MALFORMED} ({'.'.join(map(str, first['loc']))}: {first['type']})"


def _unless_own(parsed: Resource, region: str) -> dict[str, str]:
    return {} if "region" in type(parsed).model_fields else {"region": region}


def _unread_order(unread: Unread) -> tuple[str, ...]:
    return (unread.operation, unread.region, unread.code, unread.of or "", unread.id or "")
