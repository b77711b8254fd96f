"""Trust policies of roles: who may assume a role, and which of that is not held in bounds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from checks.aws.policy import Document, Statement

# Operators that let a request through only where the key is there and has one of the values.
# `…IfExists`, `ForAllValues:…` and the negative ones also let through what has no such key.
_LIMITING = re.compile(r"(foranyvalue:)?(string(equals|equalsignorecase|like)|arn(equals|like))")

# Values that leave everything open: nothing but wildcards, at most behind one label (`repo:*`).
_VAGUE = re.compile(r"(\w+:)?\W*")

OWNING_CLAIMS = frozenset(
    {
        "enterprise",
        "enterprise_id",
        "job_workflow_ref",
        "namespace_id",
        "namespace_path",
        "project_id",
        "project_path",
        "repository",
        "repository_id",
        "repository_owner",
        "repository_owner_id",
        "sub",
    }
)
"""Claims of OpenID Connect tokens, those of GitHub and GitLab among them, that name an owner."""

# What stands in a trust policy where the user or role that it named was deleted. It lets nobody in.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
_DELETED = re.compile(r"A(IDA|ROA)[A-Z0-9]{12,}")


def trusted(trust: Document) -> list[str]:
    """The principals that the policy lets assume the role, as it names them, sorted."""
    found: set[str] = set()
    for statement in _assuming(trust):
        found.update(*(statement.principal or {"AWS": ("*",)}).values())
    return sorted("everyone" if name == "*" else name for name in found)


def weaknesses(trust: Document, account: str, known: Collection[str]) -> list[str]:
    """What in a trust policy is not held in bounds, a phrase each, sorted.

    Args:
        trust: the policy.
        account: id of the role's own account.
        known: ids of other accounts that belong to the same owner.
    """
    own = {account, *known}
    return sorted({phrase for s in _assuming(trust) for phrase in _in_statement(s, own)})


def _assuming(trust: Document) -> Iterator[Statement]:
    """Statements that let somebody assume the role, not only tag a session of it."""
    return (s for s in trust.allows if s.touches_action("sts:AssumeRole*"))


def _in_statement(statement: Statement, own: Collection[str]) -> Iterator[str]:
    if statement.principal is None:
        yield from _everyone(statement, own)
        return
    for kind, names in statement.principal.items():
        for name in names:
            if "*" in name:
                yield from _everyone(statement, own)
                continue
            match kind:
                case "AWS" | "CanonicalUser":
                    yield from _account(statement, name, own)
                case "Federated":
                    yield from _federation(statement, name)
                case "Service":
                    pass  # trusted by name, and AWS answers for it


def _everyone(statement: Statement, own: Collection[str]) -> Iterator[str]:
    """Everyone is in bounds where a condition names the accounts or the organisation."""
    if _is_limited_to_organization(statement):
        return
    accounts = _limits(statement, "aws:principalaccount") or tuple(
        _account_of(arn) for arn in _limits(statement, "aws:principalarn")
    )
    if not accounts or not all(account.isdecimal() for account in accounts):
        yield "trusts everyone"
        return
    for account in accounts:
        yield from _account(statement, account, own)


def _account(statement: Statement, principal: str, own: Collection[str]) -> Iterator[str]:
    """Another owner's account is in bounds where it must give an external id."""
    if _account_of(principal) in own or _DELETED.fullmatch(principal):
        return
    external = _limits(statement, "sts:externalid")
    if not external and not _is_limited_to_organization(statement):
        yield f"trusts {principal} without an external id"


def _federation(statement: Statement, provider: str) -> Iterator[str]:
    """Web identities are in bounds where a claim says whose they are.

    A SAML provider is the account's own. Of an OpenID Connect provider, only claims that name an
    owner count: whoever asks for a token chooses its audience, and anybody's repository has a
    branch called main. Elsewhere the audience is the application, and only `amr`, which says how
    somebody signed in, tells nothing.
    """
    if ":saml-provider/" in provider:
        return
    is_openid = ":oidc-provider/" in provider
    host = provider.rpartition(":oidc-provider/")[2].lower()
    for keys in statement.condition.values():
        for key in keys:
            claim = key.removeprefix(f"{host}:")
            values = _limits(statement, key) if key.startswith(f"{host}:") else ()
            if not values or claim == "amr" or (is_openid and claim not in OWNING_CLAIMS):
                continue
            if not is_openid or claim != "sub" or all(_names_owner(host, v) for v in values):
                return
    yield f"trusts every identity of {host}"


def _names_owner(host: str, subject: str) -> bool:
    """Whether what stands before a subject's first wildcard says whose it is."""
    head = re.split(r"[*?]", subject)[0]
    if head == subject:
        return True
    if host == "token.actions.githubusercontent.com":
        return re.match(r"repo:[^/:]+/", head) is not None
    return re.match(r"\w+[:/][^:/]+[:/]", head) is not None


def _is_limited_to_organization(statement: Statement) -> bool:
    values = [
        value.partition("/")[0]
        for key in ("aws:principalorgid", "aws:principalorgpaths")
        for value in _limits(statement, key)
    ]
    return bool(values) and all(re.fullmatch(r"o-\w+", value) for value in values)


def _limits(statement: Statement, key: str) -> tuple[str, ...]:
    """The values of which a request must have one for a condition key; empty: any or none."""
    for operator, keys in statement.condition.items():
        values = keys.get(key, ())
        if values and _LIMITING.fullmatch(operator) and not any(map(_VAGUE.fullmatch, values)):
            return values
    return ()


def _account_of(principal: str) -> str:
    """`123456789012` of that or of an ARN; otherwise what is no account id."""
    parts = principal.split(":")
    return parts[4] if len(parts) > 5 else principal
