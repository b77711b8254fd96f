"""The simulated cloud: boto3 sessions whose requests moto answers inside this process.

moto's own `mock_aws` replaces the transport of every AWS client in the process, so that a locker
in S3 would be simulated as well. Here only the demo's own sessions are.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import BotoCoreError

if TYPE_CHECKING:
    from moto.core.botocore_stubber import BotocoreStubber

ACCOUNT = "123456789012"
"""The account's id: the one that AWS itself uses in examples."""

INSIDE = "918273645546"
"""The same account as moto knows it. moto's state belongs to the process, and its default account
is ACCOUNT: whoever else uses moto in this process neither sees nor changes the demo."""

HOME_REGION = "us-east-1"

UNANSWERED = b"Not yet implemented"
"""What moto's stubber says for a service or path it does not know."""

Table = Mapping[str, Callable[[AWSPreparedRequest], bytes]]
"""Operation as botocore's events name it (`kms.ListKeys`) → body of the answer."""


class NotSimulated(BotoCoreError):
    """Nothing in this process answers a request. It must not reach a network."""

    fmt = "the demo account does not simulate {operation}"


class Simulator:
    """Answers the requests of a session instead of the network. A `before-send` handler."""

    def __init__(self, table: Table) -> None:
        """Answer from `table` where moto lacks an operation, and else from moto."""
        from moto.core.botocore_stubber import BotocoreStubber

        self._table = table
        self._stubber: BotocoreStubber = BotocoreStubber()
        self._stubber.enabled = True
        # moto is not made for threads, and reads come from several.
        self._lock = threading.Lock()

    def __call__(
        self, request: AWSPreparedRequest, event_name: str, **_: object
    ) -> AWSResponse:
        """The answer to a request.

        Raises:
            NotSimulated: there is none. Returning None would send the request.
        """
        operation = event_name.removeprefix("before-send.")
        with self._lock:
            if operation in self._table:
                return _response(request.url, 200, {}, self._table[operation](request))
            try:
                answer = self._stubber(event_name, _inwards(request))
            except NotImplementedError:
                answer = None
        if answer is None:
            raise NotSimulated(operation=operation)
        body = b"".join(answer.raw.stream())
        if answer.status_code == 404 and body == UNANSWERED:
            raise NotSimulated(operation=operation)
        return _outwards(request.url, answer, body)


def _inwards(request: AWSPreparedRequest) -> AWSPreparedRequest:
    """The request as sent to the account that moto keeps."""
    headers = request.headers.copy()
    for name, value in request.headers.items():
        if ACCOUNT in str(value):
            headers.replace_header(name, str(value).replace(ACCOUNT, INSIDE))
    headers["x-moto-account-id"] = INSIDE
    body = request.body
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    if body is not None:
        body = body.replace(ACCOUNT.encode(), INSIDE.encode())
    url = request.url.replace(ACCOUNT, INSIDE)
    return AWSPreparedRequest(request.method, url, headers, body, request.stream_output)


def _outwards(url: str, answer: AWSResponse, body: bytes) -> AWSResponse:
    """The answer as given by the account that the world knows. Ids are of one length."""
    headers = {
        name: str(value).replace(INSIDE, ACCOUNT)
        for name, value in answer.headers.items()
        if name.lower() != "x-amz-crc32"  # of the body as it was before
    }
    return _response(
        url, answer.status_code, headers, body.replace(INSIDE.encode(), ACCOUNT.encode())
    )


def _response(url: str, status: int, headers: Mapping[str, str], body: bytes) -> AWSResponse:
    from moto.core.botocore_stubber import MockRawResponse

    return AWSResponse(url, status, headers, MockRawResponse(body))


def isolated_session() -> boto3.Session:
    """A session that knows neither the environment nor any configuration file.

    Without it, `AWS_ENDPOINT_URL` would send the demo to a real server, and a profile that does not
    exist would break it.
    """
    core = botocore.session.Session()
    store = core.get_component("config_store")
    for name in core.session_var_map:
        store.set_config_variable(name, core.session_var_map[name][2])
    for name in ("config_file", "credentials_file"):
        store.set_config_variable(name, os.devnull)
    for section in ("s3", "proxies_config"):
        store.set_config_variable(section, None)
    store.set_config_variable("ignore_configured_endpoint_urls", True)
    store.set_config_variable("region", HOME_REGION)
    return boto3.Session(
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="none; every request is answered inside this process",
        region_name=HOME_REGION,
        botocore_session=core,
    )


def simulated_session(table: Table) -> boto3.Session:
    """An isolated session whose requests are all answered inside this process."""
    session = isolated_session()
    session.events.register_first("before-send", Simulator(table))
    return session


@contextlib.contextmanager
def regions_of(session: boto3.Session) -> Iterator[None]:
    """Let moto ask `session` for the names of regions, which it does when it is imported.

    Otherwise it asks sessions of its own making, which fail where `AWS_PROFILE` names no profile,
    and cost half a second. Callers outside moto get what they always get.
    """
    ordinary = boto3.Session

    def stand_in(*args: object, **kwargs: object) -> boto3.Session:
        caller = str(sys._getframe(1).f_globals.get("__name__"))
        if caller.startswith("moto."):
            return session
        return ordinary(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came

    boto3.Session = stand_in  # type: ignore[assignment, misc]  # called, and nothing else
    try:
        yield
    finally:
        boto3.Session = ordinary  # type: ignore[misc]
