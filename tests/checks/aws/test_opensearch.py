"""Amazon OpenSearch Service."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from checks.aws.opensearch import Change, Domain, DomainEncryption, encrypted, node_to_node_tls12
from tests.aws_told import told
from tests.cases import Case, read_aws, row

KEY = "arn:aws:kms:us-east-1:123456789012:key/phi"
MODERN = "Policy-Min-TLS-1-2-PFS-2023-10"


def domain(**more: Any) -> DomainEncryption:
    """A domain in order, but for what is given."""
    settings = {
        "id": "records",
        "said": "records",
        "state": "Active",
        "is_encrypted": True,
        "encrypts_between_nodes": True,
        "enforces_https": True,
        "tls_policy": MODERN,
    }
    return DomainEncryption(**{**settings, **more})


def changing(*names: str) -> DomainEncryption:
    return domain(state="Modifying", changes=tuple(Change(name=name) for name in names))


GONE = "the domain is being deleted"
ENCRYPTED_TLS = "node-to-node encryption is on, HTTPS is required with"

CASES = [
    row(encrypted, domain(kms_key=KEY),
        outcome="pass", reason=f"encryption at rest is on, with key {KEY}"),
    row(encrypted, domain(state=None), outcome="pass", reason="encryption at rest is on"),
    row(encrypted, domain(state="Creating"), outcome="pass", reason="encryption at rest is on"),
    row(encrypted, changing("DomainEndpointOptions.EnforceHTTPS"),
        outcome="pass", reason="encryption at rest is on"),
    row(encrypted, domain(is_encrypted=False),
        outcome="fail", reason="encryption at rest is off"),
    row(encrypted, changing("EncryptionAtRestOptions.Enabled"),
        outcome="fail", reason="a change of encryption at rest is not applied yet"),
    row(encrypted, domain(is_encrypted=False, is_deleted=True),
        outcome="not_applicable", reason=GONE),
    row(encrypted, domain(is_encrypted=False, state="Deleting"),
        outcome="not_applicable", reason=GONE),
    *(
        row(node_to_node_tls12, domain(tls_policy=policy),
            outcome="pass", reason=f"{ENCRYPTED_TLS} {policy}")
        for policy in (
            "Policy-Min-TLS-1-2-2019-07", "Policy-Min-TLS-1-2-FIPS-PQ-2026-10", MODERN,
            "Policy-Min-TLS-1-2-RFC9151-FIPS-2024-08",
        )
    ),
    row(node_to_node_tls12, domain(is_encrypted=False),
        outcome="pass", reason=f"{ENCRYPTED_TLS} {MODERN}"),
    row(node_to_node_tls12, domain(tls_policy="Policy-Min-TLS-1-0-2019-07"),
        outcome="fail", reason="Policy-Min-TLS-1-0-2019-07 allows TLS 1.0"),
    row(node_to_node_tls12, domain(encrypts_between_nodes=False, enforces_https=False),
        outcome="fail", reason="node-to-node encryption is off; HTTPS is not required"),
    row(node_to_node_tls12, changing("EncryptionAtRestOptions", "ClusterConfig.InstanceType"),
        outcome="pass", reason=f"{ENCRYPTED_TLS} {MODERN}"),
    row(node_to_node_tls12,
        changing("NodeToNodeEncryptionOptions.Enabled", "DomainEndpointOptions"),
        outcome="fail",
        reason="changes are not applied yet: DomainEndpointOptions, NodeToNodeEncryptionOptions"),
    row(node_to_node_tls12, domain(enforces_https=False, state="Deleting"),
        outcome="not_applicable", reason=GONE),
]  # fmt: skip

STATUS: dict[str, Any] = {
    "DomainId": "123456789012/records",
    "DomainName": "records",
    "ARN": "arn:aws:es:us-east-1:123456789012:domain/records",
    "ClusterConfig": {},
    "Deleted": False,
    "DomainProcessingStatus": "Modifying",
    "ModifyingProperties": [
        {
            "Name": "EncryptionAtRestOptions.Enabled",
            "ActiveValue": "false",
            "PendingValue": "true",
            "ValueType": "PLAIN_TEXT",
        }
    ],
    "EncryptionAtRestOptions": {"Enabled": True, "KmsKeyId": KEY},
    "NodeToNodeEncryptionOptions": {"Enabled": False},
    "DomainEndpointOptions": {"EnforceHTTPS": True, "TLSSecurityPolicy": MODERN},
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def read(status: dict[str, Any]) -> Any:
    session = told(
        {
            "opensearch:ListDomainNames": {"DomainNames": [{"DomainName": "records"}]},
            "opensearch:DescribeDomain": {"DomainStatus": status},
        }
    )
    return read_aws(session, encrypted, node_to_node_tls12)[DomainEncryption]


def test_domains_are_read_with_what_is_being_changed() -> None:
    (found,) = read(STATUS)

    assert found.name == "arn:aws:es:us-east-1:123456789012:domain/records"
    assert found.resource == domain(
        state="Modifying",
        changes=(Change(name="EncryptionAtRestOptions.Enabled"),),
        kms_key=KEY,
        encrypts_between_nodes=False,
    )


@pytest.mark.parametrize(
    "lacks", ["DomainEndpointOptions", "EncryptionAtRestOptions", "NodeToNodeEncryptionOptions"]
)
def test_a_domain_that_does_not_tell_is_unread(lacks: str) -> None:
    found = read({name: value for name, value in STATUS.items() if name != lacks})

    assert found.observed == ()
    assert len(found.unread) == 1


@pytest.mark.parametrize(
    "under_way",
    [{"DomainProcessingStatus": "Modifying"}, {"Processing": True}],
    ids=["modifying", "processing"],
)
def test_a_change_that_is_not_named_is_unreadable(under_way: dict[str, Any]) -> None:
    """It may be one of encryption, which is described before it is in force."""
    unnamed = {
        name: value
        for name, value in STATUS.items()
        if name not in ("DomainProcessingStatus", "ModifyingProperties")
    }

    with pytest.raises(ValidationError, match="a change that is not named"):
        DomainEncryption.parse({"DomainStatus": {**unnamed, **under_way}}, Domain(id="records"))


def test_a_tls_policy_that_is_not_known_is_unread() -> None:
    options: Any = {"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-3-2030-01"}

    with pytest.raises(ValidationError, match="tls_policy"):
        DomainEncryption.parse({"DomainStatus": {**STATUS, "DomainEndpointOptions": options}})
