"""`collector results`."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click

from collector.cli.options import checks_dir_option, with_trust

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from collector.attestation.state import Accepted
    from collector.evidence.canonical import JSON
    from collector.evidence.snapshot import CheckEntry, Snapshot

CSV_COLUMNS = (
    "check", "control", "severity", "outcome", "reason",
    "resource_id", "resource_type", "region", "account", "soc2", "hipaa", "evidence", "phi",
    "exception_id", "exception_reason", "exception_approved_by", "exception_expires",
)  # fmt: skip


HEADERS = {
    "outcome": "OUTCOME",
    "severity": "SEVERITY",
    "check": "CHECK",
    "region": "REGION",
    "resource_id": "RESOURCE",
    "reason": "REASON",
    "exception": "EXCEPTION",
}
"""The columns of the table. The last is there if any result has an exception."""

EXCEPTION = ("id", "reason", "approved_by", "expires")


@click.command()
@click.argument("locker", required=False)
@click.option("--account", required=True, help="Account whose results to print.")
@click.option("--number", type=click.IntRange(min=1), help="Snapshot; default the newest.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "table"]),
    default="table",
    show_default=True,
)
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    type=click.Choice(["pass", "fail", "unknown", "not_applicable"]),
    help="Only these; repeatable.",
)
@click.option(
    "--check",
    "ids",
    multiple=True,
    help="Only of this check; * stands for anything; repeatable.",
)
@click.option("--phi", is_flag=True, help="Only resources that are tagged as holding PHI.")
@click.option("--at", metavar="DAY", help="Exceptions as of the end of a day; default now.")
@with_trust
@checks_dir_option
@click.pass_context
def results(
    context: click.Context,
    locker: str | None,
    account: str,
    number: int | None,
    form: str,
    outcomes: tuple[str, ...],
    ids: tuple[str, ...],
    phi: bool,
    at: str | None,
    keys: tuple[str, ...],
) -> None:
    """Print the results of a stored snapshot.

    All those of one check of access are the population for a review: --check
    aws.iam.user_inventory --format csv.

    A failing result that an exception covers says so, and stays `fail`. The log of exceptions is
    verified first. The results are read from LOCKER as they are; `collector verify` says whether to
    believe them.
    """
    from collector.cli.entries import accepted_of, moment, open_existing, standing_of
    from collector.cli.workbench import workbench
    from collector.run import read_lines
    from collector.stored import numbered

    when = moment(at)
    store = open_existing(context, locker)
    standing = standing_of(store, keys)
    snapshot = numbered(store, account, number)
    found = [
        result
        for entry in _of(snapshot, ids)
        for result in read_lines(store, entry.results_sha256)
        if not outcomes or result["outcome"] in outcomes
    ]
    if phi:
        click.echo(_left_out(snapshot, found), err=True)
        found = [result for result in found if result.get("phi") is True]
    names = {str(r["resource"]["id"]) for r in found if isinstance(r["resource"], dict)}
    accepted = accepted_of(
        store,
        standing,
        snapshot,
        when,
        names,
        lambda: workbench(context).checks,
        is_trusted=bool(keys),
    )
    for line in render(snapshot, found, form, accepted):
        click.echo(line)


def _left_out(snapshot: Snapshot, found: Sequence[Mapping[str, JSON]]) -> str:
    """How many resources have no tag that tells whether they hold PHI.

    Raises:
        ConfigError: the run read no tags.
    """
    from collector.errors import ConfigError

    account = snapshot.account.name
    if not any("phi" in result for result in found):
        raise ConfigError(
            f"--phi: the snapshot tells of no resource whether it holds PHI; configure"
            f" [accounts.{account}] phi, as in phi = {{data-classification = 'phi'}}, and run again"
        )
    silent = set()
    for result in found:
        resource = result["resource"]
        assert isinstance(resource, dict)
        if "phi" in result and result["phi"] is None:
            silent.add(resource["id"])
    noun = "resource" if len(silent) == 1 else "resources"
    return f"collector: {len(silent)} {noun} with no classification left out"


def _of(snapshot: Snapshot, patterns: Sequence[str]) -> list[CheckEntry]:
    """The checks of a snapshot whose ids fit a pattern; without patterns, all of them.

    Raises:
        ConfigError: the snapshot has no check for a pattern.
    """
    from collector.errors import ConfigError

    for pattern in patterns:
        if not any(fnmatchcase(entry.id, pattern) for entry in snapshot.checks):
            raise ConfigError(f"check {pattern}: the snapshot has no results of it")
    return [
        entry
        for entry in snapshot.checks
        if not patterns or any(fnmatchcase(entry.id, pattern) for pattern in patterns)
    ]


def render(
    snapshot: Snapshot,
    found: Sequence[Mapping[str, JSON]],
    form: str,
    accepted: Accepted | None = None,
) -> Iterator[str]:
    """The results as lines: JSON Lines or CSV with their tags, or a table for people.

    Args:
        snapshot: says each check's control, severity and tags.
        found: results as their objects hold them.
        form: `jsonl`, `csv` or `table`.
        accepted: the exceptions that failing results are annotated with.
    """
    entries = {entry.id: entry for entry in snapshot.checks}
    tagged: list[dict[str, object]] = []
    for result in found:
        entry = entries[str(result["check"])]
        tagged.append(
            {
                "check": entry.id,
                "control": entry.control,
                "severity": entry.severity,
                "outcome": result["outcome"],
                "reason": result["reason"],
                "resource": result["resource"],
                "soc2": list(entry.soc2),
                "hipaa": list(entry.hipaa),
                "evidence": result["evidence"],
                **({"phi": result["phi"]} if "phi" in result else {}),
                **_exception(result, accepted),
            }
        )
    match form:
        case "jsonl":
            yield from (json.dumps(r, ensure_ascii=False) for r in tagged)
        case "csv":
            yield from _csv(tagged)
        case _:
            yield _table(tagged)


def _exception(result: Mapping[str, JSON], accepted: Accepted | None) -> dict[str, object]:
    """The exception of a failing result, if one covers it. It stays failing."""
    from collector.attestation.state import annotation

    resource = result["resource"]
    if accepted is None or result["outcome"] != "fail" or not isinstance(resource, dict):
        return {}
    term = accepted.exception(str(result["check"]), str(resource["id"]))
    return {} if term is None else {"exception": annotation(term)}


def _csv(tagged: Sequence[dict[str, object]]) -> Iterator[str]:
    import csv
    import io

    rows = [CSV_COLUMNS, *(tuple(_flat(r).values()) for r in tagged)]
    for row in rows:
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(map(inert, row))
        yield out.getvalue()


def _flat(result: dict[str, object]) -> dict[str, str]:
    resource = result["resource"]
    assert isinstance(resource, dict)
    lists = {
        k: " ".join(v) for k in ("soc2", "hipaa", "evidence") if isinstance(v := result[k], list)
    }
    exception = result.get("exception", {})
    assert isinstance(exception, dict)
    return {
        **{k: str(result[k]) for k in ("check", "control", "severity", "outcome", "reason")},
        "resource_id": resource["id"],
        "resource_type": resource["type"],
        "region": resource["region"],
        "account": resource["account"],
        **lists,
        "phi": "" if result.get("phi") is None else str(result["phi"]).lower(),
        **{f"exception_{k}": exception.get(k, "") for k in EXCEPTION},
    }


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; names in the cloud are other people's."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _table(tagged: Sequence[dict[str, object]]) -> str:
    from collector.cli.tables import short, table
    from collector.evidence.record import printable

    accepted = sum("exception" in result for result in tagged)
    names = [name for name in HEADERS if accepted or name != "exception"]
    rows = []
    for result in tagged:
        flat = _flat(result)
        flat["resource_id"] = short(flat["resource_id"])
        if flat["exception_id"]:
            flat["exception"] = f"{flat['exception_id']}, to {flat['exception_expires']}"
        rows.append([printable(flat.get(name, "")) for name in names])
    text = table([HEADERS[name] for name in names], rows, widest=64)
    if not accepted:
        return text
    failed = sum(result["outcome"] == "fail" for result in tagged)
    return f"{text}\n\n{failed} fail, {accepted} of them accepted by an exception"


COMMANDS = (results,)
