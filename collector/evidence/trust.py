"""Trust: whom a verification believes, whether somebody vouches for keys or nobody does. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from collector.evidence.keyring import (
    KeyRing,
    Resolution,
    SignedStatement,
    resolve,
    signing_faults,
)
from collector.evidence.keys import PublicKey
from collector.evidence.log import Log


class Trust:
    """The keys of one locker, and what its key log says of them.

    Where nobody vouches for a key, the one that signed the first seal of a log is believed for that
    log, and so each log has a key ring of its own.
    """

    def __init__(
        self,
        trusted: Mapping[str, PublicKey],
        own: Mapping[str, PublicKey],
        statements: Sequence[SignedStatement],
        *,
        is_whole: bool,
    ) -> None:
        """Begin.

        Args:
            trusted: keys that somebody vouches for, by fingerprint.
            own: those that the locker holds.
            statements: of the key log, by number.
            is_whole: whether `signers_faults` will be asked about every log of the locker.
        """
        self._own = own
        self._statements = statements
        self._is_whole = is_whole
        self._given = resolve(trusted, statements, are_trusted=True) if trusted else None
        self._by_log: dict[Log, Resolution] = {}

    @property
    def are_trusted(self) -> bool:
        """Whether somebody vouches for a key."""
        return self._given is not None

    @property
    def readable(self) -> KeyRing:
        """The keys whose signatures are looked at, whether or not each may sign everywhere."""
        return KeyRing(self._own, are_trusted=False) if self._given is None else self._given.ring

    def signers_faults(
        self, log: Log, signers: Sequence[tuple[int, str]]
    ) -> Iterator[tuple[int, str]]:
        """Numbers of a log that were signed by keys which may not have, and why.

        Args:
            log: any but the key log.
            signers: number and fingerprint of the key that signed it, ascending by number; seals
                whose signature does not hold are left out.
        """
        resolution = self._given
        if resolution is None:
            resolution = self._from(signers[0][1] if signers else "")
            self._by_log[log] = resolution
        yield from signing_faults(resolution.ring, log, signers)

    def has_replaced(self, keyids: Iterable[str]) -> bool:
        """Whether another key took the place of one of these. Where nobody vouches for a key, none
        that was replaced is believed behind a remembered seal."""
        return self._given is not None and not self._given.ring.successors.keys().isdisjoint(keyids)

    def statement_faults(self) -> Mapping[int, str]:
        """Why statements of the key log do not count, by number. To be asked last.

        Where each log has its own key ring, a statement must count for one log at least; and one
        that revokes a key of a log must count for that log.
        """
        if self._given is not None:
            return self._given.faults
        every = list(self._by_log.values()) or [
            self._from(next((said.sealed.keyid for said in self._statements), ""))
        ]
        found: dict[int, str] = {}
        for said in self._statements:
            faults = [(r.faults[said.number], r.ring) for r in every if said.number in r.faults]
            # Of one account alone it cannot be known what concerns others.
            if len(faults) == len(every) and self._is_whole:
                found[said.number] = faults[0][0]
            if said.statement is None or said.statement.action != "revoke":
                continue
            for fault, ring in faults:
                if said.statement.key in ring.keys:
                    found[said.number] = fault
        return found

    def _from(self, fingerprint: str) -> Resolution:
        """What comes of believing one key, if the locker has it."""
        roots = {k: key for k, key in self._own.items() if k == fingerprint}
        return resolve(roots, self._statements, are_trusted=False)
