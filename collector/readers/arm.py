"""What Azure's two REST APIs have in common, and Azure Resource Manager's part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from collector.errors import CheckError
from collector.evidence.canonical import JSON
from collector.source import Arm, Source


@dataclass(frozen=True)
class Api:
    """One of Azure's REST APIs."""

    endpoint: str
    """Scheme and host of the public cloud."""

    audience: str
    """The scope by which tokens for it are asked for, whatever server answers in its place."""

    next_link: str
    """Field of an answer that holds the address of the next page; absent on the last."""

    request_id: str
    """Header by which Microsoft's support finds a request again."""


ARM = Api(
    endpoint="https://management.azure.com",
    audience="https://management.azure.com/.default",
    next_link="nextLink",
    request_id="x-ms-request-id",
)


def target(source: Arm, params: Mapping[str, JSON], account: str) -> str:
    """Path and query of the first page.

    Raises:
        CheckError: the source's path is no path, or names something that is not given.
    """
    query = {"api-version": source.api_version, **source.query}
    return f"{fill(source, source.path, params, account)}?{encode(query)}"


def fill(source: Source, template: str, params: Mapping[str, JSON], account: str) -> str:
    """A path with its places filled in; an id that is itself a path keeps its slashes.

    Raises:
        CheckError: the template is no path, or names something that is not given.
    """
    values = {name: _quoted(str(value)) for name, value in {"account": account, **params}.items()}
    try:
        path = template.format_map(values)
    except KeyError as error:
        raise CheckError(
            f"source {source.name}: its path names {error}; expected account or one of its"
            f" parameters: {', '.join(sorted(params)) or 'it has none'}"
        ) from None
    # What follows the host as it stands must not become a part of the host.
    if not path.startswith("/") or "?" in path or "#" in path:
        raise CheckError(f"source {source.name}: found path {path}; expected /… without a query")
    return path


def encode(query: Mapping[str, str]) -> str:
    """A query string with `$`, brackets and quotes as Azure's own tools write them."""
    return urlencode(query, quote_via=quote, safe="$()',:/")


def _quoted(value: str) -> str:
    return quote(value, safe="/" if value.startswith("/") else "")
