"""What closes a gap: `mappings/closing.yaml` as a value.

Apart from the other mappings because no tag of a result follows from it: it may change without the
meaning of a snapshot changing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import cast, get_args

from collector.attestation.kinds import Kind
from collector.mapping import Mappings
from collector.source import Provider
from collector.yaml_document import Value, digest, read_yaml


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the order of enforcement. `rank` counts from 1, the most enforced."""

    rank: int
    reason: str


@dataclass(frozen=True, slots=True)
class ProviderName:
    """What a cloud provider is called, and by which names it is known as a party."""

    name: str
    parties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Closing:
    """The file. `sha256` is over its parsed content.

    `enforcement` has the step of those rows of HIPAA that have one. The agreement with a provider
    is shown by a check of `agreement_control` that passes, or by an attestation of
    `agreement_kind`; its report by one of `report_kind` whose fact `report_fact` begins with one of
    `report_names`.
    """

    enforcement: Mapping[str, Step]
    agreement_control: str
    agreement_kind: str
    report_kind: str
    report_fact: str
    report_names: tuple[str, ...]
    providers: Mapping[Provider, ProviderName]
    sha256: str

    def rank(self, citation: str) -> int:
        """The step of a row; behind the last one, if it has none."""
        steps = self.enforcement
        last = max(step.rank for step in steps.values())
        return steps[citation].rank if citation in steps else last + 1


def load_closing(
    mappings: Mappings, kinds: Mapping[str, Kind], folder: Path | None = None
) -> Closing:
    """Read and check `closing.yaml`, by default the installed one.

    Raises MappingError, which names file and line, for what is not a row that applies, a control
    that is checked, a kind with a party, one of its facts, or a provider.
    """
    source: Traversable = resources.files("mappings") if folder is None else folder
    label = "mappings" if folder is None else str(folder)
    file = read_yaml(source.joinpath("closing.yaml"), f"{label}/closing.yaml")
    parts = file.record(("enforcement", "inherited", "providers"))
    inherited = parts["inherited"].record(("agreement", "report"))
    agreement = inherited["agreement"].record(("control", "kind"))
    report = inherited["report"].record(("kind", "fact", "begins"))
    checked = [c.id for c in mappings.controls.values() if c.evidence == "checks"]
    of_vendors = [kind.id for kind in kinds.values() if kind.party == "vendor"]
    report_kind = report["kind"].choice(of_vendors)
    return Closing(
        enforcement=MappingProxyType(_enforcement(parts["enforcement"], mappings)),
        agreement_control=agreement["control"].choice(checked),
        agreement_kind=agreement["kind"].choice(of_vendors),
        report_kind=report_kind,
        report_fact=report["fact"].choice(tuple(kinds[report_kind].facts)),
        report_names=tuple(name.text() for name in report["begins"].items()),
        providers=MappingProxyType(_providers(parts["providers"])),
        sha256=digest(file.content()),
    )


def _enforcement(part: Value, mappings: Mappings) -> dict[str, Step]:
    steps: dict[str, Step] = {}
    for rank, item in enumerate(part.items(), start=1):
        fields = item.record(("reason", "rows"))
        step = Step(rank, fields["reason"].text())
        for row in fields["rows"].items():
            id_ = row.text()
            if id_ not in mappings.hipaa.catalog or id_ in mappings.hipaa.not_applicable:
                raise row.error(f"found {id_}", "a row of hipaa.yaml that applies")
            if id_ in steps:
                raise row.error(f"{id_} has a step already", "it once")
            steps[id_] = step
    return steps


def _providers(part: Value) -> dict[Provider, ProviderName]:
    fields = part.record(get_args(Provider))
    found: dict[Provider, ProviderName] = {}
    for name, value in fields.items():
        entry = value.record(("name", "parties"))
        parties = tuple(party.text() for party in entry["parties"].items())
        found[cast(Provider, name)] = ProviderName(entry["name"].text(), parties)
    return found
