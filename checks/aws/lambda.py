"""AWS Lambda: functions."""

import re
from collections.abc import Iterator
from typing import Literal

from checks.aws.policy import Document, PolicyDocument, Statement
from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Part, Resource, at
from collector.source import Aws

# Operators that let a request through only where the key is there and has one of the values.
_LIMITING = re.compile(r"(foranyvalue:)?(string(equals|equalsignorecase|like)|arn(equals|like))")

OWNERS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
    }
)
"""Condition keys that say whose the caller is. `aws:SourceArn` does, too, but for S3: a bucket's
ARN names no account, and another one may make a bucket of that name when it is deleted."""

S3 = re.compile(r"s3\.amazonaws\.com(\.cn)?")


class Function(Resource):
    """A function."""

    source = Aws(
        service="lambda",
        operation="ListFunctions",
        permission="lambda:ListFunctions",
        items="Functions",
    )
    id: str = at("FunctionArn")
    name: str = at("FunctionName")


class FunctionPolicy(Resource):
    """The policy attached to a function, if any; not those of its versions and aliases."""

    source = Aws(
        service="lambda",
        operation="GetPolicy",
        permission="lambda:GetPolicy",
        per=Function,
        params={"FunctionName": "name"},
        absent=("ResourceNotFoundException",),
    )
    policy: PolicyDocument | None = at("Policy", absent=None)


class FunctionUrl(Part):
    """An address on the internet at which a function, or an alias of it, answers."""

    arn: str = at("FunctionArn")
    sign_in: Literal["AWS_IAM", "NONE"] = at("AuthType")


class FunctionUrls(Resource):
    """The addresses of a function and its aliases."""

    source = Aws(
        service="lambda",
        operation="ListFunctionUrlConfigs",
        permission="lambda:ListFunctionUrlConfigs",
        per=Function,
        params={"FunctionName": "name"},
    )
    urls: tuple[FunctionUrl, ...] = at("FunctionUrlConfigs")


@check(control="no-public-access", severity="high")
def not_public(policy: FunctionPolicy, urls: FunctionUrls) -> Verdict:
    """Nobody can call a function without being named.

    Passes: no statement of the function's policy allows everyone anything, unless a condition says
        by fixed values whose the caller is (account, organisation, principal, source, VPC); S3 may
        call it for named accounts only; and every URL of the function and its aliases asks for
        IAM's sign-in.
    Fails: anything else. A URL without sign-in fails whatever the policy says, and so does a
        permission for URLs without sign-in where there is no URL yet. Source addresses and tokens
        do not say whose the caller is. A denial is not weighed against what is allowed.
    Says nothing of the policies of single versions and aliases, and of what calls the function on
    behalf of the public, such as an API or a load balancer: those are to be guarded themselves.
    Remediation: name the principals or the source account, and set the URL's type to AWS_IAM;
        accept what is meant to be public as an exception.
    """
    found = list(_openings(policy.policy)) if policy.policy is not None else []
    for url in urls.urls:
        if url.sign_in == "NONE":
            qualifier = url.arn.split(":")[7:]
            of = f" of alias {qualifier[0]}" if qualifier else ""
            found.append(f"the URL{of} asks for no sign-in")
    if found:
        return failed(listed(sorted(set(found)), "; "))
    return passed("open to nobody who is not named")


def _openings(document: Document) -> Iterator[str]:
    """How statements let in whom they do not name."""
    for statement in document.allows:
        names = statement.principal or {"AWS": ("*",)}  # else NotPrincipal
        is_for_everyone = any("*" in name for kind in names.values() for name in kind)
        is_for_s3 = any(S3.fullmatch(name) for name in names.get("Service", ()))
        if is_for_everyone and not _is_limited(statement, {*OWNERS, "aws:sourcearn"}):
            yield "the policy lets in everyone"
        if is_for_s3 and not _is_limited(statement, OWNERS):
            yield "the policy lets in S3 for buckets of every account"


def _is_limited(statement: Statement, keys: frozenset[str] | set[str]) -> bool:
    """Whether a condition holds the caller to fixed values of one of these keys."""
    return any(
        key in keys and values and all(map(_is_fixed, values))
        for operator, held in statement.condition.items()
        if _LIMITING.fullmatch(operator)
        for key, values in held.items()
    )


def _is_fixed(value: str) -> bool:
    """Whether a value names its owner: it has no wildcard, or an account id beside it."""
    has_wildcard = re.search(r"[*?]|\$\{", value) is not None
    return not has_wildcard or re.search(r":\d{12}:", value) is not None
