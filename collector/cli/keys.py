"""`collector keys`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from datetime import datetime

    from collector.config import Config
    from collector.evidence.documents import KeyStatement
    from collector.evidence.keys import PublicKey, Signer
    from collector.evidence.locker import Locker
    from collector.evidence.log import Log

KEY_HELP = (
    "Signing key: file:PATH, aws-kms:ALIAS, gcp-kms:VERSION or azure-kv:URL; default COLLECTOR_KEY,"
    " or the user's own."
)

key_option = click.option("--key", help=KEY_HELP)
signing_option = click.option("--key", help=f"The key that says so. {KEY_HELP}")
reason_option = click.option("--reason", required=True, help="Why, for whoever reads the evidence.")


@click.group()
def keys() -> None:
    """The keys that seal evidence."""


@keys.command("show")
@click.argument("locker", required=False)
@key_option
@click.pass_context
def show(context: click.Context, locker: str | None, key: str | None) -> None:
    """Print the public key, which auditors need, and its fingerprint.

    With LOCKER, print the keys of that locker instead and how they stand, by what it says itself.
    """
    from collector.cli.workbench import configured, key_spec, require_folder
    from collector.errors import ConfigError
    from collector.evidence.key_log import read_keys
    from collector.evidence.keys import open_signer
    from collector.evidence.locker import open_locker

    config = configured(context)
    if locker is None or key is not None:
        spec = key_spec(config, key)
        signer = open_signer(spec, create=False)
        click.echo(f"{signer.fingerprint}  {spec}", err=True)
        click.echo(signer.public_pem.decode(), nl=False)
    if locker is None:
        return
    store = open_locker(locker)
    require_folder(store.url, "reading keys of")
    known = read_keys(store)
    if not known.own:
        raise ConfigError(f"reading keys of locker {store.url}: it holds none")
    for fingerprint, standing in known.standings():
        click.echo(f"{fingerprint}  {standing}")
    for number, fault in sorted(known.resolution.faults.items()):
        click.echo(f"number {number} of keys does not count: {fault}")


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


@keys.command("rotate")
@click.argument("locker", required=False)
@click.option("--to", required=True, help="The key that takes its place; a file is made if needed.")
@signing_option
@reason_option
@click.pass_context
def rotate(
    context: click.Context, locker: str | None, to: str, key: str | None, reason: str
) -> None:
    """Put another key in the place of the one that signs.

    Whoever trusts the old key trusts the new one from then on. Where the new one has sealed, the
    old one may not any more.
    """
    from collector.cli.workbench import configured, keep_apart
    from collector.errors import ConfigError
    from collector.evidence.keys import TRIAL, load_public_key, open_signer

    config = configured(context)
    url = config.locker if locker is None else locker
    keep_apart(to, url)
    old = _signer(config, key)
    store = _locker(config, url)
    signer = open_signer(to, create=True)
    signer.sign(TRIAL)  # before the old key is gone
    if signer.fingerprint == old.fingerprint:
        raise ConfigError(f"rotating key {old.fingerprint}: {to} is that very key")
    public = load_public_key(signer.public_pem, to)
    _announce(store, "rotate", public, reason, old)
    click.echo(
        f"Next:\n  set key = {_quoted(to)} in collector.toml, or COLLECTOR_KEY, wherever runs seal"
        f" into {url}\n  whoever trusts {old.fingerprint} need not be given another key"
    )


@keys.command("admit")
@click.argument("public_key", type=click.Path(dir_okay=False))
@click.argument("locker", required=False)
@signing_option
@reason_option
@click.pass_context
def admit(
    context: click.Context, public_key: str, locker: str | None, key: str | None, reason: str
) -> None:
    """Let another key sign as well: PUBLIC_KEY, a file as keys show prints it."""
    from collector.cli.workbench import configured, read_file
    from collector.evidence.keys import load_public_key

    config = configured(context)
    pem = read_file(public_key, "public key")
    signer = _signer(config, key)
    store = _locker(config, config.locker if locker is None else locker)
    _announce(store, "admit", load_public_key(pem, public_key), reason, signer)


@keys.command("revoke")
@click.argument("fingerprint")
@click.argument("locker", required=False)
@click.option(
    "--from",
    "limits",
    multiple=True,
    metavar="LOG:NUMBER",
    help="First number of a log that is not to be trusted if that key signed it, as"
    " accounts/prod:13 or attestations:4; repeatable.",
)
@click.option(
    "--all-from-now",
    is_flag=True,
    help="In logs that --from does not name, go on trusting what is there now.",
)
@signing_option
@reason_option
@click.pass_context
def revoke(
    context: click.Context,
    fingerprint: str,
    locker: str | None,
    limits: tuple[str, ...],
    all_from_now: bool,
    key: str | None,
    reason: str,
) -> None:
    """Trust the key with this FINGERPRINT no more, from a number of each log on.

    Another key that is trusted has to say so: rotate first if there is none. It cannot be undone.
    """
    from datetime import UTC, datetime

    from collector.cli.workbench import configured
    from collector.errors import ConfigError
    from collector.evidence.documents import KeyStatement
    from collector.evidence.key_log import next_numbers, read_keys
    from collector.evidence.log import KEY_LOG

    config = configured(context)
    doing = f"revoking key {fingerprint}"
    named = dict(_limit(text) for text in limits)
    if not named and not all_from_now:
        raise ConfigError(f"{doing}: give --from LOG:NUMBER for each log, or --all-from-now")
    signer = _signer(config, key)
    if signer.fingerprint == fingerprint:
        raise ConfigError(f"{doing}: no key revokes itself; give another that is trusted as --key")
    store = _locker(config, config.locker if locker is None else locker)
    known = read_keys(store)
    if fingerprint not in {*known.own, *known.resolution.ring.keys}:
        raise ConfigError(f"{doing}: the locker has no such key; see collector keys show LOCKER")
    rest = [log for log in {*known.logs, KEY_LOG} if log not in named]
    if rest and not all_from_now:
        raise ConfigError(
            f"{doing}: give --from for {', '.join(sorted(log.name for log in rest))} too, or"
            " --all-from-now for those"
        )
    first = {log.name: number for log, number in named.items()} | next_numbers(store, rest)
    statement = KeyStatement(
        made=datetime.now(UTC),
        action="revoke",
        key=fingerprint,
        first_untrusted=first,
        reason=reason,
    )
    _say(store, statement, signer)
    for name, number in sorted(first.items()):
        click.echo(f"  {name}: not trusted from number {number} on")
    click.echo("Verify now names every seal of that key from these numbers on")


def _announce(
    store: Locker,
    action: Literal["rotate", "admit"],
    public: PublicKey,
    reason: str,
    signer: Signer,
) -> None:
    from datetime import UTC, datetime

    from collector.evidence.documents import KeyStatement

    statement = KeyStatement(
        made=datetime.now(UTC),
        action=action,
        key=public.fingerprint,
        public_key=public.pem.decode(),
        reason=reason,
    )
    _say(store, statement, signer)


def _say(store: Locker, statement: KeyStatement, signer: Signer) -> None:
    from datetime import UTC, datetime

    from collector.cli.workbench import configured, configured_stamper
    from collector.errors import ConfigError
    from collector.evidence.key_log import say

    if not statement.reason.strip() or not statement.reason.isprintable():
        raise ConfigError(f"--reason: found {statement.reason!r}; expected text on one line")

    def clock() -> datetime:
        return datetime.now(UTC)

    stamper = configured_stamper(configured(click.get_current_context()))
    sealed, undone = say(store, statement, signer, clock, stamper)
    done = {
        "rotate": f"{signer.fingerprint} is rotated to {statement.key}",
        "admit": f"{statement.key} may sign as well",
        "revoke": f"{statement.key} is revoked",
    }[statement.action]
    click.echo(f"Sealed as number {sealed.number} of keys in {store.url}: {done}")
    if sealed.timestamp_fault is not None:
        click.echo(
            f"collector: warning: it is sealed without a timestamp: {sealed.timestamp_fault};"
            f" collector timestamp {store.url} adds it later",
            err=True,
        )
    for number in undone:
        click.echo(f"collector: warning: number {number} of keys counts no more", err=True)


def _signer(config: Config, key: str | None) -> Signer:
    from collector.cli.workbench import key_spec
    from collector.evidence.keys import open_signer

    return open_signer(key_spec(config, key), create=False)


def _locker(config: Config, url: str) -> Locker:
    from collector.cli.workbench import require_folder
    from collector.evidence.locker import open_locker

    store = open_locker(url, config.keeping)
    require_folder(store.url, "changing keys of")
    return store


def _limit(text: str) -> tuple[Log, int]:
    from collector.errors import ConfigError
    from collector.evidence.log import LAST_NUMBER, named_log

    name, _, number = text.rpartition(":")
    if not name or not number.isascii() or not number.isdigit() or len(number) > 12:
        raise ConfigError(f"--from: found {text!r}; expected LOG:NUMBER, as accounts/prod:13")
    if not 1 <= int(number) <= LAST_NUMBER:
        raise ConfigError(f"--from: found {text!r}; numbers begin with 1")
    return named_log(name), int(number)


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


COMMANDS = (keys,)
