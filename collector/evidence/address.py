"""Addresses of lockers: paths and URLs, and what they name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import SplitResult, unquote, urlsplit

from collector.errors import ConfigError

SUPPORTED = (
    "a folder (a path or file:///path), an S3 bucket (s3://bucket/prefix), a Google Cloud Storage "
    "bucket (gs://bucket/prefix) or an Azure blob container (azure://account/container/prefix)"
)

AZURE_SUFFIX = "blob.core.windows.net"
"""What comes behind an account's name in its host name, in Azure's public cloud."""

_EXPECTED = {
    "file": "file:///path",
    "s3": "s3://bucket/prefix",
    "gs": "gs://bucket/prefix",
    "azure": "azure://account/container/prefix",
    "https": "https://account.blob.core.windows.net/container/prefix",
}

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_CONTAINER = re.compile(r"[a-z0-9](-?[a-z0-9]){2,62}")
_HOST = re.compile(r"([a-z0-9]{3,24})\.(blob\.core\.[a-z0-9.-]+)")


@dataclass(frozen=True)
class Folder:
    """A folder of this machine."""

    root: Path
    extra: ClassVar[str] = ""

    @property
    def url(self) -> str:
        """The path, absolute."""
        return str(self.root.absolute())


@dataclass(frozen=True)
class Bucket:
    """A prefix of an S3 bucket."""

    name: str
    prefix: str
    """Without slash at its ends; may be empty. So it is with the others."""
    extra: ClassVar[str] = ""

    @property
    def url(self) -> str:
        """The address as a URL."""
        return f"s3://{self.name}/{self.prefix}".rstrip("/")


@dataclass(frozen=True)
class GoogleBucket:
    """A prefix of a Google Cloud Storage bucket."""

    name: str
    prefix: str
    extra: ClassVar[str] = "gcp"

    @property
    def url(self) -> str:
        """The address as a URL."""
        return f"gs://{self.name}/{self.prefix}".rstrip("/")


@dataclass(frozen=True)
class Container:
    """A prefix of an Azure blob container."""

    account: str
    suffix: str
    """What comes behind the account's name in its host name."""
    name: str
    prefix: str
    extra: ClassVar[str] = "azure"

    @property
    def endpoint(self) -> str:
        """The account's blob service."""
        return f"https://{self.account}.{self.suffix}"

    @property
    def url(self) -> str:
        """The address as a URL."""
        root = self.endpoint if self.suffix != AZURE_SUFFIX else f"azure://{self.account}"
        return f"{root}/{self.name}/{self.prefix}".rstrip("/")


Address = Folder | Bucket | GoogleBucket | Container


def parse_address(url: str) -> Address:
    """What a locker's path or URL names.

    Raises:
        ConfigError: nothing can be kept at such an address.
    """
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", url)
    if scheme is None and url:
        return Folder(_expanded(url))
    # A URL may hold a password, or a shared access signature behind the question mark.
    shown = repr(re.sub(r"[?#].*", "?[redacted]", re.sub(r"//[^/]*@", "//[redacted]@", url)))
    kind = scheme.group(1).lower() if scheme is not None else ""
    if kind not in _EXPECTED:
        found = f"scheme {kind}:" if kind else "no address"
        raise ConfigError(f"locker {shown} cannot be opened: {found}; expected {SUPPORTED}")
    parts = urlsplit(url)
    address = None if parts.query or parts.fragment or "@" in parts.netloc else _named(kind, parts)
    if address is None:
        raise ConfigError(f"locker {shown} cannot be opened; expected {_EXPECTED[kind]}")
    return address


def _named(kind: str, parts: SplitResult) -> Address | None:
    """What a URL without credentials names, if anything."""
    host, path = parts.netloc, parts.path.strip("/")
    container, _, prefix = path.partition("/")
    is_container = _CONTAINER.fullmatch(container) is not None
    match kind:
        case "file" if host in ("", "localhost") and parts.path.startswith("/"):
            return Folder(Path(unquote(parts.path)))
        case "s3" if host:
            return Bucket(host, path)
        case "gs" if host:
            return GoogleBucket(host, path)
        case "azure" if is_container and _ACCOUNT.fullmatch(host):
            return Container(host, AZURE_SUFFIX, container, prefix)
        case "https" if is_container and (of := _HOST.fullmatch(host)) is not None:
            return Container(of[1], of[2], container, prefix)
    return None


def _expanded(url: str) -> Path:
    try:
        return Path(url).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"locker {url!r} cannot be opened: {error}") from None
