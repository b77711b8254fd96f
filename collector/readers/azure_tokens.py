"""Tokens for Azure: the standard chain of credentials, and whose they are."""

from __future__ import annotations

import base64
import json
import logging
import os
import re
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.identity import AzureAuthorityHosts, DefaultAzureCredential

from collector.answer import scrub
from collector.errors import CredentialsError

MARGIN_SECONDS = 300
"""How long before its end a token is no longer used."""

WHAT_TO_SET = "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Tokens:
    """Asks a credential for each token once, not once a thread: some start a process for it."""

    def __init__(self, credential: TokenCredential, tenant: str | None) -> None:
        """Ask `credential`, for tokens of the directory `tenant` if one is given."""
        self._credential = credential
        self._tenant = tenant
        self._lock = threading.Lock()
        self._held: dict[tuple[str, ...], AccessToken] = {}

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **_: Any,
    ) -> AccessToken:
        """A token that is good for some minutes; a new one where the API asks for claims.

        Raises:
            ClientAuthenticationError: none can be had.
        """
        held = self._good(scopes)
        if held is not None and claims is None:
            return held
        with self._lock:
            held = self._good(scopes)
            if held is not None and claims is None:
                return held
            try:
                token = self._credential.get_token(
                    *scopes,
                    claims=claims,
                    tenant_id=tenant_id or self._tenant,
                    enable_cae=enable_cae,
                )
            except ValueError as error:  # msal's, for an authority or a directory that is none
                raise ClientAuthenticationError(one_line(str(error))) from None
            self._held[scopes] = token
            return token

    def _good(self, scopes: tuple[str, ...]) -> AccessToken | None:
        held = self._held.get(scopes)
        if held is None or held.expires_on - time.time() < MARGIN_SECONDS:
            return None
        return held


def open_tokens(
    what: str, *, audience: str, tenant: str | None, connection: Mapping[str, Any]
) -> tuple[Tokens, str]:
    """The standard chain's tokens, and the principal that they are of.

    The chain is the SDK's: a service principal in the environment, workload identity, managed
    identity, the Azure CLI; AZURE_TOKEN_CREDENTIALS narrows it.

    Args:
        what: what they are for, for the error message.
        audience: the scope that one token is asked for at once.
        tenant: directory that tokens are asked of; None: the credential's own.
        connection: the transport's options, for requests to Entra ID.

    Raises:
        CredentialsError: no token can be had, or it is of another directory.
    """
    # It warns of each credential that it tries in vain, on many lines; the error below is one.
    logging.getLogger("azure.identity").setLevel(logging.CRITICAL)
    try:
        chain = DefaultAzureCredential(
            # Microsoft does not know of other hosts, and msal would ask it about them.
            disable_instance_discovery=not _is_microsoft(os.environ.get("AZURE_AUTHORITY_HOST")),
            additionally_allowed_tenants=[tenant] if tenant is not None else [],
            **connection,
        )
        tokens = Tokens(chain, tenant)
        claims = _claims(tokens.get_token(audience).token)
    except (AzureError, ValueError) as error:
        raise CredentialsError(f"{what}: {_why(str(error))}") from None
    of = claims.get("tid")
    if tenant is not None and GUID.fullmatch(tenant) and of and of.lower() != tenant.lower():
        raise CredentialsError(
            f"{what}: the credentials belong to directory {of}; the configuration expects {tenant}"
        )
    named = [f"{claim} {claims[claim]}" for claim in ("upn", "appid", "oid") if claim in claims]
    return tokens, ", ".join(named) or "unknown principal"


def one_line(text: str) -> str:
    """A message of the SDK as one line, without secrets."""
    return scrub(" ".join(text.split()))


def _claims(token: str) -> dict[str, str]:
    """The texts among a token's claims, not verified; none where it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(payload, dict):
        return {}
    return {k: one_line(v) for k, v in payload.items() if isinstance(v, str) and v.strip()}


def _is_microsoft(authority: str | None) -> bool:
    """Whether tokens come from Microsoft's own hosts."""
    if authority is None:
        return True
    host = urlsplit(authority if "//" in authority else f"//{authority}").hostname
    return host in {known for n, known in vars(AzureAuthorityHosts).items() if n.startswith("A")}


def _why(text: str) -> str:
    """What the chain's report of many lines comes to."""
    refused = re.search(r"Authentication failed: (.+)", text)
    if refused is not None:
        said = one_line(refused[1]).partition(" Trace ID:")[0].rstrip(". ")
        return f"asking Entra ID for a token: {said}; check {WHAT_TO_SET}"
    if "failed to retrieve a token" in text:
        return f"found no Azure credentials; set {WHAT_TO_SET}, or run az login"
    return f"asking for a token: {one_line(text)}"
