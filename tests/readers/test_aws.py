"""The AWS reader: pages, errors, provenance, and what it refuses to call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import boto3
import botocore.awsrequest
import botocore.session
import pytest
from botocore.config import Config as SdkConfig
from botocore.exceptions import ClientError

from collector.accounts import open_reader
from collector.answer import CUT, REDACTED, Answer, items
from collector.config import Config
from collector.errors import CheckError, ConfigError, CredentialsError
from collector.readers.aws import AwsReader, open_account
from collector.readers.aws_model import is_read_only
from collector.readers.aws_role import assume_role
from collector.resource import lookup
from collector.source import Aws
from tests.aws_told import told

TABLES = Aws(
    service="dynamodb", operation="ListTables", permission="dynamodb:ListTables", items="TableNames"
)
USERS = Aws(
    service="iam", operation="ListUsers", permission="iam:ListUsers", items="Users", regions="home"
)
BUCKET_POLICY = Aws(
    service="s3",
    operation="GetBucketPolicy",
    permission="s3:GetBucketPolicy",
    absent=("NoSuchBucketPolicy",),
)
DENIED_XML = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
    "<Message>not yours: -----BEGIN PRIVATE KEY-----</Message></Error></ErrorResponse>"
)


CHANGING_VERBS = """
    Create Delete Put Update Modify Set Attach Detach Tag Untag Run Terminate Start Stop Reset
    Enable Disable Add Remove Register Deregister Authorize Revoke Import Purchase Accept Reject
    """


def reader(session: boto3.Session) -> AwsReader:
    twice = SdkConfig(retries={"total_max_attempts": 2})
    return open_account(session, "test", regions=("us-east-1",), expected=None, config=twice)


def answer_with(
    session: boto3.Session, event: str, reply: Callable[[int], tuple[int, str] | None]
) -> None:
    """Let the network answer an operation by itself: by the count of the call, or not at all."""
    count = iter(range(1_000))

    def before_send(request: Any, **_: object) -> Any:
        found = reply(next(count))
        if found is None:
            return None
        headers: Any = {}
        raw: Any = _Raw(found[1].encode())
        return botocore.awsrequest.AWSResponse(request.url, found[0], headers, raw)

    session.events.register(f"before-send.{event}", before_send)


class _Raw(BytesIO):
    def stream(self, **_: object) -> Any:
        yield self.read()


def make_tables(session: boto3.Session, *names: str) -> None:
    dynamodb = session.client("dynamodb")
    for name in names:
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )


def test_all_pages_are_read_and_counted(aws: boto3.Session) -> None:
    make_tables(aws, "one", "two", "three")

    answer = reader(aws).read(TABLES, {"Limit": 2}, "us-east-1")

    record = answer.record(TABLES)
    assert (record["pages"], record["items"], record["complete"]) == (2, 3, True)


def test_a_refused_call_says_what_is_missing_and_no_secret(aws: boto3.Session) -> None:
    answer_with(aws, "iam.ListUsers", lambda _: (403, DENIED_XML))

    answer = reader(aws).read(USERS, {}, "us-east-1")

    assert answer.record(USERS)["error"] == {
        "code": "AccessDenied",
        "message": f"not yours: {REDACTED}",
        "permissions": ["iam:ListUsers"],
    }
    assert answer.body() is None


def test_a_listing_that_breaks_off_keeps_its_pages_and_is_not_complete(aws: boto3.Session) -> None:
    make_tables(aws, "one", "two", "three")
    denied = '{"__type": "AccessDeniedException", "message": "no"}'
    answer_with(aws, "dynamodb.ListTables", lambda call: (400, denied) if call == 1 else None)

    answer = reader(aws).read(TABLES, {"Limit": 2}, "us-east-1")

    record = answer.record(TABLES)
    assert (record["pages"], record["items"], record["complete"]) == (1, None, False)
    assert record["answer_sha256"] is not None


def test_a_token_that_nobody_follows_is_a_cut(aws: boto3.Session) -> None:
    """WAF's listings have no paginator in the SDK, and yet they have pages."""
    source = Aws(service="wafv2", operation="ListWebACLs", permission="x", items="WebACLs")
    answer_with(aws, "wafv2.ListWebACLs", lambda _: (200, '{"WebACLs": [], "NextMarker": "n"}'))

    answer = reader(aws).read(source, {"Scope": "REGIONAL"}, "us-east-1")

    assert answer.failure is not None
    assert answer.failure.code == CUT


WEB_ACLS = Aws(
    service="wafv2",
    operation="ListWebACLs",
    permission="wafv2:ListWebACLs",
    items="WebACLs",
    constants={"Scope": "REGIONAL"},
    marker="NextMarker",
)


def test_a_listing_without_paginator_is_followed_by_its_marker() -> None:
    """Up to the empty page: WAF gives a marker with the last ones, too."""
    pages = {None: ["a", "b"], "b": ["c"], "c": []}

    def list_web_acls(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        names = pages[params.get("NextMarker")]
        return {"WebACLs": [{"Name": name} for name in names], "NextMarker": (names or ["c"])[-1]}

    session = told({"wafv2:ListWebACLs": list_web_acls})

    answer = reader(session).read(WEB_ACLS, {"Scope": "REGIONAL"}, "us-east-1")

    assert answer.is_complete
    assert [lookup(acl, "Name") for acl in items(WEB_ACLS, answer.pages)] == ["a", "b", "c"]
    assert b"NextMarker" not in (answer.body() or b"")


def test_a_marker_that_leads_back_is_a_cut() -> None:
    page = {"WebACLs": [{"Name": "a"}], "NextMarker": "a"}

    session = told({"wafv2:ListWebACLs": page})
    answer = reader(session).read(WEB_ACLS, {"Scope": "REGIONAL"}, "us-east-1")

    assert not answer.is_complete


def test_pages_by_position_are_followed_and_the_position_is_not_kept() -> None:
    source = Aws(service="apigateway", operation="GetRestApis", permission="x", items="items")

    def get_rest_apis(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
        if params.get("position") == "second":
            return {"items": [{"id": "b"}]}
        return {"items": [{"id": "a"}], "position": "second"}

    session = told({"apigateway:GetRestApis": get_rest_apis})
    answer = reader(session).read(source, {}, "us-east-1")

    assert answer.is_complete
    assert [lookup(api, "id") for api in items(source, answer.pages)] == ["a", "b"]
    assert b"position" not in (answer.body() or b"")


@pytest.mark.parametrize("said", ["<IsTruncated>true</IsTruncated>", "<NextMarker>n</NextMarker>"])
def test_what_is_said_beside_the_list_counts_as_well(aws: boto3.Session, said: str) -> None:
    source = Aws(
        service="cloudfront",
        operation="ListDistributions",
        permission="x",
        items="DistributionList.Items",
        omits_empty=True,
    )
    body = f"<DistributionList><Quantity>0</Quantity>{said}</DistributionList>"
    answer_with(aws, "cloudfront.ListDistributions", lambda _: (200, body))

    answer = reader(aws).read(source, {}, "us-east-1")

    assert not answer.is_complete


def test_an_answer_that_broke_off_is_asked_for_again_and_counted_once(aws: boto3.Session) -> None:
    make_tables(aws, "one", "two", "three")
    source = Aws(
        service="dynamodb",
        operation="ListTables",
        permission="x",
        items="TableNames",
    )
    # The second page of the first attempt is no JSON.
    answer_with(aws, "dynamodb.ListTables", lambda call: (200, "{") if call == 1 else None)

    answer = reader(aws).read(source, {"Limit": 2}, "us-east-1")

    assert answer.is_complete
    record = answer.record(source)
    assert (record["pages"], record["items"]) == (2, 3)


def test_a_truncated_last_page_is_a_cut(aws: boto3.Session) -> None:
    source = Aws(service="kms", operation="ListKeyPolicies", permission="x")
    answer_with(
        aws,
        "kms.ListKeyPolicies",
        lambda _: (200, '{"PolicyNames": ["a"], "Truncated": true}'),
    )

    answer = reader(aws).read(source, {"KeyId": "k"}, "us-east-1")

    assert answer.failure is not None
    assert answer.failure.code == CUT


@pytest.mark.parametrize(
    ("event", "source"), [("dynamodb.ListTables", TABLES), ("iam.ListUsers", USERS)]
)
def test_an_answer_that_cannot_be_parsed_is_a_failure_not_an_empty_one(
    aws: boto3.Session, event: str, source: Aws
) -> None:
    answer_with(aws, event, lambda _: (200, "<html>proxy"))

    answer = reader(aws).read(source, {}, "us-east-1")

    assert not answer.is_complete


def test_a_throttled_call_is_asked_again(aws: boto3.Session) -> None:
    aws.client("iam").create_user(UserName="one")
    throttled = DENIED_XML.replace("AccessDenied", "Throttling")
    answer_with(aws, "iam.ListUsers", lambda call: (400, throttled) if call == 0 else None)

    answer = reader(aws).read(USERS, {}, "us-east-1")

    assert answer.is_complete
    assert answer.provenance["attempts"] == 2


def test_absence_is_an_answer(aws: boto3.Session) -> None:
    aws.client("s3").create_bucket(Bucket="logs")

    answer = reader(aws).read(BUCKET_POLICY, {"Bucket": "logs"}, "us-east-1")

    assert answer.is_absent
    assert answer.body() == b'{"absent":"NoSuchBucketPolicy"}'


def test_the_record_of_a_call_says_who_asked_whom_and_when(
    aws: boto3.Session, moto_url: str
) -> None:
    record = reader(aws).read(USERS, {}, "us-east-1").record(USERS)

    assert record["source"] == "iam:ListUsers"
    assert record["endpoint"] == moto_url
    assert str(record["identity"]).startswith("arn:aws:sts::123456789012:")
    assert str(record["started"]).endswith("Z")
    assert isinstance(record["duration_ms"], int)
    assert (record["status"], record["attempts"]) == (200, 1)
    assert isinstance(record["request_ids"], list)
    assert len(record["request_ids"]) == 1


def test_what_the_model_marks_sensitive_is_not_kept(aws: boto3.Session) -> None:
    parameter = Aws(service="ssm", operation="GetParameter", permission="x")
    aws.client("ssm").put_parameter(Name="p", Value="hunter2", Type="SecureString")

    answer = reader(aws).read(parameter, {"Name": "p"}, "us-east-1")

    assert answer.is_complete
    assert b"hunter2" not in (answer.body() or b"")
    assert REDACTED.encode() in (answer.body() or b"")


@pytest.mark.parametrize(
    ("service", "operation"),
    [("sts", "GetSessionToken"), ("secretsmanager", "GetSecretValue"), ("s3", "CreateSession")],
)
def test_operations_that_hand_out_secrets_are_refused(
    aws: boto3.Session, service: str, operation: str
) -> None:
    source = Aws(service=service, operation=operation, permission="x")

    with pytest.raises(CheckError, match="not read-only"):
        reader(aws).read(source, {}, "us-east-1")


@pytest.mark.parametrize(
    "operation",
    ["CreateUser", "DeleteUser", "PutUserPolicy", "TagUser", "GenerateServiceLastAccessedDetails"],
)
def test_operations_that_change_something_are_refused(aws: boto3.Session, operation: str) -> None:
    source = Aws(service="iam", operation=operation, permission="x", regions="home")

    with pytest.raises(CheckError, match="not read-only"):
        reader(aws).read(source, {}, "us-east-1")


def test_no_operation_of_any_service_with_a_changing_verb_passes_for_a_read() -> None:
    """Over REST the model's method decides, so verbs are held against it for all services."""
    session = botocore.session.get_session()
    verbs = tuple(CHANGING_VERBS.split())
    passed = []
    for name in session.get_available_services():
        service = session.get_service_model(name)
        for operation in map(service.operation_model, service.operation_names):
            if operation.name.startswith(verbs) and is_read_only(operation):
                passed.append(f"{name}:{operation.name}")

    assert passed == []


def test_credentials_of_another_account_are_refused(aws: boto3.Session) -> None:
    with pytest.raises(
        CredentialsError, match=r"belong to AWS account 123456789012; .* 999999999999"
    ):
        open_account(aws, "prod", regions=None, expected="999999999999")


def test_a_role_is_assumed_with_its_external_id_and_reads_as_that_role(aws: boto3.Session) -> None:
    asked: list[Any] = []
    source = botocore.session.Session()

    def note(params: Any, **_: Any) -> None:
        asked.append(dict(params))

    listener: Any = note
    source.register("before-parameter-build.sts.AssumeRole", listener)
    role = "arn:aws:iam::222222222222:role/audit"

    session = assume_role(source, role, external_id="e-1", session_seconds=3600)
    one = open_account(
        boto3.Session(botocore_session=session), "prod", regions=("us-east-1",), expected=None
    )

    assert (one.scope.account, one.scope.identity) == (
        "222222222222",
        "arn:aws:sts::222222222222:assumed-role/audit/evidence-collector",
    )
    assert one.read(USERS, {}, "us-east-1").is_complete
    (request,) = asked
    assert (request["RoleArn"], request["ExternalId"], request["DurationSeconds"]) == (
        role,
        "e-1",
        3600,
    )


def test_a_role_that_may_not_be_assumed_is_one_line(aws: boto3.Session) -> None:
    source = botocore.session.Session()
    answer_with(
        boto3.Session(botocore_session=source), "sts.AssumeRole", lambda _: (403, DENIED_XML)
    )
    role = "arn:aws:iam::222222222222:role/audit"
    session = assume_role(source, role, external_id=None, session_seconds=3600)

    with pytest.raises(CredentialsError, match="account prod: assuming its role: AccessDenied"):
        open_account(boto3.Session(botocore_session=session), "prod", regions=None, expected=None)


def test_a_role_needs_no_region(aws: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    role = "arn:aws:iam::222222222222:role/audit"
    config = Config.model_validate({"accounts": {"prod": {"provider": "aws", "role_arn": role}}})

    one = open_reader("prod", config, sources=frozenset())

    assert (one.scope.account, one.scope.home) == ("222222222222", "us-east-1")


@pytest.mark.parametrize("absent", ["AccessDenied", "ResourceNotFoundException"])
def test_credentials_that_cannot_be_renewed_are_neither_an_absence_nor_a_missing_permission(
    aws: boto3.Session, absent: str
) -> None:
    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": absent, "Message": "no"}}, "GetRoleCredentials")

    policy = Aws(service="iam", operation="GetRole", permission="iam:GetRole", absent=(absent,))
    one = reader(aws)
    listener: Any = refuse
    aws.events.register("before-sign.iam", listener)

    answer = one.read(policy, {"RoleName": "a"}, "us-east-1")

    assert answer.failure is not None
    assert answer.failure.code == f"Credentials (GetRoleCredentials: {absent})"
    assert not (answer.failure.denied or answer.is_absent or answer.is_complete)


def test_a_service_that_is_none_is_said_briefly(aws: boto3.Session) -> None:
    source = Aws(service="nix", operation="ListNix", permission="nix:ListNix")

    with pytest.raises(CheckError, match=r"^source of nix: the SDK has no such service$"):
        reader(aws).read(source, {}, "us-east-1")


def test_a_region_that_is_none_is_one_line(aws: boto3.Session) -> None:
    with pytest.raises(ConfigError, match=r"account prod: the region .* is 'mars'"):
        open_account(boto3.Session(region_name="mars"), "prod", regions=None, expected=None)


def test_an_endpoint_that_is_none_is_one_line(
    aws: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost")

    with pytest.raises(CredentialsError, match=r"account prod: .*: Invalid endpoint: localhost"):
        open_account(boto3.Session(), "prod", regions=None, expected=None)


def test_missing_credentials_are_one_line(
    aws: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)

    with pytest.raises(CredentialsError, match="account prod: found no AWS credentials"):
        open_account(boto3.Session(), "prod", regions=None, expected=None)


def test_many_threads_share_one_client(aws: boto3.Session) -> None:
    one = reader(aws)
    answers: list[Answer] = []
    threads = [
        threading.Thread(target=lambda: answers.append(one.read(USERS, {}, "us-east-1")))
        for _ in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [a.is_complete for a in answers] == [True] * 8
    assert len(one._clients) == 1
