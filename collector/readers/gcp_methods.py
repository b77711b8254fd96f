"""Methods of Google's APIs, by the discovery documents that google-api-python-client ships."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from googleapiclient.discovery_cache import get_static_doc

from collector.errors import CheckError
from collector.source import Gcp

READS = re.compile(
    r"(?:[Gg]et|[Ll]ist|aggregatedList|batchGet|search|lookup|query|fetch|compute|analyze)(?![a-z])"
)
"""Names of methods that read. GET alone proves nothing: there are GETs named `restore`, `restart`,
`move` and `generateAccessToken`."""

READ_ONLY_SCOPE = re.compile(r"[./]read(?:[-_]?only)?$")
"""A scope with which nothing can be changed: `cloud-platform.read-only`, `logging.read`."""

CREDENTIALS = frozenset(
    {
        "apikeys.projects.locations.keys.getKeyString",
        "directory.verificationCodes.list",
        "iam.projects.locations.oauthClients.credentials.get",
        "iam.projects.locations.oauthClients.credentials.list",
        "redis.projects.locations.clusters.tokenAuthUsers.authTokens.get",
        "redis.projects.locations.clusters.tokenAuthUsers.authTokens.list",
        "redis.projects.locations.instances.getAuthString",
    }
)
"""Named like reads, and yet they hand out credentials."""


def is_read_only(method: Mapping[str, Any]) -> bool:
    """Whether a method of a discovery document changes nothing.

    Its name must be that of a read, and it is a GET, or a POST that either is `getIamPolicy` (which
    the IAM interface of all APIs defines as a read) or can be called with a read-only scope. No one
    of these will do alone: `liens.create` can be called with a read-only scope, and the POST
    `getVerificationCode` makes a code. Methods that hand out credentials are no reads.

    Args:
        method: the description of the method in the document.
    """
    name = method["id"].rpartition(".")[2]
    if method["id"] in CREDENTIALS or not READS.match(name):
        return False
    if method["httpMethod"] == "GET":
        return True
    narrow = any(READ_ONLY_SCOPE.search(scope) for scope in method.get("scopes", ()))
    return method["httpMethod"] == "POST" and (
        name == "getIamPolicy" or (narrow and name.startswith(("get", "list")))
    )


def discovery_document(api: str, version: str) -> Mapping[str, Any]:
    """The document of an API that the client ships.

    Raises:
        CheckError: it ships none.
    """
    text = get_static_doc(api, version)
    if text is None:
        raise CheckError(f"source {api} {version}: the client ships no document of this API")
    document: Mapping[str, Any] = json.loads(text)
    return document


def method_description(document: Mapping[str, Any], source: Gcp) -> Mapping[str, Any]:
    """What a document says of the source's method, which may be called.

    Raises:
        CheckError: the API has no such method, or it is not read-only.
    """
    found: Any = document
    for step in source.collection.split("."):
        found = found.get("resources", {}).get(step, {})
    method: Mapping[str, Any] | None = found.get("methods", {}).get(source.method)
    if method is None:
        raise CheckError(f"source {source.name}: the API has no such method in {source.version}")
    if not is_read_only(method):
        raise CheckError(f"source {source.name}: refused, it is not read-only")
    return method


def answer_fields(document: Mapping[str, Any], method: Mapping[str, Any]) -> frozenset[str]:
    """The names at the top of a method's answers."""
    schema = document["schemas"].get(method.get("response", {}).get("$ref"), {})
    return frozenset(schema.get("properties", ()))
