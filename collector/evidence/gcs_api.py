"""The JSON API of Google Cloud Storage, for lockers."""

from __future__ import annotations

import os
import ssl
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httplib2
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError

from collector.errors import LockerError, Refused
from collector.readers.gcp import open_credentials, open_http
from collector.readers.gcp_answers import one_line, refusal
from collector.readers.gcp_methods import discovery_document

RETRIES = 4
"""Of throttled, unavailable and broken requests: 15 seconds of waiting on average."""

TIMEOUT_SECONDS = 60.0
"""How long a connection may be silent."""

REFUSED = (401, 403)
"""Answers to who may not do something."""


class Storage:
    """The JSON API of Cloud Storage. Connections are pooled: httplib2's are not thread-safe."""

    def __init__(self, url: str) -> None:
        """Find credentials for the locker at `url`, or raise `CredentialsError`."""
        emulator = os.environ.get("STORAGE_EMULATOR_HOST")
        document: Mapping[str, Any] = discovery_document("storage", "v1")
        self.project = os.environ.get("GOOGLE_CLOUD_PROJECT")
        self._credentials: Any = None
        if emulator:
            root = (emulator if "://" in emulator else f"http://{emulator}").rstrip("/")
            # Uploads go by the document's root, whatever endpoint the client is given.
            base = f"{root}/{document['servicePath']}"
            document = {**document, "rootUrl": f"{root}/", "baseUrl": base}
        else:
            self._credentials = open_credentials(f"locker {url}", ca_bundle=None)
            self.project = self.project or getattr(self._credentials, "project_id", None)
        self._client: Any = build_from_document(document, http=httplib2.Http())
        self._idle: deque[Any] = deque()
        weakref.finalize(self, _close, self._idle)

    def call(
        self,
        method: str,
        heard: Callable[[Mapping[str, str]], None] | None = None,
        /,
        **arguments: Any,
    ) -> Any:
        """Call a method such as `objects.list`; its answer.

        Args:
            method: collection and method.
            heard: told the answer's headers.
            arguments: the method's.

        Raises:
            HttpError: the answer is an error.
            Exception: one of `TRANSPORT`; there was no answer.
        """
        collection, _, name = method.partition(".")
        request = getattr(getattr(self._client, collection)(), name)(**arguments)
        if heard is not None:
            request.add_response_callback(heard)
        with self._connection() as connection:
            return request.execute(http=_Once(connection), num_retries=RETRIES)

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = open_http(None, TIMEOUT_SECONDS)
            if self._credentials is not None:
                connection = AuthorizedHttp(self._credentials, http=connection)
        try:
            yield connection
        finally:
            self._idle.append(connection)


class _Once:
    """What the client sends requests through, which it would repeat where nothing can change."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def request(self, uri: str, method: str = "GET", **arguments: Any) -> Any:
        """Send one request."""
        try:
            return self._connection.request(uri, method, **arguments)
        except (ConnectionRefusedError, ssl.SSLCertVerificationError) as error:
            raise httplib2.HttpLib2Error(str(error)) from error


def _close(connections: deque[Any]) -> None:
    for connection in connections:
        connection.close()


def failed(doing: str, error: Exception) -> LockerError:
    """What went wrong, as an error of lockers."""
    if isinstance(error, HttpError):
        kind = Refused if error.resp.status in REFUSED else LockerError
        return kind(f"{doing}: {said(error)}")
    return LockerError(f"{doing}: {one_line(error)}")


def said(error: HttpError) -> str:
    """What an error answer says, on one line."""
    told = refusal(error.resp.status, error.content)
    return f"Google answered {error.resp.status}: {told.message}".rstrip(": .")
