"""What a control means: `mappings/*.yaml` as values, and the tags that results carry.

A check names one control; `soc2.yaml` and `hipaa.yaml` link it to criteria and citations. What the
files contradict among themselves is refused on loading; `check_controls` refuses what only shows
against the checks: a claim that no live check proves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType

from collector.errors import MappingError
from collector.framework import (
    CRITERIA,
    OTHER_RULES,
    SECURITY_RULE,
    Control,
    Framework,
    read_controls,
    read_framework,
)
from collector.yaml_document import digest, read_yaml


@dataclass(frozen=True, slots=True)
class Tags:
    """What a result carries: the ids its control links, of any strength, in catalog order."""

    soc2: tuple[str, ...]
    hipaa: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mappings:
    """The three files. `sha256` is over the parsed content of all of them."""

    controls: Mapping[str, Control]
    controls_sha256: str
    soc2: Framework
    hipaa: Framework
    sha256: str

    @property
    def of_data(self) -> frozenset[str]:
        """The controls whose checks judge what holds data."""
        return frozenset(control.id for control in self.controls.values() if control.judges_data)

    def tags(self, control: str) -> Tags:
        """The tags of a control. Raises MappingError if there is no such control."""
        if control not in self.controls:
            raise MappingError(f"tags of control {control}: not in controls.yaml; expected one")
        return Tags(soc2=_tags(self.soc2, control), hipaa=_tags(self.hipaa, control))


def load_mappings(folder: Path | None = None) -> Mappings:
    """Read and check `controls.yaml`, `soc2.yaml` and `hipaa.yaml`, by default the installed ones.

    Raises MappingError, which names file and line, for anything that contradicts itself.
    """
    source: Traversable = resources.files("mappings") if folder is None else folder
    label = "mappings" if folder is None else str(folder)
    controls_file, soc2_file, hipaa_file = (
        read_yaml(source.joinpath(name), f"{label}/{name}")
        for name in ("controls.yaml", "soc2.yaml", "hipaa.yaml")
    )
    controls = read_controls(controls_file)
    soc2 = read_framework(soc2_file, controls, {"catalog": CRITERIA})
    hipaa = read_framework(hipaa_file, controls, {"catalog": SECURITY_RULE, "related": OTHER_RULES})
    contents = [
        ["controls", controls_file.content()],
        ["soc2", soc2_file.content()],
        ["hipaa", hipaa_file.content()],
    ]
    return Mappings(
        controls=MappingProxyType(controls),
        controls_sha256=digest(controls_file.content()),
        soc2=soc2,
        hipaa=hipaa,
        sha256=digest(contents),
    )


def check_controls(mappings: Mappings, checks: Mapping[str, str]) -> None:
    """Hold the mappings against the checks: `checks` gives the control of every check id.

    `checks` must have every check that is installed, not only those of one run. Raises MappingError
    for a check whose control does not exist or is attested, for a link `proves` without a check
    behind it, and for a control that has neither a check nor a `pending` reason.
    """
    for check, name in sorted(checks.items()):
        if name not in mappings.controls:
            raise MappingError(
                f"check {check}: names the control {name}, which is not in controls.yaml; "
                "expected one of its controls"
            )
        if mappings.controls[name].evidence != "checks":
            raise MappingError(
                f"check {check}: names the control {name}, which is evidenced by attestation "
                f"({mappings.controls[name].where}); expected one evidenced by checks"
            )
    live = set(checks.values())
    for framework in (mappings.soc2, mappings.hipaa):
        for name, links in framework.links.items():
            for link in links:
                if link.strength == "proves" and name not in live:
                    raise MappingError(
                        f"{link.where}: {name} proves {link.id} without a check that names "
                        f"{name}; expected a live check, or supports"
                    )
    for control in mappings.controls.values():
        if control.evidence == "checks" and control.pending is None and control.id not in live:
            raise MappingError(
                f"{control.where}: no check names {control.id}; "
                "expected a live check, or a reason under pending"
            )


def _tags(framework: Framework, control: str) -> tuple[str, ...]:
    linked = {link.id for link in framework.links[control]}
    return tuple(id_ for id_ in framework.catalog if id_ in linked)
