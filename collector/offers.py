"""Where AWS offers its services, by AWS's own list.

A service that a region does not have has no endpoint there, so that its name is not known. That a
name is not known proves nothing by itself: the resolver may be broken, or a proxy in the way. AWS
publishes the regions of each service as parameters that every account may read. Only both together
say that there can be nothing of the service in the region.
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-global-infrastructure.html
"""

from __future__ import annotations

from collections.abc import Mapping

from collector.answer import Answer, ShapeError, items
from collector.evidence.canonical import JSON
from collector.source import Aws, Source

OFFERS = Aws(
    service="ssm",
    operation="GetParametersByPath",
    permission="ssm:GetParametersByPath",
    granted_on=("ssm:*:*:parameter/aws/service/global-infrastructure/*",),
    items="Parameters",
    regions="home",
    volatile=("Parameters.LastModifiedDate", "Parameters.Version"),
)
"""One parameter a region, named `PATH/REGION`. Its value is the region, too, but the SDK's model
marks the values of parameters as sensitive, and so evidence does not hold them."""

_PATH = "/aws/service/global-infrastructure/services/{code}/regions"

CODES: Mapping[str, str] = {
    **{
        name: name
        for name in (
            "accessanalyzer", "acm", "apigateway", "backup", "cloudtrail", "cloudwatch", "config",
            "dax", "dynamodb", "ec2", "ecr", "efs", "eks", "elasticache", "elb", "events",
            "firehose", "guardduty", "inspector2", "kinesis", "kms", "lambda", "logs", "rds",
            "redshift", "redshift-serverless", "resourcegroupstaggingapi", "sagemaker",
            "secretsmanager", "securityhub", "sns", "sqs", "ssm",
        )
    },
    "apigatewayv2": "apigateway",
    "elbv2": "elb",
    "opensearch": "es",
    "sso-admin": "identity-center",
    "wafv2": "waf",
}  # fmt: skip
"""botocore's name of a service → the code of its list. Both stand for the same endpoint, whose name
is what a region without the service lacks. A service that is not here stays unread there."""


def listing_of(source: Source) -> dict[str, JSON] | None:
    """The parameters that ask `OFFERS` for the regions of a source's service; None: unknown."""
    code = CODES.get(source.service) if isinstance(source, Aws) else None
    return None if code is None else {"Path": _PATH.format(code=code)}


def leaves_out(listing: Answer, region: str, home: str) -> bool:
    """Whether a list of regions says that a service is not offered in one of them.

    Args:
        listing: the answer of `OFFERS`. One that is cut, empty or malformed says nothing, and nor
            does one that lacks the home region, which has all of the services: it is not the list
            of this partition, or not of this service.
        region: the region in question.
        home: the home region of the account's partition.
    """
    if listing.failure is not None:
        return False
    try:
        found = items(OFFERS, listing.pages)
    except ShapeError:
        return False
    path = f"{listing.params['Path']}/"
    named: set[str] = set()
    for item in found:
        name = item.get("Name") if isinstance(item, Mapping) else None
        if not isinstance(name, str) or not name.startswith(path):
            return False
        named.add(name.removeprefix(path))
    return home in named and region not in named
