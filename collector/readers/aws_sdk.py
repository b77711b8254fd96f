"""The SDK's service models, reduced to what is called.

botocore holds the whole model of each service it makes a client of. Of EC2's eight hundred
operations a run calls a dozen, and half the CPU and two thirds of the memory of a run would go into
the rest. A file loader of our own, botocore's place for that, leaves out the other operations,
what only they refer to, and the documentation. What is kept is kept as it is.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import botocore.loaders
import botocore.session
import botocore.utils
from botocore.exceptions import UnknownServiceError

from collector.offers import OFFERS
from collector.readers.aws_events import make_cheap
from collector.readers.aws_shipped import shipped
from collector.reads import Region
from collector.source import Aws, Source

SIGN_IN = "sts"
"""The service that is kept whole: which of its operations lead to credentials is the SDK's matter.
"""

REPORT = ("GenerateCredentialReport", "GetCredentialReport")
"""What is called for the one source that is a report."""


_parse_timestamp: Any = botocore.utils.parse_timestamp  # the stubs know of texts only


class Models(botocore.loaders.JSONFileLoader):
    """Reads the files that botocore asks for, without their endings.

    Several sessions may share one; each file is then read once.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        """Keep what the AWS sources among `sources` call; other services keep everything."""
        wanted: dict[str, set[str]] = {}
        for source in (Region.source, OFFERS, *sources):
            if isinstance(source, Aws) and source.service != SIGN_IN:
                called = REPORT if source.report else (source.operation,)
                wanted.setdefault(source.service, set()).update(called)
        self.wanted = wanted
        """Service → operations. Of other services, all are kept."""
        self._files: dict[str, Any] = {}

    def use_in(self, session: botocore.session.Session) -> None:
        """Let the clients that the session makes from now on know these operations alone.

        Args:
            session: one that has made no client yet.
        """
        path = session.get_config_variable("data_path")
        loader = _Loader(path.split(os.pathsep) if path else None, file_loader=self)
        # Here, and not on the threads that read: each has a heap of its own, in which the space for
        # a whole model would stay.
        for service in sorted(self.wanted):
            with suppress(UnknownServiceError):  # told when it is read
                loader.load_service_model(service, "service-2")
        session.register_component("data_loader", loader)
        make_cheap(session)
        factory = session.get_component("response_parser_factory")
        factory.set_parser_defaults(timestamp_parser=parse_time)

    def exists(self, file_path: str) -> bool:
        """Whether there is such a file."""
        return any(Path(file_path + ending).is_file() for ending in (".json.gz", ".json"))

    def load_file(self, file_path: str) -> Any:
        """What the file holds, or None if there is none."""
        if file_path not in self._files:
            self._files[file_path] = self._load(file_path)
        return self._files[file_path]

    def _load(self, file_path: str) -> Any:
        path = Path(file_path)
        service = path.parent.parent.name
        is_reduced = path.name == "service-2" and service in self.wanted
        if is_reduced and (ready := shipped(path, self.wanted[service])) is not None:
            return reduced(ready, self.wanted[service])
        packed, plain = Path(file_path + ".json.gz"), Path(file_path + ".json")
        if packed.is_file():
            found = json.loads(gzip.decompress(packed.read_bytes()))
        elif plain.is_file():
            found = json.loads(plain.read_bytes())
        else:
            return None
        if is_reduced:
            return reduced(found, self.wanted[service])
        if path.name.startswith("service-2.") and service in self.wanted:
            return self._extras(found, self.load_file(str(path.with_name("service-2"))))
        return found

    def _extras(self, extras: Any, model: Mapping[str, Any]) -> Any:
        """Additions to a model, without those to what it does not hold any more."""
        added = extras.get("merge", {})
        kept = {
            part: {name: more for name, more in values.items() if name in model.get(part, {})}
            if part in ("operations", "shapes")
            else values
            for part, values in added.items()
        }
        return extras | {"merge": kept}


def parse_time(value: Any) -> datetime:
    """A time in an answer, as `botocore.utils.parse_timestamp`, in the usual forms much faster."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:  # the epoch in words, or RFC 822
            found = None
        if found is not None and found.tzinfo is not None:
            return found
    elif isinstance(value, int | float):
        with suppress(OverflowError, OSError, ValueError):
            return datetime.fromtimestamp(value, UTC)
    parsed: datetime = _parse_timestamp(value)
    return parsed


@lru_cache(maxsize=1)
def models_of(sources: frozenset[Source]) -> Models:
    """The models of a run, which its accounts share."""
    return Models(sources)


class _Loader(botocore.loaders.Loader):
    """Takes every folder of the search paths for a service, instead of looking into all of them."""

    def list_available_services(self, type_name: str) -> list[str]:
        """Names that may be services; a wrong one is told when its file is not found."""
        found: set[str] = set()
        for path in self.search_paths:
            with suppress(OSError):
                # Once a client: a Path for each of four hundred names would cost too much.
                found.update(os.listdir(path))  # noqa: PTH208
        return sorted(found)


def reduced(model: Mapping[str, Any], wanted: Iterable[str]) -> dict[str, Any]:
    """A service's model with only the operations `wanted`, and the shapes that these refer to."""
    kept = {name: model["operations"][name] for name in wanted if name in model["operations"]}
    shapes: dict[str, Any] = {}
    following = list(_referred(kept))
    while following:
        name = following.pop()
        if name not in shapes:
            shapes[name] = model["shapes"][name]
            following += _referred(shapes[name])
    rest = {k: v for k, v in model.items() if k not in ("documentation", "operations", "shapes")}
    return rest | {"operations": _bare(kept), "shapes": _bare(shapes)}


def _referred(value: Any) -> Iterator[str]:
    """Names of the shapes that a part of a model refers to."""
    # Exact types, as the JSON parser makes them: half of what a run calls is in here.
    if type(value) is dict:
        name = value.get("shape")
        if type(name) is str:
            yield name
            return
        value = value.values()
    elif type(value) is not list:
        return
    for inner in value:
        if type(inner) is dict or type(inner) is list:
            yield from _referred(inner)


def _bare(value: Any) -> Any:
    """A part of a model without its documentation."""
    if type(value) is dict:
        # A member of a structure may have that name; what it stands for is then no text.
        return {
            name: _bare(inner) if type(inner) is dict or type(inner) is list else inner
            for name, inner in value.items()
            if name != "documentation" or type(inner) is not str
        }
    return [_bare(inner) for inner in value] if type(value) is list else value
