"""Checks: what is concluded, as pure functions.

A check's parameters are its declaration. A resource type asks for one resource; several are joined
by id; `Sequence[...]` asks for all of the account, or of the region with `scope="region"`; a union
asks for the resources of each member in turn. Keyword-only parameters are settings with defaults,
except `now`, the time of the run. From the types follow the reads, the permissions and the
evidence.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import pkgutil
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Generic, Literal, ParamSpec

from collector.errors import CheckError
from collector.resource import Resource, public_path
from collector.source import AnyProvider, Provider, Source

P = ParamSpec("P")

Outcome = Literal["pass", "fail", "not_applicable"]
Severity = Literal["critical", "high", "medium", "low"]
SettingValue = bool | int | float | str | tuple[str, ...]

MOST_LISTED = 5
"""How many names a reason shows before it only counts them."""

ENTRY_POINTS = "collector.checks"
"""Group by which other distributions add packages of checks."""


@dataclass(frozen=True)
class Verdict:
    """What a check concludes. Only the engine says `unknown`."""

    outcome: Outcome
    reason: str


def passed(reason: str) -> Verdict:
    """The condition holds."""
    return Verdict("pass", reason)


def failed(reason: str) -> Verdict:
    """The condition does not hold."""
    return Verdict("fail", reason)


def not_applicable(reason: str) -> Verdict:
    """The condition has no meaning for this resource."""
    return Verdict("not_applicable", reason)


def listed(names: Iterable[object], separator: str = ", ") -> str:
    """Names for a reason, in the order that they are given in: the first few, and how many more."""
    texts = [str(name) for name in names]
    more = len(texts) - MOST_LISTED
    shown = separator.join(texts[:MOST_LISTED])
    return f"{shown} and {more} more" if more > 0 else shown


@dataclass(frozen=True)
class Parameter:
    """A positional parameter of a check: the resource types it takes."""

    name: str
    resources: tuple[type[Resource], ...]
    many: bool
    """Whether it takes all of them (`Sequence`) instead of one."""


@dataclass(frozen=True)
class Setting:
    """A keyword-only parameter of a check."""

    name: str
    type: object
    default: SettingValue


@dataclass(frozen=True, eq=False)
class Check(Generic[P]):
    """A check as declared by `check`. Callable like the function it was made of."""

    function: Callable[P, Verdict]
    control: str
    severity: Severity
    scope: Literal["account", "region"]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Verdict:
        """Judge resources that are given; what tests and `evaluate` do."""
        return self.function(*args, **kwargs)

    @cached_property
    def id(self) -> str:
        """Import path below `checks`: `aws.s3.default_encryption`."""
        return f"{public_path(self.function.__module__)}.{self.function.__name__}"

    @cached_property
    def doc(self) -> str:
        """The docstring, which is the check's specification."""
        return inspect.getdoc(self.function) or ""

    @property
    def title(self) -> str:
        """First line of the docstring, without the full stop."""
        return self.doc.partition("\n")[0].rstrip(".")

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The resources it judges, in order.

        Raises:
            CheckError: a positional parameter is not annotated with resource types.
        """
        hints = self._hints
        found = []
        for parameter in inspect.signature(self.function).parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY:
                continue
            annotation = hints.get(parameter.name)
            many = typing.get_origin(annotation) is Sequence
            inner = typing.get_args(annotation)[0] if many else annotation
            named = typing.get_args(inner) if _is_union(inner) else (inner,)
            members = tuple(m for m in named if isinstance(m, type) and issubclass(m, Resource))
            if len(members) < len(named):
                raise CheckError(
                    f"check {self.id}: parameter {parameter.name} is {annotation!r}; expected a"
                    " Resource, a union of them or a Sequence of either"
                )
            found.append(Parameter(parameter.name, members, many))
        if not found:
            raise CheckError(f"check {self.id}: takes no resource, so it can prove nothing")
        return tuple(found)

    @cached_property
    def settings(self) -> Mapping[str, Setting]:
        """Its settings by name, `now` left out.

        Raises:
            CheckError: a setting has no default.
        """
        found = {}
        hints = typing.get_type_hints(self.function, include_extras=True)
        for parameter in inspect.signature(self.function).parameters.values():
            if parameter.kind is not parameter.KEYWORD_ONLY or parameter.name == "now":
                continue
            if parameter.default is parameter.empty:
                raise CheckError(f"check {self.id}: setting {parameter.name} has no default")
            found[parameter.name] = Setting(
                parameter.name, hints[parameter.name], parameter.default
            )
        return found

    @cached_property
    def wants_now(self) -> bool:
        """Whether it judges against the time of the run."""
        return "now" in inspect.signature(self.function).parameters

    @cached_property
    def resources(self) -> tuple[type[Resource], ...]:
        """Every resource type it needs, each once, parents before children.

        Those by which others are reconciled come last.
        """
        ordered: dict[type[Resource], None] = {}
        waiting = [r for parameter in self.parameters for r in parameter.resources]
        while waiting:
            for ancestor in reversed(lineage(waiting.pop(0))):
                if ancestor not in ordered:
                    ordered[ancestor] = None
                    waiting += [peer.of for peer in ancestor.reconciled]
        return tuple(ordered)

    @property
    def provider(self) -> Provider | AnyProvider:
        """The cloud whose sources it reads; "any" where it asks no cloud's API."""
        return self.resources[0].source.provider

    @property
    def follows_findings(self) -> bool:
        """Whether it connects to endpoints that are found in the account."""
        providers = {r.source.provider for r in self.resources}
        return len(providers) > 1 and "any" in providers

    @property
    def permissions(self) -> tuple[str, ...]:
        """What it takes to read all it needs, sorted."""
        return tuple(sorted({p for r in self.resources for p in r.source.permissions}))

    @cached_property
    def _hints(self) -> dict[str, object]:
        return typing.get_type_hints(self.function)


def check(
    *,
    control: str,
    severity: Severity = "medium",
    scope: Literal["account", "region"] = "account",
) -> Callable[[Callable[P, Verdict]], Check[P]]:
    """Declare a function as a check of one control.

    Args:
        control: id of the shared control, which the mappings tie to SOC 2 and HIPAA.
        severity: how much a failing result matters.
        scope: for a check over a `Sequence`: judged once for the account, or once a region.
    """
    return lambda function: Check(function, control, severity, scope)


def lineage(resource: type[Resource]) -> tuple[type[Resource], ...]:
    """The resource type, its parent, and so on to the one that is listed without a parent."""
    above = resource.source.per
    return (resource,) if above is None else (resource, *lineage(above))


def discover(folders: Iterable[Path] = ()) -> Mapping[str, Check[...]]:
    """All checks by id: the product's, those of installed packs, those of the given folders.

    Modules are imported, which defines things and does nothing else.

    Args:
        folders: `--checks-dir`; a module `acme/s3.py` in one gives ids `acme.s3.<name>`.

    Raises:
        CheckError: two checks have one id, a module cannot be imported, or a declaration is wrong.
    """
    found: dict[str, Check[...]] = {}
    for module in _modules(folders):
        for value in vars(module).values():
            if not isinstance(value, Check) or value.function.__module__ != module.__name__:
                continue
            if found.setdefault(value.id, value) is not value:
                raise CheckError(f"check {value.id}: two checks have this id")
            _validate(value)
    return dict(sorted(found.items()))


def code_digest(checks: Iterable[Check[...]]) -> str:
    """Digest over the code by which a run judges: every file of the packages the checks are in.

    The same files give the same digest wherever they are installed.
    """
    files: dict[str, Path] = {}
    packages: dict[str, None] = {}
    for check in checks:
        module = check.function.__module__
        package = sys.modules.get(module.partition(".")[0])
        folders = getattr(package, "__path__", ())
        packages |= dict.fromkeys(folders)
        if not folders:
            files[module] = Path(check.function.__code__.co_filename)
    for folder in map(Path, packages):
        for path in folder.rglob("*.py"):
            files[f"{folder.name}/{path.relative_to(folder).as_posix()}"] = path
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _modules(folders: Iterable[Path]) -> Iterator[types.ModuleType]:
    packages = ["checks"]
    packages += sorted(e.value for e in importlib.metadata.entry_points(group=ENTRY_POINTS))
    for name in packages:
        package = _import(name)
        yield package
        for info in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{name}."):
            yield _import(info.name)
    for folder in folders:
        if not folder.is_dir():
            raise CheckError(f"checks folder {folder}: found no folder; expected one of modules")
        for path in sorted(folder.rglob("*.py")):
            yield _load(path, ".".join(path.relative_to(folder).with_suffix("").parts))


def _import(name: str) -> types.ModuleType:
    try:
        return importlib.import_module(name)
    except (ImportError, SyntaxError) as error:
        raise CheckError(f"checks package {name}: cannot be imported: {error}") from error


def _load(path: Path, name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CheckError(f"checks file {path}: is not a Python module")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (ImportError, SyntaxError, NameError, AttributeError, TypeError) as error:
        raise CheckError(f"checks file {path}: cannot be imported: {error}") from error
    return module


def _validate(declared: Check[...]) -> None:
    """Raise on discovery what would otherwise break a run."""
    for text in ("Passes:", "Fails:"):
        if text not in declared.doc:
            raise CheckError(f"check {declared.id}: its docstring has no {text!r}")
    for resource in declared.resources:
        if not isinstance(getattr(resource, "source", None), Source):
            raise CheckError(f"check {declared.id}: {resource.__name__} names no source")
    assert declared.settings is not None  # evaluated for its errors
    if declared.wants_now and declared._hints["now"] is not datetime:
        raise CheckError(f"check {declared.id}: now is not a datetime")


def _is_union(annotation: object) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)
