"""Sessions of an AWS role, for accounts that are reached from another one."""

from __future__ import annotations

from typing import Any

import botocore.credentials
import botocore.exceptions
import botocore.session

ROLE_SESSION = "evidence-collector"
"""Name under which a role's sessions stand in the account's own audit log."""


def assume_role(
    source: botocore.session.Session,
    role_arn: str,
    *,
    external_id: str | None,
    session_seconds: int,
) -> botocore.session.Session:
    """A session of a role, assumed when it is first needed and again before it ends.

    Args:
        source: whose credentials assume the role, and whose region and settings are kept.
        role_arn: the role.
        external_id: what its trust policy may ask for.
        session_seconds: how long each session lasts, at most what the role allows. The SDK renews
            one a quarter of an hour before its end, so it is to be more than that.

    Raises:
        botocore.exceptions.NoCredentialsError: `source` has no credentials.
    """
    held = source.get_credentials()
    if held is None:
        raise botocore.exceptions.NoCredentialsError
    asked: dict[str, Any] = {
        "RoleSessionName": ROLE_SESSION,
        "DurationSeconds": session_seconds,
    }
    if external_id is not None:
        asked["ExternalId"] = external_id
    fetcher = botocore.credentials.AssumeRoleCredentialFetcher(
        client_creator=source.create_client,
        source_credentials=held,
        role_arn=role_arn,
        extra_args=asked,
    )
    assumed = botocore.session.Session(profile=source.profile)
    assumed.set_config_variable("region", source.get_config_variable("region"))
    chain = assumed.get_component("credential_provider")
    chain.providers[:] = [_RoleProvider(fetcher)]
    return assumed


class _RoleProvider(botocore.credentials.CredentialProvider):
    """The one source of a role session's credentials."""

    METHOD = "assume-role"

    def __init__(self, fetcher: botocore.credentials.AssumeRoleCredentialFetcher) -> None:
        super().__init__()
        self._fetcher = fetcher

    def load(self) -> botocore.credentials.DeferredRefreshableCredentials:
        return botocore.credentials.DeferredRefreshableCredentials(
            refresh_using=self._fetcher.fetch_credentials, method=self.METHOD
        )
