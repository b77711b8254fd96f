"""`collector decision`: addressable specifications that are answered in writing."""

from __future__ import annotations

import click

from collector.cli.entries import (
    Writing,
    author_of,
    chosen,
    moment,
    now,
    one_locker,
    open_existing,
    print_entry,
    print_listing,
    read_documents,
    seal,
    standing_of,
    warn_of,
)
from collector.cli.options import with_listing, with_locker, with_statement, with_trust, with_writer


@click.group()
def decision() -> None:
    """Decisions on HIPAA's addressable specifications, under 45 CFR 164.306(d)(3).

    Addressable is not optional: it is implemented, or it is written down why that is not reasonable
    and appropriate here, and what is done instead where something is.
    """


@decision.command("add")
@click.argument("citation")
@with_locker
@click.option("--reason", required=True, help="Why it is not reasonable and appropriate here.")
@click.option("--measure", help="The equivalent measure that is implemented instead.")
@click.option("--no-measure", is_flag=True, help="No equivalent measure is reasonable either.")
@with_statement()
@with_writer
@click.pass_context
def add(
    context: click.Context,
    citation: str,
    locker_argument: str | None,
    locker_option: str | None,
    reason: str,
    measure: str | None,
    no_measure: bool,
    owner: str,
    approver: str,
    effective: str | None,
    expires: str,
    documents: tuple[str, ...],
    named: tuple[str, ...],
    key: str | None,
    author: str | None,
) -> None:
    """Seal a decision on the addressable specification CITATION, as 164.312(a)(2)(iii)."""
    from collector.attestation.draft import Said, draft_decision
    from collector.attestation.words import parse_day
    from collector.errors import ConfigError
    from collector.mapping import load_mappings

    if (measure is None) != no_measure:
        raise ConfigError("--measure, --no-measure: expected one of them")
    at = now()
    files, content = read_documents(documents, named)
    said = Said(
        author=author_of(author),
        owner=owner,
        approver=approver,
        effective=at.date() if effective is None else parse_day("--effective", effective),
        expires=parse_day("--expires", expires),
        documents=files,
    )
    entry = draft_decision(
        said,
        citation=citation,
        catalog=load_mappings().hipaa.catalog,
        reason=reason,
        measure=measure,
        now=at,
    )
    writing = Writing(context, one_locker(locker_argument, locker_option), key)
    seal(writing, entry, content, f"Decision on {citation}")
    warn_of(said)


@decision.command("withdraw")
@click.argument("number", type=click.IntRange(min=1))
@with_locker
@click.option("--reason", required=True, help="Why it does not hold any more.")
@with_writer
@click.pass_context
def withdraw(
    context: click.Context,
    number: int,
    locker_argument: str | None,
    locker_option: str | None,
    reason: str,
    key: str | None,
    author: str | None,
) -> None:
    """Seal that number NUMBER counts no more, from now on."""
    from collector.attestation.record import Decision
    from collector.cli.entries import seal_withdrawal

    writing = Writing(context, one_locker(locker_argument, locker_option), key)
    seal_withdrawal(writing, number, Decision, author=author, reason=reason)


@decision.command("list")
@with_locker
@with_listing
@with_trust
@click.pass_context
def list_(
    context: click.Context,
    locker_argument: str | None,
    locker_option: str | None,
    state: str,
    at: str | None,
    within_days: int,
    form: str,
    keys: tuple[str, ...],
) -> None:
    """List decisions with their state, after the log was verified."""
    when = moment(at)
    standing = standing_of(open_existing(context, one_locker(locker_argument, locker_option)), keys)
    columns = ("citation", "owner", "approver", "reason", "equivalent_measure")
    print_listing(
        form,
        chosen(standing.decisions(when), when, state, within_days),
        when,
        columns,
        lambda t: [getattr(t.entry, name) or "none" for name in columns],
    )


@decision.command("show")
@click.argument("number", type=click.IntRange(min=1))
@with_locker
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@with_trust
@click.pass_context
def show(
    context: click.Context,
    number: int,
    locker_argument: str | None,
    locker_option: str | None,
    form: str,
    keys: tuple[str, ...],
) -> None:
    """Show all of one decision, with its digests."""
    from collector.attestation.draft import require_kind
    from collector.attestation.record import Decision

    standing = standing_of(open_existing(context, one_locker(locker_argument, locker_option)), keys)
    print_entry(require_kind(standing.term(number), number, Decision), form)


COMMANDS = (decision,)
