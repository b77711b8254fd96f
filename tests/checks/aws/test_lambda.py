"""AWS Lambda. Its module cannot be named in an import statement, for `lambda` is a keyword."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from checks.aws.policy import document
from collector.check import Check, discover
from collector.evaluate import evaluate
from tests.aws_told import Refused, told
from tests.cases import Case, read_aws, row
from tests.checks.aws.test_iam import NOW

functions = importlib.import_module("checks.aws.lambda")
not_public: Check[...] = discover()["aws.lambda.not_public"]

ARN = "arn:aws:lambda:us-east-1:123456789012:function:api"
OPEN = {"outcome": "fail", "reason": "the policy lets in everyone"}
OPEN_TO_S3 = {"outcome": "fail", "reason": "the policy lets in S3 for buckets of every account"}
NAMED = {"outcome": "pass", "reason": "open to nobody who is not named"}


def policy(principal: object, *conditions: tuple[str, str, object], **more: object) -> Any:
    """The policy of a function that lets a principal call it, under conditions."""
    statement = {
        "Sid": "s",
        "Effect": "Allow",
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
        "Principal": principal,
        "Condition": {operator: {name: value} for operator, name, value in conditions},
        **more,
    }
    statement = {name: value for name, value in statement.items() if value is not None}
    return functions.FunctionPolicy(id=ARN, policy=document({"Statement": [statement]}))


def urls(*kinds: str, alias: str = "") -> Any:
    found = [{"arn": ARN + alias, "sign_in": kind} for kind in kinds]
    return functions.FunctionUrls.model_validate({"id": ARN, "urls": found})


NONE = functions.FunctionPolicy(id=ARN, policy=None)
S3 = {"Service": "s3.amazonaws.com"}
API = {"Service": "apigateway.amazonaws.com"}
ORGANIZATION = ("StringEquals", "aws:PrincipalOrgID", "o-abc123")

CASES = [
    row(not_public, NONE, urls(), **NAMED),
    row(not_public, NONE, urls("AWS_IAM"), **NAMED),
    row(not_public, NONE, urls("AWS_IAM", "NONE"), outcome="fail",
        reason="the URL asks for no sign-in"),
    row(not_public, NONE, urls("NONE", alias=":live"), outcome="fail",
        reason="the URL of alias live asks for no sign-in"),
    row(not_public, policy("*"), urls("NONE"), outcome="fail",
        reason="the URL asks for no sign-in; the policy lets in everyone"),
    row(not_public, policy("*"), urls(), **OPEN),
    row(not_public, policy({"AWS": "*"}), urls(), **OPEN),
    row(not_public, policy({"Service": "*"}), urls(), **OPEN),
    row(not_public, policy(None, NotPrincipal={"AWS": "123456789012"}), urls(), **OPEN),
    row(not_public, policy("*", Action="lambda:GetFunction"), urls(), **OPEN),
    row(not_public, policy("*", Effect="Deny"), urls(), **NAMED),
    row(not_public, policy({"AWS": "222222222222"}), urls(), **NAMED),
    row(not_public, policy("*", ORGANIZATION), urls(), **NAMED),
    row(not_public, policy("*", ("StringLike", "aws:PrincipalOrgID", "o-*")), urls(), **OPEN),
    row(not_public, policy("*", ("StringEqualsIfExists", "aws:PrincipalOrgID", "o-a")), urls(),
        **OPEN),
    row(not_public, policy("*", ("StringNotEquals", "aws:SourceAccount", "1")), urls(), **OPEN),
    row(not_public, policy("*", ("IpAddress", "aws:SourceIp", "0.0.0.0/0")), urls(), **OPEN),
    row(not_public, policy("*", ("StringEquals", "lambda:FunctionUrlAuthType", "AWS_IAM")), urls(),
        **OPEN),
    row(not_public, policy("*", ("StringEquals", "aws:SourceVpce", "vpce-1")), urls(), **NAMED),
    row(not_public, policy("*", ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:123456789012:*")),
        urls(), **NAMED),
    row(not_public, policy("*", ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:topic")), urls(),
        **OPEN),
    row(not_public, policy("*", ("StringEquals", "aws:SourceAccount", ["1", "${aws:x}"])), urls(),
        **OPEN),
    row(not_public, policy(API), urls(), **NAMED),
    row(not_public, policy(S3), urls(), **OPEN_TO_S3),
    row(not_public, policy({"Service": "s3.amazonaws.com.cn"}), urls(), **OPEN_TO_S3),
    row(not_public, policy(S3, ("ArnLike", "aws:SourceArn", "arn:aws:s3:::b")), urls(),
        **OPEN_TO_S3),
    row(not_public, policy(S3, ("StringEquals", "AWS:SourceAccount", "123456789012")), urls(),
        **NAMED),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def answers(params: Mapping[str, Any], region: str) -> dict[str, Any]:
    if region != "us-east-1":
        return {"Functions": []}
    secret = {"Variables": {"DB_URL": "postgres://hidden"}}
    named = [{"FunctionArn": ARN.replace("api", n), "FunctionName": n} for n in ("api", "job")]
    return {"Functions": [{**one, "Environment": secret} for one in named]}


def policies(params: Mapping[str, Any], region: str) -> dict[str, Any]:
    if params["FunctionName"] == "job":
        raise Refused("ResourceNotFoundException", "no policy")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "lambda:*", "Resource": ARN}
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


def test_functions_are_read_with_their_policies_and_urls_and_no_secrets() -> None:
    url = {"FunctionUrl": "https://x.lambda-url.us-east-1.on.aws/", "FunctionArn": ARN,
           "AuthType": "AWS_IAM", "CreationTime": "", "LastModifiedTime": ""}  # fmt: skip
    session = told(
        {
            "lambda:ListFunctions": answers,
            "lambda:GetPolicy": policies,
            "lambda:ListFunctionUrlConfigs": {"FunctionUrlConfigs": [url]},
        }
    )

    reads = read_aws(session, not_public, regions=("us-east-1", "eu-west-1"))
    results = evaluate([not_public], reads, settings={}, now=NOW)

    assert [(r.resource.type, r.resource.id, r.outcome) for r in results] == [
        ("aws.lambda.function", ARN, "fail"),
        ("aws.lambda.function", ARN.replace("api", "job"), "pass"),
    ]
    assert len(reads.answers) == 6, "one in the region with nothing"
    assert b"hidden" not in b"".join(a.body() or b"" for _, a in reads.answers)
