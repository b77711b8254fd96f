"""Least-privilege policies, from the sources that the checks read.

Each cloud has its own form: an IAM policy document, a custom role for `gcloud iam roles create`, a
role definition for `az role definition create`. Microsoft Graph has no such form; its application
permissions are named apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from collector.check import Check
from collector.evidence.canonical import JSON
from collector.offers import OFFERS
from collector.reads import Region, is_regional
from collector.resource import Resource
from collector.source import Aws, Graph, Provider, Source

ALWAYS_AWS = ("sts:GetCallerIdentity",)
"""Asked once a run, to say in the evidence who read."""

PLACEHOLDER = "00000000-0000-0000-0000-000000000000"
"""Subscription to be replaced by one's own."""

ROLE_TITLE = "Compliance evidence collector (read only)"


def permissions(checks: Iterable[Check[...]], provider: Provider) -> tuple[str, ...]:
    """The cloud's own names of what the checks read, sorted; Graph's are not among them."""
    read = _resources(checks, provider)
    named = {p for r in read if not isinstance(r.source, Graph) for p in r.source.permissions}
    if provider == "aws":
        named |= set(ALWAYS_AWS)
        for source in _before(read):
            named |= set(source.permissions)
    return tuple(sorted(named))


def graph_permissions(checks: Iterable[Check[...]]) -> tuple[str, ...]:
    """Application permissions of Microsoft Graph that the checks need, sorted."""
    read = _resources(checks, "azure")
    return tuple(
        sorted({p for r in read if isinstance(r.source, Graph) for p in r.source.permissions})
    )


def policy(
    checks: Iterable[Check[...]],
    provider: Provider,
    subscriptions: Sequence[str] = (PLACEHOLDER,),
) -> JSON:
    """The policy as the cloud takes it.

    For AWS the policy document, for Google Cloud the custom role, for Azure the role definition. In
    GovCloud and China, ARNs in the policy document begin with `arn:aws-us-gov:` and `arn:aws-cn:`.

    Args:
        checks: of any provider; only those of `provider` count.
        provider: the cloud.
        subscriptions: Azure subscriptions in which the role is to be assigned.
    """
    named: list[JSON] = [*permissions(checks, provider)]
    match provider:
        case "aws":
            return {"Version": "2012-10-17", "Statement": _statements(named, checks)}
        case "gcp":
            return {
                "title": ROLE_TITLE,
                "description": "What the evidence collector reads, and nothing else",
                "stage": "GA",
                "includedPermissions": named,
            }
        case "azure":
            return {
                "Name": ROLE_TITLE,
                "IsCustom": True,
                "Description": "What the evidence collector reads, and nothing else",
                "Actions": named,
                "NotActions": [],
                "AssignableScopes": [f"/subscriptions/{s}" for s in subscriptions],
            }


def _statements(named: Sequence[JSON], checks: Iterable[Check[...]]) -> list[JSON]:
    """What is allowed on everything, then what is allowed on some resources only."""
    narrowed: dict[str, set[str]] = {}
    read = _resources(checks, "aws")
    for source in (*(r.source for r in read), *_before(read)):
        if isinstance(source, Aws) and source.granted_on:
            for permission in source.permissions:
                narrowed.setdefault(permission, set()).update(source.granted_on)
    everywhere: JSON = {
        "Sid": "CollectorReadOnly",
        "Effect": "Allow",
        "Action": [name for name in named if name not in narrowed],
        "Resource": "*",
    }
    some: list[JSON] = [
        {
            "Effect": "Allow",
            "Action": permission,
            "Resource": [f"arn:aws:{resource}" for resource in sorted(resources)],
        }
        for permission, resources in sorted(narrowed.items())
    ]
    return [everywhere, *some]


def _before(read: Iterable[type[Resource]]) -> tuple[Source, ...]:
    """What tells where to read: which regions there are, and which of them have a service."""
    return (Region.source, OFFERS) if any(is_regional(r) for r in read) else ()


def _resources(checks: Iterable[Check[...]], provider: Provider) -> set[type[Resource]]:
    return {r for c in checks for r in c.resources if r.source.provider == provider}
