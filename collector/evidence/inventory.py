"""What is in a locker, by the names of its files. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from collector.evidence.log import Log, document_place, seal_place
from collector.evidence.record import DIGEST
from collector.evidence.snapshot import KEYS, OBJECTS, TIMESTAMPS, object_key

_OBJECT = re.compile(rf"{OBJECTS}sha256/[0-9a-f]{{2}}/({DIGEST})")
_PUBLIC_KEY = re.compile(rf"{KEYS}{DIGEST}\.pem")
_AUTHORITY = re.compile(rf"{TIMESTAMPS}authorities/{DIGEST}\.pem")
_TIMESTAMP = re.compile(rf"{TIMESTAMPS}({DIGEST})/({DIGEST})\.tsr")


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
    authorities: list[str] = field(default_factory=list)
    """Keys of files that hold a certificate of a timestamp authority."""
    timestamps: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Digests of timestamps that were added later, by the digest of the seal."""
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
        elif (match := _TIMESTAMP.fullmatch(key)) is not None:
            found.timestamps[match[1]].append(match[2])
        elif _AUTHORITY.fullmatch(key) is not None:
            found.authorities.append(key)
        else:
            found.unknown.append(key)
    return found
