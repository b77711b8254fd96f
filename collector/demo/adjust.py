"""What no API sets: ages, the root user, last use. The one place that reaches into moto's objects.

moto keeps what it simulates in ordinary objects. Here they are changed behind its back, because AWS
has no operation that makes a key old, and moto none that gives the root user a second factor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.base_backend import BaseBackend
from moto.core.resource_tagging import TaggedResource
from moto.elbv2.models import elbv2_backends
from moto.iam.models import AccessKeyLastUsed, ManagedPolicy, iam_backends
from moto.kms.models import kms_backends
from moto.resourcegroupstaggingapi.models import resourcegroupstaggingapi_backends
from moto.s3.models import s3_backends

from collector.demo.people import PEOPLE, credential_report
from collector.demo.simulator import HOME_REGION, INSIDE, Amendments

EPOCH = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)
"""When everything in the account was made, unless said otherwise."""

IDLE_ROLES = {"support-partner": 210}
"""Role → days before the first of the month on which it was last assumed; others: one day."""


def date_identity(month: datetime) -> None:
    """Set when credentials were made and used, the root user, and the credential report."""
    iam = iam_backends[INSIDE]["aws"]
    vars(iam.account_summary)["_account_mfa_enabled"] = 1
    report = credential_report(month, EPOCH)
    iam.get_credential_report = lambda: report  # type: ignore[method-assign]
    iam.generate_report()
    for person in PEOPLE:
        user = iam.users[person.name]
        if person.signed_in is not None:
            signed_in = month - timedelta(person.signed_in)
            user.password_last_used = signed_in  # type: ignore[assignment]  # moto says: None
        for key, made in zip(person.keys, user.access_keys, strict=True):
            made.create_date = month - timedelta(key.rotated)
            if key.used is not None:
                made.last_used = AccessKeyLastUsed(month - timedelta(key.used), "s3", HOME_REGION)
    for role in iam.roles.values():
        role.last_used = month - timedelta(IDLE_ROLES.get(role.name, 1))


def date_keys(month: datetime, regions: Iterable[str]) -> None:
    """Set the day on which keys that wait for their deletion are gone."""
    for region in regions:
        for key in kms_backends[INSIDE][region].keys.values():
            if key.deletion_date is not None:
                key.deletion_date = (month + timedelta(45)).replace(tzinfo=None)  # as moto has it


def put_in_order() -> None:
    """Take the addresses of Python objects out of the answers, so that these repeat.

    moto gives rules of listeners ids by their address, and lists policies in the order of theirs.
    """
    for load_balancer in elbv2_backends[INSIDE][HOME_REGION].load_balancers.values():
        for arn, listener in load_balancer.listeners.items():
            rule = arn.replace(":listener/", ":listener-rule/")
            listener._default_rule[0].arn = f"{rule}/{arn.rpartition('/')[2][::-1]}"
    iam = iam_backends[INSIDE]["aws"]
    details = iam.get_account_authorization_details

    def ordered(policy_filter: list[str]) -> dict[str, Any]:
        found = details(policy_filter)
        return found | {"managed_policies": sorted(found["managed_policies"], key=_arn)}

    iam.get_account_authorization_details = ordered  # type: ignore[method-assign]


def tag_at_home(regions: Iterable[str]) -> None:
    """Have each region tell the tags of its own buckets; moto tells those of all in every one."""
    buckets = s3_backends[INSIDE]["aws"].buckets
    for region in regions:
        backend = resourcegroupstaggingapi_backends[INSIDE][region]
        everywhere = backend._get_resources_generator

        def at_home(
            *given: Any, region: str = region, everywhere: Any = everywhere, **named: Any
        ) -> Iterator[TaggedResource]:
            for tagged in everywhere(*given, **named):
                bucket = buckets.get(tagged.arn.removeprefix("arn:aws:s3:::"))
                if bucket is None or bucket.region_name == region:
                    yield tagged

        backend._get_resources_generator = at_home  # type: ignore[method-assign]


def _arn(policy: ManagedPolicy) -> str:
    return policy.arn


def _with_region(list_of_buckets: bytes) -> bytes:
    """`ListBuckets` with the region of each bucket, which S3 gives and moto does not."""
    buckets = s3_backends[INSIDE]["aws"].buckets

    def place(name: re.Match[bytes]) -> bytes:
        region = buckets[name[1].decode()].region_name
        return name[0] + b"<BucketRegion>" + region.encode() + b"</BucketRegion>"

    return re.sub(rb"<Name>([^<]+)</Name>", place, list_of_buckets)


AMENDMENTS: Amendments = {"s3.ListBuckets": _with_region}


def date_back(backends: Iterable[BaseBackend], since: datetime, until: datetime) -> None:
    """Move every time between `since` and `until`, the seeding, to EPOCH.

    Two demos then give the same answers, and with them the same evidence, byte for byte.
    """
    clock = _Clock(since.replace(microsecond=0), until)
    for backend in backends:
        clock.wind(backend)


class _Clock:
    """Walks moto's objects and sets times in them, in each form that moto keeps times in."""

    def __init__(self, since: datetime, until: datetime) -> None:
        self._since, self._until = since, until
        self._seen: set[int] = set()

    def wind(self, holder: object) -> None:
        if id(holder) in self._seen:
            return
        self._seen.add(id(holder))
        if isinstance(holder, dict):
            for key, value in list(holder.items()):
                if (moved := self._moved(value)) is not value:
                    holder[key] = moved
                self.wind(value)
        elif isinstance(holder, list):
            for place, value in enumerate(holder):
                if (moved := self._moved(value)) is not value:
                    holder[place] = moved
                self.wind(value)
        elif isinstance(holder, tuple | set | frozenset):
            for value in holder:
                self.wind(value)
        elif type(holder).__module__.startswith("moto.") and hasattr(holder, "__dict__"):
            self.wind(vars(holder))

    def _moved(self, value: object) -> object:
        match value:
            case datetime() if self._is_now(value):
                return EPOCH if value.tzinfo else EPOCH.replace(tzinfo=None)
            case int() | float() if not isinstance(value, bool):
                for unit in (1, 1000):
                    if self._since.timestamp() <= value / unit <= self._until.timestamp():
                        return type(value)(EPOCH.timestamp() * unit)
            case str() if value[:2] == "20" and 19 <= len(value) <= 32:
                return self._moved_text(value)
        return value

    def _moved_text(self, text: str) -> str:
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            return text
        if not self._is_now(when):
            return text
        rest = "".join("0" if c.isdecimal() else c for c in text[19:])
        return EPOCH.strftime(f"%Y-%m-%d{text[10]}%H:%M:%S") + rest

    def _is_now(self, when: datetime) -> bool:
        """Whether it lies in the seeding. Without a zone, moto means UTC, or the machine's own."""
        meant = [when] if when.tzinfo else [when.replace(tzinfo=UTC), when.astimezone()]
        return any(self._since <= each <= self._until for each in meant)
