"""Reads Google Cloud through google-api-python-client.

Methods, their parameters and their paths come from the discovery documents that the client ships:
nothing is fetched to learn them. Each API's service is built once, under a lock. Connections are
pooled, one for each read under way, because httplib2 is not thread-safe.
"""

from __future__ import annotations

import http.client
import json
import logging
import ssl
import threading
import time
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import google.auth
import google.auth.exceptions
import httplib2
from google_auth_httplib2 import AuthorizedHttp, Request
from googleapiclient.discovery import build_from_document, fix_method_name, key2param
from googleapiclient.errors import HttpError

from collector.answer import CUT, MALFORMED, Answer, Failure, Finished, Scope
from collector.errors import CredentialsError
from collector.evidence.canonical import JSON
from collector.readers.gcp_answers import broken, incomplete, one_line, refusal, strange
from collector.readers.gcp_methods import answer_fields, discovery_document, method_description
from collector.source import Gcp, Source

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
"""What a token is asked for. Cloud SQL, KMS, IAM and others refuse the read-only scope, so what
keeps a run from writing is its principal's role, and that only read-only methods are called."""

RETRIES = 6
"""Of throttled, unavailable and broken requests: a minute of waiting on average, two at most."""

TIMEOUT_SECONDS = 60.0
"""How long a connection may be silent."""

DETECT_SECONDS = 3.0
"""The same for Google's metadata server, which does not exist outside Google Cloud."""

REQUEST_IDS = ("x-guploader-uploadid", "x-goog-request-id", "x-request-id", "x-cloud-trace-context")
"""Headers by which an answer can be found again at Google. Few APIs send one."""

TRANSPORT = (
    google.auth.exceptions.GoogleAuthError,
    httplib2.HttpLib2Error,
    http.client.HTTPException,
    OSError,
)
"""What can go wrong between the client and an answer."""


class GcpReader:
    """Reads one Google Cloud project with one set of credentials."""

    def __init__(
        self,
        credentials: Any,
        scope: Scope,
        *,
        endpoint: str | None = None,
        ca_bundle: str | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Read with google-auth's `credentials`; the rest is as in `open_account`."""
        self._credentials = credentials
        self._scope = scope
        self._endpoint = endpoint
        self._ca_bundle = ca_bundle
        self._timeout = timeout_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._services: dict[tuple[str, str], _Service] = {}
        self._collections: dict[tuple[str, str, str], Any] = {}
        self._idle: deque[AuthorizedHttp] = deque()
        weakref.finalize(self, _close, self._idle)

    @property
    def scope(self) -> Scope:
        """What is read."""
        return self._scope

    def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
        """All pages of one method.

        Raises:
            CheckError: the method is unknown, or not read-only.
        """
        assert isinstance(source, Gcp)
        service, collection, fields = self._open(source)
        read = _Read(source, fields)
        started = self._clock()
        begin = time.monotonic()
        with self._connection() as connection:
            wire = _Wire(connection)
            try:
                read.follow(collection, params, wire)
            except HttpError as error:
                read.failure = refusal(error.resp.status, error.content)
            except TRANSPORT as error:
                read.failure = broken(error)
        finished = Finished(
            pages=read.pages,
            failure=read.failure,
            endpoint=service.base,
            identity=self._scope.identity,
            started=started,
            duration_seconds=time.monotonic() - begin,
            status=wire.status,
            request_ids=wire.request_ids,
            attempts=wire.attempts,
            volatile=read.volatile,
        )
        return Answer.of(source, params, place, finished)

    def _open(self, source: Gcp) -> tuple[_Service, Any, frozenset[str]]:
        """The service, the client's object for the collection of a method that may be called, and
        the names of the method's answers."""
        key = (source.api, source.version, source.collection)
        with self._lock:
            service = self._service(source.api, source.version)
            method = method_description(service.document, source)
            if key not in self._collections:
                found = service.client
                for step in source.collection.split("."):
                    found = getattr(found, fix_method_name(step))()
                self._collections[key] = found
            fields = answer_fields(service.document, method)
            return service, self._collections[key], fields

    def _service(self, api: str, version: str) -> _Service:
        if (api, version) not in self._services:
            document = discovery_document(api, version)
            root = (self._endpoint or document["rootUrl"]).rstrip("/")
            # The client takes an endpoint in place of the root URL and of the service's path.
            base = f"{root}/{document['servicePath']}"
            client = build_from_document(
                document, http=httplib2.Http(), client_options={"api_endpoint": base}
            )
            self._services[api, version] = _Service(document, base, client)
        return self._services[api, version]

    @contextmanager
    def _connection(self) -> Iterator[AuthorizedHttp]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = AuthorizedHttp(
                self._credentials, http=open_http(self._ca_bundle, self._timeout)
            )
        try:
            yield connection
        finally:
            self._idle.append(connection)


@dataclass(frozen=True)
class _Service:
    """One API: its document, where it is asked, and the client's object for it."""

    document: Mapping[str, Any]
    base: str
    client: Any


@dataclass
class _Read:
    """One read in the making."""

    source: Gcp
    fields: frozenset[str]
    pages: list[JSON] = field(default_factory=list)
    failure: Failure | None = None
    volatile: dict[str, JSON] = field(default_factory=dict)

    def follow(self, collection: Any, params: Mapping[str, JSON], wire: _Wire) -> None:
        """Read every page, up to one that says that there are no more."""
        name = fix_method_name(self.source.method)
        arguments: dict[str, Any] = {key2param(key): value for key, value in params.items()}
        if self.source.body is not None:
            arguments["body"] = self.source.body
        request = getattr(collection, name)(**arguments)
        following = getattr(collection, f"{name}_next", lambda request, page: None)
        tokens: set[str] = set()
        while request is not None and self.failure is None:
            page = self._page(request, wire)
            if page is None:
                return
            token = page.get("nextPageToken")
            request = following(request, page)
            if (told := strange(self.source, page, self.fields)) is not None:
                self.failure = Failure(MALFORMED, told, wire.status)
            elif (told := incomplete(self.source, page)) is not None:
                self.failure = Failure(CUT, told, wire.status)
            elif token and (request is None or str(token) in tokens):
                self.failure = Failure(CUT, "there are more pages, and no way to them", wire.status)
            tokens.add(str(token))
            self.volatile |= {n: page.pop(n) for n in self.source.volatile if n in page}
            self.pages.append(page)

    def _page(self, request: Any, wire: _Wire) -> dict[str, JSON] | None:
        """The next answer, if it is an object that can be written down again as evidence."""
        try:
            page = request.execute(http=wire, num_retries=RETRIES)
            # The client makes an empty object of an answer without content.
            if isinstance(page, dict) and wire.status == 200:
                # NaN and half a character get through Python's JSON, and through no other.
                json.dumps(page, ensure_ascii=False, allow_nan=False).encode()
                return page
            self.failure = Failure(MALFORMED, "the answer is no object", wire.status)
        except google.auth.exceptions.GoogleAuthError:
            raise  # some of them are ValueErrors too
        except (ValueError, RecursionError) as error:
            self.failure = Failure(MALFORMED, f"no JSON: {type(error).__name__}", wire.status)
        return None


class _Wire:
    """What the client sends its requests through: counts them, and keeps what headers tell."""

    def __init__(self, connection: AuthorizedHttp) -> None:
        self._connection = connection
        self.attempts = 0
        self.status: int | None = None
        self.request_ids: list[str] = []

    def request(self, uri: str, method: str = "GET", **arguments: Any) -> tuple[Any, bytes]:
        """Send one request; the client repeats it where that may help."""
        self.attempts += 1
        try:
            response, content = self._connection.request(uri, method, **arguments)
        except (ConnectionRefusedError, ssl.SSLCertVerificationError) as error:
            # The client would repeat the request, and nothing would change.
            raise httplib2.HttpLib2Error(str(error)) from error
        self.status = int(response.status)
        self.request_ids += [response[name] for name in REQUEST_IDS if name in response]
        return response, content


def open_http(ca_bundle: str | None, timeout_seconds: float) -> httplib2.Http:
    """A connection that sends no credentials by itself.

    Args:
        ca_bundle: file of the authorities to trust; None: the public ones.
        timeout_seconds: how long it may be silent.
    """
    connection = httplib2.Http(timeout=timeout_seconds, ca_certs=ca_bundle)
    # An API does not redirect; a token must not follow to where something else does.
    connection.follow_redirects = False
    return connection


def _requester(connection: httplib2.Http) -> Any:
    """How google-auth sends requests of its own: it expects no error but its own TransportError."""
    send = Request(connection)

    def request(url: str, method: str = "GET", **arguments: Any) -> Any:
        arguments.pop("timeout", None)  # the connection has its own
        try:
            return send(url, method, **arguments)
        except OSError as error:
            raise google.auth.exceptions.TransportError(error) from error  # type: ignore[no-untyped-call]

    return request


def _close(connections: deque[AuthorizedHttp]) -> None:
    for connection in connections:
        connection.close()


def open_account(
    name: str, *, project: str, endpoint: str | None, ca_bundle: str | None
) -> GcpReader:
    """A reader for a project, with the credentials that Google's libraries find by themselves.

    That is, in this order: the file that GOOGLE_APPLICATION_CREDENTIALS names, the login of gcloud,
    the service account of the machine. A token is asked for at once.

    Args:
        name: the account's name in the configuration.
        project: the project's id.
        endpoint: root URL to ask instead of each API's own; the API's path comes after it.
        ca_bundle: file of the authorities to trust instead of the public ones, for APIs and tokens.

    Raises:
        CredentialsError: there are none, or no token can be had with them.
    """
    credentials = open_credentials(f"account {name}", ca_bundle)
    scope = Scope("gcp", name, project, _identity(credentials))
    return GcpReader(credentials, scope, endpoint=endpoint, ca_bundle=ca_bundle)


def open_credentials(what: str, ca_bundle: str | None) -> Any:
    """The credentials that Google's libraries find by themselves, with a token.

    Args:
        what: what they are for, for the error message.
        ca_bundle: file of the authorities to trust instead of the public ones.

    Raises:
        CredentialsError: there are none, or no token can be had with them.
    """
    for library in ("google.auth", "google_auth_httplib2", "googleapiclient"):
        # They log addresses and answers; what matters of them is kept with the calls.
        logging.getLogger(library).setLevel(logging.ERROR)
    credentials = _find_credentials(what, ca_bundle)
    connection = open_http(ca_bundle, TIMEOUT_SECONDS)
    try:
        credentials.refresh(_requester(connection))
    except (*TRANSPORT, ValueError) as error:
        raise CredentialsError(
            f"{what}: asking Google for a token: {one_line(error)}; expected a token"
            " endpoint that can be reached, and credentials that are still valid"
        ) from None
    finally:
        connection.close()
    return credentials


def _find_credentials(what: str, ca_bundle: str | None) -> Any:
    connection = open_http(ca_bundle, DETECT_SECONDS)
    try:
        with warnings.catch_warnings():
            # Of a login that has no project of its own for quotas, which reading does not need.
            warnings.simplefilter("ignore", UserWarning)
            return google.auth.default(scopes=[SCOPE], request=_requester(connection))[0]
    except (*TRANSPORT, ValueError) as error:
        raise CredentialsError(
            f"{what}: finding Google credentials: {one_line(error).rstrip('.')}; set"
            " GOOGLE_APPLICATION_CREDENTIALS to a credentials file, or run 'gcloud auth"
            " application-default login'"
        ) from None
    finally:
        connection.close()


def _identity(credentials: Any) -> str:
    """The principal, as far as its credentials tell."""
    for known in ("service_account_email", "account"):
        if getattr(credentials, known, None):
            return str(getattr(credentials, known))
    info = getattr(credentials, "info", None)
    audience = info.get("audience") if isinstance(info, Mapping) else None
    return f"federated identity of {audience}" if audience else "authorized user"
