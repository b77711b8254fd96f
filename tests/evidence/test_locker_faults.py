"""Lockers in clouds live with throttling, silence, and answers that get lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from collector.errors import LockerError
from collector.evidence import blob, gcs_api, s3
from collector.evidence.canonical import sha256
from collector.evidence.chain import put_object
from collector.evidence.keys import Signer
from collector.evidence.locker import Locker, open_locker
from collector.evidence.snapshot import object_key
from collector.evidence.verify import verify
from tests.evidence.azurite import ACCOUNT, connection_string
from tests.evidence.faults import Fault, Proxy, proxy
from tests.evidence.lockers import sealed_run
from tests.google.storage import FakeStorage

DATA = b"evidence" * 100

SHORT_SECONDS = 0.5


@pytest.fixture(params=["s3", "gs", "azure"])
def _server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Proxy, str]]:
    """A proxy before a server of each kind, and the address of an empty locker behind it."""
    match request.param:
        case "s3":
            bucket = request.getfixturevalue("bucket")
            with proxy(request.getfixturevalue("s3_endpoint")) as found:
                monkeypatch.setenv("AWS_ENDPOINT_URL", found.url)
                yield found, f"s3://{bucket}"
        case "gs":
            storage: FakeStorage = request.getfixturevalue("google_storage")
            with proxy(storage.url, throttled=429) as found:
                monkeypatch.setenv("STORAGE_EMULATOR_HOST", found.url)
                yield found, "gs://evidence"
        case _:
            name = request.getfixturevalue("container")
            with proxy(request.getfixturevalue("azurite_url")) as found:
                string = connection_string(found.url)
                monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", string)
                yield found, f"azure://{ACCOUNT}/{name}"


@pytest.fixture
def faulty(_server: tuple[Proxy, str]) -> Proxy:
    return _server[0]


@pytest.fixture
def opened(_server: tuple[Proxy, str]) -> Callable[[], Locker]:
    """Opens the locker, once limits of time are set."""
    return lambda: open_locker(_server[1])


@pytest.mark.parametrize("fault", ["throttled", "broken"])
def test_what_is_refused_for_now_is_asked_again(
    faulty: Proxy, opened: Callable[[], Locker], fault: Fault
) -> None:
    locker = opened()
    faulty.faults = [fault]

    assert locker.put("v1/x", DATA)
    assert locker.get("v1/x") == DATA


def test_silence_is_not_waited_for_without_end(
    faulty: Proxy, opened: Callable[[], Locker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "READ_SECONDS", SHORT_SECONDS)
    monkeypatch.setattr(blob, "READ_SECONDS", SHORT_SECONDS)
    monkeypatch.setattr(gcs_api, "TIMEOUT_SECONDS", SHORT_SECONDS)
    locker = opened()
    faulty.faults = ["silent"]

    assert locker.put("v1/x", DATA)


def test_evidence_whose_answer_got_lost_is_there_and_referred_to(
    faulty: Proxy, opened: Callable[[], Locker]
) -> None:
    """The put is sent again and finds what it wrote itself: it says False, and that is well."""
    locker = opened()
    faulty.faults = ["cut"]

    assert put_object(locker, DATA) == sha256(DATA)
    assert locker.get(object_key(sha256(DATA))) == DATA


def test_a_seal_whose_answer_got_lost_is_not_sealed_twice(
    faulty: Proxy, opened: Callable[[], Locker], signer: Signer
) -> None:
    locker = opened()
    # Four objects, the public key, the document, and then the seal.
    faulty.faults = [None, None, None, None, None, None, "cut"]

    appended = sealed_run(locker, signer, day=1)

    assert faulty.faults == []
    assert appended.number == 1
    assert [chain.last.number for chain in verify(locker).chains] == [1]


def test_a_server_that_is_not_there_is_one_line(
    faulty: Proxy, opened: Callable[[], Locker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "127.0.0.1:1")
    string = connection_string("http://127.0.0.1:1")
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", string)
    monkeypatch.setattr(blob, "RETRIES", 0)
    locker = opened()

    for attempt in (lambda: locker.put("v1/x", b""), locker.check_writable):
        with pytest.raises(LockerError) as refused:
            attempt()
        assert locker.url in str(refused.value)
        assert "\n" not in str(refused.value)
        assert "AccountKey" not in str(refused.value)
