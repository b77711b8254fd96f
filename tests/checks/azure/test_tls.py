"""Spellings of TLS versions."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from checks.azure.tls import TlsVersion

VERSION: TypeAdapter[TlsVersion] = TypeAdapter(TlsVersion)


@pytest.mark.parametrize(
    "spelled", ["TLS1_2", "1.2", "Tls12", "TLS12", "TLSv1_2", "TLSv1.2", "tlsv1.2"]
)
def test_every_service_s_spelling_is_one_version(spelled: str) -> None:
    assert VERSION.validate_python(spelled) == "1.2"


@pytest.mark.parametrize(
    ("spelled", "version"),
    [("Tls", "1.0"), ("TLS1_0", "1.0"), ("TLSv1", "1.0"), ("Tls11", "1.1"), ("TLS1_3", "1.3"),
     ("None", "none")],
)  # fmt: skip
def test_versions_are_told_apart(spelled: str, version: str) -> None:
    assert VERSION.validate_python(spelled) == version


@pytest.mark.parametrize("spelled", ["TLS1_4", "TLS2_0", "SSL3", "12", "", "1.2 ", 1.2, None])
def test_unknown_spelling_cannot_be_read(spelled: object) -> None:
    with pytest.raises(ValidationError):
        VERSION.validate_python(spelled)
