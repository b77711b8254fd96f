"""What is replaced of the SDK's events: the same handlers in the same order, copy by copy."""

from __future__ import annotations

import copy
from typing import Any

import botocore.hooks
import botocore.session
from botocore.hooks import EVENT_ALIASES
from hypothesis import given
from hypothesis import strategies as st

from collector.readers.aws_events import Events, Handlers, make_cheap

Original: Any = botocore.hooks._PrefixTrie  # type: ignore[attr-defined]  # private, and replaced

NAMES = st.lists(st.sampled_from(["before", "sign", "s3", "kms", "*"]), min_size=1, max_size=3).map(
    ".".join
)
EVENTS = (
    "before-parameter-build",
    "before-endpoint-resolution",
    "before-call",
    "request-created",
    "before-sign",
    "before-send",
    "needs-retry",
    "after-call",
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "copy"]),
        st.integers(0, 3),
        NAMES,
        st.integers(0, 4),
        st.sampled_from([0, 1, 2]),
    ),
    max_size=25,
)


@given(STEPS)
def test_handlers_are_found_as_in_the_original(steps: list[tuple[str, int, str, int, int]]) -> None:
    """Of each of several copies, whatever is added and removed in the others."""
    pairs: list[tuple[Any, Any]] = [(Handlers(), Original())]
    for what, number, name, handler, section in steps:
        pair = pairs[number % len(pairs)]
        match what:
            case "add":
                for trie in pair:
                    trie.append_item(name, handler, section)
            case "remove":
                assert len({_removed(trie, name, handler) for trie in pair}) == 1
            case _:
                pairs.append((copy.copy(pair[0]), copy.copy(pair[1])))

        for ours, original in pairs:
            for asked in ("before", "sign.s3", "before.sign.s3", "kms.s3", "before.*.kms"):
                assert ours.prefix_search(asked) == original.prefix_search(asked)


def _removed(trie: Any, name: str, handler: int) -> str:
    try:
        trie.remove_item(name, handler)
    except (ValueError, AttributeError) as error:  # the latter: a node without a handler
        return type(error).__name__
    return "removed"


def test_names_are_those_that_the_original_finds() -> None:
    original = botocore.hooks.EventAliaser(botocore.hooks.HierarchicalEmitter())
    ours = Events(botocore.hooks.HierarchicalEmitter())
    asked = [f"before-call.{name}.Op" for name in (*EVENT_ALIASES, "s3", "kms", "apis", "api")]

    for name in asked:
        assert ours._alias_event_name(name) == original._alias_event_name(name)  # type: ignore[attr-defined]


def test_a_client_has_the_handlers_that_it_has_without() -> None:
    sessions = [botocore.session.Session() for _ in range(2)]
    make_cheap(sessions[1])
    plain, ours = (
        session.create_client(
            "s3", "us-east-1", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x"
        ).meta.events
        for session in sessions
    )

    def handlers(events: Any, name: str) -> list[str]:
        found = events._emitter._handlers.prefix_search(name)
        return [getattr(each, "__qualname__", type(each).__name__) for each in found]

    for event in EVENTS:
        for name in (event, f"{event}.s3.ListBuckets", f"{event}.s3.GetBucketLocation"):
            assert handlers(ours, name) == handlers(plain, name)
    assert isinstance(ours, Events)
    assert isinstance(ours._emitter._handlers, Handlers)
