"""What was deleted and written again reads well, and is found all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from collector.errors import Refused
from collector.evidence.keys import Signer
from collector.evidence.locker import Version, open_locker
from collector.evidence.report import Problem
from collector.evidence.verify import verify
from collector.evidence.versions import version_problems
from tests.azure.blobs import FakeContainer
from tests.evidence.azurite import ACCOUNT, connection_string
from tests.evidence.lockers import MemoryLocker, seal_key, sealed_run
from tests.evidence.wsgi import served
from tests.google.storage import FakeStorage

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

SEAL = seal_key("prod", 1)


def version(key: str, hour: int, *, current: bool = True, marker: bool = False) -> Version:
    moment = datetime(2026, 11, 22, hour, tzinfo=UTC)
    return Version(key, str(hour), current, marker, moment)


@pytest.mark.parametrize(
    ("versions", "problems"),
    [
        ([version("a", 1), version("b", 2)], []),
        (
            [version("a", 1, current=False), version("a", 2)],
            ["a: it has 2 versions, written at 2026-11-22T01:00:00Z, 2026-11-22T02:00:00Z"],
        ),
        (
            [version("a", 1, current=False), version("a", 2, current=False, marker=True)],
            ["a: it was deleted at 2026-11-22T02:00:00Z: a delete marker"],
        ),
        (
            [version("a", 1, current=False)],
            ["a: it was deleted: only what was written at 2026-11-22T01:00:00Z is left"],
        ),
        (
            [
                version("a", 3),
                version("a", 2, current=False, marker=True),
                version("a", 1, current=False),
                version("b", 1),
            ],
            ["a: it has 2 versions", "a: it was deleted at 2026-11-22T02:00:00Z"],
        ),
        (
            [version("a", hour, current=hour == 9) for hour in range(1, 10)],
            ["a: it has 9 versions"],
        ),
    ],
)
def test_each_file_has_one_version_and_was_never_deleted(
    versions: list[Version], problems: list[str]
) -> None:
    found = sorted(map(str, version_problems(versions)))

    assert len(found) == len(problems)
    assert all(a.startswith(b) for a, b in zip(found, problems, strict=True))


def replaced(report_problems: Iterable[Problem], key: str) -> list[str]:
    return [problem.message for problem in report_problems if problem.key == key]


def test_on_s3_a_seal_that_was_deleted_and_written_again_is_named(
    s3_environment: None, locked_bucket: Callable[[], str], signer: Signer
) -> None:
    """A delete marker makes room for another write, and every digest holds again."""
    import boto3

    name = locked_bucket()
    locker = open_locker(f"s3://{name}/p")
    sealed_run(locker, signer)
    sound = verify(locker)
    seal = locker.get(SEAL)
    boto3.session.Session().client("s3").delete_object(Bucket=name, Key=f"p/{SEAL}")
    assert locker.put(SEAL, seal)

    report = verify(locker)

    assert sound.ok
    deleted, written = sorted(replaced(report.problems, SEAL), reverse=True)
    assert deleted.startswith("it was deleted at")
    assert written.startswith("it has 2 versions")
    assert len(report.problems) == 2


def test_on_google_an_object_that_was_deleted_and_written_again_is_named(
    google_storage: FakeStorage, signer: Signer
) -> None:
    locker = open_locker("gs://evidence/p")
    sealed_run(locker, signer)
    key = next(key for key in locker.keys("v1/objects/"))
    data = locker.get(key)
    google_storage.delete("evidence", f"p/{key}")
    assert locker.put(key, data)

    problems = verify(locker, account="prod").problems

    assert [problem.key for problem in problems] == [key]
    assert "2 versions" in problems[0].message


def test_on_azure_a_document_that_was_deleted_is_named(
    monkeypatch: pytest.MonkeyPatch, signer: Signer
) -> None:
    container = FakeContainer()
    with served(container) as url:
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection_string(url))
        locker = open_locker(f"azure://{ACCOUNT}/evidence/p")
        sealed_run(locker, signer)
        sound = verify(locker)
        container.delete(f"p/{SEAL}")
        deleted = verify(locker).problems
        assert locker.put(SEAL, b"another")
        again = verify(locker).problems

    assert sound.ok
    assert any("it was deleted: only what" in m for m in replaced(deleted, SEAL))
    assert any("it has 2 versions" in m for m in replaced(again, SEAL))


def test_with_an_account_only_what_its_log_leads_to_is_looked_at(signer: Signer) -> None:
    class Rewritten(MemoryLocker):
        def versions(self, prefix: str) -> Iterator[Version]:
            for key in self.keys(prefix):
                yield from (version(key, 1, current=False), version(key, 2))

    locker = Rewritten({})
    sealed_run(locker, signer)
    sealed_run(locker, signer, account="dev", buckets={"only-dev": "pass"})

    of_dev = {p.key for p in verify(locker, account="dev").problems}
    of_all = {p.key for p in verify(locker).problems}

    assert of_all == set(locker.files)
    assert of_dev < of_all
    assert not any("/prod/" in key for key in of_dev)
    assert len([key for key in of_dev if "/objects/" in key]) == 3  # its answer, results, calls


def test_versions_that_may_not_be_listed_are_a_warning(signer: Signer) -> None:
    class Denying(MemoryLocker):
        def versions(self, prefix: str) -> Iterator[Version]:
            raise Refused("s3:ListBucketVersions is denied")

    locker = Denying({})
    sealed_run(locker, signer)

    report = verify(locker)

    assert report.ok
    assert any("s3:ListBucketVersions is denied" in warning for warning in report.warnings)


@pytest.mark.parametrize("status", ["403 Forbidden", "501 Not Implemented"])
def test_s3_that_lists_no_versions_is_told_apart_from_one_that_fails(
    s3_environment: None, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    with served(_answering(status, b"<Error><Code>Told</Code></Error>")) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

        with pytest.raises(Refused, match=r"listing versions of v1/ .*Told"):
            list(open_locker("s3://bucket").versions("v1/"))


def test_google_and_azure_that_list_no_versions_are_refusals(
    google_storage: FakeStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    google_storage.denied = {"versions"}
    with pytest.raises(Refused, match="403"):
        list(open_locker("gs://evidence").versions(""))
    with served(FakeContainer(denied={"versions"})) as url:
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection_string(url))
        with pytest.raises(Refused, match="403 AuthorizationPermissionMismatch"):
            list(open_locker(f"azure://{ACCOUNT}/evidence").versions(""))


def _answering(status: str, body: bytes) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, [])
        return [body]

    return app
