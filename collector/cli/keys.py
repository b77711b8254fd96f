"""`collector keys`."""

from __future__ import annotations

import click

KEY_HELP = (
    "Signing key: file:PATH, aws-kms:ALIAS, gcp-kms:VERSION or azure-kv:URL; default COLLECTOR_KEY,"
    " or the user's own."
)


@click.group()
def keys() -> None:
    """The key that seals snapshots."""


@keys.command("show")
@click.option("--key", help=KEY_HELP)
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
@click.option("--key", help="What to make, file:PATH or aws-kms:alias/NAME; default as for show.")
@click.pass_context
def new(context: click.Context, key: str | None) -> None:
    """Make a signing key: a file that you alone can read, or a key in AWS KMS with an alias.

    A run makes a file by itself on first use, and never a key in a cloud. For keys of Google Cloud
    KMS and Azure Key Vault it says what command makes one.
    """
    from collector.cli.workbench import configured, key_spec
    from collector.evidence.keys import new_signer

    spec = key_spec(configured(context), key)
    signer = new_signer(spec)
    click.echo(f"{signer.fingerprint}  {spec}", err=True)
    click.echo(signer.public_pem.decode(), nl=False)


COMMANDS = (keys,)
