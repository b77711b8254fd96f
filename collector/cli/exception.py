"""`collector exception`: failing results that are known, accepted and dated."""

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
from collector.cli.options import (
    checks_dir_option,
    with_listing,
    with_locker,
    with_statement,
    with_trust,
    with_writer,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from collector.attestation.record import AcceptedFailure
    from collector.attestation.subjects import Subjects
    from collector.evidence.locker import Locker


@click.group()
def exception() -> None:
    """Failing results that are accepted for a time. They stay failing; reports tell them apart."""


@exception.command("add")
@with_locker
@click.option("--account", required=True, help="Account that it is of.")
@click.option("--check", required=True, help="Check that fails.")
@click.option(
    "--resource", "resources", multiple=True, help="Full name, as results print it; repeatable."
)
@click.option("--tag", metavar="KEY=VALUE", help="All resources that have this tag instead.")
@click.option("--reason", required=True, help="Why it is accepted.")
@click.option("--compensating", required=True, help="What is done instead.")
@with_statement()
@with_writer
@checks_dir_option
@click.pass_context
def add(
    context: click.Context,
    locker_argument: str | None,
    locker_option: str | None,
    account: str,
    check: str,
    resources: tuple[str, ...],
    tag: str | None,
    reason: str,
    compensating: str,
    owner: str,
    approver: str,
    effective: str | None,
    expires: str,
    documents: tuple[str, ...],
    named: tuple[str, ...],
    key: str | None,
    author: str | None,
) -> None:
    """Seal an acceptance of failing results.

    It covers the check on these resources from the moment at which it is sealed to its last day,
    and nothing before. The results stay `fail`, and `run --fail-on fail` still leaves with 4.
    """
    from collector.attestation.draft import Said, draft_exception
    from collector.attestation.words import parse_day, parse_tag

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
    entry = draft_exception(
        said,
        account=account,
        check=check,
        resources=resources,
        tag=None if tag is None else parse_tag(tag),
        reason=reason,
        compensating=compensating,
        now=at,
    )
    locker = one_locker(locker_argument, locker_option)
    store = open_existing(context, locker)
    found = _require_subjects(store, account, check, entry.resources)
    covered = _tagged(context, store, found, entry) if entry.tag else found.failing
    seal(Writing(context, locker, key), entry, content, "Exception")
    warn_of(said)
    for name in entry.resources:
        if name not in covered:
            warn(f"{name} does not fail {check} now")
    if not covered and entry.tag:
        warn(
            f"no resource that fails {check} now is known to have the tag {tag}; tags are read"
            f" where the configuration has [accounts.{account}] phi"
        )


def _tagged(
    context: click.Context, store: Locker, found: Subjects, entry: AcceptedFailure
) -> list[str]:
    """The failing resources that have the tag of an exception."""
    from collector.attestation.state import has_tag
    from collector.attestation.subjects import read_tags
    from collector.cli.workbench import workbench

    tags = read_tags(store, found.newest, workbench(context).checks, found.failing)
    return [name for name, own in tags.items() if has_tag(entry, own)]


def _require_subjects(
    store: Locker, account: str, check: str, resources: Collection[str]
) -> Subjects:
    """See that the check judged these resources.

    Raises:
        ConfigError: it never did.
    """
    from collector.attestation.subjects import read_subjects
    from collector.attestation.words import require_known

    found = read_subjects(store, account, check, resources)
    if not found.is_judged:
        where = f"one that account {account} has results of"
        checks = [entry.id for entry in found.newest.checks]
        require_known("--check", check, checks, where=where)
    for name in resources:
        where = f"one that {check} ever judged in account {account}"
        require_known("--resource", name, sorted(found.known), where=where)
    return found


@exception.command("revoke")
@click.argument("number", type=click.IntRange(min=1))
@with_locker
@click.option("--reason", required=True, help="Why it is not accepted any more.")
@with_writer
@click.pass_context
def revoke(
    context: click.Context,
    number: int,
    locker_argument: str | None,
    locker_option: str | None,
    reason: str,
    key: str | None,
    author: str | None,
) -> None:
    """Seal that number NUMBER covers nothing from now on."""
    from collector.attestation.record import AcceptedFailure
    from collector.cli.entries import seal_withdrawal

    writing = Writing(context, one_locker(locker_argument, locker_option), key)
    seal_withdrawal(writing, number, AcceptedFailure, author=author, reason=reason)


@exception.command("list")
@with_locker
@with_listing
@click.option("--account", help="Only of this account.")
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
    account: str | None,
    keys: tuple[str, ...],
) -> None:
    """List exceptions with their state, after the log was verified."""
    when = moment(at)
    standing = standing_of(open_existing(context, one_locker(locker_argument, locker_option)), keys)
    terms = [
        term
        for term in chosen(standing.exceptions(when), when, state, within_days)
        if account in (None, term.entry.account)
    ]
    print_listing(
        form,
        terms,
        when,
        ("account", "check", "resources", "owner", "approver", "reason"),
        lambda t: [
            t.entry.account,
            t.entry.check,
            " ".join(t.entry.resources) or "tag {}={}".format(*t.entry.tag),
            t.entry.owner,
            t.entry.approver,
            t.entry.reason,
        ],
    )


@exception.command("show")
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
    """Show all of one exception, with its digests."""
    from collector.attestation.draft import require_kind
    from collector.attestation.record import AcceptedFailure

    standing = standing_of(open_existing(context, one_locker(locker_argument, locker_option)), keys)
    print_entry(require_kind(standing.term(number), number, AcceptedFailure), form)


COMMANDS = (exception,)
