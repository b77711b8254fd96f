"""Microsoft Graph's part of reading Azure."""

from __future__ import annotations

from collections.abc import Mapping

from collector.evidence.canonical import JSON
from collector.readers.arm import Api, encode, fill
from collector.source import Graph

GRAPH = Api(
    endpoint="https://graph.microsoft.com",
    audience="https://graph.microsoft.com/.default",
    next_link="@odata.nextLink",
    request_id="request-id",
)

VERSION = "/v1.0"
"""The version that Microsoft supports in production; `/beta` may change any day."""


def target(source: Graph, params: Mapping[str, JSON], account: str) -> str:
    """Path and query of the first page.

    Raises:
        CheckError: the source's path is no path, or names something that is not given.
    """
    path = VERSION + fill(source, source.path, params, account)
    return f"{path}?{encode(source.query)}" if source.query else path
