"""Answers to what moto does not simulate: as empty as the operation's own model lets them be.

Both tools then see an account that has nothing of it, in the service's own bytes, in place of an
error that no cloud gives.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import botocore.loaders
from botocore.model import Shape
from moto.core.model import OperationModel, ServiceModel
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from bench.cloud.told import BEGIN, TOLD
from collector.demo.told import Refused

Answer = tuple[int, Mapping[str, str], bytes]

SIGNED_AS = {
    "access-analyzer": ("accessanalyzer",),
    "apigateway": ("apigateway", "apigatewayv2"),
    "aoss": ("opensearchserverless",),
    "bedrock": ("bedrock", "bedrock-agent", "bedrock-agentcore-control"),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elbv2", "elb"),
    "elasticmapreduce": ("emr",),
    "es": ("opensearch", "es"),
    "kinesisanalytics": ("kinesisanalyticsv2",),
    "monitoring": ("cloudwatch",),
    "s3": ("s3", "s3control"),
    "ses": ("sesv2", "ses"),
    "sso": ("sso-admin",),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
    "wafv2": ("wafv2",),
}
"""Name in the credential scope → botocore's names, where these differ."""


@dataclass(frozen=True)
class Asked:
    """A call that moto does not answer."""

    service: str
    """As in the credential scope."""
    region: str
    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def operation(self) -> str:
        """Its name, or where there is none on the wire, method and path."""
        if target := self.headers.get("x-amz-target"):
            return target.rpartition(".")[2]
        if self.headers.get("smithy-protocol"):
            return self.path.rpartition("/")[2]
        if named := re.search(rb"(?:^|&)Action=(\w+)", self.body):
            return named[1].decode()
        return f"{self.method} {self.path}"


def answer(asked: Asked) -> Answer | None:
    """What is told of a call, or else the emptiest answer; None to no operation of botocore's."""
    for name in SIGNED_AS.get(asked.service, (asked.service, *_with_prefix(asked.service))):
        operation = _operation(name, asked)
        if operation is not None:
            return _serialized(name, operation, asked)
    return None


@functools.cache
def _services() -> tuple[str, ...]:
    return tuple(botocore.loaders.create_loader().list_available_services("service-2"))


def _with_prefix(service: str) -> Iterable[str]:
    """Services whose name is the signing name and a little more (`bedrock`, `bedrock-agent`)."""
    return (name for name in _services() if name.startswith(f"{service}-"))


def _operation(name: str, asked: Asked) -> OperationModel | None:
    if name not in _services():
        return None
    model = get_service_model(name)
    operation = asked.operation
    if " " in operation:
        return _by_path(model, asked.method, asked.path)
    if b"Action=" in asked.body and f"Version={model.api_version}".encode() not in asked.body:
        return None  # of another service that signs by the same name
    return model.operation_model(operation) if operation in model.operation_names else None


def _by_path(model: ServiceModel, method: str, path: str) -> OperationModel | None:
    """The operation of a REST service; of several that fit, the one with the longest text."""
    fitting = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        pattern = operation.http["requestUri"].partition("?")[0]
        texts = re.split(r"\{[^}]+\}", pattern)
        if operation.http["method"] == method and re.fullmatch(
            ".+?".join(map(re.escape, texts)).rstrip("/") + "/?", path
        ):
            fitting.append((len("".join(texts)), name))
    return model.operation_model(max(fitting)[1]) if fitting else None


def _serialized(service: str, operation: OperationModel, asked: Asked) -> Answer:
    shape = operation.output_shape
    said: object = _emptiest(shape, 0) if shape is not None else {}
    if (reply := TOLD.get(f"{service}:{operation.name}")) is not None:
        is_json = asked.body.startswith(b"{")
        try:
            said = reply(asked.region, json.loads(asked.body) if is_json else {})
        except Refused as error:
            said = error
    protocol = operation.service_model.resolved_protocol
    made = get_serializer_class(service, protocol)(operation).serialize(said)
    body = made["body"]
    data = body.encode() if isinstance(body, str) else bytes(body)
    return made["status_code"], dict(made["headers"]), data


def _emptiest(shape: Shape, depth: int) -> object:
    """The least that a shape can hold: its lists, empty, and what it must have."""
    match shape.type_name:
        case "structure":
            members = getattr(shape, "members", {})
            required = getattr(shape, "required_members", [])
            return {
                name: _emptiest(member, depth + 1)
                for name, member in members.items()
                if name in required or (member.type_name in ("list", "map") and depth == 0)
            }
        case "list":
            return []
        case "map":
            return {}
        case "boolean":
            return False
        case "integer" | "long" | "float" | "double":
            return 0
        case "timestamp":
            return BEGIN
        case "blob":
            return b""
    return next(iter(getattr(shape, "enum", [])), "none")


def refusal(operation: str) -> Answer:
    """What is said to a call that is of no known operation."""
    code = "AccessDeniedException"
    text = {"__type": code, "message": f"{operation}: not simulated"}
    return (
        403,
        {"Content-Type": "application/json", "x-amzn-errortype": code},
        json.dumps(text).encode(),
    )
