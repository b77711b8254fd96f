"""Snapshots of databases: whom they are shared with, and how they are encrypted."""

from collections.abc import Sequence
from typing import Self

from pydantic import model_validator

from checks.aws.rds._databases import Encryption
from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Part, Resource, at, parent
from collector.source import Aws

NOT_SHARED = ("automated", "awsbackup")
"""Kinds of snapshots that cannot be shared; a copy of one is a manual snapshot.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html"""


class DbSnapshot(Resource):
    """A snapshot of an instance, made by hand, by RDS or, where RDS lists it, by AWS Backup."""

    source = Aws(
        service="rds",
        operation="DescribeDBSnapshots",
        permission="rds:DescribeDBSnapshots",
        items="DBSnapshots",
    )
    id: str = at("DBSnapshotArn")
    name: str = at("DBSnapshotIdentifier")
    kind: str = at("SnapshotType")
    is_encrypted: bool = at("Encrypted")
    encryption: Encryption | None = at("StorageEncryptionType", default=None)

    @property
    def shareable(self) -> str | None:
        """Its name, where it may be public; None where it cannot be."""
        return _shareable(self)


class DbClusterSnapshot(Resource):
    """A snapshot of a cluster, those of DocumentDB and Neptune included."""

    source = Aws(
        service="rds",
        operation="DescribeDBClusterSnapshots",
        permission="rds:DescribeDBClusterSnapshots",
        items="DBClusterSnapshots",
    )
    id: str = at("DBClusterSnapshotArn")
    name: str = at("DBClusterSnapshotIdentifier")
    kind: str = at("SnapshotType")
    is_encrypted: bool = at("StorageEncrypted")
    encryption: Encryption | None = at("StorageEncryptionType", default=None)

    @property
    def shareable(self) -> str | None:
        """Its name, where it may be public; None where it cannot be."""
        return _shareable(self)


class SnapshotAttribute(Part):
    """A list of those who may do something with a snapshot; `restore` is the one there is."""

    name: str = at("AttributeName")
    values: tuple[str, ...] = at("AttributeValues")


class DbSnapshotAttributes(Resource):
    """Who may restore a snapshot of an instance; not asked where it cannot be public."""

    source = Aws(
        service="rds",
        operation="DescribeDBSnapshotAttributes",
        permission="rds:DescribeDBSnapshotAttributes",
        per=DbSnapshot,
        params={"DBSnapshotIdentifier": "shareable"},
        repeats={"DBSnapshotIdentifier": "DBSnapshotAttributesResult.DBSnapshotIdentifier"},
    )
    name: str = parent("name")
    attributes: tuple[SnapshotAttribute, ...] | None = at(
        "DBSnapshotAttributesResult.DBSnapshotAttributes", absent=None
    )

    @model_validator(mode="after")
    def _tells_who_may_restore(self) -> Self:
        _require_restore(self.attributes)
        return self


class DbClusterSnapshotAttributes(Resource):
    """Who may restore a snapshot of a cluster; not asked where it cannot be public."""

    source = Aws(
        service="rds",
        operation="DescribeDBClusterSnapshotAttributes",
        permission="rds:DescribeDBClusterSnapshotAttributes",
        per=DbClusterSnapshot,
        params={"DBClusterSnapshotIdentifier": "shareable"},
        repeats={
            "DBClusterSnapshotIdentifier": (
                "DBClusterSnapshotAttributesResult.DBClusterSnapshotIdentifier"
            )
        },
    )
    name: str = parent("name")
    attributes: tuple[SnapshotAttribute, ...] | None = at(
        "DBClusterSnapshotAttributesResult.DBClusterSnapshotAttributes", absent=None
    )

    @model_validator(mode="after")
    def _tells_who_may_restore(self) -> Self:
        _require_restore(self.attributes)
        return self


@check(control="encryption-at-rest", severity="high", scope="region")
def snapshots_encrypted(snapshots: Sequence[DbSnapshot | DbClusterSnapshot]) -> Verdict:
    """Database snapshots are encrypted.

    Judged for each region as a whole, because RDS makes and deletes snapshots every day; the
    listings that the result rests on name every one.
    Passes: every snapshot of the account in the region is encrypted, with a KMS key or a key that
        AWS owns, whoever made it.
    Fails: one is not; the reason names them.
    Where RDS tells the type of encryption, the type counts, as for databases. Snapshots that AWS
    Backup keeps are judged as its recovery points, whether RDS lists them or not. Says nothing of
    snapshots that others share with the account, and of exports to S3.
    Remediation: copy the snapshot with a KMS key and delete the old one; encrypt the database that
        it was taken of.
    """
    if not snapshots:
        return not_applicable("no snapshot")
    plain = sorted(s.name for s in snapshots if not _is_encrypted(s))
    count = len(snapshots)
    if plain:
        return failed(f"{len(plain)} of {count} not encrypted: {listed(plain)}")
    return passed(f"{count} of {count} encrypted")


@check(control="no-public-access", severity="critical", scope="region")
def snapshots_not_public(
    snapshots: Sequence[DbSnapshotAttributes | DbClusterSnapshotAttributes],
) -> Verdict:
    """Database snapshots are not shared with everyone.

    Judged for each region as a whole. RDS cannot list the public snapshots of one account alone, so
    each that may be public is asked for: neither automated ones nor those of AWS Backup can be
    shared, and none that is encrypted with a KMS key can be public.
    Passes: `all` is not among those who may restore any snapshot of the account in the region.
    Fails: it is; the reason names the snapshots.
    Says nothing of sharing with named accounts, and of databases that others made of a snapshot
    while it was public.
    Remediation: take `all` out of the snapshot's restore attribute, and find out what was in it.
    """
    if not snapshots:
        return not_applicable("no snapshot")
    public = sorted(s.name for s in snapshots if any("all" in a.values for a in s.attributes or ()))
    if public:
        return failed(f"public: {listed(public)}")
    return passed(f"none of {len(snapshots)} is public")


def _is_encrypted(snapshot: DbSnapshot | DbClusterSnapshot) -> bool:
    match snapshot.encryption:
        case "none":
            return False
        case "sse-kms" | "sse-rds":
            return True
        case None:
            return snapshot.is_encrypted


def _shareable(snapshot: DbSnapshot | DbClusterSnapshot) -> str | None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/share-encrypted-snapshot.html"""
    has_kms_key = snapshot.is_encrypted and snapshot.encryption in (None, "sse-kms")
    return None if has_kms_key or snapshot.kind in NOT_SHARED else snapshot.name


def _require_restore(attributes: Sequence[SnapshotAttribute] | None) -> None:
    """Nobody may restore a snapshot only if the answer says so."""
    if attributes is not None and not any(a.name == "restore" for a in attributes):
        raise ValueError("the answer does not tell who may restore the snapshot")
