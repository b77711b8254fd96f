"""`collector attest`: what no cloud's API can show."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    warn,
    warn_of,
)
from collector.cli.options import with_listing, with_locker, with_statement, with_trust, with_writer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from collector.attestation.kinds import Kind
    from collector.mapping import Mappings


@click.group()
def attest() -> None:
    """Manual evidence: policies, agreements, training, tests, reviews.

    Each attestation is sealed like a snapshot, with its documents, and counts until it expires, is
    renewed or is withdrawn.
    """


@attest.command("add")
@click.argument("kind_id", metavar="KIND")
@with_locker
@click.option("--statement", required=True, help="What is so, in a few sentences.")
@with_statement()
@click.option("--party", help="The vendor or customer, where the kind is of an agreement.")
@click.option("--fact", "facts", multiple=True, metavar="NAME=VALUE", help="Repeatable.")
@click.option("--control", help="A control whose written rule it is; default the kind's own.")
@with_writer
@click.pass_context
def add(
    context: click.Context,
    kind_id: str,
    locker_argument: str | None,
    locker_option: str | None,
    statement: str,
    owner: str,
    approver: str,
    effective: str | None,
    expires: str,
    documents: tuple[str, ...],
    named: tuple[str, ...],
    party: str | None,
    facts: tuple[str, ...],
    control: str | None,
    key: str | None,
    author: str | None,
) -> None:
    """Seal an attestation of a KIND, as `attest kinds` lists them.

    `attest template KIND` prints what to write and which facts it needs. It counts from the moment
    at which it is sealed, however early its first day is.
    """
    from collector.attestation.draft import Said, draft_attestation
    from collector.attestation.words import parse_day, parse_facts

    at = now()
    kind = _kind(kind_id)
    files, content = read_documents(documents, named)
    said = Said(
        author=author_of(author),
        owner=owner,
        approver=approver,
        effective=at.date() if effective is None else parse_day("--effective", effective),
        expires=parse_day("--expires", expires),
        documents=files,
    )
    entry = draft_attestation(
        kind,
        said,
        statement=statement,
        control=control,
        party=party,
        facts=parse_facts(facts),
        now=at,
    )
    writing = Writing(context, one_locker(locker_argument, locker_option), key)
    seal(writing, entry, content, kind.title)
    warn_of(said)
    if not files:
        warn(f"no document is named; expected: {', '.join(kind.documents)}")


@attest.command("renew")
@click.argument("number", type=click.IntRange(min=1))
@with_locker
@click.option("--statement", help="Default as before.")
@with_statement(is_renewal=True)
@click.option(
    "--fact", "facts", multiple=True, metavar="NAME=VALUE", help="Default as before; repeatable."
)
@with_writer
@click.pass_context
def renew(
    context: click.Context,
    number: int,
    locker_argument: str | None,
    locker_option: str | None,
    statement: str | None,
    owner: str | None,
    approver: str,
    effective: str | None,
    expires: str,
    documents: tuple[str, ...],
    named: tuple[str, ...],
    facts: tuple[str, ...],
    key: str | None,
    author: str | None,
) -> None:
    """Seal an attestation that takes the place of number NUMBER.

    What is not given is as before, the documents too; it is approved anew.
    """
    from collector.attestation.draft import Said, draft_attestation, require_kind
    from collector.attestation.record import Attestation
    from collector.attestation.words import parse_day, parse_facts
    from collector.errors import ConfigError

    at = now()
    locker = one_locker(locker_argument, locker_option)
    standing = standing_of(open_existing(context, locker), (), any_key=True)
    old = require_kind(standing.term(number), number, Attestation)
    if old.state(at) in ("withdrawn", "superseded"):
        raise ConfigError(f"number {number}: is {old.state(at)}; expected one that is in force")
    kind = _kind(old.entry.kind)
    files, content = read_documents(documents, named)
    said = Said(
        author=author_of(author),
        owner=old.entry.owner if owner is None else owner,
        approver=approver,
        effective=at.date() if effective is None else parse_day("--effective", effective),
        expires=parse_day("--expires", expires),
        documents=files or old.entry.documents,
        renews=old.document_sha256,
    )
    entry = draft_attestation(
        kind,
        said,
        statement=old.entry.statement if statement is None else statement,
        control=old.entry.control,
        party=old.entry.party,
        facts={**old.entry.facts, **parse_facts(facts)},
        now=at,
    )
    seal(Writing(context, locker, key), entry, content, f"{kind.title}, which renews {number},")
    warn_of(said)


@attest.command("withdraw")
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
    from collector.attestation.record import Attestation
    from collector.cli.entries import seal_withdrawal

    writing = Writing(context, one_locker(locker_argument, locker_option), key)
    seal_withdrawal(writing, number, Attestation, author=author, reason=reason)


@attest.command("list")
@with_locker
@with_listing
@click.option("--kind", "kind_id", help="Only of this kind: the register of its parties.")
@click.option("--control", help="Only of this control.")
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
    kind_id: str | None,
    control: str | None,
    keys: tuple[str, ...],
) -> None:
    """List attestations with their state.

    The log is verified first: what was tampered with is not listed, and it leaves with 5.
    """
    when = moment(at)
    if kind_id is not None:
        _kind(kind_id)
    standing = standing_of(open_existing(context, one_locker(locker_argument, locker_option)), keys)
    terms = [
        term
        for term in chosen(standing.attestations(when), when, state, within_days)
        if kind_id in (None, term.entry.kind) and control in (None, term.entry.control)
    ]
    columns = ("kind", "control", "party", "owner", "approver", "statement")
    print_listing(
        form,
        terms,
        when,
        columns,
        lambda t: [getattr(t.entry, name) or "" for name in columns],
    )


@attest.command("show")
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
    """Show all of one attestation, with its digests."""
    from collector.attestation.draft import require_kind
    from collector.attestation.record import Attestation

    standing = standing_of(open_existing(context, one_locker(locker_argument, locker_option)), keys)
    print_entry(require_kind(standing.term(number), number, Attestation), form)


@attest.command("kinds")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def kinds(form: str) -> None:
    """List what can be attested to, and what each kind is evidence of."""
    import json

    from collector.cli.tables import table

    found, _ = _kinds()
    if form == "json":
        click.echo(
            json.dumps(
                [
                    {
                        "id": kind.id,
                        "title": kind.title,
                        "purpose": kind.purpose,
                        "control": kind.control,
                        "also": kind.also,
                        "answers": kind.answers,
                        "supports": kind.supports,
                        "documents": kind.documents,
                        "max_days": kind.max_days,
                        "party": kind.party,
                        "facts": {
                            f.name: {"title": f.title, "type": f.type, "optional": f.is_optional}
                            for f in kind.facts.values()
                        },
                    }
                    for kind in found.values()
                ],
                ensure_ascii=False,
                indent=2,
            )
        )
        return
    rows = [
        [k.id, k.title, k.control, str(k.max_days), " ".join((*k.answers, *k.supports))]
        for k in found.values()
    ]
    click.echo(table(["KIND", "TITLE", "CONTROL", "MAX DAYS", "EVIDENCE OF"], rows))


@attest.command("template")
@click.argument("kind_id", metavar="KIND")
def template(kind_id: str) -> None:
    """Print what to fill in for a KIND, as Markdown, with the command that seals it."""
    from collector.attestation.template import render_template

    kind = _kind(kind_id)
    _, mappings = _kinds()
    requirements = {**mappings.soc2.catalog, **mappings.hipaa.catalog}
    click.echo(render_template(kind, requirements), nl=False)


def _kinds() -> tuple[Mapping[str, Kind], Mappings]:
    from collector.attestation.kinds import load_kinds
    from collector.mapping import load_mappings

    mappings = load_mappings()
    return load_kinds(mappings), mappings


def _kind(name: str) -> Kind:
    from collector.attestation.words import require_known

    found, _ = _kinds()
    require_known("kind", name, found, where="one that collector attest kinds lists")
    return found[name]


COMMANDS = (attest,)
