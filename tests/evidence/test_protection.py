"""What protects a bucket is looked at, set where it is missing, and never loosened."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from collector.cli import cli
from collector.evidence.address import Bucket, parse_address
from collector.evidence.locker import Keeping
from collector.evidence.protection import Finding, Place, establish, inspect, protections
from collector.evidence.s3_policy import is_covered, statements
from tests.azure.blobs import FakeContainer
from tests.evidence.azurite import ACCOUNT, connection_string
from tests.evidence.wsgi import served
from tests.google.storage import FakeStorage

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PLAIN = Keeping()

DAYS_6_YEARS = 2192
ALL_OF_S3 = (
    "bucket",
    "versioning",
    "object lock",
    "encryption",
    "public access",
    "policy",
    "lifecycle",
)


def states(findings: Sequence[Finding]) -> dict[str, str]:
    return {finding.name: finding.state for finding in findings}


def found(findings: Sequence[Finding], name: str) -> str:
    return next(finding.found for finding in findings if finding.name == name)


def looked(url: str, keeping: Keeping = PLAIN, *, apply: bool = False) -> tuple[Finding, ...]:
    wanted = protections(parse_address(url), keeping, Place())
    return establish(wanted) if apply else inspect(wanted)


class TestS3:
    def test_a_bucket_that_is_not_there_is_made_with_all_that_protects(
        self, s3_environment: None, s3: Any
    ) -> None:
        before = looked("s3://made-here/p")
        unchanged = looked("s3://made-here/p")
        applied = looked("s3://made-here/p", apply=True)
        after = looked("s3://made-here/p")

        assert before == unchanged
        assert set(states(before).values()) == {"missing"}
        assert states(applied) == states(after) == dict.fromkeys(ALL_OF_S3, "ok")
        assert found(after, "object lock") == f"{DAYS_6_YEARS} days in governance mode"
        assert not any(finding.is_changed for finding in after)
        assert {f.name for f in applied if f.is_changed} >= {"bucket", "object lock", "policy"}
        owner = s3.get_bucket_ownership_controls(Bucket="made-here")["OwnershipControls"]
        assert owner["Rules"][0]["ObjectOwnership"] == "BucketOwnerEnforced"

    def test_a_bucket_that_is_there_is_completed(self, bucket: str, s3: Any) -> None:
        before = looked(f"s3://{bucket}")
        applied = looked(f"s3://{bucket}", apply=True)

        assert states(before)["versioning"] == states(before)["object lock"] == "missing"
        assert states(applied) == dict.fromkeys(ALL_OF_S3, "ok")

    def test_a_longer_retention_and_a_stricter_mode_stay(
        self, s3_environment: None, locked_bucket: Callable[[], str], s3: Any
    ) -> None:
        name = locked_bucket()
        _set_default(s3, name, "COMPLIANCE", 10)

        looked(f"s3://{name}", Keeping(days=30), apply=True)
        longer = _default(s3, name)
        looked(f"s3://{name}", Keeping(days=20), apply=True)

        assert longer == _default(s3, name) == {"Mode": "COMPLIANCE", "Days": 30}

    def test_compliance_mode_is_asked_for_where_it_is_configured(
        self, s3_environment: None, locked_bucket: Callable[[], str], s3: Any
    ) -> None:
        name = locked_bucket()
        keeping = Keeping(days=50, mode="compliance")

        before = looked(f"s3://{name}", keeping)
        looked(f"s3://{name}", keeping, apply=True)

        assert states(before)["object lock"] == "missing"
        assert _default(s3, name) == {"Mode": "COMPLIANCE", "Days": 100}

    def test_the_key_of_the_configuration_becomes_the_default(self, bucket: str) -> None:
        keeping = Keeping(encryption_key="arn:aws:kms:us-east-1:123456789012:key/abc")

        before = looked(f"s3://{bucket}", keeping)
        after = looked(f"s3://{bucket}", keeping, apply=True)

        assert states(before)["encryption"] == "missing"
        assert found(after, "encryption").startswith("aws:kms with key arn:aws:kms")

    def test_what_others_wrote_into_the_policy_stays(self, bucket: str, s3: Any) -> None:
        theirs = {
            "Sid": "CollectorNoDelete",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
        }
        policy = {"Version": "2012-10-17", "Statement": theirs}
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))

        looked(f"s3://{bucket}", apply=True)

        written = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
        assert written[0] == theirs
        assert [statement["Sid"] for statement in written] == [
            "CollectorNoDelete",
            "CollectorTlsOnly",
            "CollectorNoDelete2",
            "CollectorKeepRetention",
        ]

    def test_a_rule_that_lets_evidence_expire_is_named_and_left_to_people(
        self, bucket: str, s3: Any
    ) -> None:
        rules = [
            _rule("old-logs", "logs/", Expiration={"Days": 30}),
            _rule("everything", "", Expiration={"Days": 365}),
            _rule("below", "p/v1/", NoncurrentVersionExpiration={"NoncurrentDays": 1}),
            _rule("parts", "", AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}),
        ]
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": rules}
        )

        after = looked(f"s3://{bucket}/p", apply=True)

        assert states(after)["lifecycle"] == "missing"
        assert found(after, "lifecycle") == "objects expire by rule everything, below"

    @pytest.mark.parametrize("query", ["object-lock", "versioning", "policy", "publicAccessBlock"])
    def test_what_may_not_be_read_is_never_ok_and_never_set(
        self,
        s3_environment: None,
        locked_bucket: Callable[[], str],
        monkeypatch: pytest.MonkeyPatch,
        moto_app: WSGIApplication,
        query: str,
    ) -> None:
        name = locked_bucket()
        looked(f"s3://{name}", Keeping(days=10), apply=True)
        with _denying(moto_app, query) as (url, requests):
            monkeypatch.setenv("AWS_ENDPOINT_URL", url)

            findings = looked(f"s3://{name}", Keeping(days=10), apply=True)

        unread = [finding for finding in findings if finding.state != "ok"]
        assert [finding.state for finding in unread] == ["unread"]
        assert "AccessDenied" in unread[0].found
        assert not [verb for verb in requests if verb == "PUT"]

    def test_what_may_not_be_set_is_told_and_the_rest_is_set(
        self, bucket: str, monkeypatch: pytest.MonkeyPatch, moto_app: WSGIApplication
    ) -> None:
        with _denying(moto_app, "object-lock", verbs=("PUT",)) as (url, _):
            monkeypatch.setenv("AWS_ENDPOINT_URL", url)

            findings = looked(f"s3://{bucket}", apply=True)

        assert states(findings) == dict.fromkeys(ALL_OF_S3, "ok") | {"object lock": "missing"}
        assert "setting it failed" in found(findings, "object lock")


class TestS3Policy:
    wanted = statements(Bucket("b", "p"), "aws", 100)

    def test_what_is_wanted_covers_itself_in_any_order(self) -> None:
        assert all(is_covered(statement, self.wanted[::-1]) for statement in self.wanted)

    @pytest.mark.parametrize(
        ("change", "covers"),
        [
            ({"Action": ["s3:delete*", "s3:BypassGovernanceRetention"]}, True),
            ({"Action": "*", "Resource": "*"}, True),
            ({"Principal": {"AWS": ["*"]}}, True),
            ({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, False),
            ({"Effect": "Allow"}, False),
            ({"Action": ["s3:DeleteObject", "s3:BypassGovernanceRetention"]}, False),
            ({"Resource": "arn:aws:s3:::b/q/*"}, False),
            ({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, False),
        ],
    )
    def test_a_refusal_to_delete_counts_in_whatever_words(
        self, change: dict[str, Any], covers: bool
    ) -> None:
        statement = {**self.wanted[1], **change}

        assert is_covered(self.wanted[1], [statement]) is covers

    @pytest.mark.parametrize(
        ("condition", "covers"),
        [
            ({"Bool": {"aws:SecureTransport": "false"}}, True),
            ({"Bool": {"aws:SecureTransport": ["false"]}}, True),
            ({"Bool": {"aws:SecureTransport": False}}, True),
            ({"Bool": {"aws:SecureTransport": "true"}}, False),
            ({}, True),
        ],
    )
    def test_plain_http_is_refused_under_its_condition(
        self, condition: dict[str, Any], covers: bool
    ) -> None:
        assert is_covered(self.wanted[0], [{**self.wanted[0], "Condition": condition}]) is covers

    @pytest.mark.parametrize(("days", "covers"), [("99", True), ("2000", True), ("98", False)])
    def test_a_refusal_of_short_retentions_must_reach_as_far(self, days: str, covers: bool) -> None:
        condition = {"NumericLessThan": {"s3:object-lock-remaining-retention-days": days}}

        assert is_covered(self.wanted[2], [{**self.wanted[2], "Condition": condition}]) is covers

    def test_a_refusal_with_a_further_condition_does_not_count(self) -> None:
        condition = {
            "NumericLessThan": {"s3:object-lock-remaining-retention-days": "2000"},
            "StringEquals": {"aws:PrincipalAccount": "123456789012"},
        }

        assert not is_covered(self.wanted[2], [{**self.wanted[2], "Condition": condition}])


class TestGoogle:
    def test_a_bucket_that_is_not_there_is_made_with_all_that_protects(
        self, google_storage: FakeStorage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-project")

        before = looked("gs://made-here")
        applied = looked("gs://made-here", apply=True)
        after = looked("gs://made-here")

        assert set(states(before).values()) == {"missing"}
        assert set(states(applied).values()) == set(states(after).values()) == {"ok"}
        assert found(after, "retention policy") == f"{DAYS_6_YEARS} days"
        assert google_storage.buckets["made-here"]["objectRetention"] == {"mode": "Enabled"}

    def test_without_a_project_no_bucket_is_made(self, google_storage: FakeStorage) -> None:
        findings = looked("gs://made-here", apply=True)

        assert "GOOGLE_CLOUD_PROJECT" in found(findings, "bucket")
        assert "made-here" not in google_storage.buckets

    def test_a_longer_policy_stays_and_a_lock_is_left_to_people(
        self, google_storage: FakeStorage
    ) -> None:
        day = 86_400
        google_storage.buckets["evidence"] |= {
            "retentionPolicy": {"retentionPeriod": str(9000 * day)},
            "lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 1}}]},
        }
        keeping = Keeping(days=100, mode="compliance")

        findings = looked("gs://evidence", keeping, apply=True)

        assert google_storage.buckets["evidence"]["retentionPolicy"] == {
            "retentionPeriod": str(9000 * day)
        }
        assert {name for name, state in states(findings).items() if state != "ok"} == {
            "lock",
            "object retention",
            "lifecycle",
        }
        assert found(findings, "lifecycle") == "1 rules delete"

    def test_what_may_not_be_read_is_never_ok(self, google_storage: FakeStorage) -> None:
        google_storage.denied = {"buckets.get"}

        findings = looked("gs://evidence", apply=True)

        assert set(states(findings).values()) == {"unread"}
        assert "buckets.patch" not in google_storage.calls

    def test_what_may_not_be_set_is_told(self, google_storage: FakeStorage) -> None:
        google_storage.denied = {"buckets.patch"}

        findings = looked("gs://evidence", apply=True)

        assert "may not call buckets.patch" in found(findings, "public access")
        assert states(findings)["public access"] == "missing"

    def test_a_writer_that_lacks_a_permission_is_told_which(
        self, google_storage: FakeStorage
    ) -> None:
        from collector.errors import Refused
        from collector.evidence.locker import open_locker

        google_storage.permissions = ("storage.objects.get", "storage.objects.list")

        with pytest.raises(Refused, match=r"lack storage\.objects\.create"):
            open_locker("gs://evidence").check_writable()


class TestAzure:
    url = f"azure://{ACCOUNT}/evidence"

    def test_a_container_with_immutable_storage_is_protected(
        self, azure: Callable[[FakeContainer], None]
    ) -> None:
        azure(FakeContainer(about={"x-ms-immutable-storage-with-versioning-enabled": "true"}))

        findings = looked(self.url, Keeping(days=2192))

        assert set(states(findings).values()) == {"ok"}

    def test_what_is_not_told_is_unread(self, azure: Callable[[FakeContainer], None]) -> None:
        about = {"x-ms-has-immutability-policy": "true", "x-ms-blob-public-access": "blob"}
        azure(FakeContainer(about=about, is_hierarchical=True, denied={"account"}))

        findings = looked(self.url)

        assert states(findings) == {
            "container": "ok",
            "public access": "missing",
            "immutability": "unread",
            "retention": "unread",
            "namespace": "unread",
        }

    def test_a_container_that_is_not_there_is_made(
        self, azure: Callable[[FakeContainer], None]
    ) -> None:
        container = FakeContainer(
            exists=False, about={"x-ms-immutable-storage-with-versioning-enabled": "false"}
        )
        azure(container)

        before = looked(self.url)
        applied = looked(self.url, apply=True)

        assert states(before)["container"] == "missing"
        assert states(applied)["container"] == "ok"
        assert states(applied)["immutability"] == "missing"
        assert container.exists

    def test_a_denied_read_is_unread(self, azure: Callable[[FakeContainer], None]) -> None:
        azure(FakeContainer(denied={"container", "account"}))

        findings = looked(self.url, Keeping(days=1), apply=True)

        assert set(states(findings).values()) == {"unread"}

    def test_azurite_is_read(self, container: str) -> None:
        """The answers of a server that others wrote."""
        findings = looked(f"azure://{ACCOUNT}/{container}", Keeping(days=1))

        assert states(findings)["container"] == states(findings)["public access"] == "ok"
        assert states(findings)["immutability"] == "unread"


class TestCommand:
    def test_a_folder_says_what_it_cannot_do(self, tmp_path: Path) -> None:
        ended = CliRunner().invoke(cli, ["locker", "check", str(tmp_path / "new")])

        assert ended.exit_code == 3
        assert "whoever may write the folder may delete in it" in " ".join(ended.output.split())
        assert "--apply" not in ended.output
        assert not (tmp_path / "new").exists()

    def test_init_says_what_it_would_do_and_does_it_when_told(self, s3_environment: None) -> None:
        run = CliRunner().invoke

        said = run(cli, ["locker", "init", "s3://by-command"])
        done = run(cli, ["locker", "init", "s3://by-command", "--apply"])
        checked = run(cli, ["locker", "check", "s3://by-command"])

        assert [said.exit_code, done.exit_code, checked.exit_code] == [3, 0, 0]
        assert "Nothing was changed. Next:\n  collector locker init s3://by-command --apply" in (
            said.output
        )
        assert "NOT PROTECTED s3://by-command: 7 missing, 0 could not be read" in said.output
        assert checked.output.endswith("PROTECTED s3://by-command: all of it is there\n")

    def test_json_is_for_scripts(self, google_storage: FakeStorage) -> None:
        google_storage.denied = {"buckets.get"}

        ended = CliRunner().invoke(cli, ["locker", "check", "gs://evidence", "--format", "json"])

        told = json.loads(ended.output)
        assert ended.exit_code == 3
        assert (told["locker"], told["protected"]) == ("gs://evidence", False)
        assert {finding["state"] for finding in told["protections"]} == {"unread"}

    def test_the_configuration_says_what_is_expected(
        self, google_storage: FakeStorage, tmp_path: Path
    ) -> None:
        file = tmp_path / "collector.toml"
        file.write_text('locker = "gs://evidence"\n[retention]\ndays = 7\nmode = "compliance"\n')

        run = CliRunner().invoke
        ended = run(cli, ["--config", str(file), "locker", "check", "--format", "json"])

        told = {p["name"]: p["wanted"] for p in json.loads(ended.output)["protections"]}
        assert told["retention policy"] == "each object is retained for 7 days"
        assert "gcloud storage buckets update gs://evidence" in told["lock"]

    def test_what_azure_does_not_tell_is_said(self, azure: Callable[[FakeContainer], None]) -> None:
        azure(FakeContainer())

        ended = CliRunner().invoke(cli, ["locker", "check", f"azure://{ACCOUNT}/evidence"])

        assert ended.exit_code == 3
        assert "Not seen from here: lifecycle rules" in ended.output


@pytest.fixture
def s3(s3_environment: None) -> Any:
    import boto3

    return boto3.session.Session().client("s3")


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[FakeContainer], None]]:
    """Lets a container be the one that the environment names."""

    @dataclass
    class Switch:
        app: WSGIApplication | None = None

        def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            assert self.app is not None
            return self.app(environ, start)

    switch = Switch()
    with served(switch) as url:
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection_string(url))

        def use(container: FakeContainer) -> None:
            switch.app = container

        yield use


@contextmanager
def _denying(
    moto: WSGIApplication, query: str, verbs: tuple[str, ...] = ("GET", "PUT")
) -> Iterator[tuple[str, list[str]]]:
    """moto, which may not be asked for one setting of buckets; the verbs that were asked."""
    requests: list[str] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        requests.append(environ["REQUEST_METHOD"])
        if environ["QUERY_STRING"].rstrip("=") == query and environ["REQUEST_METHOD"] in verbs:
            start_response("403 Forbidden", [])
            return [b"<Error><Code>AccessDenied</Code></Error>"]
        return moto(environ, start_response)

    with served(app) as url:
        yield url, requests


def _set_default(s3: Any, bucket: str, mode: str, days: int) -> None:
    rule = {"DefaultRetention": {"Mode": mode, "Days": days}}
    s3.put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )


def _default(s3: Any, bucket: str) -> Any:
    answer = s3.get_object_lock_configuration(Bucket=bucket)
    rule = answer["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    return {name: rule[name] for name in ("Mode", "Days")}


def _rule(name: str, prefix: str, **what: Any) -> dict[str, Any]:
    return {"ID": name, "Status": "Enabled", "Filter": {"Prefix": prefix}, **what}
