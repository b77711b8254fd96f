"""Amazon EKS: Kubernetes clusters."""

from checks.aws.named import Named
from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Part, Resource, at
from collector.source import Aws

ENCRYPTED_BY_DEFAULT = (1, 28)
"""Version of Kubernetes from which EKS encrypts all data of the Kubernetes API by itself.
https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html"""


class Cluster(Resource):
    """A cluster that EKS runs; clusters that are only registered with it are not listed."""

    source = Aws(
        service="eks",
        operation="ListClusters",
        permission="eks:ListClusters",
        items="clusters",
    )
    full_name = "arn:{partition}:eks:{region}:{account}:cluster/{id}"
    id: str = at("")


class Encryption(Part):
    """What of a cluster is encrypted with a key of the account."""

    resources: tuple[str, ...] = at("resources")
    kms_key: str = at("provider.keyArn")


class ClusterEncryption(Named):
    """How a cluster keeps what it is told. Where no key was chosen, EKS gives no configuration."""

    source = Aws(
        service="eks",
        operation="DescribeCluster",
        permission="eks:DescribeCluster",
        per=Cluster,
        params={"name": "id"},
        repeats={"name": "cluster.name"},
    )
    said: str = at("cluster.name")
    version: str = at("cluster.version")
    encryption: tuple[Encryption, ...] = at("cluster.encryptionConfig", default=())
    outposts: tuple[str, ...] = at("cluster.outpostConfig.outpostArns", default=())


@check(control="encryption-at-rest", severity="medium")
def secrets_encrypted(cluster: ClusterEncryption, *, require_kms: bool = False) -> Verdict:
    """Kubernetes secrets are encrypted before they are stored.

    Passes: a KMS key of the account encrypts secrets; or the cluster runs Kubernetes 1.28 or later,
        where EKS encrypts all data of the Kubernetes API with a key that AWS owns. The evidence for
        the latter is the version, and that AWS says so: the API does not show it.
    Fails: neither holds; with `require_kms`, also where AWS owns the key. Of clusters on Outposts,
        for which AWS does not say it, only a key counts.
    Secrets that were made before a key was chosen stay as they were until they are written again.
    Says nothing of volumes and nodes, of what applications do with secrets, and of who may read
    them by the Kubernetes API.
    Remediation: choose a KMS key for secrets, which also works on a running cluster and cannot be
        taken back, or update Kubernetes.
    """
    keys = sorted({e.kms_key for e in cluster.encryption if "secrets" in e.resources})
    if keys:
        return passed(f"secrets are encrypted with key {listed(keys)}")
    if cluster.outposts:
        return failed("no key for secrets, on Outposts")
    if _numbers(cluster.version) < ENCRYPTED_BY_DEFAULT:
        return failed(f"no key for secrets, and Kubernetes {cluster.version} has none by default")
    reason = f"Kubernetes {cluster.version} encrypts secrets with an AWS owned key"
    return failed(f"{reason}, not KMS") if require_kms else passed(reason)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
