"""The password policy of IAM users."""

from __future__ import annotations

from collector.check import Verdict, check, failed, passed
from collector.resource import Resource, at
from collector.source import Aws


class PasswordPolicy(Resource):
    """Rules for the passwords of IAM users. Without any, IAM's own weaker ones apply."""

    source = Aws(
        service="iam",
        operation="GetAccountPasswordPolicy",
        permission="iam:GetAccountPasswordPolicy",
        absent=("NoSuchEntity",),
        regions="home",
    )
    min_length: int | None = at("PasswordPolicy.MinimumPasswordLength", absent=None)
    require_lowercase: bool = at("PasswordPolicy.RequireLowercaseCharacters", absent=False)
    require_uppercase: bool = at("PasswordPolicy.RequireUppercaseCharacters", absent=False)
    require_numbers: bool = at("PasswordPolicy.RequireNumbers", absent=False)
    require_symbols: bool = at("PasswordPolicy.RequireSymbols", absent=False)
    # Left out where former passwords are not refused.
    reuse_prevention: int = at("PasswordPolicy.PasswordReusePrevention", default=0)


@check(control="password-policy", severity="medium")
def password_policy(
    policy: PasswordPolicy, *, min_length: int = 14, reuse_prevention: int = 24
) -> Verdict:
    """The password policy asks for long, mixed passwords that were not used before.

    Passes: the policy asks for at least `min_length` characters, of all four classes (lower case,
        upper case, numbers, symbols), and refuses at least the last `reuse_prevention` passwords.
    Fails: one of these is missing, or there is no policy. IAM's own rules then apply, which ask for
        8 characters.
    Judged also where no IAM user has a password: the policy is what the next one falls under. Says
    nothing of passwords set before the policy.
    Remediation: set the account password policy.
    """
    if policy.min_length is None:
        return failed("no password policy")
    wanting = []
    if policy.min_length < min_length:
        wanting.append(f"asks for {policy.min_length} characters, not {min_length}")
    classes = {
        "lower case": policy.require_lowercase,
        "upper case": policy.require_uppercase,
        "numbers": policy.require_numbers,
        "symbols": policy.require_symbols,
    }
    if missing := [name for name, is_required in classes.items() if not is_required]:
        wanting.append(f"does not ask for {', '.join(missing)}")
    if policy.reuse_prevention < reuse_prevention:
        wanting.append(
            f"refuses {policy.reuse_prevention} former passwords, not {reuse_prevention}"
        )
    if wanting:
        return failed("; ".join(wanting))
    return passed(
        f"asks for {policy.min_length} characters of all classes and refuses"
        f" {policy.reuse_prevention} former passwords"
    )
