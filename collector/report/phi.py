"""The PHI view: evidence limited to the resources that are marked as holding health information.
Pure.

Only controls whose checks judge what holds data are limited (`judges: data` in
`mappings/controls.yaml`). All others concern every piece of PHI in the account, whatever the tags
say: a second factor, a trail, a listener that answers in plain text. They stay in whole, and so
does what any check says of the account itself.

Of a limited control a resource is left out only if the tags were read without a gap, and no
snapshot that the report rests on has it marked as PHI. So to take the mark away hides nothing, and
tags that could not be read hide nothing either. What carries no classification is left out and
counted: that nobody said what it holds does not mean that it holds none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from collector.classification import same
from collector.errors import ConfigError
from collector.report.history import History, has_unknown
from collector.report.results import Judged


@dataclass(frozen=True)
class PhiLimit:
    """How an account's evidence was limited. What is counted are distinct resources that the
    limited controls judged, or should have judged and could not read."""

    account: str
    marked: int
    """Marked as PHI in a snapshot that the report rests on; these stay in."""
    otherwise: int
    """Marked as something else, and never as PHI; left out."""
    unclassified: int
    """Left out as well: they carry no classification, so nobody knows whether they hold PHI."""
    undecided: int
    """They stay in: no tags were read that could have told."""
    controls: tuple[str, ...]
    """The limited controls, by name."""
    snapshots: int
    """That the report rests on."""
    silent: int
    """Of these, how many tell of no resource whether it holds PHI."""

    @property
    def told(self) -> str:
        """What a reader must know of it, in plain words."""
        text = (
            f"Limited to what is marked as PHI in {self.account}: {_resources(self.marked)}. Left "
            f"out: {_resources(self.unclassified)} with no classification at all, which may hold "
            f"PHI all the same, and {_resources(self.otherwise)} marked otherwise. So limited are "
            f"the controls of stored data ({', '.join(self.controls)}). All others (MFA, trails, "
            f"password policy and so on) and results of the account itself concern all PHI in it, "
            f"and are told of whole."
        )
        if self.undecided:
            text += (
                f" {_resources(self.undecided)} stayed in although nothing marks them, because "
                f"tags could not be read."
            )
        if self.silent:
            text += (
                f" {self.silent} of the {self.snapshots} snapshots read no tags, and are limited "
                f"by what the others say."
            )
        return text


def limit_to_phi(
    history: History,
    controls: Mapping[str, str],
    limited: Collection[str],
    readers: Collection[str],
) -> tuple[History, PhiLimit]:
    """The history without what is not marked as PHI, and what was left out.

    Args:
        history: of the account.
        controls: the control of each check that is installed; of others, the snapshot says it.
        limited: the controls whose checks judge what holds data.
        readers: ids of the checks that read the tags by which resources are classified.

    Raises:
        ConfigError: no snapshot tells of any resource whether it holds PHI.
    """
    marked: set[str] = set()
    otherwise: set[str] = set()
    population: set[str] = set()
    decided: set[str] = set()
    objects: set[str] = set()
    passed_over: set[tuple[str, bool]] = set()
    snapshots = (*history.before, *history.snapshots)
    silent = 0
    for one in snapshots:
        tags = [one.entries[check] for check in readers if check in one.entries]
        is_read = bool(tags) and not any(map(has_unknown, tags))
        silent += not tags
        for entry in one.snapshot.checks:
            digest = entry.results_sha256
            if (digest, is_read) in passed_over:
                continue
            passed_over.add((digest, is_read))
            is_limited = controls.get(entry.id, entry.control) in limited
            objects |= {digest} if is_limited else set()
            for result in history.judged(entry):
                name = same(result.resource.id)
                if result.phi is True:
                    marked.add(name)
                elif result.phi is False:
                    otherwise.add(name)
                if is_limited and not _is_account(result):
                    population.add(name)
                    decided |= {name} if is_read and result.phi is not None else set()
    if silent == len(snapshots):
        raise ConfigError(
            f"--phi-only: the snapshots of account {history.account} tell of no resource whether "
            f"it holds PHI; configure [accounts.{history.account}] phi, as in "
            f"phi = {{data-classification = 'phi'}}, and run again"
        )
    left_out = (population & decided) - marked
    kept = {
        digest: found.only(
            lambda result: _is_account(result) or same(result.resource.id) not in left_out
        )
        if digest in objects
        else found
        for digest, found in history.objects.items()
    }
    return replace(history, objects=kept), PhiLimit(
        account=history.account,
        marked=len(population & marked),
        otherwise=len(left_out & otherwise),
        unclassified=len(left_out - otherwise),
        undecided=len(population - decided - marked),
        controls=tuple(sorted(limited)),
        snapshots=len(snapshots),
        silent=silent,
    )


def _is_account(result: Judged) -> bool:
    return result.resource.id == result.resource.account


def _resources(count: int) -> str:
    return f"{count} resource{'' if count == 1 else 's'}"
