"""`collector report point-in-time`, `collector gap` and `collector questionnaire`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from collector.cli.options import checks_dir_option, phi_only_option
from collector.cli.report import report
from collector.report.render import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from collector.report.basis import Basis
    from collector.report.parts import Grounds
    from collector.report.requirement import FrameworkName

FRAMEWORKS = ("soc2", "hipaa")


def _evidence_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every command has that reports on requirements as of a moment."""
    options = [
        click.argument("locker", required=False),
        click.option(
            "--account",
            "accounts",
            multiple=True,
            required=True,
            help="Account to report on; repeatable: the worst of them counts.",
        ),
        click.option(
            "--as-of",
            "moment",
            metavar="DATE|TIMESTAMP",
            help="2026-01-31, which is the end of that day in UTC, or 2026-01-31T09:00:00Z;"
            " default now.",
        ),
        click.option(
            "--cadence",
            type=click.Choice(["hourly", "daily", "weekly", "monthly"]),
            help="How far apart runs are meant to be; default as configured, or daily.",
        ),
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
            "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True
        ),
        click.option(
            "--output", type=click.Path(dir_okay=False), help="File to write; default stdout."
        ),
        phi_only_option,
        checks_dir_option,
    ]
    for option in reversed(options):
        command = option(command)
    return command


@report.command("point-in-time")
@_evidence_options
@click.option(
    "--framework",
    type=click.Choice([*FRAMEWORKS, "both"]),
    help="Whose requirements to tell of; default both, or hipaa with --phi-only, which is of HIPAA"
    " alone.",
)
@click.option("--control", "controls", multiple=True, help="Only this control; repeatable.")
@click.pass_context
def point_in_time(
    context: click.Context,
    locker: str | None,
    accounts: tuple[str, ...],
    moment: str | None,
    cadence: str | None,
    keys: tuple[str, ...],
    tsa_roots: tuple[str, ...],
    form: str,
    output: str | None,
    phi_only: bool,
    framework: str | None,
    controls: tuple[str, ...],
) -> None:
    """Report on controls as of a moment, SOC 2 and HIPAA side by side (Type 1).

    For each control what its checks found, over which population, what fails and what of that is
    accepted; for each requirement how it stands. What is used is each account's newest snapshot at
    or before the moment.
    """
    from collector.cli.report import write
    from collector.errors import ConfigError
    from collector.report.point_in_time import report_point_in_time
    from collector.report.render import renderer
    from collector.report.requirement import assess

    if phi_only and framework not in (None, "hipaa"):
        raise ConfigError(f"--framework {framework}: --phi-only is of HIPAA; expected hipaa")
    framework = framework or ("hipaa" if phi_only else "both")
    grounds, basis = _grounds(
        context, locker, accounts, moment, cadence, keys, tsa_roots, output, phi_only
    )
    for name in controls:
        if name not in grounds.mappings.controls:
            raise ConfigError(f"control {name}: there is none; see collector mappings show")
    wanted: list[FrameworkName] = (
        ["soc2", "hipaa"] if framework == "both" else [framework]  # type: ignore[list-item]  # one of the choices
    )
    found = report_point_in_time(
        grounds, basis, {name: assess(grounds, name) for name in wanted}, controls
    )
    write(renderer("point_in_time", form)(found), output)


@click.command()
@_evidence_options
@click.option(
    "--have",
    type=click.Choice(FRAMEWORKS),
    default="soc2",
    show_default=True,
    help="The framework whose evidence there is.",
)
@click.option(
    "--want",
    type=click.Choice(FRAMEWORKS),
    default="hipaa",
    show_default=True,
    help="The framework that is asked for.",
)
@click.pass_context
def gap(
    context: click.Context,
    locker: str | None,
    accounts: tuple[str, ...],
    moment: str | None,
    cadence: str | None,
    keys: tuple[str, ...],
    tsa_roots: tuple[str, ...],
    form: str,
    output: str | None,
    phi_only: bool,
    have: str,
    want: str,
) -> None:
    """Tell what the evidence for one framework covers of another, and what remains.

    Every requirement of the other one appears once, with how it is evidenced, how strongly, and how
    it stands. What remains is ordered by how much it is enforced, each with what would close it.
    """
    from collector.cli.report import write
    from collector.errors import ConfigError
    from collector.report.gap import report_gap
    from collector.report.render import renderer
    from collector.report.requirement import assess

    if have == want:
        raise ConfigError(f"--want {want}: is what --have names; expected the other framework")
    if phi_only and want != "hipaa":
        raise ConfigError(f"--want {want}: --phi-only is of HIPAA; expected hipaa")
    grounds, basis = _grounds(
        context, locker, accounts, moment, cadence, keys, tsa_roots, output, phi_only
    )
    found = report_gap(
        grounds,
        basis,
        have=have,  # type: ignore[arg-type]  # one of the choices
        want=want,  # type: ignore[arg-type]  # one of the choices
        assessed=assess(grounds, want),  # type: ignore[arg-type]  # one of the choices
    )
    write(renderer("gap", form)(found), output)


@click.command()
@_evidence_options
@click.option(
    "--questions",
    "file",
    type=click.Path(dir_okay=False),
    help="Your own questions: a CSV file with the columns question and controls.",
)
@click.pass_context
def questionnaire(
    context: click.Context,
    locker: str | None,
    accounts: tuple[str, ...],
    moment: str | None,
    cadence: str | None,
    keys: tuple[str, ...],
    tsa_roots: tuple[str, ...],
    form: str,
    output: str | None,
    phi_only: bool,
    file: str | None,
) -> None:
    """Answer a security questionnaire from evidence.

    Each answer is what the evidence says, with its date and digest, or "not evidenced"; none is
    written by hand.
    """
    from pathlib import Path

    from collector.cli.report import write
    from collector.questions import load_questions, read_questions
    from collector.report.questionnaire import answer_questions
    from collector.report.render import renderer

    grounds, basis = _grounds(
        context, locker, accounts, moment, cadence, keys, tsa_roots, output, phi_only
    )
    asked = (
        load_questions(grounds.mappings, grounds.kinds)
        if file is None
        else read_questions(Path(file), grounds.mappings)
    )
    write(renderer("questionnaire", form)(answer_questions(grounds, basis, asked)), output)


def _grounds(
    context: click.Context,
    locker: str | None,
    accounts: tuple[str, ...],
    moment: str | None,
    cadence: str | None,
    keys: tuple[str, ...],
    tsa_roots: tuple[str, ...],
    output: str | None,
    is_phi_only: bool,
) -> tuple[Grounds, Basis]:
    """The verified evidence that a report rests on, and how it names it.

    Raises:
        ConfigError: an account has no snapshot, or an option cannot be used.
        EvidenceError: the evidence does not hold.
    """
    from datetime import UTC, datetime

    from collector.attestation.kinds import load_kinds
    from collector.check import code_digest
    from collector.cli.report import refuse_inside
    from collector.cli.verify import root_certificates, trusted_keys
    from collector.cli.workbench import require_folder, workbench
    from collector.closing import load_closing
    from collector.evidence.locker import open_locker
    from collector.report.basis import basis, installed_version
    from collector.report.sources import Asked, Program, installed, read_grounds

    bench = workbench(context)
    url = bench.config.locker if locker is None else locker
    refuse_inside(output, url)
    at = _moment(moment, datetime.now(UTC).replace(microsecond=0))
    kinds = load_kinds(bench.mappings)
    program = Program(
        checks=bench.checks,
        installed=installed(bench.checks),
        checks_sha256=code_digest(bench.checks.values()),
        mappings=bench.mappings,
        kinds=kinds,
        closing=load_closing(bench.mappings, kinds),
    )
    names = tuple(dict.fromkeys(accounts))
    store = open_locker(url)
    require_folder(store.url, "reporting on")
    trusted, roots = tuple(trusted_keys(keys)[0]), tuple(root_certificates(tsa_roots))
    asked = Asked(names, at, trusted, roots, is_phi_only=is_phi_only)
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=1, label="Verifying", file=sys.stderr, hidden=hidden) as bar:

        def show(done: int, known: int) -> None:
            bar.length = known
            bar.update(done - bar.pos)

        grounds = read_grounds(store, asked, program, show)
    cadences = {name: cadence or bench.config.cadence_of(name) for name in names}
    return grounds, basis(
        grounds,
        cadences=cadences,  # type: ignore[arg-type]  # one of the choices
        version=installed_version(),
        locker=url,
    )


def _moment(text: str | None, now: datetime) -> datetime:
    """The moment that is asked for; a day is its end, or now if that is earlier."""
    from datetime import UTC, date, datetime, time

    from collector.errors import ConfigError
    from collector.evidence.canonical import parse_timestamp, timestamp

    if text is None:
        return now
    try:
        if len(text) == len("2026-01-31"):
            day = date.fromisoformat(text)
            moment = min(datetime.combine(day, time(23, 59, 59), UTC), now)
            is_future = day > now.date()
        else:
            moment = parse_timestamp(text)
            is_future = moment > now
    except ValueError:
        raise ConfigError(
            f"--as-of: found {text!r}; expected a day as in 2026-01-31 or a time as in"
            " 2026-01-31T09:00:00Z"
        ) from None
    if is_future:
        raise ConfigError(
            f"--as-of {text}: is in the future, of which nothing is known; it is {timestamp(now)}"
        )
    return moment


COMMANDS = (gap, questionnaire)
