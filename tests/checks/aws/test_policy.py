"""Policy documents."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.aws.policy import Statement, document

ACTIONS = [
    f"{service}:{name}"
    for service in ("a", "b", "ab")
    for size in (1, 2)
    for name in map("".join, itertools.product("ab", repeat=size))
]
"""All actions of a cloud with three services and an alphabet of two."""

RESOURCES = [
    "".join(letters) for size in range(4) for letters in itertools.product("ab/", repeat=size)
]
"""All resources with names of up to three of these."""

VARIABLE = "${aws:username}"
STANDS_FOR = ("a", "b", "ab", "")

wildcarded = st.lists(st.sampled_from("ab*?"), min_size=1, max_size=3).map("".join)
action_patterns = st.one_of(st.just("*"), st.builds("{}:{}".format, wildcarded, wildcarded))
resource_patterns = st.lists(st.sampled_from(["a", "b", "/", "*", "?", VARIABLE]), max_size=4).map(
    "".join
)
wanted_resources = st.lists(st.sampled_from("ab/*?"), max_size=4).map("".join)


def is_match(pattern: str, text: str) -> bool:
    """What the wildcards mean, spelled out one character at a time."""
    if not pattern:
        return not text
    head, rest = pattern[0], pattern[1:]
    if head == "*":
        return any(is_match(rest, text[skipped:]) for skipped in range(len(text) + 1))
    return bool(text) and head in ("?", text[0]) and is_match(rest, text[1:])


def about(element: str, patterns: list[str], text: str, stands_for: str = "") -> bool:
    """Whether an element with these patterns is about one action or resource, by that meaning."""
    matches = any(is_match(p.replace(VARIABLE, stands_for), text) for p in patterns)
    return matches != element.startswith("Not")


def statement(**elements: object) -> Statement:
    """An allowing statement with these elements."""
    return document({"Statement": {"Effect": "Allow", **elements}}).statements[0]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(["Action", "NotAction"]),
    st.lists(action_patterns, min_size=1, max_size=3),
    action_patterns,
    st.booleans(),
)
def test_actions_are_covered_only_if_all_are_and_untouched_only_if_none_is(
    element: str, patterns: list[str], wanted: str, in_capitals: bool
) -> None:
    judged = statement(**{element: [p.upper() if in_capitals else p for p in patterns]})
    meant = [about(element, patterns, action) for action in ACTIONS if is_match(wanted, action)]

    assert all(meant) or not judged.covers_action(wanted)
    assert not any(meant) or judged.touches_action(wanted)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["Action", "NotAction"]),
    st.lists(action_patterns, min_size=1, max_size=3),
    st.sampled_from(ACTIONS),
    st.booleans(),
)
def test_a_single_action_is_judged_exactly(
    element: str, patterns: list[str], action: str, in_capitals: bool
) -> None:
    judged = statement(**{element: [p.upper() if in_capitals else p for p in patterns]})

    assert judged.covers_action(action) == about(element, patterns, action)
    assert judged.touches_action(action) == about(element, patterns, action)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(["Resource", "NotResource"]),
    st.lists(resource_patterns, min_size=1, max_size=3),
    wanted_resources,
)
def test_resources_are_covered_only_if_all_are_whatever_a_variable_stands_for(
    element: str, patterns: list[str], wanted: str
) -> None:
    judged = statement(Action="a:b", **{element: patterns})
    meant = [
        about(element, patterns, resource, stands_for)
        for stands_for in STANDS_FOR
        for resource in RESOURCES
        if is_match(wanted, resource)
    ]

    assert all(meant) or not judged.covers_resource(wanted)
    assert not any(meant) or judged.touches_resource(wanted)


def test_action_names_have_no_case() -> None:
    assert statement(Action="S3:GetObject").covers_action("s3:getOBJECT")
    assert statement(Action="S3:GetObject").touches_action("s3:getOBJECT")


def test_a_question_mark_does_not_cover_a_star() -> None:
    """`s3:?` is about actions of one letter only, and `s3:*` about all."""
    assert not statement(Action="s3:?").covers_action("s3:*")
    assert not statement(Action="s3:G", Resource="a?").covers_resource("a*")


@pytest.mark.parametrize("pattern", ["*", "**", "*:*", "?*", "*?:*", "*:?*", "*:**"])
def test_every_way_to_write_all_actions_covers_them(pattern: str) -> None:
    assert statement(Action=[pattern]).covers_action("*")


def test_brackets_are_no_wildcards() -> None:
    assert statement(Action="a:b", Resource="[ab]").covers_resource("[ab]")
    assert not statement(Action="a:b", Resource="[ab]").touches_resource("a")


def test_a_statement_without_a_resource_is_about_none() -> None:
    judged = statement(Action="sts:AssumeRole", Principal="*")

    assert not judged.covers_resource("*")
    assert not judged.touches_resource("*")


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["1", "*"]}])
def test_everyone_is_named_in_three_ways(principal: object) -> None:
    assert statement(Action="*", Principal=principal).is_for_everyone


@pytest.mark.parametrize(
    "elements",
    [
        {"Principal": {"AWS": "arn:aws:iam::1:root"}},
        {"Principal": {"Service": "*"}},
        {"NotPrincipal": {"AWS": "arn:aws:iam::1:root"}},
        {},
    ],
)
def test_others_are_not_everyone(elements: dict[str, object]) -> None:
    assert not statement(Action="*", **elements).is_for_everyone


def test_single_values_and_lists_and_json_text_read_the_same() -> None:
    short = {
        "Effect": "Deny",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": False}, "IpAddress": {"AWS:SourceIp": "1"}},
    }
    long = {
        "Effect": "Deny",
        "Action": ["s3:*"],
        "Resource": ["*"],
        "Condition": {
            "bool": {"aws:securetransport": ["false"]},
            "ipaddress": {"aws:sourceip": ["1"]},
        },
    }

    read = document({"Version": "2012-10-17", "Statement": short})

    assert read == document(json.dumps({"Version": "2012-10-17", "Statement": [long]}))
    assert read.denies == read.statements
    assert read.allows == ()


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "allow", "Action": "*"},
        {"Effect": "Allow"},
        {"Effect": "Allow", "Action": "*", "NotAction": "s3:*"},
        {"Effect": "Allow", "Action": "*", "Resource": "*", "NotResource": "*"},
        {"Effect": "Allow", "Action": "*", "Principal": "*", "NotPrincipal": "*"},
        {"Effect": "Allow", "Action": "*", "Principal": {"Everyone": "*"}},
        {"Effect": "Allow", "Action": "*", "Condtion": {}},
        {"Effect": "Allow", "Action": "*", "Condition": {"Bool": {"a:b": 1, "A:B": 2}}},
        {"Effect": "Allow", "Action": "*", "Condition": {"Bool": {"a:b": {"c": "d"}}}},
        {"Effect": "Allow", "Action": "*", "Condition": {"Bool": "true"}},
        {"Effect": "Allow", "Action": 7},
    ],
)
def test_a_statement_that_is_not_understood_is_refused(statement: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        document({"Statement": statement})


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "{}"])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        document(text)


EVERYTHING = "allows every action on every resource"
BUT_IAM_OPEN = "allows everything but a list that leaves IAM open"


@pytest.mark.parametrize(
    ("elements", "phrase"),
    [
        ({"Action": "*", "Resource": "*"}, EVERYTHING),
        ({"Action": ["s3:Get*", "*:*"], "Resource": ["arn:aws:s3:::a", "*"]}, EVERYTHING),
        ({"Action": "*", "Resource": "arn:aws:*"}, EVERYTHING),
        ({"Action": "*", "Resource": "arn:*:*:*:*:*"}, EVERYTHING),
        (
            {"Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:x": "true"}}},
            f"{EVERYTHING} under a condition",
        ),
        ({"NotAction": "no:SuchAction", "Resource": "*"}, BUT_IAM_OPEN),
        ({"NotAction": ["iam:Create*", "s3:*"], "Resource": "*"}, BUT_IAM_OPEN),
        ({"Action": "*", "NotResource": "arn:aws:s3:::a"}, BUT_IAM_OPEN),
        ({"Action": "*", "NotResource": "arn:aws:iam::*:user/*"}, BUT_IAM_OPEN),
        ({"NotAction": "s3:*", "NotResource": "arn:aws:s3:::a"}, BUT_IAM_OPEN),
        ({"NotAction": ["iam:*", "organizations:*"], "Resource": "*"}, None),
        ({"NotAction": "*", "Resource": "*"}, None),
        ({"Action": "*", "NotResource": "arn:aws-cn:iam::*"}, BUT_IAM_OPEN),
        ({"Action": "*", "NotResource": "arn:*:iam::*"}, None),
        ({"Action": "*", "NotResource": "arn:aws:iam::*"}, None),
        ({"Action": "*", "Resource": "arn:aws-cn:*"}, None),
        ({"Action": "*", "Resource": "arn:aws:s3:::*"}, None),
        ({"Action": "iam:*", "Resource": "*"}, None),
        ({"Action": "*:Get*", "Resource": "*"}, None),
    ],
)
def test_granting_everything_is_told_from_granting_much(
    elements: dict[str, object], phrase: str | None
) -> None:
    granting = document({"Statement": [{"Effect": "Allow", **elements}]})
    denying = document({"Statement": [{"Effect": "Deny", **elements}]})

    assert granting.grants_everything("aws") == phrase
    assert denying.grants_everything("aws") is None
