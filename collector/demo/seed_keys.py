"""Keys: most rotate, one of an earlier product does not; a signing key cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from collector.resource import lookup

if TYPE_CHECKING:
    from collector.demo.simulator import Clients


@dataclass(frozen=True)
class Keys:
    """ARNs of the keys that other parts of the account use."""

    records: str
    """Patient records, in the first region."""
    backups: str
    """Backups, in the second region."""


def seed(clients: Clients) -> Keys:
    """Make the keys in both regions."""
    records = _key(clients, "us-east-1", "patient-records", rotate=True)
    _key(clients, "us-east-1", "claims-v1", rotate=False)
    _key(clients, "us-east-1", "messages", rotate=True)
    _signing_key(clients, "us-east-1", "release-signing")
    backups = _key(clients, "us-west-2", "backups", rotate=True)
    return Keys(records, backups)


def _key(clients: Clients, region: str, name: str, *, rotate: bool) -> str:
    kms = clients("kms", region)
    made = kms.create_key(Description=f"Key of {name}", KeyUsage="ENCRYPT_DECRYPT")
    arn = str(lookup(made, "KeyMetadata.Arn"))
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=arn)
    if rotate:
        kms.enable_key_rotation(KeyId=arn)
    return arn


def _signing_key(clients: Clients, region: str, name: str) -> None:
    kms = clients("kms", region)
    made = kms.create_key(
        Description=f"Key of {name}", KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY"
    )
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=lookup(made, "KeyMetadata.Arn"))
