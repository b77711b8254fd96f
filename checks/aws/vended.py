"""Logs that a service hands to CloudWatch Logs, which delivers them to where they are to go.

A delivery source names a resource and a kind of log; a delivery ties it to a destination: a log
group, a bucket or a stream. Without a delivery, a source sends nothing; nor does an inactive one.
"""

from collections.abc import Iterable
from typing import Literal

from collector.resource import Part, at


class DeliverySource(Part):
    """What is to be logged."""

    name: str = at("name")
    resources: tuple[str, ...] = at("resourceArns")
    log_type: str = at("logType")
    # Given for some types of logs alone.
    status: Literal["ACTIVE", "INACTIVE"] | None = at("status", default=None)

    def sends(self, log_type: str, resource: str) -> bool:
        """Whether it is for logs of a type about the resource, and not inactive."""
        about = self.log_type == log_type and resource in self.resources
        return about and self.status != "INACTIVE"


class Delivery(Part):
    """Where the logs of a source go."""

    source: str = at("deliverySourceName")
    kind: Literal["CWL", "FH", "S3", "XRAY"] = at("deliveryDestinationType")


def delivered(
    resource: str,
    log_type: str,
    sources: Iterable[DeliverySource],
    deliveries: Iterable[Delivery],
) -> tuple[str, ...]:
    """Where logs of a type about the resource are delivered to, each kind once, sorted.

    X-Ray does not count, as it takes traces.
    """
    names = {source.name for source in sources if source.sends(log_type, resource)}
    kinds = {d.kind for d in deliveries if d.source in names}
    texts = {"CWL": "CloudWatch Logs", "FH": "Firehose", "S3": "S3"}
    return tuple(sorted(text for kind, text in texts.items() if kind in kinds))
