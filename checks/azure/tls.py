"""TLS versions: Azure's services spell them in six ways; here is the one that checks see."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator


def _normal(value: object) -> object:
    """`TLS1_2`, `1.2`, `Tls12`, `TLS12`, `TLSv1_2` and `TLSv1.2` as `1.2`; the rest unchanged.

    `Tls`, `TLS1` and `TLSv1` are 1.0: so Cosmos DB and others name it.
    """
    if not isinstance(value, str):
        return value
    if value.lower() in ("tls", "tls1", "tlsv1"):
        return "1.0"
    spelled = re.fullmatch(r"(?:tlsv?1[._]?|1\.)([0-3])", value, re.IGNORECASE)
    return f"1.{spelled[1]}" if spelled is not None else value.lower()


TlsVersion = Annotated[Literal["1.0", "1.1", "1.2", "1.3", "none"], BeforeValidator(_normal)]
"""The lowest version that a service accepts. `none`: it sets no lower bound (Azure SQL). A spelling
that is not known here makes the resource unreadable."""
