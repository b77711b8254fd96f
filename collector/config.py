"""Configuration: `collector.toml` and the environment as settings.

The environment wins over the file: `COLLECTOR_LOCKER`, `COLLECTOR_KEY`, and so on, `__` between
levels. Nothing here reads a credential; those come from each cloud's own default chain.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import structlog
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from collector.errors import ConfigError
from collector.evidence.locker import Keeping, Mode
from collector.evidence.record import ACCOUNT_NAME

FILE = "collector.toml"

log = structlog.get_logger()

MOST_NAMED = 10
"""How many accounts an error names of those that there are."""

EXAMPLE = """\
  [accounts.{name}]
  provider = "aws"        # or "gcp", "azure"
  regions = "enabled"     # or a list: ["us-east-1"]"""
"""The three lines that a first configuration takes."""


RegionName = Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z]+)+-\d$")]


def _port_exists(endpoint: str) -> str:
    if int(endpoint.rpartition(":")[2]) > 65_535:
        raise ValueError("there is no such port")
    return endpoint


EndpointName = Annotated[
    str,
    Field(
        pattern=r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?):[1-9]\d{0,4}$"
    ),
    AfterValidator(_port_exists),
]
"""`host:port`; an IPv6 address in brackets."""

TagText = Annotated[str, Field(min_length=1, max_length=256)]
"""Key or value of a tag."""


Cadence = Literal["hourly", "daily", "weekly", "monthly"]
"""How far apart runs are meant to be."""


class _Account(BaseModel):
    """What accounts of all clouds have."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    cadence: Cadence | None = None
    """How far apart runs are meant to be; None: as for all accounts."""
    tls_endpoints: list[EndpointName] = []
    """Endpoints to shake hands with. Empty: no connection is made but to the cloud's API."""
    tls_ca_bundle: str | None = None
    """File of the certificates to trust, as PEM, in the place of the public roots."""
    phi: dict[TagText, TagText | Annotated[list[TagText], Field(min_length=1)]] = {}
    """Tags that mark protected health information: value, or values, by key."""


class AwsAccount(_Account):
    """An AWS account, reached by the default credential chain or by a profile of it."""

    provider: Literal["aws"]
    tls_discover: bool = False
    """Whether to shake hands with the endpoints that load balancers, distributions and APIs of the
    account have on the internet."""
    id: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    """If given, the credentials must belong to this account."""
    regions: Literal["enabled"] | Annotated[list[RegionName], Field(min_length=1)] = "enabled"
    profile: str | None = None
    role_arn: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$")] | None = None
    """Role to assume with the credentials that the chain or the profile gives."""
    external_id: str | None = None
    """What the role's trust policy asks for, so that nobody else can have it assumed."""
    session_seconds: Annotated[int, Field(ge=1800, le=43_200)] = 3600
    """How long each session of the role lasts; it is renewed while a run goes on."""


class GcpAccount(_Account):
    """A Google Cloud project."""

    provider: Literal["gcp"]
    id: Annotated[str, Field(min_length=1)]
    """The project's id."""
    endpoint: str | None = None
    ca_bundle: str | None = None


class AzureAccount(_Account):
    """An Azure subscription, with the directory it trusts."""

    provider: Literal["azure"]
    id: Annotated[str, Field(min_length=1)]
    """The subscription's id."""
    tenant: str | None = None
    endpoint: str | None = None
    ca_bundle: str | None = None


Account = Annotated[AwsAccount | GcpAccount | AzureAccount, Field(discriminator="provider")]
AccountName = Annotated[str, Field(pattern=f"^{ACCOUNT_NAME}$")]


class TimestampAuthority(BaseModel):
    """A timestamp authority (RFC 3161) that is asked for the time of each seal."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    url: Annotated[str, Field(pattern=r"^https?://[^\s@/]+(/[^\s@]*)?$")]
    """Where it answers. Plain HTTP will do: what it answers is signed."""
    ca_bundle: str
    """File of the certificates to trust it by, as PEM; at least one of them a root."""


def _number(value: object) -> object:
    """The environment has texts only; `true` is no number."""
    if isinstance(value, bool):
        raise ValueError("a truth value is no number")
    return value


def _whole(value: object) -> object:
    """The environment has texts only; a file has numbers, and `true` is none."""
    if isinstance(value, bool):
        raise ValueError("a truth value is no number")
    return value


class Retention(BaseModel):
    """How long a bucket is asked to keep each new file of evidence from deletion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: Annotated[int, BeforeValidator(_whole), Field(ge=1, le=36_500)] | None = None
    """None: what the bucket gives by itself."""
    mode: Mode = "governance"
    """Whether somebody with a special permission can end it early, or nobody."""


class Config(BaseSettings):
    """Settings of a run."""

    model_config = SettingsConfigDict(
        env_prefix="COLLECTOR_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    locker: str = "evidence"
    """Folder or bucket URL that evidence is kept in."""
    locker_encryption_key: str | None = None
    """Key that the locker's cloud encrypts new files with; None: what the bucket has by itself."""
    retention: Retention = Retention()
    key: str | None = None
    """Signing key: `file:PATH`, or one that a service holds: `aws-kms:alias/NAME` (or id, or ARN),
    `gcp-kms:projects/…/cryptoKeyVersions/N`, `azure-kv:https://…/keys/NAME/VERSION`. None: a file
    in the user's configuration folder."""
    workers: Annotated[int, BeforeValidator(_whole), Field(ge=1, le=256)] = 32
    """Reads under way at once."""
    cadence: Cadence = "daily"
    """How far apart runs are meant to be, of accounts that do not say it themselves."""
    timestamp: list[TimestampAuthority] = []
    """Timestamp authorities, asked in turn until one answers; none: seals carry no timestamp."""
    timestamp_seconds: Annotated[float, BeforeValidator(_number), Field(gt=0, le=60)] = 5
    """How long to wait for a timestamp, for all authorities together."""
    checks_dirs: list[str] = []
    """Folders with more checks."""
    accounts: dict[AccountName, Account] = {}
    checks: dict[str, dict[str, bool | int | float | str | list[str]]] = {}
    """Settings by the id of the check."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the file, and nothing else."""
        return env_settings, init_settings

    @property
    def keeping(self) -> Keeping:
        """How a locker is asked to keep what is put into it."""
        return Keeping(self.retention.days, self.retention.mode, self.locker_encryption_key)

    def account(self, name: str) -> AwsAccount | GcpAccount | AzureAccount:
        """The account of that name.

        Raises:
            ConfigError: the configuration has none of that name.
        """
        if name in self.accounts:
            return self.accounts[name]
        known = ", ".join(sorted(self.accounts)[:MOST_NAMED])
        if known:
            raise ConfigError(f"account {name}: not configured; expected one of {known}, or demo")
        raise ConfigError(
            f"account {name}: not configured; write these lines to {FILE}, or try --account"
            f" demo:\n{EXAMPLE.format(name=name)}"
        )

    def cadence_of(self, name: str) -> Cadence:
        """How far apart runs of an account are meant to be; it need not be configured."""
        account = self.accounts.get(name)
        own = None if account is None else account.cadence
        return self.cadence if own is None else own


def load_config(path: Path | None) -> Config:
    """The settings, from a file and the environment.

    Args:
        path: the file; None: `COLLECTOR_CONFIG`, or `collector.toml` here if there is one.

    Raises:
        ConfigError: the file cannot be read, or a value is not what is expected; names the file (or
            the variable), the field, what was found and what is expected.
    """
    named = path
    if named is None and os.environ.get("COLLECTOR_CONFIG"):
        named = Path(os.environ["COLLECTOR_CONFIG"])
    file = named or Path(FILE)
    content = _read(file) if named is not None or file.exists() else {}
    _warn_of_unknown_variables()
    try:
        return Config(**content)
    except ValidationError as error:
        raise ConfigError(_explain(error, file)) from None
    except SettingsError as error:  # a variable that should hold JSON
        raise ConfigError(f"environment: {error}") from None


def _warn_of_unknown_variables() -> None:
    """A mistyped variable would silently mean the default; others may use the prefix, though."""
    known = {"CONFIG", *(name.upper() for name in Config.model_fields)}
    for variable in sorted(os.environ):
        if not variable.startswith("COLLECTOR_"):
            continue
        if variable.removeprefix("COLLECTOR_").partition("__")[0].upper() not in known:
            log.warning("unknown_environment_variable", variable=variable)


def _read(file: Path) -> dict[str, Any]:
    doing = f"reading configuration {file}"
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"{doing}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{doing}: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{doing}: {error}; expected TOML") from None
    except RecursionError:
        raise ConfigError(f"{doing}: nested too deep; expected TOML") from None


def _explain(error: ValidationError, file: Path) -> str:
    """One line for the first thing that is wrong."""
    first = error.errors(include_url=False)[0]
    place = [str(step) for step in first["loc"] if step != "[key]"]
    if place[0] == "accounts":
        del place[2:3]  # the member of the union, which nobody wrote
        del place[3:]
    if place[0] == "checks":
        del place[3:]
    if place[0] == "timestamp":
        del place[3:]
    variable = "COLLECTOR_" + "__".join(place).upper()
    where = f"{file}: {'.'.join(place)}"
    if variable in os.environ:
        where = f"environment variable {variable}"
    match first["type"]:
        case "extra_forbidden":
            return f"{where}: unknown key; expected one of {', '.join(_keys(place))}"
        case "missing":
            return f"{where}: missing; expected a value"
        case "union_tag_not_found":
            return f"{where}.provider: missing; expected {_PROVIDERS}"
        case "union_tag_invalid":
            tag = first.get("ctx", {}).get("tag")
            return f"{where}.provider: found {tag!r}; expected {_PROVIDERS}"
    expected = _EXPECTED.get(place[-1]) or first["msg"].removeprefix("Input should be ")
    if place[0] == "accounts" and len(place) == 2 and first["type"] == "string_pattern_mismatch":
        expected = "a name of 1 to 63 letters, digits, dots, dashes and underscores"
    # A URL may hold a password, or what its owner pays with.
    found = re.sub(r"(://)[^/'\"]*@", r"\1[redacted]@", repr(first["input"]))
    found = re.sub(r"(://[^?#'\"]*[?#])[^'\"]*", r"\1[redacted]", found)
    return f"{where}: found {found}; expected {expected}"


_PROVIDERS = "'aws', 'gcp' or 'azure'"

_EXPECTED = {
    "id": "a text; for AWS, the account's 12 digits",
    "role_arn": "the ARN of an IAM role",
    "session_seconds": "a whole number from 1800 to 43200",
    "regions": "'enabled' or a list of region names",
    "tls_endpoints": "a list of host:port",
    "tls_ca_bundle": "the path of a file",
    "tls_discover": "true or false",
    "phi": "a table of tags, such as {data-classification = 'phi'}",
    "workers": "a whole number from 1 to 256",
    "days": "a whole number from 1 to 36500",
    "mode": "'governance' or 'compliance'",
    "retention": "a table with days and mode",
    "cadence": "'hourly', 'daily', 'weekly' or 'monthly'",
    "timestamp": "a list of tables, [[timestamp]]",
    "timestamp_seconds": "a number of seconds from more than 0 to 60",
    "url": "a URL, http:// or https://, without a user's name",
    "ca_bundle": "the path of a file",
    "accounts": "a table for each account",
    "checks": "a table for each check",
}
"""What the fields expect whose types say it badly."""


def _keys(place: list[str]) -> list[str]:
    """The keys that there are where an unknown one was found."""
    if place[0] == "retention":
        return sorted(Retention.model_fields)
    if place[0] == "timestamp":
        return sorted(TimestampAuthority.model_fields)
    if place[0] != "accounts":
        return sorted(Config.model_fields)
    members = (AwsAccount, GcpAccount, AzureAccount)
    return sorted({key for member in members for key in member.model_fields})
