"""The account of the demo, opened: seeded once in a process, then read like any other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from collector.answer import Scope
from collector.demo.simulator import (
    ACCOUNT,
    HOME_REGION,
    isolated_session,
    regions_of,
    simulated_session,
)
from collector.readers.aws import AwsReader

if TYPE_CHECKING:
    from botocore.client import BaseClient

REGIONS = (HOME_REGION, "us-west-2")

IDENTITY = f"arn:aws:sts::{ACCOUNT}:assumed-role/evidence-collector/demo"

GLOBAL = ("iam", "s3", "s3control", "cloudfront")
"""Services that moto keeps once a partition."""

REGIONAL = (
    "ec2",
    "rds",
    "dynamodb",
    "kms",
    "elb",
    "elbv2",
    "acm",
    "cloudtrail",
    "logs",
    "guardduty",
)

Clients = Callable[[str, str], "BaseClient"]
"""The client of a service in a region."""

# moto's state belongs to the process, and is to be made once.
_SEEDING = threading.Lock()


def open_account() -> AwsReader:
    """A reader of the simulated account; seeds it if that has not been done in this process."""
    with _SEEDING:
        with regions_of(isolated_session()):
            from collector.demo import seed

        session = simulated_session(seed.TABLE)
        if not seed.is_seeded():
            seed.everything(session)
    scope = Scope("aws", "demo", ACCOUNT, IDENTITY, "aws", HOME_REGION, REGIONS)
    return AwsReader(session, scope)
