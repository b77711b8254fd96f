"""Logs that a service hands to CloudWatch Logs, which delivers them to where they are to go.

A delivery source names a resource and a kind of log; a delivery ties it to a destination: a log
group, a bucket or a stream. Without a delivery, a source sends nothing.
"""

from collections.abc import Iterable
from typing import Literal

from collector.resource import Part, at


class DeliverySource(Part):
    """What is to be logged."""

    name: str = at("name")
    resources: tuple[str, ...] = at("resourceArns")
    log_type: str = at("logType")


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
    """Where logs of a type about the resource are delivered to, each kind once, sorted."""
    names = {s.name for s in sources if s.log_type == log_type and resource in s.resources}
    kinds = {d.kind for d in deliveries if d.source in names}
    texts = {
        "CWL": "CloudWatch Logs",
        "FH": "Firehose",
        "S3": "S3",
        "XRAY": "X-Ray",
    }
    return tuple(sorted(texts[kind] for kind in kinds))
