"""Trust policies against every caller of a small world: what is held in bounds lets no stranger in.

Policies are drawn at random, from a seed. For each, an evaluator of its own decides which of all
callers may assume the role, by the meaning of principals and condition operators. A stranger is
somebody of another owner's account who gives no external id and is in no organization that the
policy names. Where `weaknesses` finds none, no stranger gets in. It may find more than there is: it
looks at no statement that denies, and takes what it does not know for no bound.
"""

from __future__ import annotations

import fnmatch
import itertools
import random
from collections.abc import Callable, Mapping
from typing import Any

from checks.aws.policy import document
from checks.aws.trust import weaknesses

OWN, KNOWN, STRANGE = "111111111111", "222222222222", "333333333333"
POLICIES = 15_000

Caller = Mapping[str, str]
"""Condition key → value of a request; a key that is not there has none."""

CALLERS: list[Caller] = [
    {
        "aws:principalaccount": account,
        "aws:principalarn": f"arn:aws:iam::{account}:role/app",
        **({"aws:principalorgid": organization} if organization else {}),
        **({"sts:externalid": external} if external else {}),
    }
    for account, organization, external in itertools.product(
        (OWN, KNOWN, STRANGE), ("", "o-own", "o-else"), ("", "secret", "other")
    )
]

KEYS: Mapping[str, tuple[str, ...]] = {
    "aws:PrincipalAccount": (OWN, KNOWN, STRANGE, "*", "3333*"),
    "aws:PrincipalArn": (f"arn:aws:iam::{OWN}:role/*", f"arn:aws:iam::{STRANGE}:role/app", "*"),
    "aws:PrincipalOrgID": ("o-own", "o-*", "*"),
    "sts:ExternalId": ("secret", "*", "?*", ""),
    "aws:RequestedRegion": ("us-east-1",),
}
OPERATORS = (
    "StringEquals",
    "StringLike",
    "StringEqualsIgnoreCase",
    "ArnLike",
    "ArnEquals",
    "StringNotEquals",
    "StringNotLike",
    "StringEqualsIfExists",
    "StringLikeIfExists",
    "ForAnyValue:StringEquals",
    "ForAllValues:StringEquals",
    "ForAllValues:StringLike",
    "Null",
)


def drawn(random: random.Random) -> dict[str, Any]:
    """A statement that lets somebody assume the role."""
    names = ("*", OWN, KNOWN, STRANGE, f"arn:aws:iam::{STRANGE}:root", f"arn:aws:iam::{OWN}:root")
    several = [random.choice(names) for _ in range(random.randint(1, 2))]
    conditions: dict[str, dict[str, Any]] = {}
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        key, operator = random.choice(list(KEYS)), random.choice(OPERATORS)
        chosen = [random.choice(KEYS[key]) for _ in range(random.randint(1, 2))]
        if operator == "Null":
            chosen = [random.choice(("true", "false"))]
        held = conditions.setdefault(random.choice((operator, operator.lower())), {})
        if key.lower() not in {name.lower() for name in held}:
            held[random.choice((key, key.lower()))] = random.choice((chosen, chosen[0]))
    lower = [name.lower() for name in conditions]
    return {
        "Effect": random.choice(("Allow", "Allow", "Allow", "Deny")),
        "Action": random.choice(("sts:AssumeRole", ["sts:Assume*", "sts:TagSession"], "sts:*")),
        "Principal": random.choice(("*", {"AWS": several}, {"AWS": several[0]})),
        "Condition": conditions if len(set(lower)) == len(lower) else {},
    }


def is_let_in(statement: dict[str, Any], caller: Caller) -> bool:
    """Whether a statement is about the caller: one of its principals, all of its conditions."""
    principal = statement["Principal"]
    names = principal["AWS"] if isinstance(principal, dict) else principal
    account = caller["aws:principalaccount"]
    named = {
        n.split(":")[4] if ":" in n else n for n in ([names] if isinstance(names, str) else names)
    }
    return bool(named & {"*", account}) and all(
        _holds(operator, values if isinstance(values, list) else [values], caller.get(key.lower()))
        for operator, keys in statement["Condition"].items()
        for key, values in keys.items()
    )


def _holds(operator: str, values: list[str], actual: str | None) -> bool:
    kind = operator.lower()
    if kind == "null":
        return (actual is None) == (values[0] == "true")
    if actual is None:
        return kind.startswith("forallvalues:") or kind.endswith("ifexists") or "not" in kind
    has_wildcards = "like" in kind or "arn" in kind
    same: Callable[[str], bool] = lambda value: (  # noqa: E731
        fnmatch.fnmatchcase(actual, value) if has_wildcards else actual.lower() == value.lower()
    )
    return any(map(same, values)) != ("not" in kind)


def named_organizations(statement: dict[str, Any]) -> set[str]:
    return {
        value
        for keys in statement["Condition"].values()
        for key, values in keys.items()
        if key.lower() == "aws:principalorgid"
        for value in (values if isinstance(values, list) else [values])
    }


def test_no_stranger_gets_in_where_no_weakness_is_found(
    record_property: Callable[[str, object], None],
) -> None:
    source, bounded, open_to_strangers, asked = random.Random(6), 0, 0, 0
    for _ in range(POLICIES):
        statements = [drawn(source) for _ in range(source.randint(1, 2))]
        found = weaknesses(document({"Statement": statements}), OWN, [KNOWN])
        denying = [s for s in statements if s["Effect"] == "Deny"]
        strangers = []
        for statement in (s for s in statements if s["Effect"] == "Allow"):
            asked += len(CALLERS)
            strangers += [
                caller
                for caller in CALLERS
                if caller["aws:principalaccount"] == STRANGE
                and "sts:externalid" not in caller
                and caller.get("aws:principalorgid") not in named_organizations(statement)
                and is_let_in(statement, caller)
                and not any(is_let_in(denied, caller) for denied in denying)
            ]
        assert found or not strangers, (statements, strangers[:1])
        bounded += not found
        open_to_strangers += bool(strangers)
    counts = {"policies": POLICIES, "in bounds": bounded, "open to strangers": open_to_strangers}
    record_property("tried", {"trust policies": {**counts, "decisions": asked}})
    assert min(bounded, open_to_strangers) > POLICIES // 10
