"""What is in a locker, by the names of its files. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from collector.evidence.log import Log, document_place, seal_place
from collector.evidence.record import DIGEST
from collector.evidence.snapshot import KEYS, OBJECTS, object_key

_OBJECT = re.compile(rf"{OBJECTS}sha256/[0-9a-f]{{2}}/({DIGEST})")
_PUBLIC_KEY = re.compile(rf"{KEYS}{DIGEST}\.pem")


@dataclass(frozen=True)
class Inventory:
    """Names of files, sorted into what they say the files are."""

    objects: set[str] = field(default_factory=set)
    """Digests."""
    documents: dict[Log, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Digests of documents."""
    seals: dict[Log, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Numbers of seals, in the order of their keys."""
    public_keys: list[str] = field(default_factory=list)
    """Keys of files that hold a public key."""
    unknown: list[str] = field(default_factory=list)
    """Keys of files that have no place in a locker."""


def take_inventory(keys: Iterable[str]) -> Inventory:
    """Sort files by their keys."""
    found = Inventory()
    for key in keys:
        if (place := seal_place(key)) is not None:
            found.seals[place[0]].append(place[1])
        elif (document := document_place(key)) is not None:
            found.documents[document[0]].add(document[1])
        elif (match := _OBJECT.fullmatch(key)) is not None and object_key(match[1]) == key:
            found.objects.add(match[1])
        elif _PUBLIC_KEY.fullmatch(key) is not None:
            found.public_keys.append(key)
        else:
            found.unknown.append(key)
    return found
