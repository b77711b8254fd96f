"""One read of AWS: its pages, what was refused, and what is kept of both."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import botocore.exceptions
import botocore.model
from botocore import xform_name

from collector.answer import CUT, MALFORMED, Failure, scrub
from collector.evidence.canonical import JSON, timestamp
from collector.readers.aws_dates import dated
from collector.readers.aws_sdk import REPORT
from collector.resource import lookup
from collector.source import Aws

DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Forbidden",
        "UnauthorizedOperation",
        "NotAuthorized",
        "403",
    }
)
"""Codes by which services refuse a call for want of a permission."""

TRUNCATED = ("HasMoreDeliveryStreams", "HasMoreStreams", "IsTruncated", "Truncated")
"""Fields by which APIs say that an answer goes on."""

NEXT = ("NextMarker", "NextPageToken", "NextToken", "nextPageToken", "nextToken", "position")
"""Fields that lead to the next page. Tokens are not kept: they may differ between two reads of an
unchanged account."""

ECHOED = ("ContinuationToken", "Marker")
"""The same, but some operations with a paginator also repeat in them what they were asked with."""

CREDENTIALS = "Credentials"
"""Code of a read that was not made, because its credentials could not be renewed."""

EXPIRED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Codes with status 403 that are about the credentials, not about a permission."""

REPORT_WAIT_SECONDS = 60
"""How long the IAM credential report may take to be made."""


@dataclass
class Read:
    """One read in the making."""

    source: Aws
    params: Mapping[str, JSON]
    place: str
    started: datetime
    pages: list[dict[str, JSON]] = field(default_factory=list)
    failure: Failure | None = None
    status: int | None = None
    attempts: int = 0
    request_ids: list[str] = field(default_factory=list)
    volatile: dict[str, JSON] = field(default_factory=dict)

    @property
    def sent(self) -> dict[str, JSON]:
        """The parameters with the days that they speak of."""
        return {name: dated(value, self.started) for name, value in self.params.items()}

    def follow(
        self, client: Any, operation: botocore.model.OperationModel, paginator: Any | None
    ) -> None:
        """Read every page, and see that the last one says that it is the last."""
        signs: tuple[str, ...] = (*TRUNCATED, *NEXT)
        marker = self.source.marker
        if paginator is not None and marker is None:
            pages = paginator.paginate(**self.sent)
        else:
            pages = self._pages(getattr(client, xform_name(operation.name)), operation)
            signs += ECHOED
        for page in pages:
            self.keep(page)
            if self.pages[-1] in self.pages[:-1]:
                self.failure = Failure(CUT, "the pages repeat themselves")
                return
        signs = tuple(name for name in signs if name != marker)
        last = self.pages[-1] if self.pages else {}
        # Some say it beside the list, not at the top (CloudFront).
        beside = lookup(last, (self.source.items or "").rpartition(".")[0])
        holders = [last, *([beside] if isinstance(beside, Mapping) else [])]
        if any(holder.get(name) for holder in holders for name in signs):
            self.failure = Failure(CUT, "the last page says that there are more")
        for page in self.pages:
            for name in (*NEXT, *ECHOED):
                page.pop(name, None)

    def _pages(
        self, call: Callable[..., dict[str, Any]], operation: botocore.model.OperationModel
    ) -> Iterator[dict[str, Any]]:
        """The pages of an operation for which the SDK has no paginator.

        They are followed where it takes the token by the name under which it gives it. With a
        marker, a page that holds nothing is the last, whatever it says: WAF may give a marker
        with the last page that holds something. https://github.com/boto/boto3/issues/3715
        """
        marker = self.source.marker
        known = operation.input_shape.members if operation.input_shape is not None else ()
        names = NEXT if marker is None else (marker,)
        page = call(**self.sent)
        yield page
        while token := {name: page[name] for name in names if name in known and page.get(name)}:
            if marker is not None and not lookup(page, self.source.items or ""):
                return
            page = call(**self.sent, **token)
            yield page

    def report(self, client: Any) -> None:
        """The IAM credential report: have it made, wait for it, read its rows."""
        deadline = time.monotonic() + REPORT_WAIT_SECONDS
        while True:
            made = client.generate_credential_report()
            self._count(made)
            if made.get("State") == "COMPLETE":
                break
            if time.monotonic() > deadline:
                self.failure = Failure(CUT, "the credential report was not made in time")
                return
            time.sleep(1)
        answer = client.get_credential_report()
        self._count(answer)
        table = csv.DictReader(io.StringIO(answer["Content"].decode()))
        rows: list[JSON] = [*table]
        if not table.fieldnames:
            self.failure = Failure(MALFORMED, "the credential report is empty")
            return
        if any(None in row or None in row.values() for row in rows if isinstance(row, dict)):
            self.failure = Failure(MALFORMED, "a row of the credential report is short or long")
            return
        self.volatile["GeneratedTime"] = timestamp(answer["GeneratedTime"])
        self.pages.append({"Content": rows})

    def refused(self, error: botocore.exceptions.ClientError) -> None:
        """Take over what the cloud said."""
        response = error.response
        self._count(response)
        code = response.get("Error", {}).get("Code") or "Unknown"
        message = scrub(response.get("Error", {}).get("Message") or "")
        if error.operation_name not in (self.source.operation, *REPORT):
            # What was refused is to renew the credentials. Nothing is said of what was to be read:
            # neither that a permission for it is missing, nor that there is none.
            self.failure = Failure(f"{CREDENTIALS} ({error.operation_name}: {code})", message)
            return
        self.failure = Failure(
            code=code,
            message=message,
            status=self.status,
            denied=code in DENIED
            or (self.status == 403 and code not in EXPIRED and code not in self.source.absent),
        )

    def keep(self, response: dict[str, Any]) -> None:
        """Take over one page."""
        self._count(response)
        page = {k: to_json(v) for k, v in response.items() if k != "ResponseMetadata"}
        for path in self.source.volatile:
            if "." in path:
                held = self.volatile.setdefault(path, [])
                assert isinstance(held, list)
                held += _take(page, path.split("."))
            elif path in page:
                self.volatile[path] = page.pop(path)
        self.pages.append(page)

    def _count(self, response: Mapping[str, Any]) -> None:
        facts = response.get("ResponseMetadata", {})
        self.status = facts.get("HTTPStatusCode")
        self.attempts += 1 + facts.get("RetryAttempts", 0)
        if facts.get("RequestId"):
            self.request_ids.append(facts["RequestId"])


def _take(value: Any, steps: list[str]) -> list[JSON]:
    """Remove what stands at a path, in each item of the lists on the way, and return it in order.

    An item that has nothing there yields None, so that values and items can be told apart.
    """
    match value:
        case list():
            return [taken for item in value for taken in _take(item, steps)]
        case dict() if len(steps) == 1:
            return [value.pop(steps[0], None)]
        case dict() if value.get(steps[0]) is not None:
            return _take(value[steps[0]], steps[1:])
    return []


def to_json(value: Any) -> JSON:
    """A parsed answer as JSON: times in RFC 3339, bytes as text."""
    match value:
        case str() | None | bool() | int() | float():
            return value
        case dict() | Mapping():
            return {str(k): to_json(v) for k, v in value.items()}
        case list() | tuple():
            return [to_json(v) for v in value]
        case datetime():
            return timestamp(value if value.tzinfo else value.replace(tzinfo=UTC))
        case bytes():
            return value.decode("utf-8", errors="backslashreplace")
    return str(value)
