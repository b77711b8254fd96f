"""Options that several commands share. Quick to import."""

from __future__ import annotations

import click


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
