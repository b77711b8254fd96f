"""Reduced service models that come with the package, so that a run needs not make them.

To unpack, parse and reduce the models of forty services takes a quarter of a second, a tenth of a
run. `aws_models.json` holds what the product's own checks call, of one version of botocore, as a
test sees to. Where another version is installed, or a pack of checks calls something else, the
service's own model is read as ever.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any

import botocore
import botocore.loaders

FILE = Path(__file__).with_name("aws_models.json")

BUILTIN: str = botocore.loaders.Loader.BUILTIN_DATA_PATH
"""Where botocore's own models are. Models from elsewhere are their owner's matter."""


def shipped(path: Path, wanted: Collection[str]) -> Any | None:
    """The model of a service with at least the operations `wanted`; None: it did not come with us.

    Args:
        path: the file of botocore that is asked for: `…/SERVICE/VERSION/service-2`.
        wanted: names of operations.
    """
    held = _read()
    if held["botocore"] != botocore.__version__ or not path.is_relative_to(BUILTIN):
        return None
    service = held["services"].get(path.parent.parent.name)
    if service is None or service["version"] != path.parent.name:
        return None
    return service["model"] if set(wanted) <= service["model"]["operations"].keys() else None


@lru_cache(maxsize=1)
def _read() -> Any:
    return json.loads(FILE.read_bytes())
