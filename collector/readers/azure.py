"""Reads Azure: Resource Manager and Microsoft Graph, on azure-core's pipeline.

There is no method here but GET, and no host but the API's own: what a source adds is a path, and of
an answer's link to the next page only path and query are used.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import requests.adapters
from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline import Pipeline, PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    BearerTokenCredentialPolicy,
    RetryPolicy,
    SansIOHTTPPolicy,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse

from collector.answer import CUT, MALFORMED, Answer, Failure, Finished, Scope
from collector.errors import CheckError, ConfigError
from collector.evidence.canonical import JSON, canonical
from collector.readers import arm, graph
from collector.readers.arm import ARM, Api
from collector.readers.azure_tokens import one_line, open_tokens
from collector.readers.graph import GRAPH
from collector.source import Arm, Graph, Source

FOREIGN = "ForeignNextLink"
"""Code of an answer whose next page would be on another server, which must not see the token."""

USER_AGENT = "compliance-evidence-collector"

LICENCE = re.compile(r"premium|licen[cs]e", re.IGNORECASE)
"""Tells a 403 for want of a licence (`Authentication_RequestFromNonPremiumTenantOrB2CTenant`) from
one for want of a permission."""

LONGEST_WAIT_SECONDS = 300
"""What a server may ask to wait for; Resource Manager's own windows are shorter."""

MOST_PAGES = 10_000
"""Pages after which an answer is taken to have no end."""

CONNECTIONS = 32
"""Kept open to one host; more than there are reads at once."""

TIMEOUTS: Mapping[str, int] = {"connection_timeout": 10, "read_timeout": 60}


class AzureReader:
    """Reads one subscription and the directory that it trusts."""

    def __init__(
        self,
        credential: TokenCredential,
        scope: Scope,
        transport: RequestsTransport,
        endpoint: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Read with the credential's tokens.

        Args:
            credential: gives tokens for both APIs; asked from several threads.
            scope: its account is the subscription's id.
            transport: shared by all reads.
            endpoint: a server that stands in for both APIs; None: Microsoft's own.
            clock: the time now.
        """
        self._credential = credential
        self._scope = scope
        self._transport = transport
        self._endpoint = endpoint.rstrip("/") if endpoint is not None else None
        self._clock = clock

    @property
    def scope(self) -> Scope:
        """What is read."""
        return self._scope

    def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
        """All pages of one GET.

        Raises:
            CheckError: the source is not Azure's, or its path cannot be filled in.
        """
        match source:
            case Arm():
                api, first = ARM, arm.target(source, params, self._scope.account)
            case Graph():
                api, first = GRAPH, graph.target(source, params, self._scope.account)
            case _:
                raise CheckError(f"source {source.name}: expected one of Azure")
        read = _Read(api, self._endpoint or api.endpoint, source)
        started, begin = self._clock(), time.monotonic()
        try:
            read.follow(self._pipeline(read), first)
        except (AzureError, OSError) as error:
            code = type(error).__name__.removesuffix("Error")
            read.failure = Failure(code, one_line(str(error)))
        finished = Finished(
            pages=read.pages,
            failure=read.failure,
            endpoint=read.base + first,
            identity=self._scope.identity,
            started=started,
            duration_seconds=time.monotonic() - begin,
            status=read.status,
            request_ids=read.request_ids,
            attempts=read.attempts,
            volatile=read.volatile,
        )
        return Answer.of(source, params, place, finished)

    def _pipeline(self, read: _Read) -> Pipeline[HttpRequest, HttpResponse]:
        """Policies keep a request's state, so each read has its own; connections are shared.

        Those of the SDK that log or follow redirects are not among them.
        """
        token = BearerTokenCredentialPolicy[HttpRequest, HttpResponse](
            self._credential, read.api.audience
        )
        return Pipeline(self._transport, policies=[Retries(), token, read])


@dataclass(eq=False)
class _Read(SansIOHTTPPolicy[HttpRequest, HttpResponse]):
    """One read in the making. As a policy it sees every attempt."""

    api: Api
    base: str
    """Scheme and host that all of its pages come from."""
    source: Source
    pages: list[JSON] = field(default_factory=list)
    failure: Failure | None = None
    status: int | None = None
    attempts: int = 0
    request_ids: list[str] = field(default_factory=list)
    volatile: dict[str, JSON] = field(default_factory=dict)

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        self.attempts += 1

    def on_response(
        self,
        request: PipelineRequest[HttpRequest],
        response: PipelineResponse[HttpRequest, HttpResponse],
    ) -> None:
        self.status = response.http_response.status_code
        request_id = response.http_response.headers.get(self.api.request_id)
        if request_id:
            self.request_ids.append(request_id)

    def follow(self, pipeline: Pipeline[HttpRequest, HttpResponse], first: str) -> None:
        """Read every page, to one that names no next."""
        seen: set[str] = set()
        links: list[JSON] = []
        following: str | None = first
        while following is not None:
            seen.add(following)
            page = self._page(pipeline, following)
            if page is None:
                return
            # It differs from run to run, so it stays with the call; the items are the evidence.
            link = page.pop(self.api.next_link, None)
            self._keep(page)
            if link in (None, ""):
                return
            links.append(link)
            self.volatile[self.api.next_link] = links
            following = self._next(link, seen)

    def _page(
        self, pipeline: Pipeline[HttpRequest, HttpResponse], path: str
    ) -> dict[str, JSON] | None:
        headers = {"Accept": "application/json", "User-Agent": USER_AGENT}
        request = HttpRequest("GET", self.base + path, headers=headers)
        response = pipeline.run(request).http_response
        data = response.read()
        if response.status_code != 200:
            self.failure = _refused(response.status_code, data)
            return None
        try:
            page = _parsed(data)
        except ValueError:  # whose text may quote the answer
            self.failure = Failure(MALFORMED, "not JSON", response.status_code)
            return None
        if not isinstance(page, dict):
            self.failure = Failure(MALFORMED, "not a JSON object", response.status_code)
            return None
        return page

    def _keep(self, page: dict[str, JSON]) -> None:
        for name in self.source.volatile:
            if name in page:
                self.volatile[name] = page.pop(name)
        self.pages.append(page)

    def _next(self, link: JSON, seen: set[str]) -> str | None:
        """Path and query of the next page; None where the link cannot be followed."""
        if not isinstance(link, str):
            self.failure = Failure(MALFORMED, f"{self.api.next_link} is no text", self.status)
            return None
        path = _on_server(self.base, link)
        if path is None:
            said = f"{self.api.next_link} leaves {self.base}; the token was not sent there"
            self.failure = Failure(FOREIGN, said, self.status)
            return None
        if path in seen or len(seen) >= MOST_PAGES:
            said = f"{self.api.next_link} goes in a circle, or has no end"
            self.failure = Failure(CUT, said, self.status)
            return None
        return path


class Retries(RetryPolicy[HttpRequest, HttpResponse]):
    """Ten more attempts after a throttle or a server error, when the server asks for them."""

    def __init__(self) -> None:
        super().__init__(retry_total=10, retry_status=10, retry_backoff_max=10)

    def get_retry_after(self, response: PipelineResponse[Any, Any]) -> float | None:
        """Seconds that the server asks to wait; None where it does not say."""
        try:
            return super().get_retry_after(response)
        except (TypeError, ValueError):  # neither seconds nor a date
            return None

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        """Whether to try again."""
        if (self.get_retry_after(response) or 0) > LONGEST_WAIT_SECONDS:
            return False
        return super().is_retry(settings, response)


def _refused(status: int, data: bytes) -> Failure:
    """What the API said by an error."""
    try:
        body = _parsed(data)
    except ValueError:
        body = None
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        error = {}
    code, message = error.get("code"), error.get("message")
    if not isinstance(code, str) or not code:
        return Failure(f"HTTP {status}", "the answer names no error code", status)
    said = one_line(message) if isinstance(message, str) else ""
    is_licence = LICENCE.search(f"{code} {said}") is not None
    return Failure(one_line(code), said, status, denied=status == 403 and not is_licence)


def _parsed(data: bytes) -> JSON:
    """The JSON of an answer, which evidence can hold.

    Raises:
        ValueError: it is not JSON, or holds what JSON cannot (NaN, half of a character).
    """
    try:
        value: JSON = json.loads(data, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    canonical(value)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"found {name}")


def _on_server(base: str, link: str) -> str | None:
    """Path and query of a link on the server; None where it leads elsewhere, or nowhere."""
    try:
        to = urlsplit(urljoin(base, link))
        is_own = _origin(to) == _origin(urlsplit(base)) and to.username is None
    except ValueError:
        return None
    if not is_own:
        return None
    return f"{to.path}?{to.query}" if to.query else to.path


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    default = 443 if url.scheme == "https" else None
    return url.scheme, url.hostname, url.port or default


def open_account(
    name: str,
    *,
    subscription: str,
    tenant: str | None,
    endpoint: str | None,
    ca_bundle: str | None,
) -> AzureReader:
    """A reader for a subscription, with the standard chain of credentials.

    Args:
        name: the account's name in the configuration.
        subscription: its id.
        tenant: id of the directory that tokens are asked of; None: the credential's own.
        endpoint: `https://host:port` that stands in for Resource Manager and for Microsoft Graph.
            Tokens are still asked for by the APIs' real names.
        ca_bundle: file of the certificate authorities that are trusted, for tokens too; None: the
            usual ones, or those of REQUESTS_CA_BUNDLE.

    Raises:
        ConfigError: the endpoint is not https, or there is no such bundle.
        CredentialsError: no token can be had for Resource Manager, or it is of another directory.
    """
    if endpoint is not None and not _is_server(endpoint):
        raise ConfigError(f"account {name}: found endpoint {endpoint}; expected https://host:port")
    if ca_bundle is not None and not Path(ca_bundle).exists():
        raise ConfigError(f"account {name}: found no file {ca_bundle}; expected a CA bundle in PEM")
    connection = {**TIMEOUTS, "connection_verify": ca_bundle or True}
    tokens, identity = open_tokens(
        f"account {name}", audience=ARM.audience, tenant=tenant, connection=connection
    )
    session = requests.Session()
    session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=CONNECTIONS))
    transport = RequestsTransport(session=session, **connection)
    scope = Scope("azure", name, subscription, identity)
    return AzureReader(tokens, scope, transport, endpoint)


def _is_server(endpoint: str) -> bool:
    """Whether it is a scheme, host and port alone; bearer tokens are not sent over plain HTTP."""
    try:
        scheme, host, _ = _origin(urlsplit(endpoint))
    except ValueError:
        return False
    bare = endpoint.lower().removeprefix("https://").rstrip("/")
    return scheme == "https" and bool(host) and not re.search(r"[/?#@\\]", bare)
