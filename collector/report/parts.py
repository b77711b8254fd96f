"""Parts: what one control brings to the requirements that it is linked to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from collector.attestation.kinds import Kind
from collector.attestation.state import Standing
from collector.closing import Closing
from collector.mapping import Mappings
from collector.report.evidence import PROVIDERS, AccountEvidence
from collector.report.statements import Stated, with_provider

LinkName: TypeAlias = Literal["proves", "supports", "attests", "inherited"]
"""How strongly a part speaks for its requirement; `inherited`: for what the provider does."""

PartState: TypeAlias = Literal[
    "holds",
    "failing",
    "accepted",
    "unknown",
    "left out",
    "judged nothing",
    "no check",
    "in force",
    "missing",
    "expired",
]
"""How one control's part stands. Those of checks come first."""


@dataclass(frozen=True)
class Part:
    """What one control brings to a requirement, in one account or for all of them."""

    control: str
    link: LinkName
    account: str | None
    """None: it is attested, for all accounts."""
    state: PartState
    detail: str
    kind: str | None = None
    """The kind of attestation that it takes; None: it is evidenced by checks."""
    max_days: int | None = None
    """How long a statement of that kind counts at most, so how often it is needed."""
    checks: tuple[str, ...] = ()
    """Its checks that ran."""
    left_out: tuple[str, ...] = ()
    """Its checks that did not."""
    passed: int = 0
    failed: int = 0
    accepted: int = 0
    unknown: int = 0
    entries: tuple[int, ...] = ()
    """Numbers of the entries of the log of attestations that it rests on."""

    @property
    def control_or_kind(self) -> str:
        """What brings it: the kind of attestation, or else the control."""
        return self.control if self.kind is None else self.kind


@dataclass(frozen=True)
class Grounds:
    """What requirements are assessed by."""

    mappings: Mappings
    kinds: Mapping[str, Kind]
    closing: Closing
    accounts: Sequence[AccountEvidence]
    standing: Standing
    at: datetime
    doubts: Sequence[str] = ()
    """Why what people signed may not be theirs."""


def checked_part(account: AccountEvidence, control: str, link: LinkName) -> Part:
    """What the checks of a control bring."""
    ran = account.of_control(control)
    left_out = [one.id for one in account.left_out if one.control == control]
    passed = sum(c.passed for c in ran)
    failed = sum(c.failed for c in ran)
    accepted = sum(c.accepted for c in ran)
    unknown = sum(c.unknown for c in ran)
    cloud = PROVIDERS[account.provider]
    state: PartState
    if failed > accepted:
        state, detail = "failing", f"{failed - accepted} of {passed + failed} fail"
    elif unknown:
        state, detail = "unknown", f"{unknown} could not be read"
    elif left_out:
        was = "not run" if account.is_same_program else "not run, or not there yet"
        state, detail = "left out", f"{was}: {', '.join(left_out)}"
    elif accepted:
        state, detail = "accepted", f"{accepted} of {passed + failed} fail, all of them accepted"
    elif passed:
        state, detail = "holds", f"{passed} of {passed} pass"
    elif ran and account.phi is not None and control in account.phi.controls:
        state, detail = "judged nothing", "its checks judged nothing that is marked as PHI"
    elif ran:
        state, detail = "judged nothing", "its checks found nothing to judge"
    else:
        state, detail = "no check", f"there is no check of it for {cloud}"
    return Part(
        control=control,
        link=link,
        account=account.account,
        state=state,
        detail=detail,
        checks=tuple(c.check for c in ran),
        left_out=tuple(left_out),
        passed=passed,
        failed=failed,
        accepted=accepted,
        unknown=unknown,
    )


def stated_part(found: Stated) -> Part:
    """What the statements of a kind bring."""
    return Part(
        found.control, "attests", None, found.state, found.detail,
        kind=found.kind, max_days=found.max_days, entries=found.entries,
    )  # fmt: skip


def unanswerable(control: str) -> Part:
    """What an attested control brings to a requirement that no kind of attestation answers."""
    return Part(control, "attests", None, "missing", "no kind of attestation answers it")


def provider_parts(
    grounds: Grounds, account: AccountEvidence, *, with_agreement: bool
) -> Iterator[Part]:
    """What shows the provider's part of an account: its assurance report and, if wanted, the
    agreement with it."""
    report, agreement = with_provider(
        grounds.standing, grounds.at, account.provider, grounds.kinds, grounds.closing
    )
    yield _of_provider(account, report)
    if with_agreement:
        checked = checked_part(account, grounds.closing.agreement_control, "inherited")
        is_checked = checked.state in ("holds", "failing", "accepted")
        yield checked if is_checked else _of_provider(account, agreement)


def _of_provider(account: AccountEvidence, found: Stated) -> Part:
    return replace(stated_part(found), link="inherited", account=account.account)


def is_live(part: Part) -> bool:
    """Whether it is evidence, whatever it says."""
    return part.state in ("failing", "accepted", "holds", "in force") or bool(part.passed)
