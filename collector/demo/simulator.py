"""The simulated cloud: boto3 sessions whose requests moto answers inside this process.

moto's own `mock_aws` replaces the transport of every AWS client in the process, so that a locker
in S3 would be simulated as well. Here only the demo's own sessions are.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from io import IOBase
from typing import TYPE_CHECKING, Protocol

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import BotoCoreError
from botocore.httpchecksum import AwsChunkedWrapper

if TYPE_CHECKING:
    from moto.core.base_backend import BaseBackend

    from collector.demo.told import Told

ACCOUNT = "123456789012"
"""The account's id: the one that AWS itself uses in examples."""

INSIDE = "918273645546"
"""The same account as moto knows it. moto's state belongs to the process, and its default account
is ACCOUNT: whoever else uses moto in this process neither sees nor changes the demo."""

HOME_REGION = "us-east-1"


class Client(Protocol):
    """A boto3 client, whose methods are made at run time."""

    def __getattr__(self, operation: str) -> Callable[..., object]:
        """The method of an operation."""
        ...


Clients = Callable[[str, str], Client]
"""The client of a service in a region."""

Amendments = Mapping[str, Callable[[bytes], bytes]]
"""Operation as botocore's events name it (`s3.ListBuckets`) → what to do to the body of moto's
answer, where that lacks what AWS gives."""

Route = tuple[re.Pattern[str], Callable[..., tuple[int, Mapping[str, str], str | bytes]]]
"""Pattern of a URL, and moto's function that answers it."""


class NotSimulated(BotoCoreError):
    """Nothing in this process answers a request. It must not reach a network."""

    fmt = "the demo account does not simulate {operation}"


def backends_of(service: str, regions: Sequence[str] = (HOME_REGION,)) -> list[BaseBackend]:
    """moto's objects for a service: one a region, or one for all where moto keeps it so.

    They are made when they are first asked for.
    """
    from moto.backends import get_backend

    account = get_backend(service)[INSIDE]  # type: ignore[call-overload]  # one for each name
    return [account[region] for region in regions if region in account] or [account["aws"]]


class Simulator:
    """Answers the requests of a session instead of the network. A `before-send` handler.

    It does what moto's `BotocoreStubber` does, without the two things that a demo cannot use: that
    makes the objects of moto's default account along the way, and lets what it does not know pass.
    """

    def __init__(self, amendments: Amendments, told: Told) -> None:
        """Answer what is told, and for the rest what moto does, amended."""
        self._amendments = amendments
        self._told = told
        self._routes: dict[str, list[Route]] = {}
        # moto is not made for threads, and reads come from several.
        self._lock = threading.Lock()

    def __call__(self, request: AWSPreparedRequest, event_name: str, **_: object) -> AWSResponse:
        """The answer to a request.

        Raises:
            NotSimulated: there is none. Returning None would send the request.
        """
        if (answer := self._told.answer(request)) is not None:
            return answer
        operation = event_name.removeprefix("before-send.")
        with self._lock:
            try:
                status, headers, body = self._ask_moto(_inwards(request))
            except NotImplementedError:
                raise NotSimulated(operation=operation) from None
            if operation in self._amendments and status == 200:
                body = self._amendments[operation](body)
        return _outwards(request.url, status, headers, body)

    def _ask_moto(self, request: AWSPreparedRequest) -> tuple[int, Mapping[str, str], bytes]:
        from moto.backend_index import backend_url_patterns
        from moto.core.request import normalize_request
        from werkzeug.exceptions import HTTPException

        url = request.url.partition("?")[0]
        services = (service for service, pattern in backend_url_patterns if pattern.match(url))
        routes = (route for service in services for route in self._routes_of(service))
        method = next((method for pattern, method in routes if pattern.match(url)), None)
        if method is None:
            raise NotImplementedError
        asked = normalize_request(request)
        try:
            status, headers, body = method(asked, asked.raw_url, asked.headers)
        except HTTPException as error:
            return error.code or 500, dict(error.get_headers()), str(error.get_body()).encode()
        return status, headers, body.encode() if isinstance(body, str) else body

    def _routes_of(self, service: str) -> list[Route]:
        if service not in self._routes:
            urls = backends_of(service)[0].urls
            self._routes[service] = [(re.compile(url), call) for url, call in urls.items()]
        return self._routes[service]


def _inwards(request: AWSPreparedRequest) -> AWSPreparedRequest:
    """The request as sent to the account that moto keeps."""
    headers = HTTPHeaders()
    for name, value in request.headers.items():
        text = value.decode() if isinstance(value, bytes) else value
        headers[name] = text.replace(ACCOUNT, INSIDE)
    headers["x-moto-account-id"] = INSIDE
    body = request.body
    if isinstance(body, IOBase | AwsChunkedWrapper):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    if isinstance(body, bytes | bytearray):
        body = body.replace(ACCOUNT.encode(), INSIDE.encode())
    url = request.url.replace(ACCOUNT, INSIDE)
    return AWSPreparedRequest(request.method, url, headers, body, request.stream_output)


def _outwards(url: str, status: int, headers: Mapping[str, str], body: bytes) -> AWSResponse:
    """The answer as given by the account that the world knows. Ids are of one length."""
    from moto.core.botocore_stubber import MockRawResponse

    shown = HTTPHeaders()
    for name, value in headers.items():
        if name.lower() != "x-amz-crc32":  # of the body as it was before
            shown[name] = str(value).replace(INSIDE, ACCOUNT)
    body = body.replace(INSIDE.encode(), ACCOUNT.encode())
    return AWSResponse(url, status, shown, MockRawResponse(body))
