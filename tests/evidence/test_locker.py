"""Lockers of every kind keep the same promises: create-only, whole, in order."""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
from azure.core.credentials import AccessToken

from collector.errors import (
    ConfigError,
    CredentialsError,
    LockerError,
    ObjectMissing,
    ObjectTooLarge,
)
from collector.evidence import blob
from collector.evidence.address import Container, parse_address
from collector.evidence.chain import ChainError, put_object
from collector.evidence.locker import Keeping, Locker, open_locker
from tests.azure.blobs import FakeContainer
from tests.evidence.azurite import ACCOUNT, connection_string
from tests.evidence.wsgi import served
from tests.google.storage import FakeStorage

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

DATA = bytes(range(256))


def test_what_was_put_is_what_is_got(locker: Locker) -> None:
    written = locker.put("v1/objects/sha256/ab/abcd", DATA)

    assert written
    assert locker.get("v1/objects/sha256/ab/abcd") == DATA


def test_what_is_there_stays(locker: Locker) -> None:
    locker.put("v1/a", b"first")

    written = locker.put("v1/a", b"second")

    assert not written
    assert locker.get("v1/a") == b"first"


def test_a_missing_file_is_said_to_be_missing(locker: Locker) -> None:
    with pytest.raises(ObjectMissing, match="v1/nothing"):
        locker.get("v1/nothing")


def test_of_many_writers_of_one_key_exactly_one_wins(locker: Locker) -> None:
    payloads = [f"writer {n}".encode() * 100 for n in range(32)]

    with ThreadPoolExecutor(32) as pool:
        won = list(pool.map(lambda data: locker.put("v1/log/1", data), payloads))

    assert won.count(True) == 1
    assert locker.get("v1/log/1") == payloads[won.index(True)]
    assert list(locker.keys("")) == ["v1/log/1"]


def test_keys_come_in_the_order_of_their_characters(locker: Locker) -> None:
    keys = ["v1/a-b/x", "v1/a/x", "v1/a/y/z", "v1/a0", "v1/b", "v1/a.b"]
    for key in keys:
        locker.put(key, b"")

    assert list(locker.keys("v1/")) == sorted(keys)


def test_keys_are_listed_by_prefix_and_from_a_point_on(locker: Locker) -> None:
    for key in ("v1/a/1", "v1/a/2", "v1/ab/1", "v2/a"):
        locker.put(key, b"")

    listed = {
        (prefix, after): list(locker.keys(prefix, after=after))
        for prefix in ("", "v1/a", "v1/a/", "v3/")
        for after in ("", "v1/a/1", "v1/a/10", "v1/a/2", "v1/z")
    }

    assert listed == {
        (prefix, after): [
            key
            for key in ("v1/a/1", "v1/a/2", "v1/ab/1", "v2/a")
            if key.startswith(prefix) and key > after
        ]
        for prefix, after in listed
    }
    assert listed["v1/a", "v1/a/1"] == ["v1/a/2", "v1/ab/1"]


def test_a_key_cannot_lead_out_of_the_locker(locker: Locker) -> None:
    for key in ("", "/etc/passwd", "../x", "v1/../../x", "v1//x", "v1/./x", "a\\b", "a\0b"):
        with pytest.raises(ValueError):
            locker.put(key, b"")
        with pytest.raises(ValueError):
            locker.get(key)
    with pytest.raises(ValueError):
        list(locker.keys("../"))


def test_an_empty_locker_is_writable_and_is_left_empty(locker: Locker) -> None:
    locker.check_writable()

    assert list(locker.keys("")) == []


def test_a_file_url_and_a_path_open_the_same_folder(tmp_path: Path) -> None:
    open_locker(str(tmp_path / "a b")).put("v1/x", b"1")

    assert open_locker((tmp_path / "a b").as_uri()).get("v1/x") == b"1"


def test_a_file_is_told_of_without_being_read(locker: Locker) -> None:
    locker.put("v1/x", DATA)

    assert locker.stat("v1/x").size_bytes == len(DATA)
    with pytest.raises(ObjectMissing, match="v1/nothing"):
        locker.stat("v1/nothing")


def test_each_file_has_one_version(locker: Locker) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    for key in ("v1/a/1", "v1/a/2", "v1/b"):
        locker.put(key, b"1")
        locker.put(key, b"2")

    found = sorted(locker.versions("v1/a/"), key=lambda version: version.key)

    assert [version.key for version in found] == ["v1/a/1", "v1/a/2"]
    assert all(v.is_current and not v.is_delete_marker for v in found)
    assert all(before - timedelta(seconds=1) <= v.written_at for v in found)
    assert list(locker.versions("v1/c")) == []


def test_a_retention_is_extended_where_there_is_one_and_never_shortened(locker: Locker) -> None:
    locker.put("v1/x", DATA)
    first = locker.stat("v1/x").retained_until
    assert (first is None) == (locker.retention() is None)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)

    locker.extend_retention("v1/x", until)
    locker.extend_retention("v1/x", until - timedelta(days=200))

    assert locker.stat("v1/x").retained_until == (until if first is not None else None)


@pytest.mark.parametrize(
    "url",
    [
        "https://host/x",
        "https://account.blob.core.windows.net",
        "http://account.blob.core.windows.net/evidence",
        "ftp://host/x",
        "file://host/x",
        "s3://",
        "s3:x",
        "gs://",
        "azure://account",
        "azure://account/x",
        "azure://Account/evidence",
        "",
    ],
)
def test_an_address_that_cannot_be_a_locker_is_refused_by_name(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        open_locker(url)

    assert repr(url) in str(refused.value)
    assert "expected" in str(refused.value)


def test_an_address_in_azure_has_two_forms() -> None:
    short = parse_address("azure://account/evidence/some/prefix/")
    long = parse_address("https://account.blob.core.windows.net/evidence/some/prefix")
    elsewhere = parse_address("https://account.blob.core.usgovcloudapi.net/evidence")

    assert short == long
    assert short.url == "azure://account/evidence/some/prefix"
    assert elsewhere.url == "https://account.blob.core.usgovcloudapi.net/evidence"


@pytest.mark.parametrize(
    "url",
    [
        "https://account.blob.core.windows.net/evidence?sv=1&sig=hunter2",
        "azure://user:hunter2@account/evidence",
        "gs://user:hunter2@bucket",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        open_locker(url)

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "module", "extra"),
    [
        ("gs://bucket", "googleapiclient.discovery", "gcp"),
        ("azure://account/evidence", "azure.storage.blob", "azure"),
    ],
)
def test_an_sdk_that_is_not_installed_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, url: str, module: str, extra: str
) -> None:
    for name in [n for n in sys.modules if n.startswith(("collector.evidence.", module))]:
        if name.rpartition(".")[2] in ("gcs", "gcs_api", "blob") or name.startswith(module):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(ConfigError, match=rf"{url}: the module {module}.*\[{extra}\]"):
        open_locker(url)


class TestFolder:
    def test_a_folder_is_made_by_the_first_put_only(self, tmp_path: Path) -> None:
        locker = open_locker(str(tmp_path / "new" / "locker"))

        locker.check_writable()
        before = (tmp_path / "new").exists()
        locker.put("v1/x", b"")

        assert not before
        assert (tmp_path / "new" / "locker" / "v1" / "x").exists()

    def test_what_an_interrupted_writer_left_is_not_listed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cut(*_: object) -> None:
            raise KeyboardInterrupt

        locker = open_locker(str(tmp_path))
        monkeypatch.setattr(os, "link", cut)
        monkeypatch.setattr(Path, "unlink", cut)
        with pytest.raises(KeyboardInterrupt):
            locker.put("v1/x", b"part")

        assert len(list((tmp_path / "v1").iterdir())) == 1
        assert list(locker.keys("")) == []

    def test_a_folder_without_write_permission_is_refused_even_for_root(
        self, tmp_path: Path
    ) -> None:
        tmp_path.chmod(0o555)

        with pytest.raises(LockerError, match="read-only"):
            open_locker(str(tmp_path / "below")).check_writable()
        tmp_path.chmod(0o755)

    def test_a_file_in_the_place_of_the_folder_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        locker = open_locker(str(tmp_path / "file"))

        with pytest.raises(LockerError, match="not a folder"):
            locker.check_writable()
        with pytest.raises(LockerError, match="is a file"):
            list(locker.keys(""))
        with pytest.raises(LockerError, match="writing v1/x"):
            locker.put("v1/x", b"")

    def test_what_is_not_a_file_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        locker = open_locker(str(tmp_path))

        with pytest.raises(ObjectMissing):
            locker.get("pipe")

    def test_a_link_in_a_circle_is_listed_and_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "circle").symlink_to(tmp_path)

        assert list(open_locker(str(tmp_path)).keys("")) == ["circle"]


class TestS3:
    def test_two_prefixes_of_a_bucket_are_two_lockers(self, bucket: str) -> None:
        open_locker(f"s3://{bucket}/one").put("v1/x", b"1")

        assert list(open_locker(f"s3://{bucket}/two/").keys("")) == []
        assert list(open_locker(f"s3://{bucket}").keys("")) == ["one/v1/x"]

    def test_listing_goes_on_over_many_pages(
        self, bucket: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
        locker = open_locker(f"s3://{bucket}")
        for number in range(7):
            locker.put(f"v1/{number}", b"")

        assert list(locker.keys("v1/", after="v1/1")) == [f"v1/{n}" for n in range(2, 7)]

    def test_the_digest_is_kept_beside_the_object(self, bucket: str) -> None:
        import boto3

        open_locker(f"s3://{bucket}").put("v1/x", b"")
        head = (
            boto3.session.Session()
            .client("s3")
            .head_object(Bucket=bucket, Key="v1/x", ChecksumMode="ENABLED")
        )

        assert head["ChecksumSHA256"] == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

    def test_a_missing_bucket_is_named(self, s3_environment: None) -> None:
        locker = open_locker("s3://no-such-bucket/x")

        with pytest.raises(LockerError, match=r"no-such-bucket.* 404: there is no such bucket"):
            locker.check_writable()
        with pytest.raises(LockerError, match="NoSuchBucket"):
            locker.put("v1/x", b"")
        with pytest.raises(LockerError, match="NoSuchBucket"):
            list(locker.keys(""))

    def test_missing_credentials_are_said_to_be_missing(
        self, bucket: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

        with pytest.raises(LockerError, match="Unable to locate credentials"):
            open_locker(f"s3://{bucket}").check_writable()

    def test_an_unreachable_server_is_one_line_without_secrets(
        self, s3_environment: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://user:hunter2@127.0.0.1:1")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

        with pytest.raises(LockerError) as refused:
            open_locker("s3://bucket").check_writable()

        assert "127.0.0.1:1" in str(refused.value)
        assert "hunter2" not in str(refused.value)
        assert "\n" not in str(refused.value)

    @pytest.mark.parametrize(
        ("conflicts", "outcome"), [(3, "written"), (100, "10 conflicts with other writers")]
    )
    def test_a_conflict_is_asked_again_but_not_for_ever(
        self,
        s3_environment: None,
        monkeypatch: pytest.MonkeyPatch,
        conflicts: int,
        outcome: str,
    ) -> None:
        """S3 answers 409 while another write of the same key is under way."""
        answers = iter(["409 Conflict"] * conflicts)

        def s3(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            start_response(status := next(answers, "200 OK"), [])
            return [b"<Error><Code>Conflict</Code></Error>"] if status != "200 OK" else []

        with served(s3) as endpoint:
            monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
            locker = open_locker("s3://bucket")
            try:
                found = "written" if locker.put("v1/x", b"1") else "was there"
            except LockerError as error:
                found = str(error)

        assert outcome in found


class TestGoogle:
    def test_listing_goes_on_over_many_pages(self, google_storage: FakeStorage) -> None:
        google_storage.page_size = 2
        locker = open_locker("gs://evidence/p")
        for number in range(7):
            locker.put(f"v1/{number}", b"")

        assert list(locker.keys("v1/", after="v1/1")) == [f"v1/{n}" for n in range(2, 7)]
        assert len(list(locker.versions("v1/"))) == 7

    def test_a_missing_bucket_is_told_from_a_missing_file(
        self, google_storage: FakeStorage
    ) -> None:
        locker = open_locker("gs://no-such-bucket")

        for attempt in (lambda: locker.get("v1/x"), locker.check_writable):
            with pytest.raises(LockerError, match=r"404.*does not exist") as refused:
                attempt()
            assert not isinstance(refused.value, ObjectMissing)

    def test_bytes_that_are_not_what_google_tells_are_not_taken(
        self, google_storage: FakeStorage
    ) -> None:
        locker = open_locker("gs://evidence")
        locker.put("v1/x", DATA)
        google_storage.objects["evidence", "v1/x"][0].data = b"torn"

        with pytest.raises(LockerError, match="MD5"):
            locker.get("v1/x")

    def test_credentials_that_are_not_there_are_asked_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent")

        with pytest.raises(CredentialsError, match="locker gs://bucket/p: finding Google"):
            open_locker("gs://bucket/p")


class TestAzure:
    def test_a_missing_container_is_told_from_a_missing_file(self, azure_environment: None) -> None:
        locker = open_locker(f"azure://{ACCOUNT}/no-such-container")

        for attempt in (lambda: locker.get("v1/x"), locker.check_writable):
            with pytest.raises(LockerError, match="404 ContainerNotFound: there is no") as refused:
                attempt()
            assert not isinstance(refused.value, ObjectMissing)

    @pytest.mark.parametrize(
        ("secret", "told"),
        [
            ("hunter2", "ValueError; expected a connection string"),
            (connection_string("http://127.0.0.1:1"), f"it is of account {ACCOUNT}"),
        ],
    )
    def test_a_connection_string_of_something_else_is_refused(
        self, monkeypatch: pytest.MonkeyPatch, secret: str, told: str
    ) -> None:
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", secret)

        with pytest.raises(ConfigError) as refused:
            open_locker("azure://account/evidence")

        assert str(refused.value).endswith(told)
        assert "hunter2" not in str(refused.value)

    def test_credentials_that_are_not_there_are_asked_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")

        with pytest.raises(CredentialsError, match="locker azure://account/evidence: found no"):
            open_locker("azure://account/evidence")

    def test_a_token_opens_it_over_tls(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        class Tokens:
            def get_token(self, *scopes: str, **_: object) -> AccessToken:
                return AccessToken(f"for {scopes[0]}", 2**40)

        authority = trustme.CA()
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        monkeypatch.setattr(blob, "open_tokens", lambda *_, **__: (Tokens(), "somebody"))
        container = FakeContainer(root="")
        with served(container, context) as url:
            name, _, suffix = url.removeprefix("https://").partition(".")
            locker = blob.BlobLocker(Container(name, suffix, "evidence", "p"), Keeping())

            assert locker.put("v1/x", DATA)
            assert locker.get("v1/x") == DATA

        assert container.authorizations == {"Bearer"}

    def test_another_order_than_that_of_keys_is_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As an account with a hierarchical namespace has it."""
        container = FakeContainer()
        with served(container) as url:
            monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection_string(url))
            locker = open_locker(f"azure://{ACCOUNT}/evidence")
            for key in ("v1/a/x", "v1/a-b/x"):
                locker.put(key, b"")
            monkeypatch.setattr(container, "order", lambda blob: blob.name.split("/"))

            with pytest.raises(LockerError, match="expected an account without hierarchical"):
                list(locker.keys("v1/"))


def test_no_object_is_kept_that_could_not_be_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.evidence.chain.LARGEST_BYTES", 3)

    with pytest.raises(ChainError, match="keeping an object of 4 bytes"):
        put_object(open_locker(str(tmp_path / "locker")), b"four")


@pytest.mark.parametrize("locker", ["folder", "s3"], indirect=True)
def test_a_file_that_is_too_large_is_not_read(
    locker: Locker, monkeypatch: pytest.MonkeyPatch
) -> None:
    locker.put("v1/a", b"four")
    for kind in ("folder", "s3"):
        monkeypatch.setattr(f"collector.evidence.{kind}.LARGEST_BYTES", 3)

    with pytest.raises(ObjectTooLarge, match="4 bytes"):
        locker.get("v1/a")
