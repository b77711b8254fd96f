"""`closing.yaml`: what it says, and what it refuses."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from collector.closing import load_closing
from collector.errors import MappingError
from tests.report.grounds import closing, kinds, mappings

TEXT = resources.files("mappings").joinpath("closing.yaml").read_text(encoding="utf-8")


def test_risk_analysis_is_enforced_most_and_every_row_has_a_rank() -> None:
    ranks = {id_: closing().rank(id_) for id_ in mappings().hipaa.catalog}

    assert min(ranks, key=lambda id_: ranks[id_]) == "164.308(a)(1)(ii)(A)"
    assert ranks["164.310(b)"] > max(step.rank for step in closing().enforcement.values())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"164.308(a)(1)(ii)(A)"', '"164.999"', "found 164.999; expected a row of hipaa.yaml"),
        ('"164.308(a)(1)(ii)(A)"', '"164.308(b)(1)"', "expected a row of hipaa.yaml that applies"),
        ('"164.308(a)(1)(ii)(A)"', '"164.410"', "164.410 has a step already"),
        ("control: provider-agreement", "control: risk-analysis", "found risk-analysis"),
        ("kind: vendor-assessment", "kind: risk-analysis", "found risk-analysis"),
        ("fact: report", "fact: nothing", "found nothing; expected one of performed, report"),
        ("  gcp:", "  other:", "unknown key other"),
        ("enforcement:", "enforced:", "unknown key enforced"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "closing.yaml").write_text(TEXT.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(MappingError, match=r"closing.yaml:\d+: ") as refused:
        load_closing(mappings(), kinds(), tmp_path)

    assert said in str(refused.value)
