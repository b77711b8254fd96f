"""Events of the SDK: what its clients go through for each request, made cheap to copy and look up.

A client's emitter is a copy of the session's, some eight hundred handlers in a tree of names, and
botocore copies the whole tree for each of the hundred clients of a run, and goes through its list
of former names for each of some thirty events in the life of a client and its requests. Both are
private parts of botocore, replaced here and nowhere else; tests hold them against the originals.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.hooks
from botocore.hooks import EVENT_ALIASES
from botocore.session import Session

# The stubs know nothing of what is private.
_HOOKS: Any = botocore.hooks
_Trie: Any = _HOOKS._PrefixTrie
_Aliaser: Any = _HOOKS.EventAliaser


def make_cheap(session: Session) -> None:
    """Let a session's emitter, and those of its clients, share what they have in common.

    Args:
        session: one that has made no client yet.
    """
    events: Any = session.get_component("event_emitter")
    events.__class__ = Events
    emitter = events._emitter
    shared = Handlers()
    shared._root = emitter._handlers._root
    emitter._handlers = shared


class Events(_Aliaser):  # type: ignore[misc]
    """Shares with its copies the present names of events that were looked up."""

    def _alias_event_name(self, event_name: str) -> str:
        known: dict[str, str] = vars(self)["_alias_name_cache"]
        if event_name not in known and not _may_be_former(event_name):
            known[event_name] = event_name
        found: str = super()._alias_event_name(event_name)
        return found

    def __copy__(self) -> Any:
        copied: Any = super().__copy__()
        copied._alias_name_cache = vars(self)["_alias_name_cache"]
        return copied


@cache
def _former_parts() -> frozenset[str]:
    """The first part of each former name; only an event with one of these has another name now."""
    return frozenset(name.partition(".")[0] for name in EVENT_ALIASES)


def _may_be_former(event_name: str) -> bool:
    return not _former_parts().isdisjoint(event_name.split("."))


class Handlers(_Trie):  # type: ignore[misc]
    """A tree of handlers by names of events, whose copies share all that was not changed since.

    Nodes are never changed: whoever adds or removes a handler makes new ones on the way to it.
    """

    def append_item(self, key: str, value: Any, section: int = 1) -> None:
        """Add a handler; `section` is 0 for the first ones, 1 for the others, 2 for the last."""
        self._own(key.split("."))
        super().append_item(key, value, section)

    def remove_item(self, key: str, value: Any) -> None:
        """Remove a handler.

        Raises:
            ValueError: there is no such name.
        """
        self._own(key.split("."))
        super().remove_item(key, value)

    _root: dict[str, Any]

    def _own(self, parts: list[str]) -> None:
        """Replace the nodes on the way by copies, as far as there are any."""
        node = self._root = _copied(self._root)
        for part in parts:
            below = node["children"].get(part)
            if below is None:
                return
            node["children"][part] = _copied(below)
            node = node["children"][part]

    def __copy__(self) -> Any:
        copied = type(self)()
        copied._root = self._root
        return copied


def _copied(node: dict[str, Any]) -> dict[str, Any]:
    """A node with its own list of handlers and its own table of what is below."""
    values = node["values"]
    own = None if values is None else type(values)(*(list(section) for section in values))
    return {"chunk": node["chunk"], "children": dict(node["children"]), "values": own}
