"""Accounts: from the configuration to a reader.

Each cloud's SDK is imported only when an account of it is opened, so that an installation for one
cloud needs no other's.
"""

from __future__ import annotations

from pathlib import Path

from collector.answer import Reader
from collector.classification import as_setting
from collector.config import AwsAccount, AzureAccount, Config, GcpAccount
from collector.errors import ConfigError, CredentialsError
from collector.source import HOMES, Provider, Source

DEMO = "demo"
"""Name of the simulated account, which needs no configuration."""


def provider_of(name: str, config: Config) -> Provider:
    """The cloud of an account.

    Raises:
        ConfigError: there is no account of that name.
    """
    if name == DEMO and DEMO not in config.accounts:
        return "aws"
    return config.account(name).provider


def has_endpoints(name: str, config: Config) -> bool:
    """Whether the account's configuration lists endpoints to be probed."""
    return name in config.accounts and bool(config.accounts[name].tls_endpoints)


def may_discover(name: str, config: Config) -> bool:
    """Whether endpoints that are found in the account may be probed."""
    account = config.accounts.get(name)
    return isinstance(account, AwsAccount) and account.tls_discover


def phi_of(name: str, config: Config) -> tuple[str, ...]:
    """The tags that mark health information in an account, each as `key=value`."""
    if name == DEMO and DEMO not in config.accounts:
        return ("data-classification=phi",)
    return as_setting(config.account(name).phi)


def open_reader(
    name: str,
    config: Config,
    *,
    sources: frozenset[Source],
    regions: tuple[str, ...] | None = None,
) -> Reader:
    """A reader for a configured account, or for the simulated one.

    Args:
        name: the account's name.
        config: holds it.
        sources: what will be read; of an SDK that is large, no more than that is loaded.
        regions: AWS regions to read instead of those in the configuration.

    Raises:
        ConfigError: there is no such account, its cloud's SDK is not installed, or the file of its
            `tls_ca_bundle` cannot be read.
        CredentialsError: there are no usable credentials for it.
    """
    if name == DEMO and DEMO not in config.accounts:
        if regions is not None:
            raise ConfigError(f"account {name}: --regions is for accounts that are configured")
        from collector.demo import open_demo

        return open_demo(sources)
    account = config.account(name)
    cloud = _open_cloud(name, account, regions, sources)
    if not (has_endpoints(name, config) or may_discover(name, config)):
        return cloud
    from collector.readers.tls import Beside, TlsReader

    roots = Path(account.tls_ca_bundle) if account.tls_ca_bundle is not None else None
    return Beside(cloud, TlsReader(cloud.scope, account.tls_endpoints, roots=roots))


def _open_cloud(
    name: str,
    account: AwsAccount | GcpAccount | AzureAccount,
    regions: tuple[str, ...] | None,
    sources: frozenset[Source],
) -> Reader:
    if regions is not None and not isinstance(account, AwsAccount):
        raise ConfigError(f"account {name}: --regions is for AWS; this is {account.provider}")
    try:
        match account:
            case AwsAccount():
                return _open_aws(name, account, regions, sources)
            case GcpAccount():
                from collector.readers import gcp

                return gcp.open_account(
                    name,
                    project=account.id,
                    endpoint=account.endpoint,
                    ca_bundle=account.ca_bundle,
                )
            case AzureAccount():
                from collector.readers import azure

                return azure.open_account(
                    name,
                    subscription=account.id,
                    tenant=account.tenant,
                    endpoint=account.endpoint,
                    ca_bundle=account.ca_bundle,
                )
    except ModuleNotFoundError as error:
        extra = account.provider
        raise ConfigError(
            f"account {name}: the module {error.name} is not installed; pip install"
            f" 'compliance-evidence-collector[{extra}]'"
        ) from None


def _open_aws(
    name: str, account: AwsAccount, regions: tuple[str, ...] | None, sources: frozenset[Source]
) -> Reader:
    import botocore.exceptions
    import botocore.session

    from collector.readers import aws
    from collector.readers.aws_role import assume_role
    from collector.readers.aws_sdk import models_of
    from collector.readers.aws_session import PlainSession

    try:
        source = botocore.session.Session(profile=account.profile)
        if source.get_config_variable("region") is None:
            # Credentials may be a call of STS away, which the SDK makes in no region of its own.
            partition = account.role_arn.split(":")[1] if account.role_arn is not None else "aws"
            source.set_config_variable("region", HOMES.get(partition, HOMES["aws"]))
        if account.role_arn is not None:
            source = assume_role(
                source,
                account.role_arn,
                external_id=account.external_id,
                session_seconds=account.session_seconds,
            )
        models_of(sources).use_in(source)
        session = PlainSession(source)
    except botocore.exceptions.BotoCoreError as error:
        raise CredentialsError(f"account {name}: {error}") from None
    if regions is None and account.regions != "enabled":
        regions = tuple(account.regions)
    return aws.open_account(session, name, regions=regions, expected=account.id)
