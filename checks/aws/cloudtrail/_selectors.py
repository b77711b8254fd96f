"""Event selectors: which events a trail records."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from checks.aws.cloudtrail._trails import Trail
from collector.resource import Part, Resource, at
from collector.source import Aws

READ_AND_WRITE = frozenset({"read", "write"})
KINDS = {"All": READ_AND_WRITE, "ReadOnly": frozenset({"read"}), "WriteOnly": frozenset({"write"})}

S3_OBJECT = "AWS::S3::Object"

Selected = tuple[frozenset[str], frozenset[str]]
"""Kinds of management events (`read`, `write`) that are selected whole, but for these sources."""


class DataResource(Part):
    """Resources of one type whose data events a basic selector selects."""

    type: str = at("Type")
    values: tuple[str, ...] = at("Values", default=())

    def covers(self, bucket: str) -> bool:
        """Whether they are all objects of a bucket, given as `arn:aws:s3:::name/`, among others.

        A value is the ARN of all S3, or of a bucket with a slash; with a prefix behind it, it is
        only some of the objects.
        https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DataResource.html
        """
        every = bucket.partition(":::")[0]
        return self.type == S3_OBJECT and not {every, f"{every}:::", bucket}.isdisjoint(self.values)


class Selector(Part):
    """A basic event selector."""

    management: bool = at("IncludeManagementEvents")
    read_write: Literal["All", "ReadOnly", "WriteOnly"] = at("ReadWriteType")
    excluded: tuple[str, ...] = at("ExcludeManagementEventSources", default=())
    data: tuple[DataResource, ...] = at("DataResources", default=())

    @property
    def selected(self) -> Selected:
        """What it selects of the management events."""
        chosen = KINDS[self.read_write] if self.management else frozenset[str]()
        return chosen, frozenset(self.excluded)

    def selected_of(self, bucket: str) -> frozenset[str]:
        """Whether it selects the reading and the writing of all objects of a bucket."""
        is_covered = any(resources.covers(bucket) for resources in self.data)
        return KINDS[self.read_write] if is_covered else frozenset()


class FieldSelector(Part):
    """A condition of an advanced event selector on one field of an event."""

    name: str = at("Field")
    equals: tuple[str, ...] = at("Equals", default=())
    not_equals: tuple[str, ...] = at("NotEquals", default=())
    starts_with: tuple[str, ...] = at("StartsWith", default=())
    not_starts_with: tuple[str, ...] = at("NotStartsWith", default=())
    ends_with: tuple[str, ...] = at("EndsWith", default=())
    not_ends_with: tuple[str, ...] = at("NotEndsWith", default=())

    @property
    def by_part(self) -> bool:
        """Whether it compares how the field begins or ends."""
        return any((self.starts_with, self.not_starts_with, self.ends_with, self.not_ends_with))

    def covers(self, bucket: str) -> bool:
        """Whether the ARNs of all objects of a bucket, `arn:aws:s3:::name/`, hold to it."""
        if self.equals or self.ends_with or self.not_ends_with:
            return False
        left_out = (*self.not_starts_with, *self.not_equals)
        if any(bucket.startswith(value) or value.startswith(bucket) for value in left_out):
            return False
        return not self.starts_with or any(map(bucket.startswith, self.starts_with))


class AdvancedSelector(Part):
    """An advanced event selector: all its conditions hold of an event that it selects."""

    fields: tuple[FieldSelector, ...] = at("FieldSelectors")

    @property
    def selected(self) -> Selected:
        """What it selects of the management events; nothing where a condition narrows it in another
        way than by reading or writing, or by leaving sources out."""
        kinds, excluded = READ_AND_WRITE, frozenset[str]()
        is_management = False
        for field in self.fields:
            if field.by_part:
                is_narrowed = True
            elif field.name == "eventCategory":
                is_management = True
                is_narrowed = field.equals != ("Management",)
            elif field.name == "readOnly":
                kinds &= {"read" if value == "true" else "write" for value in field.equals}
                is_narrowed = bool(field.not_equals)
            else:
                excluded |= set(field.not_equals)
                is_narrowed = field.name != "eventSource" or bool(field.equals)
            if is_narrowed:
                return frozenset(), frozenset()
        return kinds if is_management else frozenset(), excluded

    def selected_of(self, bucket: str) -> frozenset[str]:
        """Whether it selects the reading and the writing of all objects of a bucket; neither where
        a condition narrows it in another way than by reading or writing, or by bucket."""
        kinds, wanted = READ_AND_WRITE, {"eventCategory": "Data", "resources.type": S3_OBJECT}
        for field in self.fields:
            if field.name == "resources.ARN":
                is_narrowed = not field.covers(bucket)
            elif field.by_part or field.not_equals:
                is_narrowed = True
            elif field.name == "readOnly":
                kinds &= {"read" if value == "true" else "write" for value in field.equals}
                is_narrowed = False
            else:
                is_narrowed = field.equals != (wanted.pop(field.name, None),)
            if is_narrowed:
                return frozenset()
        return kinds if not wanted else frozenset()


class EventSelectors(Resource):
    """Which events a trail records: by basic or by advanced selectors."""

    source = Aws(
        service="cloudtrail",
        operation="GetEventSelectors",
        permission="cloudtrail:GetEventSelectors",
        per=Trail,
        params={"TrailName": "selectors_of"},
        repeats={"TrailName": "TrailARN"},
    )
    basic: tuple[Selector, ...] | None = at("EventSelectors", default=None, absent=())
    advanced: tuple[AdvancedSelector, ...] | None = at(
        "AdvancedEventSelectors", default=None, absent=()
    )
    """None of the two that the trail does not use; it uses one."""

    @model_validator(mode="after")
    def _are_told(self) -> Self:
        if self.basic is None and self.advanced is None:
            raise ValueError("the answer tells of no selectors")
        return self

    @property
    def selected(self) -> Selected:
        """What all selectors together select of the management events."""
        every = [s.selected for s in self.basic or ()]
        every += [s.selected for s in self.advanced or ()]
        left_out: set[str] = set()
        for kind in READ_AND_WRITE:
            excluded = [sources for kinds, sources in every if kind in kinds]
            left_out |= frozenset.intersection(*excluded) if excluded else frozenset()
        return frozenset(kind for kinds, _ in every for kind in kinds), frozenset(left_out)

    def selected_of(self, bucket: str) -> frozenset[str]:
        """What all selectors together select of the events of all objects of a bucket."""
        every = [s.selected_of(bucket) for s in self.basic or ()]
        every += [s.selected_of(bucket) for s in self.advanced or ()]
        return frozenset[str]().union(*every)
