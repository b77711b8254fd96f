"""Amazon EBS: disks of servers, and snapshots of them."""

from collections.abc import Sequence
from typing import Literal

from checks.aws.scope import Tag
from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Part, Resource, at
from collector.source import Aws


class Attachment(Part):
    """A server that a volume is attached to, or is being attached to or detached from."""

    server: str | None = at("InstanceId", default=None)


class Volume(Resource):
    """A volume, attached or not."""

    source = Aws(
        service="ec2",
        operation="DescribeVolumes",
        permission="ec2:DescribeVolumes",
        items="Volumes",
        # The volumes of servers that a service runs for the account may be hidden otherwise.
        constants={"IncludeManagedResources": True},
    )
    full_name = "arn:{partition}:ec2:{region}:{account}:volume/{id}"
    id: str = at("VolumeId")
    state: Literal["available", "creating", "deleted", "deleting", "error", "in-use"] = at("State")
    is_encrypted: bool = at("Encrypted")
    kms_key: str | None = at("KmsKeyId", default=None)
    attachments: tuple[Attachment, ...] = at("Attachments", default=())
    tags: tuple[Tag, ...] = at("Tags", default=())
    is_managed: bool = at("Operator.Managed", default=False)

    @property
    def servers(self) -> tuple[str, ...]:
        """Ids of the servers that it is attached to."""
        return tuple(a.server for a in self.attachments if a.server is not None)


class Snapshot(Resource):
    """A snapshot that the account owns, also one that AWS Backup or a policy made for it."""

    source = Aws(
        service="ec2",
        operation="DescribeSnapshots",
        permission="ec2:DescribeSnapshots",
        items="Snapshots",
        constants={"OwnerIds": ["self"], "MaxResults": 1000},
    )
    full_name = "arn:{partition}:ec2:{region}:{account}:snapshot/{id}"
    id: str = at("SnapshotId")
    state: Literal["completed", "error", "pending", "recoverable", "recovering"] = at("State")
    is_encrypted: bool = at("Encrypted")


class PublicSnapshot(Resource):
    """A snapshot of the account's own that everyone may make volumes of."""

    source = Aws(
        service="ec2",
        operation="DescribeSnapshots",
        permission="ec2:DescribeSnapshots",
        items="Snapshots",
        constants={"OwnerIds": ["self"], "RestorableByUserIds": ["all"], "MaxResults": 1000},
    )
    full_name = "arn:{partition}:ec2:{region}:{account}:snapshot/{id}"
    id: str = at("SnapshotId")


class SnapshotPublicAccess(Resource):
    """Whether a region lets snapshots be shared with everyone."""

    source = Aws(
        service="ec2",
        operation="GetSnapshotBlockPublicAccessState",
        permission="ec2:GetSnapshotBlockPublicAccessState",
    )
    state: Literal["block-all-sharing", "block-new-sharing", "unblocked"] = at("State")


class EncryptionByDefault(Resource):
    """Whether a region encrypts every new volume, whatever the one who makes it asks for."""

    source = Aws(
        service="ec2",
        operation="GetEbsEncryptionByDefault",
        permission="ec2:GetEbsEncryptionByDefault",
    )
    is_on: bool = at("EbsEncryptionByDefault")


@check(control="encryption-at-rest", severity="high")
def volumes_encrypted(volume: Volume) -> Verdict:
    """EBS volumes are encrypted.

    Passes: the volume is encrypted.
    Fails: it is not, whether it is in use, unattached or in error: its data are on the disk.
    A volume that is being deleted is not judged. Says nothing of snapshots and of instance store
    disks.
    Remediation: a volume cannot be encrypted in place. Make a snapshot, copy it with encryption,
        make a volume of the copy and put it in the place of the old one.
    """
    match volume.state:
        case "deleting" | "deleted":
            return not_applicable(f"the volume is {volume.state}")
        case "available" | "creating" | "error" | "in-use":
            if not volume.is_encrypted:
                return failed("the volume is not encrypted")
            if volume.kms_key is None:
                return passed("the volume is encrypted")
            return passed(f"the volume is encrypted with key {volume.kms_key}")


@check(control="encryption-at-rest", severity="medium")
def encryption_by_default(region: EncryptionByDefault) -> Verdict:
    """Each region encrypts new EBS volumes by default.

    Passes: encryption by default is on in the region.
    Fails: it is off, also where the region holds no volume yet.
    Says nothing of volumes made before it was turned on, and of the key.
    Remediation: turn on EBS encryption by default in every enabled region; deny
        `ec2:DisableEbsEncryptionByDefault` to all.
    """
    if not region.is_on:
        return failed("new volumes are not encrypted by default")
    return passed("new volumes are encrypted by default")


@check(control="encryption-at-rest", severity="high", scope="region")
def snapshots_encrypted(snapshots: Sequence[Snapshot]) -> Verdict:
    """EBS snapshots are encrypted.

    Judged for each region as a whole, because snapshots come and go by the thousand; the listing
    that the result rests on names every one.
    Passes: every snapshot of the account in the region is encrypted, those included that AWS
        Backup or a lifecycle policy made.
    Fails: one is not, whether it is complete or not; the reason names them.
    Snapshots whose making failed are left out: nothing can be restored of them. Says nothing of the
    key, and of snapshots that others share with the account.
    Remediation: copy the snapshot with encryption and delete the old one; turn on encryption by
        default, so that snapshots of new volumes are encrypted.
    """
    plain, judged = [], 0
    for snapshot in snapshots:
        match snapshot.state:
            case "error":
                continue
            case "completed" | "pending" | "recoverable" | "recovering":
                judged += 1
                if not snapshot.is_encrypted:
                    plain.append(snapshot.id)
    if not judged:
        return not_applicable("no snapshot")
    if plain:
        return failed(f"{len(plain)} of {judged} not encrypted: {listed(sorted(plain))}")
    return passed(f"{judged} of {judged} encrypted")


@check(control="no-public-access", severity="critical", scope="region")
def snapshots_not_public(
    snapshots: Sequence[Snapshot],
    public: Sequence[PublicSnapshot],
    access: SnapshotPublicAccess,
) -> Verdict:
    """EBS snapshots are not shared with everyone.

    Judged for each region as a whole: EC2 is asked for those of the account's snapshots that
    everyone may restore, which is one question whatever their number.
    Passes: there is none; or the region blocks all public sharing, which takes the effect from
        permissions given before. The reason says what the region blocks.
    Fails: there is one, and the region blocks new public sharing alone or nothing.
    Says nothing of sharing with named accounts, and of machine images, which have permissions of
    their own.
    Remediation: take the group `all` out of the snapshot's permissions, and turn on block public
        access for snapshots (block-all-sharing) in every region.
    """
    names = sorted(snapshot.id for snapshot in public)
    match access.state:
        case "block-all-sharing" if names:
            return passed(f"block-all-sharing keeps from the public: {listed(names)}")
        case "block-all-sharing" | "block-new-sharing" | "unblocked":
            if names:
                return failed(f"public: {listed(names)}; block public access is {access.state}")
            if not snapshots:
                return not_applicable("no snapshot")
            return passed(
                f"none of {len(snapshots)} is public; block public access is {access.state}"
            )
