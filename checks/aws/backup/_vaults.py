"""Vaults: what is in them, and who may delete it."""

from datetime import datetime
from typing import Literal, Self

from pydantic import model_validator

from checks.aws.policy import PolicyDocument
from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Part, Resource, at, parent
from collector.source import Aws

DELETING = ("backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle")
"""What makes a recovery point vanish before its time: deleting it, or shortening its time."""

CONTINUOUS = ":recovery-point:continuous:"
"""In the ARN of a recovery point that is kept up to date, for restores to any moment."""


class Vault(Resource):
    """A vault of the account, in one region."""

    source = Aws(
        service="backup",
        operation="ListBackupVaults",
        permission="backup:ListBackupVaults",
        items="BackupVaultList",
    )
    id: str = at("BackupVaultArn")
    name: str = at("BackupVaultName")
    kind: (
        Literal["BACKUP_VAULT", "LOGICALLY_AIR_GAPPED_BACKUP_VAULT", "RESTORE_ACCESS_BACKUP_VAULT"]
        | None
    ) = at("VaultType", default=None)
    state: Literal["AVAILABLE", "CREATING", "FAILED"] | None = at("VaultState", default=None)
    # Not locked where it is not said: that fails.
    is_locked: bool = at("Locked", default=False)
    lock_date: datetime | None = at("LockDate", default=None)
    count: int | None = at("NumberOfRecoveryPoints", default=None)

    @property
    def holds_nothing(self) -> str | None:
        """Why the vault has no recovery points of its own, whatever it lists; None where it may."""
        if self.kind == "RESTORE_ACCESS_BACKUP_VAULT":
            return "the vault shows what another account keeps"
        match self.state:
            case "CREATING" | "FAILED":
                return f"the vault is {self.state}"
            case "AVAILABLE" | None:
                return None

    @property
    def listed_name(self) -> str | None:
        """Its name, where there is something to list."""
        return self.name if self.holds_nothing is None else None

    @property
    def unlocked_name(self) -> str | None:
        """Its name, where no lock guards it and a policy may."""
        return None if self.is_locked else self.listed_name


class RecoveryPoint(Part):
    """A backup of one resource."""

    arn: str = at("RecoveryPointArn")
    vault: str | None = at("BackupVaultName", default=None)
    resource: str | None = at("ResourceArn", default=None)
    kind: str | None = at("ResourceType", default=None)
    plan: str | None = at("CreatedBy.BackupPlanArn", default=None)
    plan_name: str | None = at("CreatedBy.BackupPlanName", default=None)
    status: Literal[
        "AVAILABLE", "COMPLETED", "CREATING", "DELETING", "EXPIRED", "PARTIAL", "STOPPED"
    ] = at("Status")
    created: datetime = at("CreationDate")
    is_encrypted: bool = at("IsEncrypted")
    # Left out where it is kept until somebody deletes it.
    delete_after_days: int | None = at("Lifecycle.DeleteAfterDays", default=None)
    last_restored: datetime | None = at("LastRestoreTime", default=None)

    @property
    def is_usable(self) -> bool:
        """Whether all of the resource can be restored of it, now and for as long as it is kept."""
        match self.status:
            case "AVAILABLE" | "COMPLETED":
                return True
            case "CREATING" | "DELETING" | "EXPIRED" | "PARTIAL" | "STOPPED":
                return False

    @property
    def is_continuous(self) -> bool:
        """Whether it follows the resource, so that its age says nothing."""
        return CONTINUOUS in self.arn


class VaultContents(Resource):
    """All recovery points in a vault."""

    source = Aws(
        service="backup",
        operation="ListRecoveryPointsByBackupVault",
        permission="backup:ListRecoveryPointsByBackupVault",
        per=Vault,
        params={"BackupVaultName": "listed_name"},
    )
    name: str = parent("name")
    points: tuple[RecoveryPoint, ...] = at("RecoveryPoints", absent=())

    @model_validator(mode="after")
    def _are_of_this_vault(self) -> Self:
        if any(point.vault not in (None, self.name) for point in self.points):
            raise ValueError("the answer is about another vault")
        return self


class VaultPolicy(Resource):
    """The policy of a vault that is not locked, if there is one."""

    source = Aws(
        service="backup",
        operation="GetBackupVaultAccessPolicy",
        permission="backup:GetBackupVaultAccessPolicy",
        per=Vault,
        params={"BackupVaultName": "unlocked_name"},
        repeats={"BackupVaultName": "BackupVaultName"},
        absent=("ResourceNotFoundException",),
    )
    policy: PolicyDocument | None = at("Policy", absent=None)


@check(control="backup-protection", severity="high")
def recovery_points_encrypted(vault: Vault, contents: VaultContents) -> Verdict:
    """Backups in AWS Backup are encrypted.

    Judged for each vault as a whole, because recovery points come and go by the thousand; the
    listing that the result rests on names every one.
    Passes: every recovery point in the vault is encrypted, those included that expired and could
        not be deleted.
    Fails: one is not; the reason names them. The vault's own key does not help: backups of EBS,
        RDS, Aurora and others are encrypted like the resource that they are of.
    Recovery points that are being made or deleted are left out, and an empty vault is not judged,
    nor one that only gives access to another account's. Says nothing of the key.
    Remediation: encrypt the resource, have it backed up anew, and delete the old recovery points;
        or copy them to a vault, with encryption.
    """
    if vault.holds_nothing is not None:
        return not_applicable(vault.holds_nothing)
    plain, judged = [], 0
    for point in contents.points:
        match point.status:
            case "CREATING" | "DELETING":
                continue
            case "AVAILABLE" | "COMPLETED" | "EXPIRED" | "PARTIAL" | "STOPPED":
                judged += 1
                if not point.is_encrypted:
                    plain.append(point.arn.rpartition(":")[2])
    if not judged:
        return not_applicable("the vault is empty")
    if plain:
        return failed(f"{len(plain)} of {judged} not encrypted: {listed(sorted(plain))}")
    return passed(f"{judged} of {judged} encrypted")


@check(control="backup-lock", severity="medium")
def vault_lock(
    vault: Vault, policy: VaultPolicy, *, require_compliance: bool = False, now: datetime
) -> Verdict:
    """Backups cannot be deleted by hand before their time.

    Passes: a lock guards the vault, in compliance mode, which nobody can lift once its lock date
        has come, or in governance mode, which those with the right to can lift at any time; or the
        vault's policy denies everyone to delete recovery points and to change how long they are
        kept, without a condition. The reason says which, and until when a lock can still be lifted.
    Fails: there is neither lock nor such a policy; with `require_compliance`, also where there is
        no lock in compliance mode, or its lock date is still to come.
    A vault that is not locked and empty is not judged: AWS makes some that nobody uses. Says
    nothing of how long backups are kept, and of continuous backups that are handed back to their
    service.
    Remediation: lock the vault in compliance mode, with a minimum retention that your policy sets.
    """
    if vault.holds_nothing is not None:
        return not_applicable(vault.holds_nothing)
    if vault.is_locked:
        if vault.lock_date is None:
            reason, is_final = "locked in governance mode, which can be lifted", False
        elif now < vault.lock_date:
            day = f"{vault.lock_date:%Y-%m-%d}"
            reason, is_final = f"locked in compliance mode, which can be lifted until {day}", False
        else:
            day = f"{vault.lock_date:%Y-%m-%d}"
            reason, is_final = f"locked in compliance mode since {day}", True
        return failed(reason) if require_compliance and not is_final else passed(reason)
    if vault.count == 0:
        return not_applicable("the vault is empty")
    if require_compliance:
        return failed("not locked")
    if _denies_deleting(policy):
        return passed("not locked, but the policy denies everyone to delete recovery points")
    return failed("not locked, and no policy denies everyone to delete recovery points")


def _denies_deleting(vault: VaultPolicy) -> bool:
    if vault.policy is None:
        return False
    denies = [
        s
        for s in vault.policy.denies
        if s.is_for_everyone and not s.condition and s.covers_resource("*")
    ]
    return all(any(s.covers_action(action) for s in denies) for action in DELETING)
