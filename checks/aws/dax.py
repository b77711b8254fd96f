"""Amazon DynamoDB Accelerator (DAX)."""

from typing import Literal

from collector.check import Verdict, check, failed, passed
from collector.resource import Resource, at
from collector.source import Aws


class Cluster(Resource):
    """A cluster of cache nodes in front of DynamoDB."""

    source = Aws(
        service="dax",
        operation="DescribeClusters",
        permission="dax:DescribeClusters",
        items="Clusters",
    )
    id: str = at("ClusterArn")
    encryption: Literal["DISABLED", "DISABLING", "ENABLED", "ENABLING"] = at(
        "SSEDescription.Status"
    )


@check(control="encryption-at-rest", severity="medium")
def encrypted(cluster: Cluster) -> Verdict:
    """DAX clusters are encrypted at rest.

    Passes: server-side encryption is ENABLED. DAX uses the KMS key that AWS manages for it; there
        is no choice of another.
    Fails: it is in any other state. ENABLING is the state of a cluster in the making.
    Says nothing of the way to the cluster, and of the tables behind it.
    Remediation: encryption is chosen when a cluster is made. Make an encrypted cluster, lead the
        applications to it, and delete the old one.
    """
    match cluster.encryption:
        case "ENABLED":
            return passed("server-side encryption is ENABLED")
        case "DISABLED" | "DISABLING" | "ENABLING":
            return failed(f"server-side encryption is {cluster.encryption}")
