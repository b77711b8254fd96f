"""Real keys, real folders, an S3 server on loopback, and a small locker to break."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from collector.errors import ObjectMissing
from collector.evidence.canonical import JSON, canonical
from collector.evidence.chain import Appended, append, put_object
from collector.evidence.keys import FileSigner, Signer
from collector.evidence.locker import Locker, open_locker
from collector.evidence.snapshot import Account, CheckEntry, Collector, Scope, Snapshot, Summary

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class MemoryLocker:
    """A locker over a dictionary, which a test can change as nobody could change a real one."""

    url = "memory"

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def put(self, key: str, data: bytes) -> bool:
        return self.files.setdefault(key, data) is data

    def get(self, key: str) -> bytes:
        if key not in self.files:
            raise ObjectMissing(f"no {key}")
        return self.files[key]

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        return iter(sorted(k for k in self.files if k.startswith(prefix) and k > after))

    def check_writable(self) -> None:
        pass


def sealed_run(
    locker: Locker,
    signer: Signer,
    *,
    account: str = "prod",
    day: int = 1,
    at: datetime | None = None,
    buckets: Mapping[str, str] | None = None,
) -> Appended:
    """Collect one check over a few buckets and seal it, on a day of a month."""
    outcomes = buckets if buckets is not None else {"logs": "fail", f"data-{day}": "pass"}
    moment = at or NOON + timedelta(days=day)
    answers = {name: put_object(locker, canonical({"bucket": name})) for name in outcomes}
    calls: list[JSON] = [
        {"operation": "GetBucketEncryption", "bucket": name, "answer_sha256": digest}
        for name, digest in answers.items()
    ]
    calls.append({"operation": "ListBuckets", "answer_sha256": None})
    results: list[JSON] = [
        {
            "check": "aws.s3.default_encryption",
            "outcome": outcome,
            "resource": {"type": "aws.s3.bucket", "id": f"arn:aws:s3:::{name}"},
            "reason": "as asked",
            "evidence": [answers[name]],
        }
        for name, outcome in sorted(outcomes.items())
    ]
    passed = sum(outcome == "pass" for outcome in outcomes.values())
    failed = len(outcomes) - passed
    document = Snapshot(
        account=Account(name=account, provider="aws", id="123456789012"),
        started=moment,
        finished=moment,
        collector=Collector(version="1", checks_sha256="a" * 64, mappings_sha256="b" * 64),
        identity="arn:aws:iam::123456789012:role/reader",
        scope=Scope(regions=("us-east-1",), checks=("aws.s3.default_encryption",), settings={}),
        summary=Summary(
            passed=passed, failed=failed, unknown=0, not_applicable=0, calls=len(calls)
        ),
        complete=True,
        checks=(
            CheckEntry(
                id="aws.s3.default_encryption",
                control="encryption-at-rest",
                severity="high",
                soc2=("CC6.1",),
                hipaa=("164.312(a)(2)(iv)",),
                summary={"pass": passed, "fail": failed},
                results_sha256=put_object(locker, b"".join(canonical(r) + b"\n" for r in results)),
            ),
        ),
        calls_sha256=put_object(locker, b"".join(canonical(c) + b"\n" for c in calls)),
    ).to_bytes()
    return append(locker, account, document, signer, lambda: moment)


@pytest.fixture(scope="session")
def signer() -> Signer:
    return FileSigner(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def other_signer() -> Signer:
    return FileSigner(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def run() -> Callable[..., Appended]:
    return sealed_run


@pytest.fixture(scope="session")
def memory() -> Callable[[dict[str, bytes]], Locker]:
    return MemoryLocker


@pytest.fixture(scope="session")
def _sound_files(signer: Signer) -> dict[str, bytes]:
    locker = MemoryLocker({})
    for day in (1, 2, 3):
        sealed_run(locker, signer, day=day)
    sealed_run(locker, signer, account="dev", day=1)
    return locker.files


@pytest.fixture
def files(_sound_files: dict[str, bytes]) -> dict[str, bytes]:
    """A sound locker: three snapshots of `prod` and one of `dev`."""
    return dict(_sound_files)


@contextmanager
def served(app: Callable[..., Iterable[bytes]]) -> Iterator[str]:
    """A WSGI application on a port of loopback; its URL."""
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[str]]:
    return served


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """moto's server. It looks and then writes, so requests are let in one at a time, as S3 does
    for one key."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    app = DomainDispatcherApplication(create_backend_app)
    turn = threading.Lock()

    def one_at_a_time(environ, start_response):  # type: ignore[no-untyped-def]
        with turn:
            return app(environ, start_response)

    with served(one_at_a_time) as endpoint:
        yield endpoint


@pytest.fixture
def s3_environment(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def s3_client(s3_endpoint: str):  # type: ignore[no-untyped-def]
    """A client of the server, to look behind a locker's back."""
    import boto3

    return boto3.session.Session(
        aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1"
    ).client("s3", endpoint_url=s3_endpoint)


_buckets = itertools.count(1)


@pytest.fixture
def bucket(s3_client, s3_environment: None) -> str:  # type: ignore[no-untyped-def]
    """The name of a new bucket."""
    name = f"evidence-{next(_buckets)}"
    s3_client.create_bucket(Bucket=name)
    return name


@pytest.fixture(params=["folder", "s3"])
def locker(request: pytest.FixtureRequest, tmp_path: Path) -> Locker:
    """An empty locker of each kind."""
    if request.param == "folder":
        return open_locker(str(tmp_path / "locker"))
    return open_locker(f"s3://{request.getfixturevalue('bucket')}/some/prefix")
