"""What protects a locker in a container of Azure Blob Storage, as far as its users are told.

Default policies, lifecycle rules and the account's network and TLS settings belong to Azure's
management plane, which is another API with other roles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azure.core.exceptions import AzureError, ResourceNotFoundError

from collector.errors import LockerError, Refused
from collector.evidence.address import Container
from collector.evidence.blob import is_refused, new_client, reason
from collector.evidence.locker import Keeping
from collector.evidence.protection import Look, NoBucket, Protection


def blob_protections(address: Container, keeping: Keeping) -> Sequence[Protection]:
    """Of the container."""
    client: Any = new_client(address)
    by_hand = (
        "by hand: az storage account blob-service-properties update --enable-versioning, then "
        f"az storage container-rm create --enable-vlw for a new container, or az storage "
        f"container-rm migrate-vlw -n {address.name} --account-name {address.account}"
    )

    def failed(doing: str, error: AzureError) -> LockerError:
        kind = Refused if is_refused(error) else LockerError
        return kind(f"{doing} of {address.url}: {reason(error)}")

    def properties() -> Any:
        try:
            return client.get_container_properties()
        except ResourceNotFoundError as error:
            raise NoBucket("there is no such container") from error
        except AzureError as error:
            raise failed("reading the container", error) from error

    def exists() -> Look:
        properties()
        return Look(True, f"{address.name} is there")

    def create() -> None:
        try:
            client.create_container()
        except AzureError as error:
            raise failed("making the container", error) from error

    def private() -> Look:
        found = properties()
        level = found.public_access
        return Look(not level, f"anybody may read each {level}" if level else "none")

    def immutable() -> Look:
        found = properties()
        if found.immutable_storage_with_versioning_enabled is None:
            raise LockerError("the service does not tell")
        is_on = bool(found.immutable_storage_with_versioning_enabled)
        return Look(is_on, "enabled, and versioning with it" if is_on else "not enabled")

    def default_policy() -> Look:
        found = properties()
        if keeping.days is not None:
            return Look(True, f"each new blob is given {keeping.days} days")
        if found.has_immutability_policy:
            raise LockerError(
                "the container has an immutability policy, but its users are not told for how long"
            )
        return Look(False, "none that the container tells of")

    def hierarchy() -> Look:
        try:
            told = client.get_account_information().get("is_hns_enabled")
        except AzureError as error:
            raise failed("reading the account", error) from error
        return Look(not told, "it has one" if told else "it has none")

    return (
        Protection("container", "a container", exists, create),
        Protection("public access", "none; close it by hand", private),
        Protection("immutability", f"version-level immutability; {by_hand}", immutable),
        Protection(
            "retention",
            "days under [retention] of the configuration; a default policy of the container does "
            "not keep longer what is referred to again",
            default_policy,
        ),
        Protection("namespace", "no hierarchical namespace, which keeps no versions", hierarchy),
    )
