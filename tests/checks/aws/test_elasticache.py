"""Amazon ElastiCache."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from checks.aws.elasticache import (
    CacheCluster,
    ReplicationGroup,
    ServerlessCache,
    encrypted,
    transit_encrypted,
)
from tests.aws_told import told
from tests.cases import Case, read_aws, row

ARN = "arn:aws:elasticache:us-east-1:123456789012:"
KEY = "arn:aws:kms:us-east-1:123456789012:key/phi"
WITH = f"encrypted at rest with key {KEY}"
WITHOUT = "encrypted at rest with a key of ElastiCache"
OFF = "encryption at rest is off"
REQUIRED = "encryption in transit is required"


def group(**more: Any) -> ReplicationGroup:
    """A replication group in order, but for what is given."""
    settings = {"is_encrypted": True, "has_tls": True, "mode": "required"}
    return ReplicationGroup(id=ARN, **{**settings, **more})


def cluster(**more: Any) -> CacheCluster:
    """A cluster of Memcached, as it is made if nothing else is asked for."""
    settings = {"engine": "memcached", "is_encrypted": False, "has_tls": False}
    return CacheCluster(id=ARN, **{**settings, **more})


MEMBER = cluster(engine="redis", group="sessions")
ELSEWHERE = "member of replication group sessions, judged there"

CASES = [
    row(encrypted, group(), outcome="pass", reason=WITHOUT),
    row(encrypted, group(), require_kms=True, outcome="fail", reason=f"{WITHOUT}, not KMS"),
    row(encrypted, group(encryption="sse-kms", kms_key=KEY), require_kms=True,
        outcome="pass", reason=WITH),
    row(encrypted, group(is_encrypted=False, encryption="sse-elasticache"),
        outcome="pass", reason=WITHOUT),
    row(encrypted, group(is_encrypted=False), outcome="fail", reason=OFF),
    row(encrypted, group(encryption="none"), outcome="fail", reason=OFF),
    row(encrypted, cluster(), outcome="fail", reason=OFF),
    row(encrypted, cluster(is_encrypted=True), outcome="pass", reason=WITHOUT),
    row(encrypted, MEMBER, outcome="not_applicable", reason=ELSEWHERE),
    row(encrypted, ServerlessCache(id=ARN), outcome="pass", reason=WITHOUT),
    row(encrypted, ServerlessCache(id=ARN, encryption="sse-kms", kms_key=KEY), require_kms=True,
        outcome="pass", reason=WITH),
    row(encrypted, ServerlessCache(id=ARN, encryption="none"), outcome="fail", reason=OFF),
    row(transit_encrypted, group(), outcome="pass", reason=REQUIRED),
    row(transit_encrypted, group(mode="preferred"), outcome="fail",
        reason="encryption in transit is preferred, which lets in plain connections"),
    row(transit_encrypted, group(has_tls=False, mode=None),
        outcome="fail", reason="encryption in transit is off"),
    row(transit_encrypted, cluster(), outcome="fail", reason="encryption in transit is off"),
    row(transit_encrypted, cluster(has_tls=True), outcome="pass", reason=REQUIRED),
    row(transit_encrypted, MEMBER, outcome="not_applicable", reason=ELSEWHERE),
    row(transit_encrypted, ServerlessCache(id=ARN),
        outcome="pass", reason="serverless caches take TLS only"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_all_three_kinds_of_caches_are_read_with_one_call_each() -> None:
    session = told(
        {
            "elasticache:DescribeReplicationGroups": {
                "ReplicationGroups": [
                    {
                        "ARN": f"{ARN}replicationgroup:sessions",
                        "AtRestEncryptionEnabled": False,
                        "StorageEncryptionType": "sse-elasticache",
                        "TransitEncryptionEnabled": True,
                        "TransitEncryptionMode": "preferred",
                    }
                ]
            },
            "elasticache:DescribeCacheClusters": lambda params, _: {
                "CacheClusters": [
                    {
                        "ARN": f"{ARN}cluster:fragments",
                        "Engine": "memcached",
                        "AtRestEncryptionEnabled": False,
                        "TransitEncryptionEnabled": True,
                    }
                ]
                if params["ShowCacheClustersNotInReplicationGroups"]
                else []
            },
            "elasticache:DescribeServerlessCaches": {
                "ServerlessCaches": [
                    {
                        "ARN": f"{ARN}serverlesscache:carts",
                        "StorageEncryptionType": "sse-kms",
                        "KmsKeyId": KEY,
                    }
                ]
            },
        }
    )

    reads = read_aws(session, encrypted, transit_encrypted)

    assert [o.resource for o in reads[ReplicationGroup]] == [
        ReplicationGroup(
            id=f"{ARN}replicationgroup:sessions",
            is_encrypted=False,
            encryption="sse-elasticache",
            has_tls=True,
            mode="preferred",
        )
    ]
    assert [o.resource for o in reads[CacheCluster]] == [
        CacheCluster(
            id=f"{ARN}cluster:fragments", engine="memcached", is_encrypted=False, has_tls=True
        )
    ]
    assert [o.resource for o in reads[ServerlessCache]] == [
        ServerlessCache(id=f"{ARN}serverlesscache:carts", encryption="sse-kms", kms_key=KEY)
    ]
    assert len(reads.answers) == 3


@pytest.mark.parametrize("of", [group, lambda **more: cluster(engine="redis", **more)])
def test_encryption_in_transit_without_its_mode_is_unreadable(of: Any) -> None:
    """It may be preferred, which lets in plain connections."""
    with pytest.raises(ValidationError, match="without its mode"):
        of(has_tls=True, mode=None)
