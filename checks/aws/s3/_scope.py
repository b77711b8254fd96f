"""Which buckets a rule is meant for."""

from collections.abc import Sequence

from checks.aws.s3._buckets import Bucket
from checks.aws.scope import Tag, out_of_scope
from collector.check import Verdict, not_applicable
from collector.resource import Resource, at
from collector.source import Aws


class BucketTags(Resource):
    """Tags of a bucket."""

    source = Aws(
        service="s3",
        operation="GetBucketTagging",
        permission="s3:GetBucketTagging",
        per=Bucket,
        params={"Bucket": "id"},
        absent=("NoSuchTagSet",),
    )
    tags: tuple[Tag, ...] = at("TagSet", absent=())


def outside(
    tags: BucketTags, scope_tag: str, scope_values: Sequence[str], scope_names: Sequence[str]
) -> Verdict | None:
    """What is to be said of a bucket that a rule is not meant for; None for others."""
    reason = out_of_scope(
        tags.id,
        tags.tags,
        scope_tag=scope_tag,
        scope_values=scope_values,
        scope_names=scope_names,
    )
    return not_applicable(reason) if reason is not None else None
