"""What several commands set up alike: configuration, checks, locker and key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import click

from collector.check import Check, discover
from collector.classification import reads_tags
from collector.config import Config, load_config
from collector.errors import ConfigError
from collector.evidence.keys import Signer, default_key_path, open_signer
from collector.evidence.locker import Locker, open_locker
from collector.evidence.snapshot import Snapshot
from collector.log import configure
from collector.mapping import Mappings, check_controls, load_mappings
from collector.source import Provider

if TYPE_CHECKING:
    from collector.evidence.chain import Stamper
    from collector.evidence.timestamps import Authority


@dataclass(frozen=True)
class Workbench:
    """The configuration, the checks and the mappings, all of them validated."""

    config: Config
    checks: Mapping[str, Check[...]]
    mappings: Mappings

    def locker(self, url: str | None) -> Locker:
        """The locker that is named, or the configured one."""
        return open_locker(self.config.locker if url is None else url, self.config.keeping)

    def signer(self, spec: str | None, *, create: bool) -> Signer:
        """The signing key that is named, or the configured one, or the user's own."""
        return open_signer(self.key_spec(spec), create=create)

    def authorities(self) -> list[Authority]:
        """The timestamp authorities that are configured."""
        return authorities(self.config)

    def stamper(self) -> Stamper | None:
        """What gets timestamps for seals; None if no authority is configured."""
        return configured_stamper(self.config)

    def key_spec(self, spec: str | None) -> str:
        """Where the signing key is."""
        return key_spec(self.config, spec)

    def unchecked(self, snapshot: Snapshot) -> list[str]:
        """Controls for which the snapshot's cloud has no check, though another cloud has."""
        provider = snapshot.account.provider
        own = {c.control for c in self.checks.values() if c.provider == provider}
        return sorted({c.control for c in self.checks.values()} - own)

    def choose(
        self,
        provider: Provider,
        *,
        ids: Iterable[str] = (),
        controls: Iterable[str] = (),
        frameworks: Iterable[str] = (),
        endpoints: bool = False,
        discover: bool = False,
        tags: bool = False,
    ) -> tuple[str, ...]:
        """Ids of the checks of a provider that are asked for; all where nothing is.

        Those that ask no cloud's API are among them where the account lists `endpoints`, those
        that connect to endpoints which they find where it lets them `discover`, those that read
        tags where it names `tags` that classify.

        Raises:
            ConfigError: a pattern, control or framework chooses no check at all.
        """
        answerable = (provider, "any") if endpoints else (provider,)
        own = {
            i: c
            for i, c in self.checks.items()
            if c.provider in answerable
            and (tags or not reads_tags(c))
            and (discover or not c.follows_findings)
        }
        wanted: set[str] = set()
        for pattern in ids:
            if not any(fnmatchcase(i, pattern) for i in self.checks):
                raise ConfigError(f"check {pattern}: there is none; see collector checks list")
            wanted |= {i for i in own if fnmatchcase(i, pattern)}
        for control in controls:
            if control not in self.mappings.controls:
                raise ConfigError(f"control {control}: there is none; see collector mappings show")
            wanted |= {i for i, c in own.items() if c.control == control}
        for framework in frameworks:
            wanted |= {
                i for i, c in own.items() if getattr(self.mappings.tags(c.control), framework)
            }
        if not (ids or controls or frameworks):
            return tuple(own)
        if not wanted:
            need = "" if endpoints else "; those of endpoints need tls_endpoints of the account"
            need += "" if endpoints or discover or provider != "aws" else " or tls_discover"
            need += "" if tags else "; those of tags need phi"
            raise ConfigError(f"no check of {provider} is chosen; see collector checks list{need}")
        return tuple(sorted(wanted))


def workbench(context: click.Context) -> Workbench:
    """Load configuration, checks and mappings, and set up logging.

    Raises:
        ConfigError: the configuration is wrong.
        CheckError: a check is declared wrongly.
        MappingError: the mappings contradict themselves or the checks.
    """
    config = configured(context)
    folders = [*config.checks_dirs, *context.find_root().obj["checks_dirs"]]
    checks = discover(map(Path, folders))
    mappings = load_mappings()
    check_controls(mappings, {i: c.control for i, c in checks.items()})
    return Workbench(config, checks, mappings)


def configured(context: click.Context) -> Config:
    """The configuration alone, with logging set up."""
    options = context.find_root().obj
    configure(options["log_format"], verbose=options["verbose"])
    named = options["config"]
    return load_config(Path(named) if named else None)


def key_spec(config: Config, spec: str | None) -> str:
    """Where the signing key is."""
    named = config.key if spec is None else spec
    return f"file:{default_key_path()}" if named is None else named


def authorities(config: Config) -> list[Authority]:
    """The timestamp authorities that are configured.

    Raises:
        ConfigError: what one is to be trusted by cannot be read.
    """
    from collector.evidence.timestamps import Authority, load_certificates

    return [
        Authority(a.url, load_certificates(read_file(a.ca_bundle, "certificates"), a.ca_bundle))
        for a in config.timestamp
    ]


def configured_stamper(config: Config) -> Stamper | None:
    """What gets timestamps for seals; None if no authority is configured.

    Raises:
        ConfigError: what one is to be trusted by cannot be read.
    """
    if not config.timestamp:
        return None
    from collector.evidence.timestamps import stamper

    return stamper(authorities(config), config.timestamp_seconds)


def read_file(name: str, what: str) -> bytes:
    """The content of a file that a setting or an option names.

    Raises:
        ConfigError: it cannot be read.
    """
    path = Path(name)
    try:
        if path.exists() and not path.is_file():
            raise ConfigError(f"reading {what} {name}: is no file")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"reading {what} {name}: {error.strerror}") from None


def keep_outside(path: Path, url: str, what: str) -> None:
    """Refuse a file inside the locker that is worth nothing where its writer can write.

    Raises:
        ConfigError: it is inside.
    """
    is_file_url = url.lower().startswith("file:")
    if "://" in url and not is_file_url:
        return
    file = path.resolve()
    folder = Path(unquote(urlsplit(url).path)) if is_file_url else Path(url).expanduser()
    if file.is_relative_to(folder.resolve()):
        raise ConfigError(
            f"{what} {file} is inside the locker {url}; keep it where whoever writes the evidence"
            " cannot"
        )


def keep_apart(spec: str, url: str) -> None:
    """Refuse a private key inside the locker: who may write evidence could then sign it, too.

    Only files can be there; keys that a cloud's service holds are apart by themselves.

    Raises:
        ConfigError: the key's file is in the locker's folder.
    """
    if not spec.startswith("file:"):
        return
    with suppress(RuntimeError):  # no home folder, which opening the key says better
        keep_outside(Path(spec.removeprefix("file:")).expanduser(), url, "signing key")


def require_folder(url: str, doing: str) -> None:
    """Tell a mistyped folder from a locker whose evidence is gone.

    Raises:
        ConfigError: the locker is a folder that does not exist.
    """
    if "://" not in url and not Path(url).exists():
        raise ConfigError(f"{doing} locker {url}: no such folder; expected one with evidence")
