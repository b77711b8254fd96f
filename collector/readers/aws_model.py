"""What the SDK's own models say of AWS operations: which are reads, and what in them is secret.

Which operations are read-only is decided by the service's model, not by a prefix alone: botocore
has no mark for it that could be relied on.
"""

from __future__ import annotations

from typing import Any

import botocore.model

from collector.errors import CheckError

READ_VERBS = ("Describe", "Get", "List", "BatchGet", "Search", "Lookup")

READS_DESPITE_THEIR_NAME = {"iam:GenerateCredentialReport"}
"""Classed as a read by IAM itself: it makes a report of the account and changes nothing in it."""

SECRET_MEMBERS = frozenset(
    {
        "accesstoken",
        "authorizationtoken",
        "dbpassword",
        "plaintext",
        "secretaccesskey",
        "secretbinary",
        "secretstring",
        "sessiontoken",
    }
)
"""Members by which an answer hands out credentials or secrets, in lower case."""

DEEPEST_SECRET = 4
"""How deep in an answer its model is searched for them; models may be recursive."""

IDENTIFIERS = {"identitystore:GroupDisplayName", "identitystore:UserName", "s3:SSEKMSKeyId"}
"""Shapes that a model marks sensitive although they only name a key, or who has access, which is
what the evidence is about."""


def is_read_only(operation: botocore.model.OperationModel) -> bool:
    """Whether the service's own model shows an operation to change nothing.

    Over REST a GET or HEAD is a read. A POST, which is all there is over RPC, is one if its name
    begins with a reading verb and the model has no idempotency token, which only changes need. An
    operation that hands out secrets is none that evidence may hold, whatever its method.
    """
    name = f"{operation.service_model.service_name}:{operation.name}"
    if _members(operation.output_shape) & SECRET_MEMBERS:
        return False
    if name in READS_DESPITE_THEIR_NAME:
        return True
    method = operation.http["method"]
    if method in ("GET", "HEAD") and str(operation.service_model.protocol).startswith("rest"):
        return True
    is_named_so = operation.name.startswith(READ_VERBS)
    return is_named_so and method in ("GET", "POST") and not operation.idempotent_members


def operation_model(
    service: botocore.model.ServiceModel, name: str
) -> botocore.model.OperationModel:
    """The model of an operation that may be called.

    Raises:
        CheckError: the service has no such operation, or it is not read-only.
    """
    if name not in service.operation_names:
        raise CheckError(f"source {service.service_name}:{name}: the service has no such operation")
    operation = service.operation_model(name)
    if not is_read_only(operation):
        raise CheckError(f"source {service.service_name}:{name}: refused, it is not read-only")
    return operation


def is_sensitive(operation: botocore.model.OperationModel, path: tuple[str, ...]) -> bool:
    """Whether the model marks the text at this path, or what holds it."""
    shape: Any = operation.output_shape
    for step in path:
        while shape is not None and shape.type_name == "list":
            shape = shape.member
        if shape is None or shape.type_name not in ("structure", "map"):
            return False
        shape = shape.members.get(step) if shape.type_name == "structure" else shape.value
    while shape is not None:
        if shape.metadata.get("sensitive"):
            return f"{operation.service_model.service_name}:{shape.name}" not in IDENTIFIERS
        shape = shape.member if shape.type_name == "list" else None
    return False


def _members(shape: botocore.model.Shape | None, depth: int = 0) -> set[str]:
    """Names of all members of a shape, in lower case, a few levels deep."""
    match shape:
        case botocore.model.StructureShape() if depth < DEEPEST_SECRET:
            found = {name.lower() for name in shape.members}
            return found.union(*(_members(m, depth + 1) for m in shape.members.values()))
        case botocore.model.ListShape():
            return _members(shape.member, depth)
    return set()
