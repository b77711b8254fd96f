"""Sources: what is read, as data.

A source names one API operation, how its answer is paged into items, where it is called, which
other resource it is asked for, and the permission it takes. It holds no client and does no I/O;
the modules under `collector.readers` interpret it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from collector.evidence.canonical import JSON
    from collector.resource import Resource

Provider = Literal["aws", "gcp", "azure"]

AnyProvider = Literal["any"]
"""What is read of an account by no cloud's API, and so alike in all of them."""

HOME = "global"
"""The place of a read that belongs to no region."""

HOMES = {"aws": "us-east-1", "aws-cn": "cn-northwest-1", "aws-us-gov": "us-gov-west-1"}
"""Region of the AWS services with one endpoint a partition, by partition."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """What all sources have in common.

    A parameter whose value at the parent is None is not asked for at all: the answer is then
    empty. A list of resources then has none; what is no list is made of its defaults.
    """

    provider: ClassVar[Provider | AnyProvider]

    permission: str | tuple[str, ...]
    """The cloud's own name of the permission that the operation takes."""

    items: str | None = None
    """Path of the list in an answer that holds the resources; `*` stands for each item of a list or
    mapping on the way (`Reservations.*.Instances`). None: the answer is the resource."""

    per: type[Resource] | None = None
    """The resource for each of which the operation is called."""

    params: Mapping[str, str | tuple[str]] = field(default_factory=dict)
    """Parameter of the operation → field of the parent; in a tuple: sent as a list, of one or,
    where the field is a tuple itself, of all that it holds."""

    constants: Mapping[str, JSON] = field(default_factory=dict)
    """Parameters that are always the same; `{account}` in a string, at any depth, is the account's
    id. On AWS, the strings `{today}` and `{30 days ago}` are days, told from the start of the read.
    """

    repeats: Mapping[str, str] = field(default_factory=dict)
    """Parameter → path in the answer where the API repeats it; `*` stands for each item of a list.
    An answer with another value there is about something else, and is not read."""

    absent: tuple[str, ...] = ()
    """Error codes by which the API says that there is none. The resource then has its defaults."""

    volatile: tuple[str, ...] = ()
    """Fields that differ between two reads of an unchanged thing (delivery times, counters). They
    are kept with the call instead of in the answer; where the answer is the resource, it may have
    fields at them all the same. On AWS, `DBInstances.LatestRestorableTime` is
    the field in each item of that list; its values are kept in the order of the items."""

    sensitive: tuple[str, ...] = ()
    """Dotted paths of texts that evidence must not hold though the SDK's model does not mark them
    (`customerAgreements.description`). They are redacted before anything else sees them."""

    @property
    def name(self) -> str:
        """The operation as people and reasons name it."""
        raise NotImplementedError

    @property
    def permissions(self) -> tuple[str, ...]:
        """The permissions, however they were written."""
        return (self.permission,) if isinstance(self.permission, str) else self.permission


@dataclass(frozen=True, kw_only=True, eq=False)
class Aws(Source):
    """An operation of an AWS service, by its botocore names.

    `regions` is "home" for services with one endpoint a partition (IAM, CloudFront, the listing of
    buckets) and "enabled" for those to be asked in every region in scope. With `per`, the call goes
    to the region of the parent instead.
    """

    provider: ClassVar[Provider] = "aws"

    service: str
    operation: str
    regions: Literal["home", "enabled"] = "enabled"
    omits_empty: bool = False
    """Whether the API leaves the list out where it is empty. Few do; for all others, an answer
    without its list is malformed."""

    granted_on: tuple[str, ...] = ()
    """Where the permission covers more than this read (API Gateway has one for everything): what it
    is to be granted on, as an ARN without `arn:aws:`. Of one permission, all sources say so."""

    marker: str | None = None
    """The member that leads from a page to the next, in answers and as a parameter alike, where the
    SDK cannot page an operation (WAF's listings). An empty page is the last, whatever it says."""

    report: bool = False
    """The IAM credential report: generated, polled and read as CSV rows."""

    @property
    def name(self) -> str:
        """`s3:GetBucketEncryption`."""
        return f"{self.service}:{self.operation}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Gcp(Source):
    """A method of a Google API, by its discovery document.

    `collection` is the dotted path of resources in the document (`projects.locations.buckets`).
    """

    provider: ClassVar[Provider] = "gcp"

    api: str
    version: str
    collection: str
    method: str = "list"
    body: Mapping[str, JSON] | None = None
    """Request body of the few reads that are POST (`getIamPolicy`)."""

    incomplete: Sequence[str] = ("unreachable", "unreachables", "missingZones")
    """Fields of an answer that, when they hold something, say that it is only a part."""

    @property
    def name(self) -> str:
        """`storage.buckets.list`."""
        return f"{self.api}.{self.collection}.{self.method}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Arm(Source):
    """A GET of Azure Resource Manager.

    `path` is a template over the constants and parameters, `{account}` being the subscription's id:
    `/subscriptions/{account}/providers/Microsoft.Storage/storageAccounts`. A path that starts with
    `{id}` is below the parent. `api_version` is explicit, because answers change shape with it.
    """

    provider: ClassVar[Provider] = "azure"

    path: str
    api_version: str
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The part of the path that names the operation: `Microsoft.Storage/storageAccounts`."""
        return self.path.rpartition("/providers/")[2]


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph(Source):
    """A GET of Microsoft Graph v1.0, with an application permission."""

    provider: ClassVar[Provider] = "azure"

    path: str
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """`graph:/identity/conditionalAccess/policies`."""
        return f"graph:{self.path}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Tls(Source):
    """The endpoints that the account's configuration lists, or the handshakes with one of them.

    They take no permission: whoever reaches an endpoint may shake hands with it. A handshake's
    parameters are `host` and `port`; in the former, `{region}` is the place of the read and
    `{suffix}` the domain of the partition, `amazonaws.com`. `found` are the endpoints that a thing
    in the account has by its `hosts` and `ports`, one each; to tell them, nothing is asked.
    """

    provider: ClassVar[AnyProvider] = "any"

    permission: str | tuple[str, ...] = ()
    operation: Literal["endpoints", "found", "handshake"]

    @property
    def name(self) -> str:
        """`tls:handshake`."""
        return f"tls:{self.operation}"
