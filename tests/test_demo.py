"""The demo account: every AWS check at work, the same each time, and nothing outside touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from checks.aws.s3 import Bucket
from collector.answer import Answer
from collector.check import Check, SettingValue, discover
from collector.collect import collect
from collector.demo import open_demo, seed
from collector.errors import ConfigError
from collector.evaluate import Result, evaluate
from collector.readers.aws import AwsReader
from collector.reads import Reads
from collector.source import Aws
from tests.botocore_shape import assert_shape
from tests.demo_account import unconnected

CHECKS: dict[str, Check[...]] = {
    name: check
    for name, check in discover().items()
    if name.startswith("aws.") and not check.follows_findings
}

STRICT: Mapping[str, Mapping[str, SettingValue]] = {
    "aws.dynamodb.encrypted": {"require_kms": True},
    "aws.eks.secrets_encrypted": {"require_kms": True},
    "aws.sagemaker.notebook_encrypted": {"require_kms": True},
}
"""Settings without which a check passes whatever it is given."""

HOSTILE = {
    "AWS_ACCESS_KEY_ID": "someone",
    "AWS_CA_BUNDLE": "/nowhere/ca.pem",
    "AWS_CONFIG_FILE": "/etc/passwd",
    "AWS_DATA_PATH": "/nowhere",
    "AWS_DEFAULT_REGION": "cn-north-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL_IAM": "http://127.0.0.1:1",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_PROFILE": "nobody",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "HTTPS_PROXY": "http://127.0.0.1:1",
    "REQUESTS_CA_BUNDLE": "/nowhere/ca.pem",
}

DEMO_RUN = """
import json, socket, sys
from datetime import datetime

def refuse(*_):
    raise AssertionError("the demo opened a connection")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse

from collector.check import discover
from collector.collect import collect
from collector.demo import open_demo, seed
from collector.evaluate import evaluate

found = discover().items()
checks = [c for name, c in found if name.startswith("aws.") and not c.follows_findings]
now = datetime.fromisoformat(sys.argv[1])
results = evaluate(checks, collect(checks, open_demo()), settings={}, now=now)
json.dump([result.to_json() for result in results], sys.stdout)
"""


@pytest.fixture(scope="module")
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def reads(demo_reads: Reads) -> Reads:
    """What all AWS checks need, read from the demo account."""
    return demo_reads


@pytest.fixture(scope="module")
def results(reads: Reads, now: datetime) -> list[Result]:
    """What all AWS checks say of the demo account."""
    return evaluate(CHECKS.values(), reads, settings={}, now=now)


def session_of(reader: AwsReader) -> boto3.Session:
    session = reader._session
    assert isinstance(session, boto3.Session)
    return session


def names_of_buckets(reader: AwsReader) -> list[str]:
    return sorted(one.resource.id for one in collect([CHECKS["aws.s3.tls_only"]], reader)[Bucket])


def test_every_check_has_a_result_and_none_is_unknown(results: list[Result]) -> None:
    outcomes = Counter((result.check, result.outcome) for result in results)

    assert {check for check, _ in outcomes} == set(CHECKS)
    assert {outcome for _, outcome in outcomes} <= {"pass", "fail"}


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_check_of_resources_shows_good_and_bad_ones(
    name: str, reads: Reads, now: datetime
) -> None:
    found = evaluate([CHECKS[name]], reads, settings=STRICT, now=now)

    # An account has one password policy and one root user, which are as they are.
    judges_resources = any(result.resource.type != "aws.account" for result in found)
    assert {result.outcome for result in found} == {"pass", "fail"} or not judges_resources


def test_the_company_has_most_things_in_order_and_some_not(results: list[Result]) -> None:
    account = Counter(r.outcome for r in results if r.resource.type == "aws.account")
    all_of_it = Counter(r.outcome for r in results)

    assert account["pass"] > account["fail"] > 0
    assert 0.6 < all_of_it["pass"] / all_of_it.total() < 0.9


def test_names_and_ids_are_those_of_the_account_it_says_it_is(reads: Reads) -> None:
    bodies = b"".join(answer.body() or b"" for _, answer in reads.answers)

    assert reads.scope.account == "123456789012"
    assert b"arn:aws:iam::123456789012:user/" in bodies
    assert b"918273645546" not in bodies


def test_another_process_in_a_hostile_environment_finds_the_same(
    results: list[Result], now: datetime
) -> None:
    """Ids, dates and order of all answers repeat: results hold the digests of their evidence."""
    root = str(Path(__file__).parents[1])
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": root, **HOSTILE}

    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", DEMO_RUN, now.isoformat()],
        env=environment,
        capture_output=True,
        check=False,
    )

    assert ran.stderr == b""
    assert json.loads(ran.stdout) == [result.to_json() for result in results]


def test_readers_opened_twice_read_the_same(reads: Reads) -> None:
    def said(answers: Reads) -> dict[str, bytes | None]:
        return {f"{a.source} {a.params} {a.place}": a.body() for _, a in answers.answers}

    again = collect([CHECKS["aws.s3.tls_only"], CHECKS["aws.rds.require_tls"]], open_demo())

    assert said(again).items() <= said(reads).items()
    assert len(said(again)) > 15


def test_what_is_told_could_be_an_answer_of_its_service(reads: Reads) -> None:
    for _, answer in reads.answers:
        service, operation = answer.source.split(":")
        if answer.source in seed.TOLD and answer.failure is None:
            for page in answer.pages:
                assert_shape(service, operation, page)


@pytest.mark.parametrize(
    ("service", "operation"),
    [("freetier", "GetFreeTierUsage"), ("ec2", "GetEbsDefaultKmsKeyId")],
    ids=["a service that moto lacks", "an operation that moto lacks"],
)
def test_what_is_not_simulated_is_an_error_and_never_sent(service: str, operation: str) -> None:
    source = Aws(service=service, operation=operation, permission=f"{service}:{operation}")

    with unconnected():
        answer: Answer = open_demo().read(source, {}, "us-east-1")

    assert answer.failure is not None
    assert answer.failure.code == "NotSimulated"
    assert answer.pages == ()


def test_opening_leaves_the_process_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    before, session_class = dict(os.environ), boto3.Session

    client = session_of(open_demo()).client("s3")

    assert dict(os.environ) == before
    assert boto3.Session is session_class
    assert client.meta.endpoint_url == "https://s3.amazonaws.com"


def test_other_aws_clients_reach_their_own_account(aws: boto3.Session) -> None:
    """As a locker in S3 does, also where that is a simulation in the same process."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="locker")

    names = names_of_buckets(open_demo())

    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["locker"]
    assert "brackenfield-patient-documents" in names
    assert "locker" not in names


def test_without_moto_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto", None)

    with pytest.raises(ConfigError, match="needs the extra demo; pip install"):
        open_demo()


def test_a_moto_set_to_another_account_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "999999999999")

    with pytest.raises(ConfigError, match=r"found MOTO_ACCOUNT_ID in the environment"):
        open_demo()
