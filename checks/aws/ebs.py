"""Amazon EBS: disks of servers."""

from typing import Literal

from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Resource, at
from collector.source import Aws


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
