"""Options that several commands share. Quick to import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = click.Choice(["table", "json", "csv"])

STATES = ("in-force", "expiring", "not-yet-effective", "expired", "withdrawn", "superseded", "all")
"""States of manual evidence, as `--state` takes them."""


def _remember(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> None:
    context.find_root().obj["checks_dirs"] += value


checks_dir_option = click.option(
    "--checks-dir",
    multiple=True,
    type=click.Path(file_okay=False),
    expose_value=False,
    callback=_remember,
    help="Folder with more checks; repeatable.",
)
"""An option of every command that needs the checks."""


phi_only_option = click.option(
    "--phi-only",
    is_flag=True,
    help="HIPAA limited to what is marked as PHI: stored data that is not so marked is left out and"
    " counted; what concerns the account as a whole stays in.",
)
"""An option of reports."""


def with_locker(command: F) -> F:
    """The locker, as an argument or an option."""
    command = click.argument("locker_argument", metavar="[LOCKER]", required=False)(command)
    return click.option("--locker", "locker_option", help="The same as LOCKER.")(command)


def with_trust(command: F) -> F:
    """The keys that a reader trusts."""
    return click.option(
        "--key",
        "keys",
        multiple=True,
        type=click.Path(dir_okay=False),
        help="Public key (PEM) that you trust; default the locker's own; repeatable.",
    )(command)


def with_writer(command: F) -> F:
    """Who writes, and with which key."""
    command = click.option(
        "--key", help="Signing key, file:PATH; default COLLECTOR_KEY, or one made on first use."
    )(command)
    return click.option("--author", help="Who writes this; default the user of this machine.")(
        command
    )


def with_statement(*, is_renewal: bool = False) -> Callable[[F], F]:
    """Who answers for a statement, for how long it counts, and its documents."""

    def add(command: F) -> F:
        for option in reversed(
            (
                click.option("--owner", required=not is_renewal, help="Who answers for it."),
                click.option("--approver", required=True, help="Who approved it."),
                click.option("--effective", metavar="DAY", help="First day; default today."),
                click.option("--expires", metavar="DAY", required=True, help="Last day."),
                click.option(
                    "--document",
                    "documents",
                    multiple=True,
                    type=click.Path(),
                    help="File to keep in the locker; repeatable.",
                ),
                click.option(
                    "--document-digest-only",
                    "named",
                    multiple=True,
                    type=click.Path(),
                    help="File of which only name, size and digest are kept; repeatable.",
                ),
            )
        ):
            command = option(command)
        return command

    return add


def with_listing(command: F) -> F:
    """Which entries are listed, and how."""
    for option in reversed(
        (
            click.option("--state", type=click.Choice(STATES), default="all", show_default=True),
            click.option(
                "--at", metavar="DAY", help="As it stood at the end of a day; default now."
            ),
            click.option(
                "--within-days",
                type=click.IntRange(min=0),
                default=30,
                show_default=True,
                help="How soon is expiring.",
            ),
            click.option("--format", "form", type=FORMATS, default="table", show_default=True),
        )
    ):
        command = option(command)
    return command
