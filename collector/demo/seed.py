"""Seeding: everything that is in the simulated account, in order."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from moto.moto_api._internal import mock_random
from moto.s3.models import s3_backends

from collector.demo import (
    adjust,
    seed_access,
    seed_agreements,
    seed_analytics,
    seed_backups,
    seed_databases,
    seed_front,
    seed_identity,
    seed_keys,
    seed_logging,
    seed_messaging,
    seed_monitoring,
    seed_network,
    seed_resilience,
    seed_scanning,
    seed_servers,
    seed_storage,
)
from collector.demo.simulator import HOME_REGION, INSIDE, Client, backends_of
from collector.demo.told import Reply

if TYPE_CHECKING:
    import boto3

SERVICES = (
    "acm",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "dynamodb",
    "ec2",
    "ecr",
    "efs",
    "elb",
    "elbv2",
    "events",
    "guardduty",
    "iam",
    "kinesis",
    "kms",
    "logs",
    "rds",
    "s3",
    "s3control",
    "sns",
    "sqs",
    "sts",
)
"""What the company uses, by moto's names."""

REGIONS = (HOME_REGION, "us-west-2")
"""The regions in which the company works."""

TOLD: Mapping[str, Reply] = {
    **seed_access.TOLD,
    **seed_agreements.TOLD,
    **seed_analytics.TOLD,
    **seed_backups.TOLD,
    **seed_front.TOLD,
    **seed_monitoring.TOLD,
    **seed_scanning.TOLD,
}
"""Operations that moto does not simulate, and what they answer."""


def is_seeded() -> bool:
    """Whether the account is there already; moto forgets it when someone resets all of moto."""
    return bool(s3_backends[INSIDE]["aws"].buckets)


def everything(session: boto3.Session) -> None:
    """Make the account."""
    state = mock_random.getstate()
    mock_random.seed(0)
    # In a fixed order, so that the ids that are given out do not depend on who asks first.
    backends = [b for service in SERVICES for b in backends_of(service, REGIONS)]
    since = datetime.now(UTC)

    @functools.cache
    def client(service: str, region: str) -> Client:
        made = session.client(service, region_name=region)  # type: ignore[call-overload]
        return cast("Client", made)

    keys = seed_keys.seed(client)
    seed_storage.seed(client, keys)
    seed_databases.seed(client, keys)
    seed_network.seed(client)
    seed_servers.seed(client)
    seed_logging.seed(client, keys)
    seed_identity.seed(client)
    seed_resilience.seed(client)
    seed_backups.seed(client)
    seed_front.seed(client)
    seed_scanning.seed(client)
    seed_messaging.seed(client, keys)
    seed_monitoring.seed(client, keys)
    seed_access.seed(client)
    mock_random.setstate(state)
    adjust.date_back(backends, since, datetime.now(UTC))
    month = since.replace(day=1, hour=9, minute=0, second=0, microsecond=0)
    adjust.date_identity(month)
    adjust.date_keys(month, REGIONS)
    adjust.put_in_order()
    adjust.tag_at_home(REGIONS)
