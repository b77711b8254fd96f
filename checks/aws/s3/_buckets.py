"""Buckets: who reaches them, how they are encrypted, what they keep and log."""

from typing import Literal, Self

from pydantic import model_validator

from checks.aws.policy import PolicyDocument
from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Part, Resource, at
from collector.source import Aws

PUBLIC_GROUPS = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)
"""Groups of an ACL that hold everyone, and everyone with any AWS account.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html"""

LOG_DELIVERY_GROUP = "http://acs.amazonaws.com/groups/s3/LogDelivery"
LOG_DELIVERY_SERVICE = "logging.s3.amazonaws.com"
"""Who writes access logs into a bucket: a group in its ACL, or a service in its policy.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html"""


class Bucket(Resource):
    """A general-purpose bucket, by name."""

    source = Aws(
        service="s3",
        operation="ListBuckets",
        permission="s3:ListAllMyBuckets",
        items="Buckets",
        # A bucket's region is only told to requests that have a parameter.
        constants={"MaxBuckets": 1000},
        regions="home",
    )
    full_name = "arn:{partition}:s3:::{id}"
    id: str = at("Name")
    region: str | None = at("BucketRegion", default=None)


class BucketEncryption(Resource):
    """Default encryption of a bucket. Objects put before it was set may differ."""

    source = Aws(
        service="s3",
        operation="GetBucketEncryption",
        permission="s3:GetEncryptionConfiguration",
        per=Bucket,
        params={"Bucket": "id"},
        absent=("ServerSideEncryptionConfigurationNotFoundError",),
    )
    algorithm: Literal["AES256", "aws:backup", "aws:fsx", "aws:kms", "aws:kms:dsse"] | None = at(
        "ServerSideEncryptionConfiguration.Rules.0.ApplyServerSideEncryptionByDefault.SSEAlgorithm",
        absent=None,
    )
    kms_key: str | None = at(
        "ServerSideEncryptionConfiguration.Rules.0"
        ".ApplyServerSideEncryptionByDefault.KMSMasterKeyID",
        default=None,
    )


class BucketPolicy(Resource):
    """The policy attached to a bucket, if any."""

    source = Aws(
        service="s3",
        operation="GetBucketPolicy",
        permission="s3:GetBucketPolicy",
        per=Bucket,
        params={"Bucket": "id"},
        absent=("NoSuchBucketPolicy",),
    )
    policy: PolicyDocument | None = at("Policy", absent=None)


class BucketPolicyStatus(Resource):
    """Whether S3 itself holds the bucket's policy to be public."""

    source = Aws(
        service="s3",
        operation="GetBucketPolicyStatus",
        permission="s3:GetBucketPolicyStatus",
        per=Bucket,
        params={"Bucket": "id"},
        absent=("NoSuchBucketPolicy",),
    )
    is_public: bool = at("PolicyStatus.IsPublic", absent=False)


class Grant(Part):
    """One grant of an access control list."""

    kind: Literal["AmazonCustomerByEmail", "CanonicalUser", "Group"] = at("Grantee.Type")
    group: str | None = at("Grantee.URI", default=None)
    permission: Literal["FULL_CONTROL", "READ", "READ_ACP", "WRITE", "WRITE_ACP"] = at("Permission")

    @model_validator(mode="after")
    def _names_its_group(self) -> Self:
        if (self.kind == "Group") != (self.group is not None):
            raise ValueError("a group, and no other grantee, has a URI")
        return self


class BucketAcl(Resource):
    """Access control list of a bucket; only the owner's grant where ACLs are turned off."""

    source = Aws(
        service="s3",
        operation="GetBucketAcl",
        permission="s3:GetBucketAcl",
        per=Bucket,
        params={"Bucket": "id"},
    )
    grants: tuple[Grant, ...] = at("Grants")


class BucketPublicAccessBlock(Resource):
    """A bucket's own settings against public access; all off where there are none."""

    source = Aws(
        service="s3",
        operation="GetPublicAccessBlock",
        permission="s3:GetBucketPublicAccessBlock",
        per=Bucket,
        params={"Bucket": "id"},
        absent=("NoSuchPublicAccessBlockConfiguration",),
    )
    ignore_public_acls: bool = at("PublicAccessBlockConfiguration.IgnorePublicAcls", absent=False)
    restrict_public_buckets: bool = at(
        "PublicAccessBlockConfiguration.RestrictPublicBuckets", absent=False
    )


class BucketVersioning(Resource):
    """Whether a bucket keeps what is overwritten and deleted.

    S3 leaves the status out where versioning was never turned on:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
    """

    source = Aws(
        service="s3",
        operation="GetBucketVersioning",
        permission="s3:GetBucketVersioning",
        per=Bucket,
        params={"Bucket": "id"},
    )
    status: Literal["Enabled", "Suspended"] | None = at("Status", default=None)


class BucketLogging(Resource):
    """Where the access logs of a bucket go.

    S3 leaves the element out where there are none:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLogging.html
    """

    source = Aws(
        service="s3",
        operation="GetBucketLogging",
        permission="s3:GetBucketLogging",
        per=Bucket,
        params={"Bucket": "id"},
    )
    target: str | None = at("LoggingEnabled.TargetBucket", default=None)


class AccountPublicAccessBlock(Resource):
    """The account's settings against public access, which hold for every bucket.

    Where a policy of the organization sets them, S3 gives those that are in effect.
    """

    source = Aws(
        service="s3control",
        operation="GetPublicAccessBlock",
        permission="s3:GetAccountPublicAccessBlock",
        constants={"AccountId": "{account}"},
        absent=("NoSuchPublicAccessBlockConfiguration",),
        regions="home",
    )
    block_public_acls: bool = at("PublicAccessBlockConfiguration.BlockPublicAcls", absent=False)
    ignore_public_acls: bool = at("PublicAccessBlockConfiguration.IgnorePublicAcls", absent=False)
    block_public_policy: bool = at("PublicAccessBlockConfiguration.BlockPublicPolicy", absent=False)
    restrict_public_buckets: bool = at(
        "PublicAccessBlockConfiguration.RestrictPublicBuckets", absent=False
    )


@check(control="encryption-at-rest", severity="high")
def default_encryption(bucket: BucketEncryption, *, require_kms: bool = False) -> Verdict:
    """Buckets encrypt new objects by default.

    Passes: an algorithm is set; with `require_kms`, aws:kms or aws:kms:dsse.
    Fails: none is set, or with `require_kms` another one.
    Says nothing of objects stored before the setting. S3 has encrypted every new object with
    AES-256 since January 2023; what differs between buckets is the algorithm and the key.
    Remediation: set default encryption with a KMS key on the bucket.
    """
    if bucket.algorithm is None:
        return failed("no default encryption")
    if require_kms and bucket.algorithm not in ("aws:kms", "aws:kms:dsse"):
        return failed(f"default encryption is {bucket.algorithm}, not KMS")
    if bucket.kms_key is not None:
        return passed(f"default encryption is {bucket.algorithm} with key {bucket.kms_key}")
    return passed(f"default encryption is {bucket.algorithm}")


@check(control="encryption-in-transit", severity="medium")
def tls_only(bucket: BucketPolicy) -> Verdict:
    """Bucket policies refuse plain HTTP.

    Passes: the policy denies everyone every S3 action on the bucket and on its objects when
        `aws:SecureTransport` is false, without a further condition.
    Fails: there is no policy, or the denial is narrower: for some principals, actions or resources
        only, or under another condition as well.
    Remediation: add a Deny statement with `"Bool": {"aws:SecureTransport": "false"}` for
        principal `*`, action `s3:*` and both the bucket's ARN and that ARN with `/*`.
    """
    if bucket.policy is None:
        return failed("no bucket policy")
    denies = [
        s
        for s in bucket.policy.denies
        if s.is_for_everyone
        and s.covers_action("s3:*")
        and s.condition
        in (
            {"bool": {"aws:securetransport": ("false",)}},
            {"boolifexists": {"aws:securetransport": ("false",)}},
        )
    ]
    for partition in ("aws", "aws-us-gov", "aws-cn"):
        arn = f"arn:{partition}:s3:::{bucket.id}"
        if all(any(s.covers_resource(r) for s in denies) for r in (arn, f"{arn}/*")):
            return passed("the policy denies requests without TLS")
    return failed("the policy does not deny every request without TLS")


@check(control="no-public-access", severity="critical")
def bucket_not_public(
    status: BucketPolicyStatus,
    acl: BucketAcl,
    own: BucketPublicAccessBlock,
    account: AccountPublicAccessBlock,
) -> Verdict:
    """No bucket is readable or writable by the public.

    Passes: S3 calls the policy not public, or public policies are restricted; and no ACL grants
        anything to everyone, or public ACLs are ignored. Bucket and account settings count alike.
    Fails: a public policy or a public ACL takes effect.
    Says nothing of access points, of single objects' ACLs where public ACLs are not ignored, and of
    sharing with named other accounts.
    Remediation: turn on all four public access block settings for the account.
    """
    restricted = own.restrict_public_buckets or account.restrict_public_buckets
    ignored = own.ignore_public_acls or account.ignore_public_acls
    if status.is_public and not restricted:
        return failed("the bucket policy is public")
    granted = sorted({g.permission for g in acl.grants if g.group in PUBLIC_GROUPS})
    if granted and not ignored:
        return failed(f"the ACL grants {', '.join(granted)} to the public")
    if restricted and ignored:
        return passed("public policies are restricted and public ACLs ignored")
    return passed("neither the policy nor the ACL is public")


@check(control="no-public-access", severity="high")
def account_public_access_block(account: AccountPublicAccessBlock) -> Verdict:
    """S3 public access is blocked for the whole account.

    Passes: all four settings of the account are on: new public ACLs and policies are refused, and
        those that exist have no effect.
    Fails: one of them is off, or the account has no such settings. Settings of single buckets do
        not make up for it, because the next bucket may come without.
    Remediation: turn on all four public access block settings for the account, or by a policy of
        the organization. Serve what is meant to be public through CloudFront.
    """
    settings = {
        "BlockPublicAcls": account.block_public_acls,
        "IgnorePublicAcls": account.ignore_public_acls,
        "BlockPublicPolicy": account.block_public_policy,
        "RestrictPublicBuckets": account.restrict_public_buckets,
    }
    off = [name for name, is_on in settings.items() if not is_on]
    if off:
        return failed(f"off for the account: {', '.join(off)}")
    return passed("all four settings are on for the account")


@check(control="recoverable-versions", severity="medium")
def versioning(bucket: BucketVersioning) -> Verdict:
    """Buckets keep objects that are overwritten or deleted.

    Passes: versioning is enabled.
    Fails: it was never enabled, or it is suspended: what is overwritten from then on is lost.
    Says nothing of how long old versions are kept, which lifecycle rules decide, and of who may
    delete them.
    Remediation: enable versioning on the bucket, and let a lifecycle rule remove old versions after
        the period in which you may need them.
    """
    match bucket.status:
        case "Enabled":
            return passed("versioning is enabled")
        case "Suspended":
            return failed("versioning is suspended")
        case None:
            return failed("versioning was never enabled")


@check(control="service-logging", severity="medium")
def server_access_logging(bucket: BucketLogging, policy: BucketPolicy, acl: BucketAcl) -> Verdict:
    """Access to buckets is logged by S3.

    Passes: access logs are delivered, to a bucket that the reason names.
    Fails: they are not.
    A bucket without logging that itself takes access logs is not judged: logs of the access to logs
    would only make more of them. It takes them if its policy or ACL lets the log delivery of S3
    write to it, so do not keep other data there. Says nothing of data events of CloudTrail, which
    record access to objects as well; where they are in the place of access logs, accept a failing
    bucket as an exception. S3 delivers access logs as well as it can and promises none.
    Remediation: turn on server access logging, to a bucket that is kept for logs.
    """
    if bucket.target == bucket.id:
        return passed("access is logged to the bucket itself")
    if bucket.target is not None:
        return passed(f"access is logged to bucket {bucket.target}")
    if _takes_access_logs(policy, acl):
        return not_applicable("the bucket takes access logs")
    return failed("access is not logged")


def _takes_access_logs(bucket: BucketPolicy, acl: BucketAcl) -> bool:
    writers = {g.group for g in acl.grants if g.permission in ("FULL_CONTROL", "WRITE")}
    if LOG_DELIVERY_GROUP in writers:
        return True
    return bucket.policy is not None and any(
        LOG_DELIVERY_SERVICE in (s.principal or {}).get("Service", ())
        and s.touches_action("s3:PutObject")
        for s in bucket.policy.allows
    )
