"""Amazon DynamoDB Accelerator."""

from __future__ import annotations

from typing import Any

import pytest

from checks.aws.dax import Cluster, encrypted
from tests.aws_told import told
from tests.cases import Case, read_aws, row

ARN = "arn:aws:dax:us-east-1:123456789012:cache/"

CASES = [
    row(encrypted, Cluster(id=ARN, encryption="ENABLED"),
        outcome="pass", reason="server-side encryption is ENABLED"),
    row(encrypted, Cluster(id=ARN, encryption="ENABLING"),
        outcome="fail", reason="server-side encryption is ENABLING"),
    row(encrypted, Cluster(id=ARN, encryption="DISABLING"),
        outcome="fail", reason="server-side encryption is DISABLING"),
    row(encrypted, Cluster(id=ARN, encryption="DISABLED"),
        outcome="fail", reason="server-side encryption is DISABLED"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_clusters_are_read_on_all_pages_and_those_that_do_not_tell_are_unknown() -> None:
    pages: dict[Any, Any] = {
        None: {
            "Clusters": [{"ClusterArn": f"{ARN}a", "SSEDescription": {"Status": "ENABLED"}}],
            "NextToken": "2",
        },
        "2": {
            "Clusters": [
                {"ClusterArn": f"{ARN}b", "SSEDescription": {"Status": "DISABLED"}},
                {"ClusterArn": f"{ARN}c"},
            ]
        },
    }

    session = told({"dax:DescribeClusters": lambda params, _: pages[params.get("NextToken")]})
    population = read_aws(session, encrypted)[Cluster]

    assert [o.resource for o in population.observed] == [
        Cluster(id=f"{ARN}a", encryption="ENABLED"),
        Cluster(id=f"{ARN}b", encryption="DISABLED"),
    ]
    (unread,) = population.unread
    assert unread.code == "Malformed (encryption: missing)"
