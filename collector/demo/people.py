"""Who has credentials in the account, and since when; as the IAM credential report tells it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.demo.simulator import ACCOUNT, HOME_REGION

NONE = "N/A"
NOT_SUPPORTED = "not_supported"


@dataclass(frozen=True)
class Key:
    """An access key. Ages are in days before the first of the month."""

    rotated: int
    used: int | None
    active: bool = True


@dataclass(frozen=True)
class Person:
    """An IAM user. Ages are in days before the first of the month."""

    name: str
    signed_in: int | None = None
    """When the password was last used; None: there is no password."""
    has_mfa: bool = False
    keys: tuple[Key, ...] = ()
    group: str | None = None


PEOPLE = (
    Person("amara.okafor", signed_in=1, has_mfa=True, group="engineers"),
    Person(
        "jonas.lind", signed_in=3, has_mfa=True, keys=(Key(21, 2), Key(240, 130)), group="engineers"
    ),
    Person("mei.tanaka", signed_in=2, has_mfa=True, group="auditors"),
    # Joined with the billing team, which never was asked for a second factor.
    Person("priya.nair", signed_in=5, group="auditors"),
    # Left in the spring; the password was forgotten.
    Person("external.designer", signed_in=270, has_mfa=True, keys=(Key(300, 290, active=False),)),
    Person("backup-runner", keys=(Key(35, 1),)),
    # The release pipeline of the early days, still with the key it was given then.
    Person("release-runner", keys=(Key(640, 1),)),
)


def credential_report(month: datetime, made: datetime) -> str:
    """The report as CSV, with the root user first.

    moto's own leaves the root user out, knows no time of a rotation, and says nothing of use.

    Args:
        month: the first of the month, from which ages are counted.
        made: when the users were made.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, tuple(_row("", "", made)), lineterminator="\n")
    writer.writeheader()
    root = _row("<root_account>", f"arn:aws:iam::{ACCOUNT}:root", made)
    root |= dict.fromkeys(
        ("password_enabled", "password_last_changed", "password_next_rotation"), NOT_SUPPORTED
    )
    root |= {"password_last_used": _time(made), "mfa_active": "true"}
    writer.writerow(root)
    writer.writerows(_person(person, month, made) for person in PEOPLE)
    return text.getvalue().rstrip("\n")


def _person(person: Person, month: datetime, made: datetime) -> dict[str, str]:
    row = _row(person.name, f"arn:aws:iam::{ACCOUNT}:user/{person.name}", made)
    row["mfa_active"] = str(person.has_mfa).lower()
    if person.signed_in is not None:
        row["password_enabled"] = "true"
        row["password_last_used"] = _time(month - timedelta(person.signed_in))
        row["password_last_changed"] = _time(made)
    for number, key in enumerate(person.keys, 1):
        row[f"access_key_{number}_active"] = str(key.active).lower()
        row[f"access_key_{number}_last_rotated"] = _time(month - timedelta(key.rotated))
        if key.used is not None:
            row[f"access_key_{number}_last_used_date"] = _time(month - timedelta(key.used))
            row[f"access_key_{number}_last_used_region"] = HOME_REGION
            row[f"access_key_{number}_last_used_service"] = "s3"
    return row


def _row(user: str, arn: str, made: datetime) -> dict[str, str]:
    """A user without any credentials; the columns in the order of the report.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
    """
    row = {"user": user, "arn": arn, "user_creation_time": _time(made)}
    row |= {"password_enabled": "false"}
    row |= dict.fromkeys(
        ("password_last_used", "password_last_changed", "password_next_rotation"), NONE
    )
    row |= {"mfa_active": "false"}
    for number in (1, 2):
        row[f"access_key_{number}_active"] = "false"
        for fact in ("rotated", "used_date", "used_region", "used_service"):
            row[f"access_key_{number}_last_{fact}"] = NONE
    for number in (1, 2):
        row[f"cert_{number}_active"] = "false"
        row[f"cert_{number}_last_rotated"] = NONE
    return row


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S+00:00")
