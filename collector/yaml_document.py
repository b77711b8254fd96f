"""A YAML file read strictly: texts, lists and mappings only, and every value knows its line.

YAML's own types are not used: `no`, `164.410` and dates are where a file that people edit goes
wrong silently. A key that stands twice is refused, where a plain loader keeps the last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Final, TypeAlias

import yaml

from collector.errors import MappingError

Content: TypeAlias = "str | Sequence[Content]"

# libyaml is ten times faster. The wheels of PyYAML bring it; a build from source may not.
LOADER: Final[type[yaml.SafeLoader | yaml.CSafeLoader]] = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a YAML file. Every method raises MappingError for what it does not expect.

    `line` is that of the value's key, or its own in a list.
    """

    file: str
    line: int
    node: yaml.Node = field(repr=False)

    @property
    def where(self) -> str:
        """The file and the line, as `soc2.yaml:12`."""
        return f"{self.file}:{self.line}"

    def error(self, found: str, expected: str) -> MappingError:
        """The error to raise for this value: file, line, what is there and what should be."""
        return MappingError(f"{self.where}: {found}; expected {expected}")

    def text(self) -> str:
        """The text, with every run of white space as one blank."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.error(f"found {_kind(self.node)}", "a text")
        text = " ".join(self.node.value.split())
        if not text:
            raise self.error("found nothing", "a text")
        if self.node.tag != "tag:yaml.org,2002:str":
            type_name = self.node.tag.rpartition(":")[2]
            raise self.error(f"found {text}, which YAML reads as {type_name}", "a text in quotes")
        return text

    def choice(self, allowed: Sequence[str]) -> str:
        """The text, which must be one of `allowed`."""
        text = self.text()
        if text not in allowed:
            raise self.error(f"found {text}", f"one of {', '.join(allowed)}")
        return text

    def items(self) -> list[Value]:
        """The values of a list that is not empty."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error(f"found {_kind(self.node)}", "a list")
        if not self.node.value:
            raise self.error("found an empty list", "at least one value")
        return [Value(self.file, _line(node), node) for node in self.node.value]

    def fields(self) -> dict[str, Value]:
        """The values of a mapping by key, in the order of the file, each with its key's line."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error(f"found {_kind(self.node)}", "a mapping")
        fields: dict[str, Value] = {}
        for key_node, node in self.node.value:
            key = Value(self.file, _line(key_node), key_node)
            name = key.text()
            if name in fields:
                raise key.error(
                    f"{name} stands twice, first on line {fields[name].line}", "it once"
                )
            fields[name] = Value(self.file, key.line, node)
        return fields

    def record(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Value]:
        """The values of a mapping that has all keys of `required` and no key beyond `optional`."""
        fields = self.fields()
        known = [*required, *optional]
        for key, value in fields.items():
            if key not in known:
                raise value.error(f"found the unknown key {key}", f"only {', '.join(known)}")
        for key in required:
            if key not in fields:
                raise self.error(f"the key {key} is missing", f"the keys {', '.join(required)}")
        return fields

    def content(self) -> Content:
        """All of it as lists and texts. A mapping is its pairs, so that its order counts."""
        return _content(self.node)


def digest(content: Content) -> str:
    """SHA-256, hex, of the content as canonical JSON. Comments, quotes and layout do not count.

    Of lists and texts, compact JSON is the canonical JSON of RFC 8785.
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_yaml(file: Traversable, label: str) -> Value:
    """Read the one document of a YAML file. `label` is what errors call the file.

    Raises MappingError if the file cannot be read or is not YAML.
    """
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=LOADER)
    except OSError as error:
        raise MappingError(f"{label}: {error.strerror}; expected a YAML file") from error
    except UnicodeDecodeError as error:
        raise MappingError(f"{label}: found bytes that are not UTF-8; expected text") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MappingError(f"{label}:{line}: {error.problem}; expected YAML") from error
    except yaml.YAMLError as error:  # a character that YAML does not allow; has no line
        raise MappingError(f"{label}: {str(error).splitlines()[0]}; expected YAML") from error
    if node is None:
        raise MappingError(f"{label}:1: found an empty file; expected a mapping")
    return Value(label, 1, node)


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return f"the text {node.value}" if node.value else "nothing"


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _content(node: yaml.Node) -> Content:
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.MappingNode):
        return [[_content(key), _content(value)] for key, value in node.value]
    return [_content(item) for item in node.value]
