"""Amazon RDS: database instances and clusters, those of Aurora, DocumentDB and Neptune included."""

from checks.aws.rds._access import logs_exported, not_public
from checks.aws.rds._databases import DbCluster, DbInstance, Member, ParameterGroup
from checks.aws.rds._encryption import (
    DbClusterParameters,
    DbParameters,
    Parameter,
    require_tls,
    storage_encrypted,
)
from checks.aws.rds._resilience import backups, deletion_protection, multi_az
from checks.aws.rds._snapshots import (
    DbClusterSnapshot,
    DbClusterSnapshotAttributes,
    DbSnapshot,
    DbSnapshotAttributes,
    SnapshotAttribute,
    snapshots_encrypted,
    snapshots_not_public,
)

__all__ = [
    "DbCluster",
    "DbClusterParameters",
    "DbClusterSnapshot",
    "DbClusterSnapshotAttributes",
    "DbInstance",
    "DbParameters",
    "DbSnapshot",
    "DbSnapshotAttributes",
    "Member",
    "Parameter",
    "ParameterGroup",
    "SnapshotAttribute",
    "backups",
    "deletion_protection",
    "logs_exported",
    "multi_az",
    "not_public",
    "require_tls",
    "snapshots_encrypted",
    "snapshots_not_public",
    "storage_encrypted",
]
