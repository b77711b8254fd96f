"""Opening an account of Google Cloud: credentials, and whom they are of."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from checks.gcp.storage import Bucket
from collector.answer import Scope
from collector.errors import CredentialsError
from collector.readers.gcp import open_account
from collector.source import HOME
from tests.google import fixtures
from tests.google.fake import EMAIL, PROJECT, FakeGoogle
from tests.google.fixtures import reader, use

google = fixtures.google


def test_apis_and_tokens_are_asked_over_tls_by_a_private_authority(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    bundle = str(tmp_path / "authority.pem")
    authority.cert_pem.write_to_path(bundle)
    cloud = FakeGoogle(tls=context)
    use(cloud, monkeypatch, tmp_path)
    cloud.answer(Bucket.source.name, {})

    trusted = reader(cloud, bundle).read(Bucket.source, {"project": PROJECT}, HOME)
    with pytest.raises(CredentialsError) as refused:
        reader(cloud)
    cloud.close()

    assert trusted.is_complete
    assert "certificate verify failed" in str(refused.value)


def test_account_is_read_as_the_principal_of_the_key_file(google: FakeGoogle) -> None:
    assert reader(google).scope == Scope("gcp", "test", PROJECT, EMAIL)


@pytest.mark.parametrize("content", [None, "{", '{"type": "service_account"}', "revoked"])
def test_credentials_that_cannot_be_used_are_told_in_one_line(
    google: FakeGoogle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    path = tmp_path / "other.json"
    if content is None:
        monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    elif content == "revoked":
        google.has_account = False
    else:
        path.write_text(content)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))

    with pytest.raises(CredentialsError) as told:
        open_account("prod", project=PROJECT, endpoint=google.url, ca_bundle=None)

    assert str(told.value).startswith("account prod: ")
    assert "\n" not in str(told.value)
