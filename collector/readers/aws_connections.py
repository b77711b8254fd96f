"""Connections to AWS: one pool, and one set of trusted roots, for all clients of an account.

The SDK gives each client a pool of its own, and reads the file of trusted roots anew for each
connection: 16 ms of CPU each, more than all else that a request takes. There is no setting for it,
so this is the one place that reaches into a client for its HTTP session.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import botocore.httpsession
from urllib3 import PoolManager

URLLib3Session: Any = botocore.httpsession.URLLib3Session  # the stubs know little of it

HOSTS = 1024
"""How many hosts keep their connections; each service has one in each region."""


class Connections:
    """The HTTP sessions that clients share. Those that need another proxy have another one."""

    def __init__(self) -> None:
        self._shared: dict[str, Any] = {}

    def share(self, client: Any) -> None:
        """Let a client use the connections of those before it."""
        endpoint = client._endpoint
        own = endpoint.http_session
        way = repr(vars(own._proxy_config))
        if way not in self._shared:
            own.__class__ = _Session
            own.prepare()
            self._shared[way] = own
        endpoint.http_session = self._shared[way]


class _Session(URLLib3Session):  # type: ignore[misc]
    """A session for many hosts that has read the trusted roots."""

    def prepare(self) -> None:
        manager = PoolManager(**self._get_pool_manager_kwargs())
        manager.pool_classes_by_scheme = self._pool_classes_by_scheme
        self._manager = manager

    def _get_pool_manager_kwargs(self, **extra: Any) -> dict[str, Any]:
        kwargs: dict[str, Any] = super()._get_pool_manager_kwargs(**extra)
        return {"num_pools": HOSTS} | kwargs

    def _get_ssl_context(self) -> Any:
        context = super()._get_ssl_context()
        self._has_roots = False
        if self._verify:
            with suppress(OSError):  # what is wrong with the file is said by who connects
                context.load_verify_locations(botocore.httpsession.get_cert_path(self._verify))
                self._has_roots = True
        return context

    def _setup_ssl_cert(self, conn: Any, url: str, verify: Any) -> None:
        if self._has_roots and url.lower().startswith("https"):
            conn.cert_reqs = "CERT_REQUIRED"  # by the roots that the context holds
        else:
            super()._setup_ssl_cert(conn, url, verify)
