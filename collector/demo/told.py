"""Answers that are told: what moto does not simulate, given by operation, as bytes on the wire.

An answer is written as boto3 returns it, and goes through the service's own protocol and back
through botocore's parser, like one that came from the cloud.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import moto.core.utils
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel
from moto.core.botocore_stubber import MockRawResponse
from moto.core.exceptions import ServiceException
from moto.core.model import ServiceModel
from moto.core.serialize import get_serializer_class

Reply = Callable[[Mapping[str, Any], str], Mapping[str, Any]]
"""From the parameters of a call and its region to the answer. Raises `Refused` to refuse it."""


class Refused(ServiceException):
    """The service says no: `Refused("ResourceNotFoundException", "there is none")`."""


class Told:
    """Answers the operations of a table; what is not in it goes on as if this were not there."""

    def __init__(self, replies: Mapping[str, Reply]) -> None:
        """Take `replies` by operation, `inspector2:BatchGetAccountStatus`."""
        self._replies = replies
        # moto's own look-up makes a loader, which goes through all services, each time.
        self._loader = moto.core.utils.create_loader()  # type: ignore[attr-defined]
        self._models: dict[str, ServiceModel] = {}
        # botocore builds, sends and parses one call on one thread.
        self._call = threading.local()

    def listen(self, session: boto3.Session) -> None:
        """Take notice of the calls of the clients that the session makes from now on."""
        events: Any = session.events  # a call's parameters are not in what is sent
        events.register_first("before-parameter-build", self._remember)

    def _remember(
        self, params: Mapping[str, Any], model: OperationModel, context: Any, **_: object
    ) -> None:
        self._call.now = (dict(params), model, context["client_region"])

    def _model(self, service: str) -> ServiceModel:
        if service not in self._models:
            description = self._loader.load_service_model(service, "service-2")
            self._models[service] = ServiceModel(description, service)
        return self._models[service]

    def answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        """A `before-send` handler: the answer to a call, or None if it is not in the table."""
        params, model, region = self._call.now
        reply = self._replies.get(f"{model.service_model.service_name}:{model.name}")
        if reply is None:
            return None
        result: object
        try:
            result = reply(params, region)
        except Refused as error:
            result = error
        service, protocol = model.service_model.service_name, model.service_model.resolved_protocol
        shapes = self._model(service).operation_model(model.name)
        made = get_serializer_class(service, protocol)(shapes).serialize(result)
        body = made["body"].encode() if isinstance(made["body"], str) else made["body"]
        headers = HTTPHeaders()
        for name, value in made["headers"].items():
            headers[name] = value
        return AWSResponse(request.url, made["status_code"], headers, MockRawResponse(body))
