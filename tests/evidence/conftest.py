"""Real keys, real folders, servers of three clouds on loopback, and a small locker to break."""

from __future__ import annotations

import functools
import itertools
import os
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from collector.evidence.keys import FileSigner, Signer
from collector.evidence.locker import Locker, open_locker
from tests.evidence.azurite import ACCOUNT, azurite, connection_string
from tests.evidence.lockers import MemoryLocker, sealed_run
from tests.evidence.wsgi import served
from tests.google.storage import FakeStorage

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


@pytest.fixture(scope="session")
def signer() -> Signer:
    return FileSigner(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def other_signer() -> Signer:
    return FileSigner(ec.generate_private_key(ec.SECP256R1()))


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


@pytest.fixture(scope="session")
def _models() -> Callable[[str], object]:
    from botocore.loaders import JSONFileLoader

    load = JSONFileLoader.load_file
    return functools.cache(lambda path: load(JSONFileLoader(), path))


@pytest.fixture(autouse=True)
def _models_read_once(_models: Callable[[str], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each locker has a session of its own, which would read the models of S3 anew: 0.2 s."""
    from botocore.loaders import JSONFileLoader

    monkeypatch.setattr(JSONFileLoader, "load_file", lambda self, path: _models(path))


@pytest.fixture(scope="session")
def moto_app() -> WSGIApplication:
    """moto's server. It looks and then writes, so requests are let in one at a time, as S3 does
    for one key."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    app = DomainDispatcherApplication(create_backend_app)
    turn = threading.Lock()

    def one_at_a_time(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with turn:
            answer: Iterable[bytes] = app(environ, start_response)
            return answer

    return one_at_a_time


@pytest.fixture(scope="session")
def s3_endpoint(moto_app: WSGIApplication) -> Iterator[str]:
    with served(moto_app) as endpoint:
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
def new_bucket(s3_endpoint: str) -> Callable[[], str]:
    """Makes a bucket, and says its name."""
    import boto3

    client = boto3.session.Session(
        aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1"
    ).client("s3", endpoint_url=s3_endpoint)
    numbers = itertools.count(1)

    def make() -> str:
        name = f"evidence-{next(numbers)}"
        client.create_bucket(Bucket=name)
        return name

    return make


@pytest.fixture
def bucket(new_bucket: Callable[[], str], s3_environment: None) -> str:
    """The name of a new bucket."""
    return new_bucket()


@pytest.fixture(scope="session")
def locked_bucket(s3_endpoint: str) -> Callable[[], str]:
    """Makes a bucket with Object Lock and 100 days in governance mode, and says its name."""
    import boto3

    client = boto3.session.Session(
        aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1"
    ).client("s3", endpoint_url=s3_endpoint)
    numbers = itertools.count(1)

    def make() -> str:
        name = f"locked-{next(numbers)}"
        client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
        rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 100}}
        client.put_object_lock_configuration(
            Bucket=name,
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
        )
        return name

    return make


@pytest.fixture
def google_storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStorage]:
    """Google Cloud Storage with one bucket, `evidence`, that keeps versions."""
    storage = FakeStorage()
    storage.make_bucket("evidence", versioning={"enabled": True})
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage.url)
    yield storage
    storage.close()


@pytest.fixture(scope="session")
def azurite_url() -> Iterator[str]:
    with azurite() as url:
        yield url


@pytest.fixture
def azure_environment(azurite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection_string(azurite_url))


@pytest.fixture
def container(azure_environment: None) -> str:
    """The name of a new container."""
    from azure.storage.blob import ContainerClient

    name = f"evidence-{uuid.uuid4().hex}"
    secret = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
    with ContainerClient.from_connection_string(secret, name) as client:
        client.create_container()
    return name


@pytest.fixture(params=["folder", "s3", "gs", "azure"])
def locker(request: pytest.FixtureRequest, tmp_path: Path) -> Locker:
    """An empty locker of each kind; on S3 with Object Lock."""
    match request.param:
        case "folder":
            return open_locker(str(tmp_path / "locker"))
        case "s3":
            request.getfixturevalue("s3_environment")
            make: Callable[[], str] = request.getfixturevalue("locked_bucket")
            return open_locker(f"s3://{make()}/some/prefix")
        case "gs":
            request.getfixturevalue("google_storage")
            return open_locker("gs://evidence/some/prefix")
    name = request.getfixturevalue("container")
    return open_locker(f"azure://{ACCOUNT}/{name}/some/prefix")
