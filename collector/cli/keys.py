"""`collector keys`."""

from __future__ import annotations

import click


@click.group()
def keys() -> None:
    """The key that seals snapshots."""


@keys.command("show")
@click.option("--key", help="Signing key, file:PATH; default COLLECTOR_KEY, or the user's own.")
@click.pass_context
def show(context: click.Context, key: str | None) -> None:
    """Print the public key, which auditors need, and its fingerprint."""
    from collector.cli.workbench import configured, key_spec
    from collector.evidence.keys import open_signer

    spec = key_spec(configured(context), key)
    signer = open_signer(spec, create=False)
    click.echo(f"{signer.fingerprint}  {spec}", err=True)
    click.echo(signer.public_pem.decode(), nl=False)


@keys.command("new")
@click.option("--key", help="Where to make it, file:PATH; default as for show.")
@click.pass_context
def new(context: click.Context, key: str | None) -> None:
    """Make a signing key, readable by you alone. A run does so by itself on first use."""
    from pathlib import Path

    from collector.cli.workbench import configured, key_spec
    from collector.errors import ConfigError
    from collector.evidence.keys import open_signer

    spec = key_spec(configured(context), key)
    path = Path(spec.removeprefix("file:")).expanduser()
    if spec.startswith("file:") and path.exists():
        raise ConfigError(f"making key {spec}: it exists; evidence depends on it, so it stays")
    signer = open_signer(spec, create=True)
    click.echo(f"{signer.fingerprint}  {spec}", err=True)
    click.echo(signer.public_pem.decode(), nl=False)


COMMANDS = (keys,)
