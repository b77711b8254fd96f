"""The SDK's session without boto3, which takes a tenth of a second to import for three methods."""

from __future__ import annotations

from typing import Any, Protocol

import botocore.session
from botocore.configprovider import BaseProvider


class Session(Protocol):
    """What is needed of a session; boto3's has it, too."""

    @property
    def region_name(self) -> str | None:
        """The region that is configured, if one is."""
        ...

    @property
    def client(self) -> Any:  # boto3's stubs know each service by a literal
        """Makes a client, of a service by name."""
        ...

    def get_partition_for_region(self, region_name: str) -> str:
        """The partition that a region is in.

        Raises:
            botocore.exceptions.UnknownRegionError: there is no such region.
        """
        ...


class PlainSession:
    """A session of botocore, by the names that boto3 has for what it does."""

    def __init__(self, session: botocore.session.Session) -> None:
        """Make clients with `session`, whose settings stay as they are from now on."""
        self._session = session
        remember_settings(session)

    @property
    def region_name(self) -> str | None:
        """The region that is configured, if one is."""
        found: str | None = self._session.get_config_variable("region")
        return found

    def client(self, service: str, **options: Any) -> Any:
        """A new client of a service."""
        return self._session.create_client(service, **options)

    def get_partition_for_region(self, region_name: str) -> str:
        """The partition that a region is in."""
        found: str = self._session.get_partition_for_region(region_name)
        return found


def remember_settings(session: botocore.session.Session) -> None:
    """Look each setting up once, in the place of once for each client.

    There are some forty, each asked of the environment, the profile and the defaults.
    """
    store = session.get_component("config_store")
    for name in session.session_var_map:
        provider = store.get_config_provider(name)
        if provider is not None:
            store.set_config_provider(name, _Remembered(provider))


class _Remembered(BaseProvider):
    """A provider that is asked once."""

    def __init__(self, provider: BaseProvider) -> None:
        self._provider = provider
        self._found: list[Any] = []

    def provide(self) -> Any:
        if not self._found:
            self._found.append(self._provider.provide())
        return self._found[0]
