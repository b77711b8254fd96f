"""Cloud Storage: buckets."""

from typing import Literal

from checks.gcp.policy import PUBLIC, AllowPolicy
from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Resource, at
from collector.source import Gcp


class Bucket(Resource):
    """A bucket of the project, by name. Buckets that are soft-deleted are not listed."""

    source = Gcp(
        api="storage",
        version="v1",
        collection="buckets",
        permission="storage.buckets.list",
        items="items",
        constants={"project": "{account}"},
    )
    full_name = "//storage.googleapis.com/projects/_/buckets/{id}"
    id: str = at("name")
    kms_key: str | None = at("encryption.defaultKmsKeyName", default=None)
    """Left out where no default key is set."""
    public_access_prevention: Literal["enforced", "inherited", "unspecified"] = at(
        "iamConfiguration.publicAccessPrevention", default="inherited"
    )
    """`unspecified` is the older name of `inherited`."""
    uniform_access: bool = at("iamConfiguration.uniformBucketLevelAccess.enabled", default=False)


class BucketPolicy(AllowPolicy):
    """The policy of a bucket. The bucket's own ACL shows in it as legacy roles."""

    source = Gcp(
        api="storage",
        version="v1",
        collection="buckets",
        method="getIamPolicy",
        permission="storage.buckets.getIamPolicy",
        per=Bucket,
        params={"bucket": "id"},
        # With less, a policy that has conditional grants is refused.
        constants={"optionsRequestedPolicyVersion": 3},
    )


@check(control="encryption-at-rest", severity="high")
def encryption(bucket: Bucket, *, require_cmek: bool = False) -> Verdict:
    """Buckets encrypt what is stored, with a known key management.

    Passes: always, because Cloud Storage keeps nothing unencrypted; the reason records whether new
        objects get Google's keys (GOOGLE_MANAGED, AES-256) or a Cloud KMS key (CMEK). With
        `require_cmek`, only a bucket with a default Cloud KMS key passes.
    Fails: with `require_cmek`, a bucket without a default Cloud KMS key.
    Says nothing of objects stored before the default key was set, or with a key of their own, nor
    of whether the key is enabled and rotates.
    Remediation: set a default Cloud KMS key on the bucket, and rewrite its objects.
    """
    if bucket.kms_key is not None:
        return passed(f"key management is CMEK: the default key is {bucket.kms_key}")
    if require_cmek:
        return failed("key management is GOOGLE_MANAGED: no default Cloud KMS key")
    return passed("key management is GOOGLE_MANAGED: AES-256 by Google's default encryption")


@check(control="no-public-access", severity="critical")
def not_public(bucket: Bucket, policy: BucketPolicy) -> Verdict:
    """No bucket is open to the public.

    Passes: public access prevention is enforced on the bucket, which overrides every policy and
        ACL; or its policy grants nothing to allUsers or allAuthenticatedUsers, and uniform
        bucket-level access turns the ACLs of objects off.
    Fails: without enforced prevention, the policy grants a role to the public, conditionally or
        not; or ACLs are in force, by which single objects can be public without a trace in the
        policy.
    Prevention that is `inherited` depends on an organization policy, which is not read: such a
    bucket is judged as if there were none. Says nothing of managed folders, which can have policies
    of their own, of signed URLs, and of sharing with named outsiders.
    Remediation: enforce public access prevention on the bucket, and turn uniform bucket-level
        access on.
    """
    if bucket.public_access_prevention == "enforced":
        return passed("public access prevention is enforced")
    public = [grant for grant in policy.grants if grant.member in PUBLIC]
    if public:
        return failed(f"the policy grants {listed(public)}")
    if not bucket.uniform_access:
        return failed(
            "the policy names no public member, but ACLs are in force and can make objects public"
        )
    return passed("the policy names no public member, and ACLs are off")
