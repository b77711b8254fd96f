"""Servers on loopback that take one version of TLS, show bad certificates, or are no TLS at all."""

from __future__ import annotations

import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Handler = Callable[[socket.socket], None]


@contextmanager
def serving(handle: Handler) -> Iterator[int]:
    """A server on 127.0.0.1 that hands each connection to `handle`; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            handle(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def tls(
    configure: Callable[[ssl.SSLContext], None],
    lowest: ssl.TLSVersion,
    highest: ssl.TLSVersion,
) -> Handler:
    """Completes handshakes in a range of versions, with the certificate that `configure` loads."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():  # that the old versions are old is the point
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = lowest, highest
    configure(context)

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)

    return handle


def answering(answer: bytes) -> Handler:
    """Reads something, answers with these bytes and ends the connection."""

    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    return handle
