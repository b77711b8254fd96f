"""`collector run` and `collector replay`."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from collector.cli.options import checks_dir_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from collector.answer import Reader
    from collector.attestation.state import Accepted
    from collector.cli.workbench import Workbench
    from collector.evidence.chain import Stamper
    from collector.evidence.keys import Signer
    from collector.evidence.locker import Locker
    from collector.run import Outcome, Plan

EXIT_UNKNOWN = 3
EXIT_FAILED = 4

ACCOUNTS_AT_ONCE = 8
"""Accounts read side by side. They share the limit of reads under way."""


@click.command()
@click.option("--account", "accounts", multiple=True, help="Account to read; repeatable.")
@click.option("--all", "every", is_flag=True, help="Read every account that is configured.")
@click.option(
    "--locker", help="Folder or bucket URL to seal into; default COLLECTOR_LOCKER, or evidence."
)
@click.option(
    "--key",
    help="Signing key: file:PATH, aws-kms:ALIAS, gcp-kms:VERSION or azure-kv:URL; default"
    " COLLECTOR_KEY, or a file made on first use.",
)
@click.option(
    "--check", "ids", multiple=True, help="Only this check; * stands for anything; repeatable."
)
@click.option(
    "--control", "controls", multiple=True, help="Only checks of this control; repeatable."
)
@click.option(
    "--framework",
    "frameworks",
    multiple=True,
    type=click.Choice(["soc2", "hipaa"]),
    help="Only checks that this framework has a use for; repeatable.",
)
@click.option("--regions", help="AWS regions to read, by commas; default as configured.")
@click.option(
    "--fail-on",
    type=click.Choice(["fail"]),
    help="Leave with 4 if all could be read and a check failed.",
)
@checks_dir_option
@click.pass_context
def run(
    context: click.Context,
    accounts: tuple[str, ...],
    every: bool,
    locker: str | None,
    key: str | None,
    ids: tuple[str, ...],
    controls: tuple[str, ...],
    frameworks: tuple[str, ...],
    regions: str | None,
    fail_on: str | None,
) -> None:
    """Read accounts, judge them, and seal the outcome into a locker.

    Several accounts are read side by side; what goes wrong with one does not touch the others.
    """
    from collector import run as runs
    from collector.accounts import has_endpoints, may_discover, phi_of, provider_of
    from collector.classification import SETTING, reads_tags
    from collector.cli.workbench import keep_apart, workbench
    from collector.errors import ConfigError
    from collector.evidence.keys import TRIAL

    bench = workbench(context)
    names = dict.fromkeys((*accounts, *(sorted(bench.config.accounts) if every else ())))
    if not names:
        raise ConfigError("no account to read; name one with --account, or --account demo")
    plans = {}
    for name in names:
        phi = phi_of(name, bench.config)
        chosen = bench.choose(
            provider_of(name, bench.config),
            ids=ids,
            controls=controls,
            frameworks=frameworks,
            endpoints=has_endpoints(name, bench.config),
            discover=may_discover(name, bench.config),
            tags=bool(phi),
        )
        settings = dict(bench.config.checks)
        for check in (i for i in chosen if phi and reads_tags(bench.checks[i])):
            settings[check] = {**settings.get(check, {}), SETTING: list(phi)}
        plans[name] = runs.plan(bench.checks, chosen, settings, bench.mappings)
    asked = _regions(regions)
    url = bench.config.locker if locker is None else locker
    store = bench.locker(url)
    keep_apart(bench.key_spec(key), url)
    store.check_writable()
    stamper = bench.stamper()
    readers, codes = _open(bench, plans, asked)
    if readers:
        signer = bench.signer(key, create=True)
        # Before the accounts are read: what was read would be lost.
        signer.sign(TRIAL)
        for outcome in _run(bench, readers, plans, store, signer, stamper):
            if isinstance(outcome, int):
                codes.append(outcome)
                continue
            codes.append(_exit_code(outcome, fail_on))
            try:
                _print(
                    outcome,
                    url,
                    signer.fingerprint,
                    bench.unchecked(outcome.snapshot),
                    _accepted(bench, store, outcome),
                )
            except OSError as error:  # what is sealed is sealed, whoever reads of it
                _say_unprinted(outcome, error)
    # The worst first: what could not be sealed, then what could not be read.
    sys.exit(next((code for code in (1, 2, EXIT_UNKNOWN, EXIT_FAILED) if code in codes), 0))


def _open(
    bench: Workbench, plans: Mapping[str, Plan], regions: tuple[str, ...] | None
) -> tuple[dict[str, Reader], list[int]]:
    """A reader for each account that can be opened, and exit codes for those that cannot."""
    from concurrent.futures import ThreadPoolExecutor

    import structlog

    from collector.accounts import open_reader
    from collector.errors import CollectorError

    log = structlog.get_logger()

    def attempt(name: str) -> Reader:
        sources = frozenset(r.source for c in plans[name].checks for r in c.resources)
        return open_reader(name, bench.config, sources=sources, regions=regions)

    with ThreadPoolExecutor(ACCOUNTS_AT_ONCE, thread_name_prefix="open") as pool:
        opening = {name: pool.submit(attempt, name) for name in plans}
    readers, codes = {}, []
    for name, future in opening.items():
        try:
            readers[name] = future.result()
        except CollectorError as error:
            if len(plans) == 1:
                raise
            click.echo(f"collector: {error}", err=True)
            codes.append(error.exit_code)
        except Exception as error:  # a fault with one account does not lose the others
            if len(plans) == 1:
                raise
            log.info("account_failed", account=name, exc_info=error)
            click.echo(f"collector: account {name}: {error!r}", err=True)
            codes.append(1)
    return readers, codes


def _run(
    bench: Workbench,
    readers: Mapping[str, Reader],
    plans: Mapping[str, Plan],
    locker: Locker,
    signer: Signer,
    stamper: Stamper | None,
) -> Iterator[Outcome | int]:
    """The outcome of each account as it is sealed, or the exit code of what went wrong."""
    import threading
    from concurrent.futures import ThreadPoolExecutor, as_completed
    from datetime import UTC, datetime

    import structlog

    from collector import run as runs
    from collector.answer import Shared
    from collector.errors import CollectorError

    limit = threading.BoundedSemaphore(bench.config.workers)
    alone = len(readers) == 1
    log = structlog.get_logger()
    with (
        _progress(f"Reading {', '.join(readers)}", hidden=not alone) as progress,
        ThreadPoolExecutor(ACCOUNTS_AT_ONCE, thread_name_prefix="account") as pool,
    ):
        running = {
            pool.submit(
                runs.run,
                Shared(reader, limit),
                plans[name],
                locker=locker,
                signer=signer,
                clock=lambda: datetime.now(UTC),
                workers=bench.config.workers,
                progress=progress if alone else None,
                stamper=stamper,
            ): name
            for name, reader in readers.items()
        }
        for future in as_completed(running):
            error = future.exception()
            if error is None:
                yield future.result()
            elif alone or not isinstance(error, Exception):
                raise error
            else:
                log.info("account_failed", account=running[future], exc_info=error)
                text = str(error) if isinstance(error, CollectorError) else repr(error)
                click.echo(f"collector: account {running[future]}: {text}", err=True)
                yield error.exit_code if isinstance(error, CollectorError) else 1


def _print(
    outcome: Outcome,
    url: str,
    fingerprint: str,
    unchecked: Sequence[str],
    accepted: Accepted | None,
) -> None:
    from collector.cli.tables import summary

    sealed, name = outcome.sealed, outcome.snapshot.account.name
    assert sealed is not None
    click.echo(summary(outcome.snapshot, outcome.results, unchecked, accepted))
    click.echo(f"\nSealed as number {sealed.number} of {name} in {url}, signed by {fingerprint}")
    if outcome.key_note is not None:
        click.echo(f"collector: warning: {outcome.key_note}", err=True)
    if sealed.timestamp_fault is not None:
        click.echo(
            f"collector: warning: number {sealed.number} is sealed without a timestamp:"
            f" {sealed.timestamp_fault}; collector timestamp {url} adds it later",
            err=True,
        )
    click.echo(f"\nNext:\n  collector verify {url}\n  collector results {url} --account {name}")


def _accepted(bench: Workbench, store: Locker, outcome: Outcome) -> Accepted | None:
    """The exceptions by which failing results are counted apart, if their log can be believed."""
    from collector.attestation.ledger import read_standing
    from collector.cli.entries import accepted_of, now, warn
    from collector.errors import LockerError

    try:
        names = {r.resource.id for r in outcome.results if r.outcome == "fail"}
        standing = read_standing(store)
        return accepted_of(store, standing, outcome.snapshot, now(), names, lambda: bench.checks)
    except LockerError as error:  # what was sealed does not rest on it
        warn(f"exceptions are not told apart: {error}")
        return None


def _say_unprinted(outcome: Outcome, error: OSError) -> None:
    import os

    assert outcome.sealed is not None
    name, number = outcome.snapshot.account.name, outcome.sealed.number
    with suppress(OSError):
        click.echo(
            f"collector: account {name} is sealed as number {number}, but the summary could not be"
            f" printed: {error.strerror}",
            err=True,
        )
    sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - nothing to flush on the way out


@contextmanager
def _progress(label: str, *, hidden: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, unless hidden; nothing elsewhere."""
    hidden = hidden or not sys.stderr.isatty()
    with click.progressbar(length=1, label=label, file=sys.stderr, hidden=hidden) as bar:

        def show(done: int, known: int) -> None:
            bar.length = known
            bar.update(done - bar.pos)

        yield show


def _exit_code(outcome: Outcome, fail_on: str | None) -> int:
    if not outcome.snapshot.complete:
        return EXIT_UNKNOWN
    if fail_on == "fail" and outcome.snapshot.summary.failed:
        return EXIT_FAILED
    return 0


def _regions(text: str | None) -> tuple[str, ...] | None:
    import re

    from collector.errors import ConfigError

    if text is None:
        return None
    names = tuple(sorted({name.strip() for name in text.split(",")}))
    for name in names:
        if not re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-\d", name):
            raise ConfigError(f"--regions: found {name!r}; expected names such as us-east-1")
    return names


@click.command()
@click.argument("snapshot")
@click.option(
    "--locker", help="Where it is, if SNAPSHOT is NAME or NAME:NUMBER; default as for run."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl", "csv"]),
    default="table",
    help="Summary, or the results themselves.",
)
@click.option(
    "--output", type=click.Path(file_okay=False), help="Folder to write the results objects to."
)
@checks_dir_option
@click.pass_context
def replay(
    context: click.Context, snapshot: str, locker: str | None, form: str, output: str | None
) -> None:
    """Judge the reads of a stored snapshot with today's checks and mappings.

    SNAPSHOT is the path of a snapshot document or of its seal in a folder, an account's NAME for
    its newest, or NAME:NUMBER. It needs no credentials and writes nothing to the locker.
    """
    from collector import run as runs
    from collector.cli.results import render
    from collector.cli.tables import summary
    from collector.cli.workbench import workbench
    from collector.stored import find

    bench = workbench(context)
    store, stored = find(snapshot, bench.config.locker if locker is None else locker)
    outcome = runs.replay(stored, bench.checks, bench.mappings, store)
    if output is not None:
        _write(outcome, output)
    if form == "table":
        click.echo(summary(outcome.snapshot, outcome.results, bench.unchecked(outcome.snapshot)))
    else:
        objects = runs.results_objects(outcome).values()
        found = [json.loads(line) for data in objects for line in data.splitlines()]
        for line in render(outcome.snapshot, found, form):
            click.echo(line)
    before = {entry.id: entry.results_sha256 for entry in stored.checks}
    today = {entry.id: entry.results_sha256 for entry in outcome.snapshot.checks}
    changed = sorted(i for i in today if today[i] != before[i])
    gone = sorted(set(before) - set(today))
    click.echo(f"{len(today) - len(changed)} of {len(before)} results objects identical", err=True)
    for check in changed:
        click.echo(f"  changed: {check}", err=True)
    for check in gone:
        click.echo(f"  no longer a check: {check}", err=True)
    sys.exit(0 if outcome.snapshot.complete else EXIT_UNKNOWN)


def _write(outcome: Outcome, folder: str) -> None:
    from pathlib import Path

    from collector.run import results_objects

    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for check, data in results_objects(outcome).items():
        (target / f"{check}.jsonl").write_bytes(data)


COMMANDS = (run, replay)
