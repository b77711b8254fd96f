"""`collector report` and `collector sample`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from collector.cli.options import phi_only_option
from collector.report.render import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    from cryptography.x509 import Certificate

    from collector.evidence.keys import PublicKey
    from collector.evidence.locker import Locker
    from collector.mapping import Mappings
    from collector.report.days import Period
    from collector.report.history import History


def _evidence_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every command has that reports on verified evidence of one account over a period."""
    options = [
        click.argument("locker", required=False),
        click.option("--account", required=True, help="Account to report on."),
        click.option("--from", "first", required=True, help="First day, as in 2026-01-31; UTC."),
        click.option("--to", "last", required=True, help="Last day, today at the latest; UTC."),
        click.option(
            "--key",
            "keys",
            multiple=True,
            type=click.Path(dir_okay=False),
            help="Public key (PEM) that you have from elsewhere and trust; repeatable.",
        ),
        click.option(
            "--tsa-roots",
            "tsa_roots",
            multiple=True,
            type=click.Path(dir_okay=False),
            help="Certificates (PEM) of timestamp authorities that you trust; repeatable.",
        ),
        click.option(
            "--output", type=click.Path(dir_okay=False), help="File to write; default stdout."
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def report() -> None:
    """Report on sealed evidence, after verifying it.

    Nothing is reported of evidence that does not hold: that leaves with 5, and names what is wrong.
    """


@report.command()
@_evidence_options
@click.option(
    "--framework",
    "frameworks",
    multiple=True,
    type=click.Choice(["soc2", "hipaa"]),
    help="Only checks that this framework has a use for; repeatable.",
)
@click.option(
    "--control", "controls", multiple=True, help="Only checks of this control; repeatable."
)
@click.option(
    "--cadence",
    type=click.Choice(["hourly", "daily", "weekly", "monthly"]),
    help="How far apart runs are meant to be; default as configured, or daily.",
)
@phi_only_option
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.pass_context
def period(
    context: click.Context,
    locker: str | None,
    account: str,
    first: str,
    last: str,
    keys: tuple[str, ...],
    tsa_roots: tuple[str, ...],
    output: str | None,
    frameworks: tuple[str, ...],
    controls: tuple[str, ...],
    cadence: str | None,
    phi_only: bool,
    form: str,
) -> None:
    """Report on operation over a period: coverage, populations, failing intervals.

    For each control: on which days it was judged and why not on the others, over which population,
    which resources failed from when to when, and what of that was accepted.
    """
    from dataclasses import replace
    from datetime import UTC, datetime
    from functools import cache
    from pathlib import Path

    from collector.attestation.ledger import read_standing
    from collector.attestation.subjects import read_tags
    from collector.check import discover
    from collector.classification import reads_tags
    from collector.cli.workbench import configured
    from collector.errors import ConfigError
    from collector.mapping import load_mappings
    from collector.report.accepted import exemptions
    from collector.report.period import ControlText, bounds, report_period
    from collector.report.phi import limit_to_phi
    from collector.report.render import renderer
    from collector.report.sources import doubts, require_files

    if phi_only and "soc2" in frameworks:
        raise ConfigError("--framework soc2: --phi-only is of HIPAA; expected hipaa")
    frameworks = ("hipaa",) if phi_only else frameworks
    config = configured(context)
    now = datetime.now(UTC)
    days = _days(first, last, now)
    mappings = load_mappings()
    url = config.locker if locker is None else locker
    refuse_inside(output, url)
    store, trusted, roots = _open(url, keys, tsa_roots)
    history = _read(store, trusted, roots, account, days)
    standing = read_standing(store, trusted)
    require_files(store, standing)
    checks = cache(lambda: discover(map(Path, config.checks_dirs)))
    limit = None
    if phi_only:
        history, limit = limit_to_phi(
            history,
            {check.id: check.control for check in checks().values()},
            mappings.of_data,
            [check.id for check in checks().values() if reads_tags(check)],
        )
    accepted = exemptions(
        standing,
        history,
        bounds(days)[1],
        lambda one, names: read_tags(store, one.snapshot, checks(), names),
    )
    known = {entry.control for one in history.snapshots for entry in one.snapshot.checks}
    _require_controls(controls, known, mappings)
    found = report_period(
        history,
        days,
        cadence=cadence or config.cadence_of(account),  # type: ignore[arg-type]  # one of the choices
        now=now,
        texts={c.id: ControlText(c.title, c.statement) for c in mappings.controls.values()},
        exceptions=accepted,
        controls=controls,
        frameworks=frameworks,  # type: ignore[arg-type]  # one of the choices
        unresolved=[one.id for one in accepted if not one.is_resolved],
        phi=limit,
    )
    told = [] if trusted else doubts(store, standing, [account])
    found = replace(found, notes=(*(f"{t[0].upper()}{t[1:]}." for t in told), *found.notes))
    if not found.controls:
        raise ConfigError(f"account {account}: no check of {days.first} to {days.last} is chosen")
    write(renderer("period", form)(found), output)


@click.command()
@_evidence_options
@click.option("--check", required=True, help="Check whose population to draw from.")
@click.option("--size", type=click.IntRange(min=1), default=25, show_default=True)
@click.option("--seed", required=True, help="Any text; the same gives the same sample, anywhere.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
)
@click.pass_context
def sample(
    context: click.Context,
    locker: str | None,
    account: str,
    first: str,
    last: str,
    keys: tuple[str, ...],
    tsa_roots: tuple[str, ...],
    output: str | None,
    check: str,
    size: int,
    seed: str,
    form: str,
) -> None:
    """Draw a sample of what a check judged over a period, which anybody can draw again.

    Each member comes with what was said of it, by snapshots and evidence.
    """
    from datetime import UTC, datetime

    from collector.cli.workbench import configured
    from collector.report.render import renderer
    from collector.report.sample import draw

    config = configured(context)
    days = _days(first, last, datetime.now(UTC))
    url = config.locker if locker is None else locker
    refuse_inside(output, url)
    history = _read(*_open(url, keys, tsa_roots), account, days)
    found = draw(history, days, check=check, size=size, seed=seed)
    write(renderer("sample", "text" if form == "table" else form)(found), output)


def _days(first: str, last: str, now: datetime) -> Period:
    """The period that is asked for."""
    from datetime import date

    from collector.errors import ConfigError
    from collector.report.days import Period

    found = []
    for option, text in (("--from", first), ("--to", last)):
        try:
            if len(text) != len("2026-01-31"):
                raise ValueError
            found.append(date.fromisoformat(text))
        except ValueError:
            raise ConfigError(
                f"{option}: found {text!r}; expected a day as in 2026-01-31"
            ) from None
    begin, end = found
    if end < begin:
        raise ConfigError(f"--to {end}: is before --from {begin}")
    if end > now.date():
        raise ConfigError(
            f"--to {end}: is not over; expected {now.date()}, which is today in UTC, or an earlier"
            " day"
        )
    return Period(begin, end)


def _open(
    url: str, keys: tuple[str, ...], tsa_roots: tuple[str, ...]
) -> tuple[Locker, list[PublicKey], list[Certificate]]:
    """The locker, and the keys and authorities that are trusted."""
    from collector.cli.verify import root_certificates, trusted_keys
    from collector.cli.workbench import require_folder
    from collector.evidence.locker import open_locker

    trusted, _ = trusted_keys(keys)
    store = open_locker(url)
    require_folder(store.url, "reporting on")
    return store, trusted, root_certificates(tsa_roots)


def _read(
    store: Locker,
    trusted: list[PublicKey],
    roots: list[Certificate],
    account: str,
    days: Period,
) -> History:
    """The verified history of the period.

    Raises:
        ConfigError: there is no snapshot of the account in the period.
        EvidenceError: the evidence does not hold.
    """
    from collector.errors import ConfigError
    from collector.report.history import read_history
    from collector.report.period import bounds

    begins, behind = bounds(days)
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=1, label="Verifying", file=sys.stderr, hidden=hidden) as bar:

        def show(done: int, known: int) -> None:
            bar.length = known
            bar.update(done - bar.pos)

        history = read_history(
            store, account, begins=begins, ends=behind, trusted=trusted, roots=roots, progress=show
        )
    if not history.snapshots:
        latest = history.latest
        there_is = (
            f"its first is of {history.first.created_at.date()}"
            if latest is None
            else f"the last one before is number {latest.number} of {latest.created_at.date()}"
        )
        raise ConfigError(
            f"account {account} has no snapshot from {days.first} to {days.last} in locker"
            f" {store.url}; {there_is}"
        )
    return history


def _require_controls(
    controls: Collection[str], known: Collection[str], mappings: Mappings
) -> None:
    """Refuse a control that is mistyped, or of which nothing is known in the period."""
    from collector.errors import ConfigError

    for name in controls:
        if name not in known and name not in mappings.controls:
            raise ConfigError(f"control {name}: there is none; see collector mappings show")
        if name not in known:
            raise ConfigError(f"control {name}: no snapshot of the period ran a check of it")


def refuse_inside(output: str | None, url: str) -> None:
    """Refuse to write into the locker, where only evidence belongs.

    Raises:
        ConfigError: the file would be inside the locker's folder.
    """
    from pathlib import Path

    from collector.errors import ConfigError

    if output is None or "://" in url:
        return
    if Path(output).resolve().is_relative_to(Path(url).expanduser().resolve()):
        raise ConfigError(f"--output {output}: is inside the locker {url}; expected another folder")


def write(lines: Iterable[str], output: str | None) -> None:
    """Print the lines, or write them to a file.

    Raises:
        ConfigError: the file cannot be written.
    """
    from pathlib import Path

    from collector.errors import ConfigError

    if output is None:
        for line in lines:
            click.echo(line)
        return
    try:
        Path(output).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"writing {output}: {error.strerror}") from None


COMMANDS = (report, sample)
