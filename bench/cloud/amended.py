"""What moto's answers lack and AWS gives, so that neither tool takes them for malformed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from bench.cloud.place import ACCOUNT, REGIONS


def _with_mode(groups: bytes, region: str) -> bytes:
    """Groups with encryption in transit, with its mode."""
    said = b"<TransitEncryptionEnabled>true</TransitEncryptionEnabled>"
    return groups.replace(said, said + b"<TransitEncryptionMode>required</TransitEncryptionMode>")


def _without_empty_destination(status: bytes, region: str) -> bytes:
    return re.sub(
        rb"<LogDestinationType>\s*</LogDestinationType>|<LogDestinationType/>", b"", status
    )


def _with_region(buckets: bytes, region: str) -> bytes:
    """Each bucket with its region, which S3 gives when it is asked by pages."""
    from moto.s3.models import s3_backends

    known = s3_backends[ACCOUNT]["aws"].buckets

    def place(name: re.Match[bytes]) -> bytes:
        where = known[name[1].decode()].region_name
        return name[0] + b"<BucketRegion>" + where.encode() + b"</BucketRegion>"

    return re.sub(rb"<Name>([^<]+)</Name>", place, buckets)


def _only_at_home(instances: bytes, region: str) -> bytes:
    """IAM Identity Center is in one region; moto gives an instance in each."""
    return instances if region == REGIONS[0] else b'{"Instances": []}'


def _all_streams(streams: bytes, region: str) -> bytes:
    """All names at once: AWS gives 100 to a page, moto 10 without the token of the next."""
    from moto.kinesis.models import kinesis_backends

    names = sorted(kinesis_backends[ACCOUNT][region].streams)
    return json.dumps({"HasMoreStreams": False, "StreamNames": names}).encode()


AMENDMENTS: Mapping[tuple[str, str], Callable[[bytes, str], bytes]] = {
    ("elasticache", "DescribeReplicationGroups"): _with_mode,
    ("kinesis", "ListStreams"): _all_streams,
    ("redshift", "DescribeLoggingStatus"): _without_empty_destination,
    ("s3", "GET /"): _with_region,
    ("sso", "ListInstances"): _only_at_home,
}
"""Service and operation, or method and path → from the body of moto's answer, and the region,
to what is answered."""
