"""What answers of Google's APIs say of themselves: that they are only a part, or a refusal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from typing import Any

import google.auth.exceptions

from collector.answer import Failure, scrub
from collector.source import Gcp

DENIED = "PERMISSION_DENIED"

REFUSALS = frozenset(
    {"IAM_PERMISSION_DENIED", DENIED, "accessDenied", "forbidden", "notAuthorized"}
)
"""How APIs spell a refusal for want of a permission; its code is always `DENIED`."""


def incomplete(source: Gcp, page: Mapping[str, Any]) -> str | None:
    """How a page says that it is only a part of what there is; None where it does not.

    Lists tell of places that did not answer by name (`unreachable`, `missingZones`) or by a
    warning: for the whole list (`warning`, Cloud SQL's `warnings`) or in each scope of an
    aggregated one. A scope that holds nothing is no warning.
    """
    for name in source.incomplete:
        if page.get(name):
            return scrub(f"{name}: {json.dumps(page[name], sort_keys=True)}")
    if source.items is None:
        return None
    scopes = page.get("items")
    for holder in (page, *(scopes.values() if isinstance(scopes, Mapping) else ())):
        for warning in _warnings(holder):
            code = warning.get("code") if isinstance(warning, Mapping) else None
            if code != "NO_RESULTS_ON_PAGE":
                return scrub(f"warning: {json.dumps(warning, sort_keys=True)}")
    return None


def strange(source: Gcp, page: Mapping[str, Any], fields: Set[str]) -> str | None:
    """Why a page without the list that was asked for is no empty list; None where it may be one.

    Google leaves out a list that is empty. Something else on the way that answers with an object
    of its own would look the same, but for its names.

    Args:
        source: what was asked for.
        page: the answer.
        fields: the names that the method's answers can have.
    """
    if source.items is None or page.get(source.items.partition(".")[0]) is not None:
        return None
    unknown = sorted(set(page) - fields)
    return f"no {source.items}, but {', '.join(unknown)}" if unknown else None


def _warnings(holder: Any) -> list[Any]:
    if not isinstance(holder, Mapping):
        return []
    several = holder.get("warnings") or []
    one = holder.get("warning")
    return [*(several if isinstance(several, list) else [several]), *([one] if one else [])]


def refusal(status: int, content: bytes) -> Failure:
    """What an error answer says, in whichever of Google's forms.

    Newer APIs send a status and an ErrorInfo with a reason, older ones a list of errors. An API
    that is not enabled is refused with the status of a missing permission, and is not one. See
    https://cloud.google.com/apis/design/errors
    """
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        answer = None
    told = answer[0] if isinstance(answer, list) and answer else answer
    error = told.get("error") if isinstance(told, Mapping) else None
    if not isinstance(error, Mapping):
        return Failure(str(status), "", status)
    parts = [p for name in ("details", "errors") for p in _listed(error, name)]
    reasons = [part["reason"] for part in parts if part.get("reason")]
    names = [str(name) for name in (*reasons, error.get("status")) if name]
    denied = status == 403 and (not names or names[0] in REFUSALS)
    if denied:
        code = DENIED
    elif "accessNotConfigured" in names:
        code = "SERVICE_DISABLED"
    else:
        code = names[0] if names else str(status)
    return Failure(code, scrub(str(error.get("message") or "")), status, denied)


def _listed(error: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    parts = error.get(name)
    return [p for p in parts if isinstance(p, Mapping)] if isinstance(parts, list) else []


def broken(error: BaseException) -> Failure:
    """What went wrong before there was an answer."""
    return Failure(type(error.__cause__ or error).__name__, one_line(error))


def one_line(error: BaseException) -> str:
    """What an error says, without the answer that google-auth puts after its message."""
    with_answer = isinstance(error, google.auth.exceptions.GoogleAuthError) and error.args
    return scrub(" ".join(str(error.args[0] if with_answer else error).split()))
