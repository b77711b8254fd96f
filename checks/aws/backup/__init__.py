"""AWS Backup: vaults, what is in them, and what was restored."""

from checks.aws.backup._coverage import TableTags, plans_cover_resources
from checks.aws.backup._restores import RestoreJob, restore_tested
from checks.aws.backup._vaults import (
    RecoveryPoint,
    Vault,
    VaultContents,
    VaultPolicy,
    recovery_points_encrypted,
    vault_lock,
)

__all__ = [
    "RecoveryPoint",
    "RestoreJob",
    "TableTags",
    "Vault",
    "VaultContents",
    "VaultPolicy",
    "plans_cover_resources",
    "recovery_points_encrypted",
    "restore_tested",
    "vault_lock",
]
