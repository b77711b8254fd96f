"""The policy evaluator against other readings of the same documents, by ten thousands of documents.

Documents are drawn at random, from a seed, over a small cloud: single values and lists, any case of
action names, `*` and `?` anywhere, the elements that negate, conditions, all forms of principals,
and documents that are none. Two oracles judge the same documents:

- the grammar's own meaning over every action, resource and caller of that cloud, by a matcher that
  works with sets of places in the pattern, without regular expressions and `fnmatch`;
- moto's evaluator of identity policies, asked only about what it knows. It compares action names by
  case, has no `?` and no `NotResource`, takes a statement that denies and names no resource for one
  that permits, and a condition that it cannot meet for a denial of everything.

Of the other packages, policyuniverse and policy_sentry expand patterns over their own lists of
actions, by `fnmatch` and so with brackets for wildcards; parliament and cloudsplaining look for
faults and decide nothing. So none of them is a third oracle.
"""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from moto.iam.access_control import IAMPolicy, PermissionResult

from checks.aws.policy import Document, document

Record = Callable[[str, object], None]
Elements = dict[str, Any]

DOCUMENTS = 10_000
POOL = 100
"""Patterns in use at a time, because compiling one costs more than to judge by it."""

ACTIONS = (
    "ec2:RunInstances",
    "iam:CreateUser",
    "iam:PassRole",
    "kms:Decrypt",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:TagSession",
    "zz9:Unheard",
)
RESOURCES = (
    "arn:aws:ec2:us-east-1:123456789012:instance/i-1",
    "arn:aws:iam::123456789012:role/app",
    "arn:aws:iam::123456789012:user/ann",
    "arn:aws:s3:::logs",
    "arn:aws:s3:::logs/a",
    "arn:aws:s3:::records",
    "arn:aws:zz9:xx-none-9:9:q",
)
WANTED = ("*", "s3:*", "iam:*", "sts:AssumeRole*", "*:*", "s3:Get*", "kms:Decrypt")


@functools.lru_cache(maxsize=100_000)
def matches(pattern: str, text: str) -> bool:
    """Whether a pattern has a text, by the places in the pattern that its letters lead to."""

    def skipped(places: set[int]) -> set[int]:
        found = set(places)
        for place in range(len(pattern)):
            if place in found and pattern[place] == "*":
                found.add(place + 1)
        return found

    places = skipped({0})
    for letter in text:
        led = {p for p in places if p < len(pattern) and pattern[p] == "*"}
        led |= {p + 1 for p in places if p < len(pattern) and pattern[p] in ("?", letter)}
        places = skipped(led)
        if not places:
            return False
    return len(pattern) in places


def overlap(one: str, other: str) -> bool:
    """Whether some text matches both patterns: all pairs of places that a text can lead to."""
    seen, ahead = {(0, 0)}, [(0, 0)]
    while ahead:
        a, b = ahead.pop()
        if (a, b) == (len(one), len(other)):
            return True
        x, y = one[a : a + 1], other[b : b + 1]
        following = []
        if x == "*":
            following += [(a + 1, b), (a, b + 1)] if y and y != "*" else [(a + 1, b)]
        if y == "*":
            following += [(a, b + 1), (a + 1, b)] if x and x != "*" else [(a, b + 1)]
        if x and y and "*" not in (x, y) and ("?" in (x, y) or x == y):
            following.append((a + 1, b + 1))
        for pair in following:
            if pair not in seen:
                seen.add(pair)
                ahead.append(pair)
    return False


class Drawn:
    """Draws documents."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._pools: dict[Sequence[str], list[str]] = {}
        self._left = 0

    def one_or_many(self, draw: Callable[[], str]) -> str | list[str]:
        if self.random.random() < 0.4:
            return draw()
        return [draw() for _ in range(self.random.randint(1, 3))]

    def pattern(self, names: Sequence[str]) -> str:
        """One of the patterns that are in use; they change now and then."""
        if self._left == 0:
            self._pools = {}
            self._left = 40 * POOL
        self._left -= 1
        pool = self._pools.setdefault(names, [])
        if not pool:
            pool += [self._new_pattern(names) for _ in range(POOL)]
        return self.random.choice(pool)

    def _new_pattern(self, names: Sequence[str]) -> str:
        """A name with some of it replaced by wildcards; now and then, everything."""
        if self.random.random() < 0.15:
            return "*"
        text = self.random.choice(names)
        for _ in range(self.random.randint(0, 3)):
            start = self.random.randint(0, len(text))
            end = min(len(text), start + self.random.choice((0, 1, 1, 3, 8, 99)))
            text = text[:start] + self.random.choice("**?") + text[end:]
        return text

    def action(self) -> str:
        text = self.pattern(ACTIONS)
        if text.strip("*?") and ":" not in text:
            text = f"{text}:*"
        return self.random.choice((text, text, text.lower(), text.upper(), text.swapcase()))

    def statement(self) -> Elements:
        chance = self.random.random
        action = "NotAction" if chance() < 0.25 else "Action"
        found: Elements = {
            "Effect": "Deny" if chance() < 0.3 else "Allow",
            action: self.one_or_many(self.action),
        }
        if chance() < 0.95:
            resource = "NotResource" if chance() < 0.25 else "Resource"
            found[resource] = self.one_or_many(lambda: self.pattern(RESOURCES))
        if chance() < 0.2:
            found["Condition"] = {"StringEquals": {"aws:PrincipalTag/team": "x"}}
        if chance() < 0.3:
            found["Principal" if chance() < 0.8 else "NotPrincipal"] = self.principal()
        if chance() < 0.2:
            found["Sid"] = "Said"
        return found

    def principal(self) -> Any:
        kind = self.random.choice(("AWS", "AWS", "Service", "Federated", "CanonicalUser"))
        name = self.random.choice(("*", "123456789012", "arn:aws:iam::123456789012:root", "x.com"))
        return self.random.choice(
            ("*", {kind: name}, {kind: [name, "y"]}, {kind: name, "AWS": "1"})
        )

    def document(self) -> Elements:
        many = [self.statement() for _ in range(self.random.randint(1, 3))]
        held: Any = many[0] if len(many) == 1 and self.random.random() < 0.5 else many
        found: Elements = {"Statement": held}
        if self.random.random() < 0.8:
            found["Version"] = "2012-10-17"
        if self.random.random() < 0.1:
            found["Id"] = "one"
        return found

    def malformed(self) -> Any:
        """A document with one thing in it that the grammar does not have."""
        found = self.document()
        many = found["Statement"] if isinstance(found["Statement"], list) else [found["Statement"]]
        one = self.random.choice(many)
        negated = "NotAction" if "Action" in one else "Action"
        change: Callable[[], Any] = self.random.choice(
            (
                lambda: one.update({negated: "s3:*"}),
                lambda: one.update(
                    Effect=self.random.choice(("allow", "DENY", "", None, True, []))
                ),
                lambda: one.pop("Effect"),
                lambda: (one.pop("Action", None), one.pop("NotAction", None)),
                lambda: one.update(Action=self.random.choice((7, {"s3": "*"}, [["s3:*"]], [None]))),
                lambda: one.update(Resource=self.random.choice((7, {"a": "*"}, [["*"]], [True]))),
                lambda: one.update(Resource="*", NotResource="*"),
                lambda: one.update(Principal="*", NotPrincipal="*"),
                lambda: one.update(
                    Principal=self.random.choice(({"Aws": "*"}, {"AWS": 7}, [["*"]]))
                ),
                lambda: one.update(Condition=self.random.choice(("x", ["x"], {"Bool": "x"}, 7))),
                lambda: one.update(Resources="*"),
                lambda: one.update(condition={}),
                lambda: found.pop("Statement"),
                lambda: found.update(Statement=self.random.choice(("x", 7, [[]], ["x"], None))),
                lambda: found.update(statement=[]),
            )
        )
        change()
        return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def is_about_action(statement: Elements, action: str) -> bool:
    patterns = listed(statement.get("Action", statement.get("NotAction")))
    found = any(matches(p.lower(), action.lower()) for p in patterns)
    return found if "Action" in statement else not found


def is_about_resource(statement: Elements, resource: str) -> bool:
    if "Resource" not in statement and "NotResource" not in statement:
        return False
    patterns = listed(statement.get("Resource", statement.get("NotResource")))
    found = any(matches(p, resource) for p in patterns)
    return found if "Resource" in statement else not found


def decided(read: Document, action: str, resource: str) -> bool:
    """What the evaluator's parts say together: allowed, and not denied."""
    about = [s for s in read.statements if s.covers_action(action) and s.covers_resource(resource)]
    return {s.effect for s in about} == {"Allow"}


def test_documents_are_judged_as_the_grammar_means_them(record_property: Record) -> None:
    drawn, compared = Drawn(1), 0
    for number in range(DOCUMENTS):
        given = drawn.document()
        read = document(json.dumps(given) if number % 2 else given)
        statements = listed(given["Statement"])
        assert len(read.statements) == len(statements)
        for judged, meant in zip(read.statements, statements, strict=True):
            about = [is_about_action(meant, action) for action in ACTIONS]
            assert [judged.covers_action(a) for a in ACTIONS] == about, meant
            assert [judged.touches_action(a) for a in ACTIONS] == about, meant
            of = [is_about_resource(meant, resource) for resource in RESOURCES]
            assert [judged.covers_resource(r) for r in RESOURCES] == of, meant
            assert [judged.touches_resource(r) for r in RESOURCES] == of, meant
            wanted = drawn.random.choice(WANTED)
            inside = [about[i] for i, a in enumerate(ACTIONS) if matches(wanted.lower(), a.lower())]
            assert all(inside) or not judged.covers_action(wanted), (meant, wanted)
            assert not any(inside) or judged.touches_action(wanted), (meant, wanted)
            compared += 2 * len(ACTIONS) + 2 * len(RESOURCES) + 2
    record_property("tried", {"policy documents": {"documents": DOCUMENTS, "answers": compared}})


def test_nothing_that_allows_everything_is_missed(record_property: Record) -> None:
    """By one pattern for all actions and one for all resources, or by all but what is not IAM."""
    drawn, found = Drawn(2), 0
    for _ in range(DOCUMENTS):
        given = drawn.document()
        allowing = [s for s in listed(given["Statement"]) if s["Effect"] == "Allow"]
        whole = [s for s in allowing if _has_all(s, "Action", ACTIONS, str.lower)]
        whole = [s for s in whole if _has_all(s, "Resource", RESOURCES, str)]
        nearly = [s for s in allowing if "NotAction" in s and is_about_action(s, "iam:PassRole")]
        nearly = [s for s in nearly if "*" in listed(s.get("Resource", ()))]

        phrase = document(given).grants_everything("aws")

        assert phrase is not None or not (whole or nearly), given
        if phrase is not None and "but" not in phrase:
            assert any(
                all(is_about_action(s, a) for a in ACTIONS)
                and all(is_about_resource(s, r) for r in RESOURCES)
                for s in allowing
            ), given
            found += 1
    record_property("tried", {"documents that allow everything": {"documents": found}})
    assert found > 50


def _has_all(
    statement: Elements, element: str, names: Sequence[str], fold: Callable[[str], str]
) -> bool:
    """Whether one pattern alone has them all, and is none that only happens to: it has a `*`
    wherever names may have a letter."""
    patterns = [p for p in listed(statement.get(element, [])) if not p.strip("*:")]
    return any(all(matches(fold(p), fold(n)) for n in names) for p in patterns)


def test_malformed_documents_are_refused(record_property: Record) -> None:
    drawn, count = Drawn(3), DOCUMENTS // 4
    for number in range(count):
        given = drawn.malformed()
        with pytest.raises(ValueError):
            document(json.dumps(given) if number % 2 else given)
    record_property("tried", {"malformed policy documents": {"documents": count}})


def test_patterns_overlap_wherever_a_text_matches_both(record_property: Record) -> None:
    drawn, exact, count = Drawn(4), 0, DOCUMENTS
    for _ in range(count):
        one, other = drawn.pattern(RESOURCES), drawn.pattern(RESOURCES)
        statement = document(
            {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": one}}
        ).statements[0]
        meant = overlap(one, other)
        assert statement.touches_resource(other) or not meant, (one, other)
        exact += statement.touches_resource(other) == meant
    record_property("tried", {"pairs of patterns": {"judged exactly": exact, "pairs": count}})
    assert exact > count * 0.8


def _known_to_moto(given: Elements) -> bool:
    for statement in listed(given["Statement"]):
        patterns = [
            p for e in ("Action", "NotAction", "Resource") for p in listed(statement.get(e, []))
        ]
        if not {"Effect", "Action", "NotAction", "Resource", "Sid"}.issuperset(statement):
            return False
        if "Resource" not in statement or any("?" in p for p in patterns):
            return False
    return True


def test_moto_decides_alike(record_property: Record) -> None:
    drawn, compared, documents = Drawn(5), 0, 0
    for _ in range(DOCUMENTS):
        given = drawn.document()
        if not _known_to_moto(given):
            continue
        documents += 1
        for statement in listed(given["Statement"]):
            for name in ("Action", "NotAction"):
                if name in statement:
                    statement[name] = [p.lower() for p in listed(statement[name])]
        theirs, read = IAMPolicy(json.dumps(given)), document(given)
        for action in ACTIONS:
            for resource in RESOURCES:
                said = theirs.is_action_permitted(action.lower(), resource)
                assert decided(read, action, resource) == (said is PermissionResult.PERMITTED), (
                    given
                )
                compared += 1
    record_property("tried", {"documents decided as moto does": {"answers": compared}})
    assert documents > 500
