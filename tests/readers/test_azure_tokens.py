"""Credentials, tokens and the server's certificate, for reading Azure."""

from __future__ import annotations

import base64
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.transport import RequestsTransport

from collector.errors import ConfigError, CredentialsError
from collector.readers.azure import open_account
from collector.readers.azure_tokens import Tokens
from collector.source import HOME, Arm, Graph
from tests.azure import cloud
from tests.azure.answers import SUBSCRIPTION, storage_account
from tests.azure.cloud import GRAPH, POLICIES, SECRET, STORAGE, TENANT, Azure

azure = cloud.azure_fixture

ACCOUNTS = Arm(
    path="/subscriptions/{account}/providers/Microsoft.Storage/storageAccounts",
    api_version="2024-01-01",
    permission="Microsoft.Storage/storageAccounts/read",
    items="value",
)
ACCESS = Graph(
    path="/identity/conditionalAccess/policies", permission="Policy.Read.All", items="value"
)


def test_graph_without_a_token_loses_nothing_of_resource_manager(azure: Azure) -> None:
    azure.put(STORAGE, [storage_account("records")])
    azure.served.remove(GRAPH)
    reader = azure.open()

    refused = reader.read(ACCESS, {}, HOME)
    listed = reader.read(ACCOUNTS, {}, HOME)

    assert refused.failure is not None
    assert (refused.failure.code, refused.failure.denied) == ("ClientAuthentication", False)
    assert "AADSTS500011" in refused.failure.message
    assert listed.is_complete


def test_many_reads_at_once_share_one_token(azure: Azure) -> None:
    reader = azure.open()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: reader.read(ACCESS, {}, HOME), range(16)))

    assert all(a.is_complete for a in answers)
    assert len(azure.tokens) == 2  # one for each API


def test_token_that_the_api_wants_renewed_is_renewed(azure: Azure) -> None:
    """Continuous access evaluation: the API names claims that the next token must be asked with."""
    reader = azure.open()
    claims = base64.b64encode(b'{"access_token":{"nbf":{"essential":true}}}').decode()
    azure.challenge(STORAGE, f'Bearer error="insufficient_claims", claims="{claims}"')

    answer = reader.read(ACCOUNTS, {}, HOME)

    assert answer.is_complete
    assert (answer.provenance["attempts"], len(azure.tokens)) == (2, 2)


class Minutes:
    """A credential whose tokens are good for some minutes; without any, it breaks."""

    def __init__(self, minutes: int) -> None:
        self.minutes = minutes
        self.asked = 0

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        if not self.minutes:
            raise ValueError("Unable to get\nauthority configuration")
        self.asked += 1
        return AccessToken(f"token {self.asked}", int(time.time()) + 60 * self.minutes)


@pytest.mark.parametrize(("minutes", "asked"), [(60, 1), (4, 2)])
def test_token_is_asked_for_again_only_near_its_end(minutes: int, asked: int) -> None:
    credential = Minutes(minutes)
    tokens = Tokens(credential, tenant=None)

    last = [tokens.get_token("scope").token for _ in range(2)][-1]

    assert (last, credential.asked) == (f"token {asked}", asked)


def test_fault_of_the_token_library_is_a_refused_token() -> None:
    with pytest.raises(ClientAuthenticationError, match="Unable to get authority configuration"):
        Tokens(Minutes(0), tenant=None).get_token("scope")


def test_principal_of_a_token_that_is_no_jwt_is_not_known(azure: Azure) -> None:
    azure.is_jwt = False

    reader = azure.open()

    assert reader.scope.identity == "unknown principal"
    assert reader.scope.account == SUBSCRIPTION
    assert reader.read(ACCOUNTS, {}, HOME).is_complete


def test_refused_secret_is_one_line_that_says_what_to_check(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "outdated-secret")

    with pytest.raises(CredentialsError) as error:
        azure.open()

    assert str(error.value) == (
        "account test: asking Entra ID for a token: AADSTS7000215: Invalid client secret provided;"
        " check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
    )
    assert [r.message for r in caplog.records if r.levelno >= logging.WARNING] == []


def test_no_credentials_is_one_line_that_says_what_to_set(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")

    with pytest.raises(CredentialsError) as error:
        azure.open()

    assert str(error.value) == (
        "account test: found no Azure credentials; set AZURE_TENANT_ID, AZURE_CLIENT_ID and"
        " AZURE_CLIENT_SECRET, or run az login"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("AZURE_TENANT_ID", "no tenant!"), ("AZURE_AUTHORITY_HOST", "http://127.0.0.1"),
     ("AZURE_TOKEN_CREDENTIALS", "mine")],
)  # fmt: skip
def test_setting_that_the_sdk_refuses_is_one_line(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(CredentialsError, match=r"^account test: .*[Ii]nvalid") as error:
        azure.open()

    assert "\n" not in str(error.value)


def test_credentials_of_another_directory_are_refused(azure: Azure) -> None:
    azure.tenant = "00000000-1111-2222-3333-444444444444"

    with pytest.raises(CredentialsError, match=f"belong to directory {azure.tenant}"):
        azure.open()


def test_token_and_secret_are_in_no_log_and_no_answer(
    azure: Azure, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    azure.put(STORAGE, [storage_account("records")])
    azure.deny(POLICIES, "AccessDenied", f"scopes are missing in the token {SECRET}")

    reader = azure.open()
    caplog.set_level(logging.DEBUG, "azure.identity")
    answers = [reader.read(source, {}, HOME) for source in (ACCOUNTS, ACCESS)]

    said = "\n".join([*(r.getMessage() for r in caplog.records), *map(repr, answers)])
    assert "storageAccounts" in said
    assert [t for t in azure.tokens if t in said or t.rpartition(".")[2] in said] == []
    assert SECRET not in "\n".join(r.getMessage() for r in caplog.records)


# The server's certificate


def test_ca_bundle_counts_for_tokens_and_both_apis_whatever_the_environment_says(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))

    reader = azure.open()

    assert reader.read(ACCOUNTS, {}, HOME).is_complete
    assert reader.read(ACCESS, {}, HOME).is_complete


def test_server_that_is_not_trusted_gets_nothing(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RequestsTransport, "sleep", lambda self, duration: None)

    with pytest.raises(CredentialsError, match="certificate"):
        open_account("test", subscription="s", tenant=None, endpoint=azure.url, ca_bundle=None)

    assert azure.tokens == []


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:1", "127.0.0.1:1", "https://", "https://[", "https://127.0.0.1:x",
     "https://127.0.0.1:1/path", "https://127.0.0.1:1?q", "https://me@127.0.0.1:1"],
)  # fmt: skip
def test_endpoint_that_is_no_https_server_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigError, match=r"expected https://host:port"):
        open_account("test", subscription="s", tenant=TENANT, endpoint=endpoint, ca_bundle=None)


def test_missing_ca_bundle_is_refused(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.pem")

    with pytest.raises(ConfigError, match=r"none\.pem"):
        open_account("test", subscription="s", tenant=None, endpoint=None, ca_bundle=missing)
