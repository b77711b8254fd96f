"""Reads AWS through botocore.

Clients are made one for each service and region, under a lock, because making them is not
thread-safe. What the SDK takes for an empty answer and is none is refused here.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlsplit

import botocore
import botocore.exceptions
import botocore.model
import botocore.parsers
from botocore import xform_name
from botocore.config import Config

from collector.answer import (
    MALFORMED,
    NOT_RESOLVED,
    Answer,
    Failure,
    Finished,
    IsSensitive,
    Scope,
    scrub,
)
from collector.errors import CheckError, ConfigError, CredentialsError
from collector.evidence.canonical import JSON
from collector.readers.aws_connections import Connections
from collector.readers.aws_model import is_sensitive, operation_model
from collector.readers.aws_rate import bucket_of
from collector.readers.aws_read import Read
from collector.readers.aws_retry import ATTEMPTS, Retries, is_without_host
from collector.readers.aws_session import Session
from collector.source import HOMES, Aws, Source

RETRIES = Config(
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    connect_timeout=10,
    read_timeout=60,
    max_pool_connections=32,
    user_agent=f"{__name__.partition('.')[0]} Botocore/{botocore.__version__}",
)
"""How clients call. At a limit of 20 a second, the SDK's default of 3 attempts loses 18 of 200."""

ATTEMPTS_AT_BROKEN = 3
"""How often a read is made whose answer broke off or cannot be parsed."""

UNPARSED = (botocore.parsers.ResponseParserError, KeyError, RecursionError)
"""How the SDK's parsers say that something is no answer; the second: XML of something else."""


class AwsReader:
    """Reads one AWS account with one session of the SDK."""

    def __init__(
        self,
        session: Session,
        scope: Scope,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        config: Config = RETRIES,
    ) -> None:
        """Read with `session` as it is; `scope.home` is where global services are asked."""
        self._session = session
        self._scope = scope
        # Our own `Retries` asks again; what the SDK would do is turned off for these clients.
        options: Any = config  # the stubs do not know its attributes
        self._attempts: int = options.retries["total_max_attempts"]
        self._once = config.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))
        self._clock = clock
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._connections = Connections()
        self._paginators: dict[tuple[str, str, str], Any] = {}
        self._caller: tuple[Any, dict[str, Any], datetime, float] | None = None
        self._marks: dict[str, IsSensitive] = {}
        self._operations: dict[tuple[str, str], botocore.model.OperationModel] = {}

    @property
    def scope(self) -> Scope:
        """What is read."""
        return self._scope

    def keep_caller(
        self, client: Any, response: dict[str, Any], started: datetime, seconds: float
    ) -> None:
        """Keep AWS's answer to whose credentials these are, so that it is not asked again."""
        self._caller = (client, response, started, seconds)

    def read(self, source: Source, params: Mapping[str, JSON], place: str) -> Answer:
        """All pages of one operation.

        Raises:
            CheckError: the service or operation is unknown, or the latter not read-only.
        """
        assert isinstance(source, Aws)
        if source.name == CALLER and self._caller is not None:
            client, response, started, seconds = self._caller
            read = Read(source, params, place, started)
            read.keep(response)
            return self._answer(client, read, seconds)
        client = self._client(source.service, place)
        operation = self._operation(client, source.operation)
        read = Read(source, params, place, started=self._clock())
        begin = time.monotonic()
        for attempt in range(ATTEMPTS_AT_BROKEN):
            try:
                read.pages.clear()
                read.volatile.clear()
                if source.report:
                    read.report(client)
                else:
                    read.follow(client, operation, self._paginator(client, operation))
            except botocore.exceptions.ClientError as error:
                read.refused(error)
            except (_Broken, *UNPARSED):
                # The SDK asks again for what the cloud refuses, not for what breaks on the way.
                if attempt + 1 < ATTEMPTS_AT_BROKEN:
                    continue
                read.failure = Failure(MALFORMED, "the answer could not be parsed")
            except botocore.exceptions.BotoCoreError as error:
                code = type(error).__name__.removesuffix("Error")
                read.failure = Failure(
                    NOT_RESOLVED if is_without_host(error) else code, scrub(str(error))
                )
            break
        return self._answer(client, read, time.monotonic() - begin)

    def _answer(self, client: Any, read: Read, seconds: float) -> Answer:
        """What a read brought, with where it came from."""
        operation = self._operation(client, read.source.operation)
        finished = Finished(
            pages=read.pages,
            failure=read.failure,
            endpoint=client.meta.endpoint_url,
            identity=self._scope.identity,
            started=read.started,
            duration_seconds=seconds,
            status=read.status,
            request_ids=read.request_ids,
            attempts=read.attempts,
            volatile=read.volatile
            if read.sent == read.params
            else {**read.volatile, "sent": read.sent},
            is_sensitive=self._marked(operation),
        )
        return Answer.of(read.source, read.params, read.place, finished)

    def _operation(self, client: Any, name: str) -> botocore.model.OperationModel:
        """The model of an operation, once it is seen to be read-only."""
        service = client.meta.service_model
        key = (service.service_name, name)
        if key not in self._operations:
            self._operations[key] = operation_model(service, name)
        return self._operations[key]

    def _marked(self, operation: botocore.model.OperationModel) -> IsSensitive:
        """What the model of an operation marks; answers ask of the same few paths many times."""
        name = f"{operation.service_model.service_name}:{operation.name}"
        if name not in self._marks:
            self._marks[name] = lru_cache(maxsize=4096)(partial(is_sensitive, operation))
        return self._marks[name]

    def _paginator(self, client: Any, operation: botocore.model.OperationModel) -> Any | None:
        """The client's paginator of an operation, dear to make; None if it has no pages."""
        key = (operation.service_model.service_name, client.meta.region_name, operation.name)
        if key not in self._paginators:
            method = xform_name(operation.name)
            can = client.can_paginate(method)
            self._paginators[key] = client.get_paginator(method) if can else None
        return self._paginators[key]

    def _client(self, service: str, region: str) -> Any:
        key = (service, region)
        if key not in self._clients:  # who has one does not wait for those that are being made
            with self._lock:
                if key not in self._clients:
                    self._clients[key] = self._new_client(service, region)
        return self._clients[key]

    def _new_client(self, service: str, region: str) -> Any:
        try:
            client = self._session.client(service, region_name=region, config=self._once)
        except botocore.exceptions.UnknownServiceError:
            raise CheckError(f"source of {service}: the SDK has no such service") from None
        self._connections.share(client)
        _drop_host_prefix(client)
        client.meta.events.register("before-parse", _refuse_no_object)
        client.meta.events.register("response-received", _refuse_broken)
        bucket = bucket_of(service)
        client.meta.events.register("before-send", lambda **_: bucket.take())
        retries = Retries(self._attempts, bucket)
        client.meta.events.register("needs-retry", retries.needs_retry)
        return client


def _drop_host_prefix(client: Any) -> None:
    """Keep to an endpoint that is an address, where some operations put the account before it.

    `http://127.0.0.1:5000` would become `123456789012.127.0.0.1`, which is no host.
    """
    endpoint = urlsplit(client.meta.endpoint_url)
    host = endpoint.hostname or ""
    if host != "localhost" and not re.fullmatch(r"[\d.]+|.*:.*", host):
        return

    def restore(request: Any, **_: object) -> None:
        request.url = urlsplit(request.url)._replace(netloc=endpoint.netloc).geturl()

    client.meta.events.register("before-sign", restore)


class _Broken(botocore.exceptions.BotoCoreError):
    """An answer broke off, or is no JSON, which the SDK itself takes for an empty one."""

    fmt = "the answer is broken"


def _refuse_no_object(
    operation_model: botocore.model.OperationModel, response_dict: Mapping[str, Any], **_: object
) -> None:
    """Refuse JSON that is no object, over which the SDK stumbles, and XML that is not there.

    S3 says of a bucket without versions, or without logs, by an element with nothing in it; to the
    SDK, nothing at all and a page for people say the same.
    """
    shape = operation_model.output_shape
    body = response_dict["body"]
    is_whole = shape is not None and "payload" not in shape.serialization
    if not is_whole or response_dict["status_code"] >= 300 or not isinstance(body, bytes):
        return
    protocol = operation_model.service_model.resolved_protocol
    if protocol == "rest-xml" and (b"<" not in body or b"<html" in body[:1000].lower()):
        members = shape.members.values() if shape is not None else ()
        if any("location" not in member.serialization for member in members):
            raise _Broken
    if "json" in protocol:
        try:
            content = json.loads(body.decode() or "{}")
        except json.JSONDecodeError:
            return  # The SDK sees some of it by itself; the rest is refused when it has parsed it.
        except UnicodeDecodeError:
            raise _Broken from None
        if not isinstance(content, dict):
            raise _Broken


def _refuse_broken(
    response_dict: Mapping[str, Any] | None, parsed_response: Mapping[str, Any] | None, **_: object
) -> None:
    if response_dict is None:  # no connection
        return
    length = response_dict["headers"].get("content-length", "")
    body = response_dict["body"]
    if length.isdecimal() and isinstance(body, bytes) and len(body) < int(length):
        raise _Broken
    is_empty = not set(parsed_response or ()) - {"ResponseMetadata"}
    kind = response_dict["headers"].get("content-type", "")
    if is_empty and response_dict["status_code"] < 300 and "xml" not in kind:
        try:
            json.loads(response_dict["body"] or b"{}")
        except ValueError:
            raise _Broken from None


CALLER = "sts:GetCallerIdentity"


def open_account(
    session: Session,
    name: str,
    *,
    regions: tuple[str, ...] | None,
    expected: str | None,
    config: Config = RETRIES,
) -> AwsReader:
    """A reader for the account that the session's credentials belong to.

    Args:
        session: credentials and, where set, the preferred region.
        name: the account's name in the configuration.
        regions: those to read; None: all that are enabled.
        expected: the account id that the configuration names, if it does.
        config: retries and timeouts.

    Raises:
        ConfigError: the session's region is none.
        CredentialsError: there are none, they are refused, or they are another account's.
    """
    region = session.region_name or HOMES["aws"]
    try:
        partition = session.get_partition_for_region(region)
    except botocore.exceptions.UnknownRegionError:
        raise ConfigError(
            f"account {name}: the region of its profile or of AWS_DEFAULT_REGION is {region!r};"
            " expected one such as us-east-1"
        ) from None
    home = HOMES.get(partition, region)
    doing = f"account {name}: asking AWS whose credentials these are"
    asked, begin = datetime.now(UTC), time.monotonic()
    try:
        sts = session.client("sts", region_name=home, config=config)
        caller = sts.get_caller_identity()
    except botocore.exceptions.NoCredentialsError:
        raise CredentialsError(
            f"account {name}: found no AWS credentials; set AWS_PROFILE, or log in with the AWS CLI"
        ) from None
    except botocore.exceptions.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        if error.operation_name == "AssumeRole":
            raise CredentialsError(
                f"account {name}: assuming its role: {code}; does the role's trust policy name"
                " these credentials, and is the external id right?"
            ) from None
        raise CredentialsError(f"{doing}: {code}; are they expired?") from None
    except botocore.parsers.ResponseParserError:
        raise CredentialsError(f"{doing}: the answer is not one of AWS") from None
    except (botocore.exceptions.BotoCoreError, ValueError) as error:  # the latter: an endpoint
        raise CredentialsError(f"{doing}: {scrub(' '.join(str(error).split()))}") from None
    if expected is not None and caller["Account"] != expected:
        raise CredentialsError(
            f"account {name}: the credentials belong to AWS account {caller['Account']}; the"
            f" configuration expects {expected}"
        )
    scope = Scope("aws", name, caller["Account"], caller["Arn"], partition, home, regions)
    reader = AwsReader(session, scope, config=config)
    reader.keep_caller(sts, caller, asked, time.monotonic() - begin)
    return reader
