"""What the policy of an S3 bucket with evidence refuses to everybody. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from collector.evidence.address import Bucket

REMAINING_DAYS = "s3:object-lock-remaining-retention-days"
"""The retention that a request would set, in days from now: of PutObjectRetention, and of PutObject
where it sets one."""

Statement = Mapping[str, Any]


def statements(bucket: Bucket, partition: str, days: int) -> list[dict[str, Any]]:
    """Statements that refuse plain HTTP, deletion, and retention that would end too early.

    They are for everybody, the account's administrators among them, until somebody changes the
    policy. A refusal to shorten cannot be written down, but one to let a retention end sooner than
    a new object's would: nothing that is kept loses more than it was ever promised. That is a day
    less than `days`, because the rest of a day does not count.

    Args:
        bucket: deletion is refused below its prefix only.
        partition: of the bucket's ARN.
        days: the retention of new objects.
    """
    whole = f"arn:{partition}:s3:::{bucket.name}"
    objects = f"{whole}/{bucket.prefix}/*" if bucket.prefix else f"{whole}/*"
    for_all = {"Effect": "Deny", "Principal": "*"}
    return [
        {
            "Sid": "CollectorTlsOnly",
            **for_all,
            "Action": "s3:*",
            "Resource": [whole, f"{whole}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            "Sid": "CollectorNoDelete",
            **for_all,
            "Action": [
                "s3:BypassGovernanceRetention",
                "s3:DeleteObject",
                "s3:DeleteObjectVersion",
            ],
            "Resource": objects,
        },
        {
            "Sid": "CollectorKeepRetention",
            **for_all,
            "Action": "s3:PutObjectRetention",
            "Resource": objects,
            "Condition": {"NumericLessThan": {REMAINING_DAYS: str(days - 1)}},
        },
    ]


def is_covered(wanted: Statement, there: Sequence[Statement]) -> bool:
    """Whether one statement refuses all that `wanted` refuses, in whatever words."""
    return any(_covers(statement, wanted) for statement in there)


def _covers(statement: Statement, wanted: Statement) -> bool:
    principal = statement.get("Principal")
    whom = principal.get("AWS") if isinstance(principal, Mapping) else principal
    return (
        statement.get("Effect") == "Deny"
        and "*" in _texts(whom)
        and _match(_texts(statement.get("Action")), _texts(wanted["Action"]), fold=True)
        and _match(_texts(statement.get("Resource")), _texts(wanted["Resource"]), fold=False)
        and _holds_as_often(statement.get("Condition"), wanted.get("Condition"))
    )


def _match(patterns: Sequence[str], wanted: Sequence[str], *, fold: bool) -> bool:
    """Whether each wanted pattern is one of the patterns or within one. `[` is no wildcard here."""
    patterns = [p.replace("[", "[[]") for p in patterns]
    if fold:
        patterns, wanted = [p.lower() for p in patterns], [w.lower() for w in wanted]
    return all(any(fnmatchcase(w, p) for p in patterns) for w in wanted)


def _holds_as_often(condition: Any, wanted: Any) -> bool:
    """Whether a statement's condition holds wherever the wanted one does."""
    if not condition or _plain(condition) == _plain(wanted):
        return True
    days = _days(condition)
    least = _days(wanted)
    return days is not None and least is not None and days >= least


def _days(condition: Any) -> int | None:
    """Below how many days a condition on the remaining retention holds, if it is no other."""
    match condition:
        case {"NumericLessThan": {"s3:object-lock-remaining-retention-days": told}}:
            only = len(condition) == 1 and len(condition["NumericLessThan"]) == 1
            texts = _texts(told)
            return int(texts[0]) if only and len(texts) == 1 and texts[0].isdecimal() else None
    return None


def _plain(condition: Any) -> Any:
    """A condition with all values as lists of texts: one may be written without the list."""
    if not isinstance(condition, Mapping):
        return condition
    return {
        operator: {key: sorted(_texts(value)) for key, value in keys.items()}
        for operator, keys in condition.items()
        if isinstance(keys, Mapping)
    }


def _texts(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value]
    return [_text(item) for item in found if item is not None]


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
