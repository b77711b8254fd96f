"""Questions about security: those of `mappings/questionnaire.yaml`, or one's own in a CSV file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from collector.attestation.kinds import Kind
from collector.errors import ConfigError
from collector.mapping import Mappings
from collector.yaml_document import read_yaml

OWN_AREA: Final = "Questions"
"""The heading of one's own questions that name no area."""

LARGEST_FILE_BYTES: Final = 10_000_000
"""A larger file is no list of questions, and is not read."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and the controls whose evidence answers it.

    `kinds` narrows an attested control down to these kinds of attestation; empty: those that the
    control's requirements cannot do without.
    """

    id: str
    area: str
    text: str
    controls: tuple[str, ...]
    kinds: tuple[str, ...] = ()


def load_questions(
    mappings: Mappings, kinds: Mapping[str, Kind], folder: Path | None = None
) -> tuple[Question, ...]:
    """The questions of `questionnaire.yaml`, by default the installed one, in its order.

    Raises MappingError, which names file and line, for an unknown control or kind.
    """
    source: Traversable = resources.files("mappings") if folder is None else folder
    label = "mappings" if folder is None else str(folder)
    file = read_yaml(source.joinpath("questionnaire.yaml"), f"{label}/questionnaire.yaml")
    found = []
    for id_, entry in file.record(("questions",))["questions"].fields().items():
        fields = entry.record(("area", "question", "controls"), ("kinds",))
        known = [c.id for c in mappings.controls.values() if c.pending is None]
        controls = tuple(item.choice(known) for item in fields["controls"].items())
        fitting = [kind.id for kind in kinds.values() if kind.control in controls]
        found.append(
            Question(
                id=id_,
                area=fields["area"].text(),
                text=fields["question"].text(),
                controls=controls,
                kinds=tuple(item.choice(fitting) for item in fields["kinds"].items())
                if "kinds" in fields
                else (),
            )
        )
    return tuple(found)


def read_questions(file: Path, mappings: Mappings) -> tuple[Question, ...]:
    """One's own questions: a CSV file with the columns `question` and `controls`, and if wanted
    `id` and `area`. Ids of controls stand apart by blanks, commas or semicolons.

    Raises:
        ConfigError: the file cannot be read, or a cell cannot be used; names file, line and column.
    """
    rows = _rows(file)
    if not rows:
        raise ConfigError(f"{file}: is empty; expected the columns question and controls")
    columns = [name.strip().casefold() for name in rows[0][1]]
    for name in ("question", "controls"):
        if columns.count(name) != 1:
            found = "is missing" if name not in columns else "stands twice"
            raise ConfigError(
                f"{file}:1: column {name} {found}; found the columns {', '.join(columns)!r}"
            )
    questions: list[Question] = []
    for line, cells in rows[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            raise ConfigError(
                f"{file}:{line}: found {len(cells)} columns; expected {len(columns)}, as in the"
                " first line"
            )
        row = {name: " ".join(cell.split()) for name, cell in zip(columns, cells, strict=True)}
        questions.append(_question(file, line, row, len(questions) + 1, mappings))
    if not questions:
        raise ConfigError(f"{file}: has no question; expected one a line behind the first")
    return tuple(questions)


def _question(
    file: Path, line: int, row: Mapping[str, str], number: int, mappings: Mappings
) -> Question:
    if not row["question"]:
        raise ConfigError(f"{file}:{line}: column question is empty; expected a question")
    controls = tuple(dict.fromkeys(re.split(r"[\s,;]+", row["controls"].strip(" ,;"))))
    for name in controls:
        if not name:
            raise ConfigError(f"{file}:{line}: column controls is empty; expected ids of controls")
        if name not in mappings.controls:
            raise ConfigError(
                f"{file}:{line}: column controls: found {name!r}; expected ids of controls, see"
                " collector mappings show"
            )
    return Question(
        id=row.get("id") or str(number),
        area=row.get("area") or OWN_AREA,
        text=row["question"],
        controls=controls,
    )


def _rows(file: Path) -> Sequence[tuple[int, list[str]]]:
    """The rows of the file, each with the line that it ends on."""
    doing = f"reading questions {file}"
    try:
        if file.stat().st_size > LARGEST_FILE_BYTES:
            raise ConfigError(f"{doing}: is larger than {LARGEST_FILE_BYTES:,} bytes")
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{doing}: {error.strerror}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{file}:{line}: found bytes that are not UTF-8; save it as CSV in UTF-8"
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise ConfigError(f"{file}:{reader.line_num}: {error}; expected CSV") from None
