"""The simulated cloud, as a process: moto's server, with an account of a company in it.

`python -m bench.cloud.server SCALE` makes the account, listens on a port of this machine, prints
`{"port": …, "made": {"ec2 instance": 24, …}}`, and ends when its standard input does.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from io import BytesIO
from types import ModuleType
from typing import Any

from bench.cloud import data, identity, missing, servers
from bench.cloud.amended import AMENDMENTS
from bench.cloud.place import Builder, Client
from bench.proxy import SCOPE

Start = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], Start], Iterable[bytes]]


def seed(scale: int) -> Counter[str]:
    """Make the account inside this process, and say how many things of each kind."""
    import boto3
    from moto import mock_aws
    from moto.moto_api._internal import mock_random

    mock = mock_aws()
    mock.start()
    mock_random.seed(0)
    session = boto3.Session(region_name="us-east-1")

    def open_client(service: str, region: str) -> Client:
        made: Client = session.client(service, region_name=region)  # type: ignore[call-overload]
        return made

    make = Builder(open_client, scale)
    for part in (identity, servers, data):
        part.seed(make)
    mock.stop(remove_data=False)
    return make.made


def completed(simulated: Wsgi) -> Wsgi:
    """The application that answers, too, what moto cannot."""

    def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        asked = _asked(environ)
        environ["wsgi.input"] = BytesIO(asked.body)
        began: list[Any] = []
        try:
            answer = b"".join(simulated(environ, lambda *args: began.extend(args[:2])))
        except Exception:  # whatever moto trips over is not simulated
            began, answer = ["500", []], b""
        status, kind = began[0], dict(began[1]).get("Content-Type", "")
        name = asked.operation
        if status[:3] in ("500", "501") or (status[:3] == "404" and "html" in kind):
            found = missing.answer(asked)
            code, given, answer = found or missing.refusal(f"{asked.service} {name}")
            status, began = f"{code} OK", ["", [*given.items()]]
            print(f"not simulated: {asked.service} {name}", file=sys.stderr, flush=True)
        elif status[:3] == "200" and (amend := AMENDMENTS.get((asked.service, name))) is not None:
            answer = amend(answer, asked.region)
        start(status, [(k, v) for k, v in began[1] if k.lower() != "content-length"])
        return [answer]

    return application


def _asked(environ: dict[str, Any]) -> missing.Asked:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_") or name == "CONTENT_TYPE"
    }
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    scope = SCOPE.search(headers.get("authorization", ""))
    region, service = scope.groups() if scope else ("", "")
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    return missing.Asked(service, region, method, path, headers, body)


def without_validator() -> None:
    """Let moto's API Gateway be imported without the validator of OpenAPI documents.

    It is asked only when an API is made of such a document, and brings 12 packages.
    """
    names = ("openapi_spec_validator", "validation", "exceptions")
    stand_ins = {".".join(names[: i + 1]): ModuleType(name) for i, name in enumerate(names)}
    vars(stand_ins["openapi_spec_validator"])["validate"] = None
    vars([*stand_ins.values()][-1])["OpenAPIValidationError"] = ValueError
    sys.modules.update(stand_ins)


def main() -> None:
    without_validator()
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    made = seed(int(sys.argv[1]))
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto: Any = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, completed(moto))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port, "made": made}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
