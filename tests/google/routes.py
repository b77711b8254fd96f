"""Methods of Google's APIs by the paths of requests, and what is wrong with a request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from tests.google.schema import Document, Schema, assert_conforms, document, methods

APIS = (
    ("cloudasset", "v1"),
    ("cloudkms", "v1"),
    ("cloudresourcemanager", "v3"),
    ("compute", "v1"),
    ("logging", "v2"),
    ("sqladmin", "v1"),
    ("storage", "v1"),
)


@dataclass(frozen=True)
class Route:
    """One method of one API."""

    name: str
    path: re.Pattern[str]
    path_names: tuple[str, ...]
    doc: Document
    method: Schema


@cache
def routes() -> tuple[Route, ...]:
    """The methods of all APIs that the fake has; of two for one path the more specific first."""
    found = [
        Route(f"{api}.{name}", *_template(doc, method), doc, method)
        for api, version in APIS
        for doc in [document(api, version)]
        for name, method in methods(doc)
    ]
    return tuple(sorted(found, key=lambda route: route.path.pattern.count("[^/]+")))


def _template(doc: Document, method: Schema) -> tuple[re.Pattern[str], tuple[str, ...]]:
    text, names = "", []
    for literal, name in re.findall(r"([^{]*)(?:\{\+?([^}]+)\})?", method["path"]):
        text += re.escape(literal)
        if name:
            names.append(name)
            pattern = method["parameters"][name].get("pattern", "[^/]+")
            text += f"({pattern.removeprefix('^').removesuffix('$')})"
    return re.compile(f"/{re.escape(doc['servicePath'])}{text}"), tuple(names)


def faults(
    route: Route, path: Mapping[str, str], query: list[tuple[str, str]], body: bytes
) -> Iterator[str]:
    """What Google would refuse in a request."""
    own = route.method.get("parameters", {})
    known = {n: p for n, p in own.items() if p["location"] == "query"} | route.doc["parameters"]
    names = [name for name, _ in query]
    for name, value in query:
        parameter = known.get(name)
        if parameter is None:
            yield f"unknown parameter {name}"
            continue
        if names.count(name) > 1 and not parameter.get("repeated"):
            yield f"repeated parameter {name}"
        shape = {"integer": r"-?\d+", "boolean": "true|false"}.get(parameter["type"], ".*")
        if not re.fullmatch(shape, value) or value not in parameter.get("enum", [value]):
            yield f"parameter {name} cannot be {value}"
    for name, parameter in own.items():
        if parameter.get("required") and name not in path and name not in names:
            yield f"missing parameter {name}"
    if body and "request" not in route.method:
        yield "no body is expected"
    elif body:
        try:
            assert_conforms(route.doc, route.method["request"], json.loads(body), "body")
        except AssertionError as error:
            yield str(error)
