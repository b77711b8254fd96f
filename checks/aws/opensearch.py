"""Amazon OpenSearch Service: domains of OpenSearch and Elasticsearch."""

from typing import Literal, Self

from pydantic import model_validator

from checks.aws.named import Named
from collector.check import Verdict, check, failed, listed, not_applicable, passed
from collector.resource import Part, Resource, at
from collector.source import Aws

Option = Literal["DomainEndpointOptions", "EncryptionAtRestOptions", "NodeToNodeEncryptionOptions"]


class Domain(Resource):
    """A domain, by name."""

    source = Aws(
        service="opensearch",
        operation="ListDomainNames",
        permission="es:ListDomainNames",
        items="DomainNames",
    )
    full_name = "arn:{partition}:es:{region}:{account}:domain/{id}"
    id: str = at("DomainName")


class Change(Part):
    """A setting that is being changed: `EncryptionAtRestOptions.Enabled`."""

    name: str = at("Name")


class DomainEncryption(Named):
    """How a domain keeps and carries data."""

    source = Aws(
        service="opensearch",
        operation="DescribeDomain",
        permission="es:DescribeDomain",
        per=Domain,
        params={"DomainName": "id"},
        repeats={"DomainName": "DomainStatus.DomainName"},
    )
    said: str = at("DomainStatus.DomainName")
    is_deleted: bool = at("DomainStatus.Deleted", default=False)
    state: (
        Literal[
            "Active",
            "Creating",
            "Deleting",
            "Isolated",
            "Modifying",
            "UpdatingServiceSoftware",
            "UpgradingEngineVersion",
        ]
        | None
    ) = at("DomainStatus.DomainProcessingStatus", default=None)
    is_processing: bool = at("DomainStatus.Processing", default=False)
    changes: tuple[Change, ...] | None = at("DomainStatus.ModifyingProperties", default=None)
    is_encrypted: bool = at("DomainStatus.EncryptionAtRestOptions.Enabled")
    kms_key: str | None = at("DomainStatus.EncryptionAtRestOptions.KmsKeyId", default=None)
    encrypts_between_nodes: bool = at("DomainStatus.NodeToNodeEncryptionOptions.Enabled")
    enforces_https: bool = at("DomainStatus.DomainEndpointOptions.EnforceHTTPS")
    tls_policy: Literal[
        "Policy-Min-TLS-1-0-2019-07",
        "Policy-Min-TLS-1-2-2019-07",
        "Policy-Min-TLS-1-2-FIPS-PQ-2026-10",
        "Policy-Min-TLS-1-2-PFS-2023-10",
        "Policy-Min-TLS-1-2-RFC9151-FIPS-2024-08",
    ] = at("DomainStatus.DomainEndpointOptions.TLSSecurityPolicy")

    @model_validator(mode="after")
    def _names_changes(self) -> Self:
        """While a domain is modified, what is described may not be in force yet."""
        is_modified = self.state == "Modifying" or (self.state is None and self.is_processing)
        if is_modified and self.changes is None:
            raise ValueError("a change that is not named")
        return self

    @property
    def is_leaving(self) -> bool:
        """Whether it is being deleted."""
        return self.is_deleted or self.state == "Deleting"

    def changing(self, *options: Option) -> list[str]:
        """Those of the options that have changes which are not applied yet."""
        return sorted({c.name.partition(".")[0] for c in self.changes or ()} & {*options})


@check(control="encryption-at-rest", severity="high")
def encrypted(domain: DomainEncryption) -> Verdict:
    """Search domains are encrypted at rest.

    Passes: encryption at rest is on; the reason names the KMS key, which may be the one that AWS
        manages for the service. It covers indices, logs, swap files and automated snapshots.
    Fails: it is off, or a change of it is not applied yet: what is in force then is not clear.
    Not judged: domains that are being deleted. Says nothing of snapshots by hand, which the bucket
    encrypts, and of collections of OpenSearch Serverless, which are always encrypted.
    Remediation: turn on encryption at rest. Engines before Elasticsearch 6.7 need a new domain.
    """
    if domain.is_leaving:
        return not_applicable("the domain is being deleted")
    if domain.changing("EncryptionAtRestOptions"):
        return failed("a change of encryption at rest is not applied yet")
    if not domain.is_encrypted:
        return failed("encryption at rest is off")
    if domain.kms_key is None:
        return passed("encryption at rest is on")
    return passed(f"encryption at rest is on, with key {domain.kms_key}")


@check(control="encryption-in-transit", severity="medium")
def node_to_node_tls12(domain: DomainEncryption) -> Verdict:
    """Search nodes talk encrypted, and the endpoint takes HTTPS with TLS 1.2 or later alone.

    Passes: node-to-node encryption is on, HTTPS is required, and the TLS policy allows no version
        below 1.2.
    Fails: one of these does not hold, or a change of them is not applied yet. A policy that is
        newer than this check is unknown, until somebody has read what it allows.
    Not judged: domains that are being deleted. Says nothing of ciphers, and of who may connect.
    Remediation: turn on node-to-node encryption, require HTTPS, and choose a policy such as
        Policy-Min-TLS-1-2-PFS-2023-10. Engines before Elasticsearch 6.7 need a new domain for the
        first.
    """
    if domain.is_leaving:
        return not_applicable("the domain is being deleted")
    changing = domain.changing("DomainEndpointOptions", "NodeToNodeEncryptionOptions")
    if changing:
        return failed(f"changes are not applied yet: {listed(changing)}")
    wrong = [] if domain.encrypts_between_nodes else ["node-to-node encryption is off"]
    if not domain.enforces_https:
        wrong.append("HTTPS is not required")
    match domain.tls_policy:
        case "Policy-Min-TLS-1-0-2019-07":
            wrong.append(f"{domain.tls_policy} allows TLS 1.0")
        case (
            "Policy-Min-TLS-1-2-2019-07"
            | "Policy-Min-TLS-1-2-FIPS-PQ-2026-10"
            | "Policy-Min-TLS-1-2-PFS-2023-10"
            | "Policy-Min-TLS-1-2-RFC9151-FIPS-2024-08"
        ):
            pass
    if wrong:
        return failed("; ".join(wrong))
    return passed(f"node-to-node encryption is on, HTTPS is required with {domain.tls_policy}")
