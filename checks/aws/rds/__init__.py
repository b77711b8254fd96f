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

__all__ = [
    "DbCluster",
    "DbClusterParameters",
    "DbInstance",
    "DbParameters",
    "Member",
    "Parameter",
    "ParameterGroup",
    "backups",
    "deletion_protection",
    "logs_exported",
    "multi_az",
    "not_public",
    "require_tls",
    "storage_encrypted",
]
