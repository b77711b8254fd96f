"""What policies allow, and whom they are attached to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks.aws.iam._entities import Group, ManagedPolicy, Role, User
from checks.aws.policy import Document, Statement
from collector.check import Verdict, check, failed, listed, not_applicable, passed

DECRYPTING = ("kms:Decrypt", "kms:ReEncryptFrom")
"""Actions that turn what a key protects into plain text, or put it under another key."""

# Keys that nobody has. Who may use both or either may use every key that there is or will be.
_UNNAMED_KEYS = ("00000000-0000-0000-0000-000000000000", f"mrk-{'0' * 32}")

# Operators that let a request through only where the key is there and has one of the values.
_LIMITING = re.compile(r"(foranyvalue:)?(string(equals|equalsignorecase|like)|arn(equals|like))")


def _documents(
    holder: ManagedPolicy | User | Group | Role,
) -> tuple[list[tuple[str, Document]], str]:
    """The policies that are in force, with the words to name each by; or why there are none."""
    if isinstance(holder, ManagedPolicy):
        if holder.attachments == 0:
            return [], "attached to nothing"
        return [("", v.document) for v in holder.versions if v.is_default], ""
    return [(f"inline policy {p.name} ", p.document) for p in holder.inline], "no inline policies"


@check(control="least-privilege", severity="high")
def no_admin_policies(holder: ManagedPolicy | User | Group | Role) -> Verdict:
    """No policy of the customer's own grants everything.

    Judged are customer-managed policies that are attached to something, in their default version,
    and the inline policies of users, groups and roles.

    Passes: no statement allows every action on every resource.
    Fails: a statement does. One that allows all but some (`NotAction`, `NotResource`) counts as
        such unless it keeps out all of IAM, since through IAM its holder can give itself the rest.
        Neither a condition, nor a denial, nor a permissions boundary excuses it.
    Says nothing of policies that AWS manages, such as AdministratorAccess, of several narrower
    patterns that together come to everything, and of lesser rights that can be turned into it.
    Remediation: allow what the work needs, found for instance by IAM Access Analyzer.
    """
    documents, why_none = _documents(holder)
    if not documents:
        return not_applicable(why_none)
    partition = holder.id.split(":")[1]
    found = [(name, each.grants_everything(partition)) for name, each in documents]
    granting = [f"{name}{phrase}" for name, phrase in found if phrase is not None]
    if granting:
        return failed(listed(sorted(granting), "; "))
    return passed("no statement allows every action on every resource")


@check(control="decryption-rights", severity="medium")
def no_blocked_kms_actions(holder: ManagedPolicy | User | Group | Role) -> Verdict:
    """No policy of the customer's own lets its holder decrypt with every key.

    Judged are customer-managed policies that are attached to something, in their default version,
    and the inline policies of users, groups and roles.

    Passes: no statement allows `kms:Decrypt` or `kms:ReEncryptFrom` on all keys of the account.
    Fails: a statement does, also by a wildcard (`kms:*`, `kms:Re*`) or by `NotAction` and
        `NotResource`; all keys of one region, or all multi-region keys, count as all. A condition
        on the keys themselves (`aws:ResourceTag/…`, `kms:ResourceAliases`) excuses it, one on
        anything else, such as `kms:ViaService`, does not, nor does a denial or a boundary.
    Says nothing of policies that AWS manages, of grants, and of what key policies allow: a key
    whose own policy does not leave access to IAM is not opened by a policy like these.
    Remediation: name the keys in `Resource`, or hold the statement to keys with a tag.
    """
    documents, why_none = _documents(holder)
    if not documents:
        return not_applicable(why_none)
    _, partition, _, _, account, *_ = holder.id.split(":")
    found = {
        f"{name}allows {action} on every key{' under a condition' if statement.condition else ''}"
        for name, document in documents
        for statement in document.allows
        for action in DECRYPTING
        if statement.touches_action(action) and _is_for_all_keys(statement, partition, account)
    }
    if found:
        return failed(listed(sorted(found), "; "))
    return passed("no statement allows decryption with every key")


@check(control="role-based-access", severity="low")
def no_direct_user_policies(user: User, *, allowed_policies: tuple[str, ...] = ()) -> Verdict:
    """Rights reach users through groups and roles, not one by one.

    Passes: no policy is attached to the user itself or part of it; but managed policies whose ARNs
        are in `allowed_policies` may be.
    Fails: one is. That holds for users of programs, too, for policies that only deny, as the one
        by which AWS quarantines a leaked key, and for IAMUserChangePassword, which the console
        attaches to new users.
    A permissions boundary grants nothing and is not judged. Says nothing of what the rights are.
    Remediation: attach the policy to a group or role, and make the user a member.
    """
    held = [f"policy {p.name}" for p in user.attached if p.arn not in allowed_policies]
    held += [f"inline policy {p.name}" for p in user.inline]
    if held:
        return failed(f"holds {listed(sorted(held))}")
    if user.attached:
        return passed("holds only policies that are allowed")
    return passed("holds no policy of its own")


def _is_for_all_keys(statement: Statement, partition: str, account: str) -> bool:
    """Whether the statement is about keys that it does not name, of some region."""
    if _is_limited_to_some_keys(statement):
        return False
    patterns = statement.resource or statement.not_resource or ()
    return any(
        statement.covers_resource(f"arn:{partition}:kms:{region}:{account}:key/{key}")
        for region in {"x", *_regions_of(patterns)}
        for key in _UNNAMED_KEYS
    )


def _regions_of(patterns: tuple[str, ...]) -> Iterator[str]:
    """The regions that ARN patterns name, a letter standing for each wildcard. No region is `x`."""
    for pattern in patterns:
        parts = pattern.split(":")
        if len(parts) > 5:
            yield parts[3].replace("*", "x").replace("?", "x")


def _is_limited_to_some_keys(statement: Statement) -> bool:
    """Whether a condition asks for a tag or an alias of the key, by more than its being there."""
    for operator, keys in statement.condition.items():
        for key, values in keys.items():
            is_of_key = key == "kms:resourcealiases" or key.startswith("aws:resourcetag/")
            is_vague = not values or any(re.fullmatch(r"(alias/)?[*?]*", v) for v in values)
            if is_of_key and not is_vague and _LIMITING.fullmatch(operator):
                return True
    return False
