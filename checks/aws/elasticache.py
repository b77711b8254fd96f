"""Amazon ElastiCache: replication groups, clusters on their own, serverless caches."""

from typing import Literal, Self

from pydantic import model_validator

from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Resource, at
from collector.source import Aws

Encryption = Literal["none", "sse-elasticache", "sse-kms"]
Mode = Literal["preferred", "required"]


class ReplicationGroup(Resource):
    """A group of Valkey or Redis nodes that hold the same data, one node included."""

    source = Aws(
        service="elasticache",
        operation="DescribeReplicationGroups",
        permission="elasticache:DescribeReplicationGroups",
        items="ReplicationGroups",
    )
    id: str = at("ARN")
    is_encrypted: bool = at("AtRestEncryptionEnabled")
    encryption: Encryption | None = at("StorageEncryptionType", default=None)
    kms_key: str | None = at("KmsKeyId", default=None)
    has_tls: bool = at("TransitEncryptionEnabled")
    mode: Mode | None = at("TransitEncryptionMode", default=None)

    @model_validator(mode="after")
    def _has_mode_if_tls(self) -> Self:
        """ElastiCache gives the mode of every group with TLS, those from before there was a choice
        included."""
        if self.has_tls and self.mode is None:
            raise ValueError("encryption in transit without its mode")
        return self


class CacheCluster(Resource):
    """A cluster outside of replication groups: Memcached, or a single node of Redis."""

    source = Aws(
        service="elasticache",
        operation="DescribeCacheClusters",
        permission="elasticache:DescribeCacheClusters",
        items="CacheClusters",
        constants={"ShowCacheClustersNotInReplicationGroups": True},
    )
    id: str = at("ARN")
    engine: str = at("Engine")
    group: str | None = at("ReplicationGroupId", default=None)
    is_encrypted: bool = at("AtRestEncryptionEnabled")
    has_tls: bool = at("TransitEncryptionEnabled")
    mode: Mode | None = at("TransitEncryptionMode", default=None)

    @model_validator(mode="after")
    def _has_mode_if_tls(self) -> Self:
        """Memcached has no choice: with TLS it takes nothing else."""
        if self.has_tls and self.mode is None and self.engine != "memcached":
            raise ValueError("encryption in transit without its mode")
        return self


class ServerlessCache(Resource):
    """A serverless cache. It has no setting for TLS, and one for the key alone."""

    source = Aws(
        service="elasticache",
        operation="DescribeServerlessCaches",
        permission="elasticache:DescribeServerlessCaches",
        items="ServerlessCaches",
    )
    id: str = at("ARN")
    encryption: Encryption | None = at("StorageEncryptionType", default=None)
    kms_key: str | None = at("KmsKeyId", default=None)


@check(control="encryption-at-rest", severity="medium")
def encrypted(
    cache: ReplicationGroup | CacheCluster | ServerlessCache, *, require_kms: bool = False
) -> Verdict:
    """Caches are encrypted at rest: on disk while they synchronise, swap and back up, and backups.

    Passes: encryption at rest is on, with a KMS key, which the reason names, or with a key of
        ElastiCache. Where the type of encryption is told, it counts: `AtRestEncryptionEnabled` may
        be false and the data encrypted nevertheless. Serverless caches are always encrypted.
    Fails: it is off; with `require_kms`, also where no KMS key is named. Clusters outside of
        replication groups, those of Memcached above all, cannot be encrypted: accept them as
        exceptions where they hold nothing that matters.
    Says nothing of data in memory.
    Remediation: encryption is chosen when a cache is made. Make an encrypted replication group from
        a backup of the old one, or a serverless cache, which can also be Memcached.
    """
    if elsewhere := _judged_elsewhere(cache):
        return elsewhere
    if isinstance(cache, CacheCluster):
        encryption, is_encrypted, kms_key = None, cache.is_encrypted, None
    elif isinstance(cache, ReplicationGroup):
        encryption, is_encrypted, kms_key = cache.encryption, cache.is_encrypted, cache.kms_key
    else:
        encryption, is_encrypted, kms_key = cache.encryption, True, cache.kms_key
    match encryption:
        case "none":
            return failed("encryption at rest is off")
        case None if not is_encrypted:
            return failed("encryption at rest is off")
        case "sse-elasticache" | "sse-kms" | None:
            if kms_key is not None:
                return passed(f"encrypted at rest with key {kms_key}")
            reason = "encrypted at rest with a key of ElastiCache"
            return failed(f"{reason}, not KMS") if require_kms else passed(reason)


@check(control="encryption-in-transit", severity="medium")
def transit_encrypted(cache: ReplicationGroup | CacheCluster | ServerlessCache) -> Verdict:
    """Caches take encrypted connections only.

    Passes: encryption in transit is on, and required. Memcached with TLS, and serverless caches,
        take nothing else.
    Fails: it is off; or it is only preferred, a step on the way in which plain connections are
        still taken.
    Says nothing of TLS versions, and of who may connect.
    Remediation: turn on encryption in transit as preferred, lead all clients to TLS, then make it
        required. Engines before Valkey 7.2 and Redis 7.0.5, and Memcached, need a new cache.
    """
    if elsewhere := _judged_elsewhere(cache):
        return elsewhere
    if isinstance(cache, ServerlessCache):
        return passed("serverless caches take TLS only")
    if not cache.has_tls:
        return failed("encryption in transit is off")
    match cache.mode:
        case "preferred":
            return failed("encryption in transit is preferred, which lets in plain connections")
        case "required" | None:
            return passed("encryption in transit is required")


def _judged_elsewhere(cache: ReplicationGroup | CacheCluster | ServerlessCache) -> Verdict | None:
    if isinstance(cache, CacheCluster) and cache.group is not None:
        return not_applicable(f"member of replication group {cache.group}, judged there")
    return None
