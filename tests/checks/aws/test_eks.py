"""Amazon EKS."""

from __future__ import annotations

from typing import Any

import pytest

from checks.aws.eks import ClusterEncryption, Encryption, secrets_encrypted
from tests.aws_told import told
from tests.cases import Case, read_aws, row

KEY = "arn:aws:kms:us-east-1:123456789012:key/phi"
OUTPOST = "arn:aws:outposts:us-east-1:123456789012:outpost/op-1"
OF_SECRETS = (Encryption(resources=("secrets",), kms_key=KEY),)


def cluster(name: str = "web", **more: Any) -> ClusterEncryption:
    return ClusterEncryption(id=name, said=name, **more)


CASES = [
    row(secrets_encrypted, cluster(version="1.27", encryption=OF_SECRETS),
        outcome="pass", reason=f"secrets are encrypted with key {KEY}"),
    row(secrets_encrypted, cluster(version="1.33", encryption=OF_SECRETS),
        require_kms=True, outcome="pass", reason=f"secrets are encrypted with key {KEY}"),
    row(secrets_encrypted, cluster(version="1.28"),
        outcome="pass", reason="Kubernetes 1.28 encrypts secrets with an AWS owned key"),
    row(secrets_encrypted, cluster(version="2.0"),
        outcome="pass", reason="Kubernetes 2.0 encrypts secrets with an AWS owned key"),
    row(secrets_encrypted, cluster(version="1.33"), require_kms=True,
        outcome="fail", reason="Kubernetes 1.33 encrypts secrets with an AWS owned key, not KMS"),
    row(secrets_encrypted, cluster(version="1.27"),
        outcome="fail", reason="no key for secrets, and Kubernetes 1.27 has none by default"),
    row(secrets_encrypted, cluster(version="1.9"),
        outcome="fail", reason="no key for secrets, and Kubernetes 1.9 has none by default"),
    row(secrets_encrypted, cluster(version="1.x"),
        outcome="fail", reason="no key for secrets, and Kubernetes 1.x has none by default"),
    row(secrets_encrypted,
        cluster(version="1.27", encryption=(Encryption(resources=(), kms_key=KEY),)),
        outcome="fail", reason="no key for secrets, and Kubernetes 1.27 has none by default"),
    row(secrets_encrypted, cluster(version="1.33", outposts=(OUTPOST,)),
        outcome="fail", reason="no key for secrets, on Outposts"),
    row(secrets_encrypted,
        cluster(version="1.33", outposts=(OUTPOST,), encryption=OF_SECRETS),
        outcome="pass", reason=f"secrets are encrypted with key {KEY}"),
]  # fmt: skip

DESCRIBED: dict[str, Any] = {
    "care": {
        "version": "1.33",
        "encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": KEY}}],
    },
    "edge": {"version": "1.33", "outpostConfig": {"outpostArns": [OUTPOST]}},
    "web": {"version": "1.27"},
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_clusters_are_read_with_the_keys_of_their_secrets() -> None:
    session = told(
        {
            "eks:ListClusters": {"clusters": ["care", "edge", "web"]},
            "eks:DescribeCluster": lambda params, _: {
                "cluster": {"name": params["name"], **DESCRIBED[params["name"]]}
            },
        }
    )

    reads = read_aws(session, secrets_encrypted)

    assert [o.resource for o in reads[ClusterEncryption]] == [
        cluster("care", version="1.33", encryption=OF_SECRETS),
        cluster("edge", version="1.33", outposts=(OUTPOST,)),
        cluster("web", version="1.27"),
    ]
    names = [o.name for o in reads[ClusterEncryption]]
    assert names[0] == "arn:aws:eks:us-east-1:123456789012:cluster/care"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"name": "web"}, "Malformed (version: missing)"),
        ({"version": "1.33"}, "AboutAnother"),
        ({"name": "care", "version": "1.33"}, "AboutAnother"),
    ],
    ids=["no version", "no name", "another name"],
)
def test_an_answer_that_is_not_whole_or_about_another_cluster_is_unread(
    said: dict[str, str], code: str
) -> None:
    """A cluster without a key would otherwise pass by its version."""
    session = told(
        {
            "eks:ListClusters": {"clusters": ["web"]},
            "eks:DescribeCluster": {"cluster": said},
        }
    )

    population = read_aws(session, secrets_encrypted)[ClusterEncryption]

    assert population.observed == ()
    assert [u.code for u in population.unread] == [code]
