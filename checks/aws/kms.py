"""AWS KMS: encryption keys."""

from datetime import datetime
from typing import Literal

from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Resource, at
from collector.source import Aws

KeyState = Literal[
    "Creating",
    "Disabled",
    "Enabled",
    "PendingDeletion",
    "PendingImport",
    "PendingReplicaDeletion",
    "Unavailable",
    "Updating",
]

KeySpec = Literal[
    "ECC_NIST_EDWARDS25519",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "HMAC_224",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "ML_DSA_44",
    "ML_DSA_65",
    "ML_DSA_87",
    "ML_KEM_1024",
    "ML_KEM_512",
    "ML_KEM_768",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "SM2",
    "SYMMETRIC_DEFAULT",
]


class Key(Resource):
    """A key of the account, made by the customer or by a service of AWS."""

    source = Aws(
        service="kms",
        operation="ListKeys",
        permission="kms:ListKeys",
        items="Keys",
    )
    id: str = at("KeyArn")


class KeyMetadata(Resource):
    """What a key is and what state it is in."""

    source = Aws(
        service="kms",
        operation="DescribeKey",
        permission="kms:DescribeKey",
        per=Key,
        params={"KeyId": "id"},
        repeats={"KeyId": "KeyMetadata.Arn"},
    )
    manager: Literal["AWS", "CUSTOMER"] = at("KeyMetadata.KeyManager")
    state: KeyState = at("KeyMetadata.KeyState")
    origin: Literal["AWS_CLOUDHSM", "AWS_KMS", "EXTERNAL", "EXTERNAL_KEY_STORE"] = at(
        "KeyMetadata.Origin"
    )
    # Usage and kind are left out only where there is no other (KMS itself before 2019). Whether the
    # key rotates is asked then, and the answer decides.
    usage: Literal[
        "ENCAPSULATE_DECAPSULATE",
        "ENCRYPT_DECRYPT",
        "GENERATE_VERIFY_MAC",
        "KEY_AGREEMENT",
        "SIGN_VERIFY",
    ] = at("KeyMetadata.KeyUsage", default="ENCRYPT_DECRYPT")
    spec: KeySpec = at("KeyMetadata.KeySpec", default="SYMMETRIC_DEFAULT")
    primary: str | None = at("KeyMetadata.MultiRegionConfiguration.PrimaryKey.Arn", default=None)
    multi_region_type: Literal["PRIMARY", "REPLICA"] | None = at(
        "KeyMetadata.MultiRegionConfiguration.MultiRegionKeyType", default=None
    )
    # Told of keys that are pending deletion alone.
    deletion: datetime | None = at("KeyMetadata.DeletionDate", default=None)

    @property
    def unrotatable(self) -> str | None:
        """Why KMS cannot rotate the key by itself; None where it can.

        https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
        """
        if self.manager == "AWS":
            return "AWS manages the key and rotates it every year"
        match self.state:
            case "Enabled" | "Updating":
                pass
            case (
                "Creating" | "Disabled" | "PendingDeletion" | "PendingImport"
                | "PendingReplicaDeletion" | "Unavailable"
            ):  # fmt: skip
                return f"the key is {self.state}"
        if self.origin != "AWS_KMS":
            return f"the key material comes from {self.origin}"
        if self.usage != "ENCRYPT_DECRYPT" or self.spec != "SYMMETRIC_DEFAULT":
            return f"keys of kind {self.spec} for {self.usage} cannot be rotated by KMS"
        if self.multi_region_type == "REPLICA":
            return f"the key is a replica; rotation is set at {self.primary}"
        return None

    @property
    def rotatable_id(self) -> str | None:
        """The id of a key that has a rotation to ask for; the API refuses to answer for others."""
        return self.id if self.unrotatable is None else None


class KeyRotation(Resource):
    """Automatic rotation of a key; off for those that cannot have it."""

    source = Aws(
        service="kms",
        operation="GetKeyRotationStatus",
        permission="kms:GetKeyRotationStatus",
        per=KeyMetadata,
        params={"KeyId": "rotatable_id"},
    )
    is_on: bool = at("KeyRotationEnabled", absent=False)
    # "The default value is 365 days": it was the only one before periods could be set.
    period_days: int = at("RotationPeriodInDays", default=365)


@check(control="key-management", severity="medium")
def rotation(key: KeyMetadata, rotation: KeyRotation, *, max_days: int = 365) -> Verdict:
    """Customer managed keys rotate.

    Passes: automatic rotation is on, with a period of at most `max_days` days.
    Fails: it is off, or the period is longer.
    Not judged: keys that AWS manages, which rotate every year; keys whose state is neither Enabled
    nor Updating; keys that KMS cannot rotate (asymmetric and HMAC keys, imported key material,
    custom key stores); and replicas, whose primary key is judged in its own region. Says nothing of
    rotation by hand, by importing new material or by changing to another key.
    Remediation: turn on automatic rotation; the period may be from 90 to 2560 days.
    """
    if key.unrotatable is not None:
        return not_applicable(key.unrotatable)
    if not rotation.is_on:
        return failed("automatic rotation is off")
    if rotation.period_days > max_days:
        return failed(f"rotates every {rotation.period_days} days, expected {max_days} or fewer")
    return passed(f"rotates every {rotation.period_days} days")


@check(control="key-management", severity="high")
def not_pending_deletion(key: KeyMetadata) -> Verdict:
    """No key waits to be destroyed, and with it all that it encrypts.

    Passes: the key's deletion is not scheduled.
    Fails: it is, or the key is a primary one whose deletion waits for that of its replicas.
    Not judged: keys that AWS manages. Whether the key still protects something is not known here:
    where it does not, accept the result as an exception until the day of the deletion.
    Remediation: cancel the deletion, see by CloudTrail who uses the key, and disable it first.
    """
    if key.manager == "AWS":
        return not_applicable("AWS manages the key")
    match key.state:
        case "PendingDeletion":
            when = "" if key.deletion is None else f" on {key.deletion:%Y-%m-%d}"
            return failed(f"the key is to be deleted{when}")
        case "PendingReplicaDeletion":
            return failed("the key is to be deleted after its replicas")
        case "Creating" | "Disabled" | "Enabled" | "PendingImport" | "Unavailable" | "Updating":
            return passed("no deletion is scheduled")
