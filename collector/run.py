"""A run: the order of collect, evaluate, tag, store and seal; and its replay from what was stored.

Nothing is sealed before all that the snapshot refers to is in the locker.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from pydantic import JsonValue, TypeAdapter, ValidationError

from collector import evaluate as evaluated
from collector.answer import Reader, Scope, StoredReader
from collector.check import Check, SettingValue, code_digest
from collector.classification import marked
from collector.collect import Progress, collect
from collector.errors import ConfigError, LockerError, NotSealed
from collector.evaluate import Result, Settings, evaluate
from collector.evidence.canonical import JSON, canonical, sha256, timestamp
from collector.evidence.chain import Appended, Stamper, append, put_object
from collector.evidence.key_log import check_signer
from collector.evidence.keys import Signer
from collector.evidence.locker import Locker
from collector.evidence.log import account_log
from collector.evidence.merkle import merkle_root
from collector.evidence.record import EvidenceError
from collector.evidence.snapshot import (
    Account,
    CheckEntry,
    Collector,
    Snapshot,
    Summary,
    object_key,
    public_key_key,
)
from collector.evidence.snapshot import Scope as StoredScope
from collector.mapping import Mappings
from collector.reads import Reads, Region
from collector.source import HOME, HOMES

DISTRIBUTION = "compliance-evidence-collector"

OUTCOMES: tuple[evaluated.Outcome, ...] = ("pass", "fail", "unknown", "not_applicable")

log = structlog.get_logger()


@dataclass(frozen=True)
class Outcome:
    """What a run or a replay came to."""

    snapshot: Snapshot
    results: tuple[Result, ...]
    sealed: Appended | None
    """Its place in the chain; None for a replay, which seals nothing."""
    key_note: str | None = None
    """What should be done about the key that sealed it, if anything."""


@dataclass(frozen=True)
class Plan:
    """What a run judges and by what."""

    checks: tuple[Check[...], ...]
    settings: Settings
    mappings: Mappings
    checks_sha256: str


def plan(
    checks: Mapping[str, Check[...]],
    chosen: Iterable[str],
    settings: Mapping[str, Mapping[str, object]],
    mappings: Mappings,
) -> Plan:
    """The chosen checks with their settings.

    Args:
        checks: all checks by id.
        chosen: ids of those to judge.
        settings: values that the configuration gives, by check id; for any check, chosen or not.
        mappings: by which results are tagged.

    Raises:
        ConfigError: a setting is of no known check, has no such name, or is of the wrong type.
    """
    typed: dict[str, dict[str, SettingValue]] = {}
    for check_id, values in settings.items():
        if check_id not in checks:
            raise ConfigError(f"settings of check {check_id}: there is no such check")
        typed[check_id] = {n: _setting(checks[check_id], n, v) for n, v in values.items()}
    ids = sorted(set(chosen))
    return Plan(tuple(checks[i] for i in ids), typed, mappings, code_digest(checks.values()))


def _setting(check: Check[...], name: str, value: object) -> SettingValue:
    declared = check.settings.get(name)
    if declared is None:
        known = ", ".join(check.settings) or "none"
        raise ConfigError(f"settings of check {check.id}: unknown key {name}; expected {known}")
    kind = type(declared.default)
    given = tuple(value) if isinstance(value, list) else value
    if isinstance(given, int) and not isinstance(given, bool) and given < 0:
        raise ConfigError(
            f"settings of check {check.id}: {name}: found {given}; expected 0 or more"
        )
    if type(given) is not kind or not isinstance(given, bool | int | float | str | tuple):
        raise ConfigError(
            f"settings of check {check.id}: {name}: found {value!r}; expected {kind.__name__}"
        )
    try:
        adapter: TypeAdapter[object] = TypeAdapter(declared.type)  # type: ignore[arg-type]
        adapter.validate_python(given, strict=True)
    except ValidationError as error:
        said = error.errors(include_url=False)[0]["msg"].partition(", not")[0]
        # Lists of the file are tuples here, which is no matter of who wrote the file.
        said = said.replace("Tuple", "List").removesuffix(" after validation")
        raise ConfigError(
            f"settings of check {check.id}: {name}: found {value!r}: {said[0].lower()}{said[1:]}"
        ) from None
    return given


def run(
    reader: Reader,
    plan: Plan,
    *,
    locker: Locker,
    signer: Signer,
    clock: Callable[[], datetime],
    workers: int,
    progress: Progress | None = None,
    stamper: Stamper | None = None,
) -> Outcome:
    """Read an account, judge it, and seal the outcome as the next snapshot of its chain.

    Args:
        reader: brings the answers; its scope names the account.
        plan: what is judged.
        locker: where evidence goes.
        signer: seals the snapshot.
        clock: the time now, aware.
        workers: reads under way at once.
        progress: told how many reads are done.
        stamper: asked for a timestamp of the seal; if it has none, that is logged, and the
            snapshot is sealed without.

    Raises:
        LockerError: the locker refuses to be written at all.
        NotSealed: the locker failed later; what is there is referred to by nothing.
        SigningError: the key could not be used, or the locker says that it may not sign any more;
            nothing is sealed then.
    """
    # Both first: what was read for a key or a locker that refuses would be lost.
    note = check_signer(locker, account_log(reader.scope.name), signer)
    locker.put(public_key_key(signer.fingerprint), signer.public_pem)
    started = clock().replace(microsecond=0)
    reads = collect(plan.checks, reader, workers=workers, progress=progress)
    for source, answer in reads.answers:
        log.info(
            "source_read", source=source.name, region=answer.place, complete=answer.is_complete
        )
    calls = lines(answer.record(source) for source, answer in reads.answers)
    results, entries = judge(plan, reads, now=started)
    objects = {calls, *(lines(r.to_json() for r in found) for found in results.values())}
    objects |= {body for _, answer in reads.answers if (body := answer.body()) is not None}
    _store(locker, objects, workers, clock)
    flat = tuple(r for check_results in results.values() for r in check_results)
    snapshot = Snapshot(
        account=_account(reader.scope),
        started=started,
        finished=clock(),
        collector=Collector(
            version=importlib.metadata.version(DISTRIBUTION),
            checks_sha256=plan.checks_sha256,
            mappings_sha256=plan.mappings.sha256,
        ),
        identity=reader.scope.identity,
        scope=StoredScope(
            regions=reads.regions,
            checks=tuple(c.id for c in plan.checks),
            settings=_effective(plan),
        ),
        summary=_summary(flat, calls=len(reads.answers)),
        complete=all(r.outcome != "unknown" for r in flat),
        checks=entries,
        calls_sha256=sha256(calls),
        calls_merkle_root=merkle_root(calls),
    )
    try:
        sealed = append(
            locker, account_log(reader.scope.name), snapshot.to_bytes(), signer, clock, stamper
        )
    except LockerError as error:
        raise NotSealed(f"{error}; nothing is sealed") from error
    seen = None if sealed.timestamp is None else timestamp(sealed.timestamp)
    log.info("run_sealed", account=reader.scope.name, number=sealed.number, timestamp=seen)
    if sealed.timestamp_fault is not None:
        log.info("timestamp_missed", account=reader.scope.name, error=sealed.timestamp_fault)
    return Outcome(snapshot, flat, sealed, key_note=note)


def _store(
    locker: Locker, objects: Iterable[bytes], workers: int, clock: Callable[[], datetime]
) -> None:
    """Keep the objects, several at a time."""
    with ThreadPoolExecutor(workers, thread_name_prefix="store") as pool:
        try:
            for _ in pool.map(partial(put_object, locker, clock=clock), objects):
                pass
        except LockerError as error:
            pool.shutdown(cancel_futures=True)
            raise NotSealed(f"{error}; nothing is sealed") from error


def replay(
    snapshot: Snapshot, checks: Mapping[str, Check[...]], mappings: Mappings, locker: Locker
) -> Outcome:
    """Judge the stored reads of a snapshot with today's checks and mappings.

    The time by which ages are judged, and the settings, are the snapshot's. Checks that no longer
    exist are left out.

    Raises:
        EvidenceError: an object is not what its name says.
        ObjectMissing: an object is not there.
    """
    records = read_lines(locker, snapshot.calls_sha256)
    reader = _stored_reader(snapshot, records, locker)
    known = tuple(checks[i] for i in snapshot.scope.checks if i in checks)
    settings = {
        c.id: {
            name: _setting(c, name, value)
            for name, value in _stored_settings(snapshot, c.id).items()
            if name in c.settings
        }
        for c in known
    }
    today = Plan(known, settings, mappings, code_digest(checks.values()))
    reads = collect(known, reader)
    results, entries = judge(today, reads, now=snapshot.started)
    flat = tuple(r for check_results in results.values() for r in check_results)
    replayed = snapshot.model_copy(
        update={
            "checks": entries,
            "summary": _summary(flat, calls=len(records)),
            "complete": all(r.outcome != "unknown" for r in flat),
        }
    )
    return Outcome(replayed, flat, sealed=None)


def stored_reads(snapshot: Snapshot, checks: Sequence[Check[...]], locker: Locker) -> Reads:
    """What a snapshot's run read for some of its checks.

    Raises:
        EvidenceError: an object is not what its name says.
        ObjectMissing: an object is not there.
    """
    records = read_lines(locker, snapshot.calls_sha256)
    return collect(checks, _stored_reader(snapshot, records, locker))


def _stored_reader(
    snapshot: Snapshot, records: Sequence[dict[str, JSON]], locker: Locker
) -> StoredReader:
    scope = Scope(
        provider=snapshot.account.provider,
        name=snapshot.account.name,
        account=snapshot.account.id,
        identity=snapshot.identity,
        partition=_partition(snapshot),
        home=_home(snapshot, records),
        # None: look them up among the stored reads, where an unread listing says so itself.
        regions=None if _asked_for_regions(records) else snapshot.scope.regions or None,
    )
    return StoredReader(scope, records, lambda digest: get_object(locker, digest))


def judge(
    plan: Plan, reads: Reads, *, now: datetime
) -> tuple[dict[str, list[Result]], tuple[CheckEntry, ...]]:
    """Results by check id, and each check's entry of the snapshot document with its tags."""
    results: dict[str, list[Result]] = {c.id: [] for c in plan.checks}
    found = evaluate(plan.checks, reads, settings=plan.settings, now=now)
    for result in marked(found, reads, plan.checks, plan.settings):
        results[result.check].append(result)
    entries = []
    for check in plan.checks:
        tags = plan.mappings.tags(check.control)
        counts = Counter(r.outcome for r in results[check.id])
        stored = lines(r.to_json() for r in results[check.id])
        entries.append(
            CheckEntry(
                id=check.id,
                control=check.control,
                severity=check.severity,
                soc2=tags.soc2,
                hipaa=tags.hipaa,
                summary={o: counts[o] for o in OUTCOMES if counts[o]},
                results_sha256=sha256(stored),
                results_merkle_root=merkle_root(stored),
            )
        )
    return results, tuple(entries)


def results_objects(outcome: Outcome) -> dict[str, bytes]:
    """The results object of each check, by the check's id."""
    found: dict[str, list[Mapping[str, JSON]]] = {e.id: [] for e in outcome.snapshot.checks}
    for result in outcome.results:
        found[result.check].append(result.to_json())
    return {check: lines(results) for check, results in found.items()}


def lines(values: Iterable[Mapping[str, JSON]]) -> bytes:
    """JSON Lines of canonical objects, sorted."""
    return b"".join(sorted(canonical(value) + b"\n" for value in values))


def get_object(locker: Locker, digest: str) -> bytes:
    """The object of that digest.

    Raises:
        EvidenceError: its content is not what its name says.
        ObjectMissing: it is not there.
    """
    key = object_key(digest)
    data = locker.get(key)
    if sha256(data) != digest:
        raise EvidenceError(f"{key}: its content has digest {sha256(data)}; it was changed")
    return data


def read_lines(locker: Locker, digest: str) -> list[dict[str, JSON]]:
    """The objects in a JSON Lines object of the locker."""
    return [json.loads(line) for line in get_object(locker, digest).splitlines()]


def _account(scope: Scope) -> Account:
    return Account(name=scope.name, provider=scope.provider, id=scope.account)


def _summary(results: Sequence[Result], *, calls: int) -> Summary:
    counts = Counter(r.outcome for r in results)
    return Summary(
        passed=counts["pass"],
        failed=counts["fail"],
        unknown=counts["unknown"],
        not_applicable=counts["not_applicable"],
        calls=calls,
    )


def _effective(plan: Plan) -> dict[str, JsonValue]:
    """Every setting of every check that was judged, defaults included."""
    found: dict[str, JsonValue] = {}
    for check in plan.checks:
        values = {n: s.default for n, s in check.settings.items()}
        values |= plan.settings.get(check.id, {})
        if values:
            found[check.id] = {n: list(v) if isinstance(v, tuple) else v for n, v in values.items()}
    return found


def _stored_settings(snapshot: Snapshot, check_id: str) -> Mapping[str, object]:
    stored = snapshot.scope.settings.get(check_id)
    return stored if isinstance(stored, dict) else {}


def _asked_for_regions(records: Sequence[Mapping[str, JSON]]) -> bool:
    """Whether the run found its regions by itself; checks that look at regions ask otherwise."""
    return any(r["source"] == Region.source.name and not r["params"] for r in records)


def _partition(snapshot: Snapshot) -> str:
    """The partition stands in the ARN of the principal that read."""
    return snapshot.identity.split(":")[1] if snapshot.account.provider == "aws" else ""


def _home(snapshot: Snapshot, records: Sequence[Mapping[str, JSON]]) -> str:
    if snapshot.account.provider != "aws":
        return HOME
    partition = _partition(snapshot)
    asked_once = ("iam:", "s3:ListBuckets", "cloudfront:", "s3control:")
    found = (str(r["region"]) for r in records if str(r["source"]).startswith(asked_once))
    return HOMES.get(partition) or next(found, HOME)
