"""What moto's answers lack and AWS gives, so that neither tool takes them for malformed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bench.cloud.place import ACCOUNT


def _with_mode(groups: bytes) -> bytes:
    """Groups with encryption in transit, with its mode."""
    said = b"<TransitEncryptionEnabled>true</TransitEncryptionEnabled>"
    return groups.replace(said, said + b"<TransitEncryptionMode>required</TransitEncryptionMode>")


def _without_empty_destination(status: bytes) -> bytes:
    return re.sub(
        rb"<LogDestinationType>\s*</LogDestinationType>|<LogDestinationType/>", b"", status
    )


def _with_region(buckets: bytes) -> bytes:
    """Each bucket with its region, which S3 gives when it is asked by pages."""
    from moto.s3.models import s3_backends

    known = s3_backends[ACCOUNT]["aws"].buckets

    def place(name: re.Match[bytes]) -> bytes:
        region = known[name[1].decode()].region_name
        return name[0] + b"<BucketRegion>" + region.encode() + b"</BucketRegion>"

    return re.sub(rb"<Name>([^<]+)</Name>", place, buckets)


AMENDMENTS: Mapping[tuple[str, str], Callable[[bytes], bytes]] = {
    ("elasticache", "DescribeReplicationGroups"): _with_mode,
    ("redshift", "DescribeLoggingStatus"): _without_empty_destination,
    ("s3", "GET /"): _with_region,
}
"""Service and operation, or method and path → what to do to the body of moto's answer."""
