"""AWS Config: what records the configuration of resources."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator

from collector.check import Verdict, check, failed, listed, passed
from collector.resource import Resource, at
from collector.source import Aws

GLOBAL_TYPES = frozenset(
    {
        "AWS::IAM::Group",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::IAM::User",
    }
)
"""Types without a region, which are to be recorded in one region and may be left out elsewhere.
https://docs.aws.amazon.com/config/latest/developerguide/select-resources.html"""


def _spelled(value: object) -> object:
    """A status as the API's model spells it. Services write it in capitals as well: `SUCCESS`."""
    if not isinstance(value, str):
        return value
    names = {"success": "Success", "failure": "Failure", "pending": "Pending"}
    return names.get(value.lower(), "NotApplicable" if _is_not_applicable(value) else value)


def _is_not_applicable(value: str) -> bool:
    return value.lower().replace("_", "") == "notapplicable"


RecorderState = Annotated[
    Literal["Failure", "NotApplicable", "Pending", "Success"], BeforeValidator(_spelled)
]
DeliveryState = Annotated[Literal["Failure", "NotApplicable", "Success"], BeforeValidator(_spelled)]


class Recorder(Resource):
    """The configuration recorder of a region, by name. Those of other services are not listed."""

    source = Aws(
        service="config",
        operation="DescribeConfigurationRecorders",
        permission="config:DescribeConfigurationRecorders",
        items="ConfigurationRecorders",
    )
    full_name = "arn:{partition}:config:{region}:{account}:configuration-recorder/{id}"
    id: str = at("name")
    arn: str | None = at("arn", default=None)
    scope: Literal["INTERNAL", "PAID"] | None = at("recordingScope", default=None)
    records_all: bool = at("recordingGroup.allSupported")
    # Left out where the types are chosen in another way.
    has_global: bool = at("recordingGroup.includeGlobalResourceTypes", default=False)
    strategy: (
        Literal[
            "ALL_SUPPORTED_RESOURCE_TYPES",
            "EXCLUSION_BY_RESOURCE_TYPES",
            "INCLUSION_BY_RESOURCE_TYPES",
        ]
        | None
    ) = at("recordingGroup.recordingStrategy.useOnly", default=None)
    chosen: tuple[str, ...] = at("recordingGroup.resourceTypes", default=())
    excluded: tuple[str, ...] = at(
        "recordingGroup.exclusionByResourceTypes.resourceTypes", default=()
    )
    frequency: Literal["CONTINUOUS", "DAILY"] | None = at(
        "recordingMode.recordingFrequency", default=None
    )

    @property
    def is_own(self) -> bool:
        """Whether the customer records with it, and not a service for itself."""
        return self.scope != "INTERNAL"

    @property
    def has_users_and_roles(self) -> bool:
        """Whether it records all types of IAM."""
        if self.records_all:
            return self.has_global
        if self.strategy == "EXCLUSION_BY_RESOURCE_TYPES":
            return GLOBAL_TYPES.isdisjoint(self.excluded)
        return set(self.chosen) >= GLOBAL_TYPES


class RecorderStatus(Resource):
    """Whether a configuration recorder records now, by its name."""

    source = Aws(
        service="config",
        operation="DescribeConfigurationRecorderStatus",
        permission="config:DescribeConfigurationRecorderStatus",
        per=Recorder,
        params={"ConfigurationRecorderNames": ("id",)},
        repeats={"ConfigurationRecorderNames": "ConfigurationRecordersStatus.*.name"},
        items="ConfigurationRecordersStatus",
        volatile=("ConfigurationRecordersStatus.lastStatusChangeTime",),
    )
    full_name = "arn:{partition}:config:{region}:{account}:configuration-recorder/{id}"
    id: str = at("name")
    arn: str | None = at("arn", default=None)
    is_recording: bool = at("recording")
    # Left out until it recorded something.
    last: RecorderState | None = at("lastStatus", default=None)
    error: str | None = at("lastErrorCode", default=None)


class DeliveryChannel(Resource):
    """Whether what was recorded reaches the bucket, by the name of the channel."""

    source = Aws(
        service="config",
        operation="DescribeDeliveryChannelStatus",
        permission="config:DescribeDeliveryChannelStatus",
        per=Recorder,
        items="DeliveryChannelsStatus",
        volatile=(
            "DeliveryChannelsStatus.configHistoryDeliveryInfo.lastAttemptTime",
            "DeliveryChannelsStatus.configHistoryDeliveryInfo.lastSuccessfulTime",
            "DeliveryChannelsStatus.configHistoryDeliveryInfo.nextDeliveryTime",
            "DeliveryChannelsStatus.configSnapshotDeliveryInfo.lastAttemptTime",
            "DeliveryChannelsStatus.configSnapshotDeliveryInfo.lastSuccessfulTime",
            "DeliveryChannelsStatus.configSnapshotDeliveryInfo.nextDeliveryTime",
            "DeliveryChannelsStatus.configStreamDeliveryInfo.lastStatusChangeTime",
        ),
    )
    full_name = "arn:{partition}:config:{region}:{account}:delivery-channel/{id}"
    id: str = at("name")
    # Left out until the first files were due: every six hours, if anything changed.
    history: DeliveryState | None = at("configHistoryDeliveryInfo.lastStatus", default=None)
    history_error: str | None = at("configHistoryDeliveryInfo.lastErrorCode", default=None)


@check(control="configuration-recording", severity="medium", scope="region")
def recorder(
    recorders: Sequence[Recorder],
    statuses: Sequence[RecorderStatus],
    channels: Sequence[DeliveryChannel],
    *,
    may_exclude: tuple[str, ...] = (),
) -> Verdict:
    """AWS Config records the configuration in every region.

    Passes: the region has a recorder of the customer's that is recording, records all supported
        types of resources, last recorded with success, and has a delivery channel whose last
        delivery of history did not fail. Types may be left out that `may_exclude` names, and those
        of IAM, which have no region: `aws.config.global_types` is about them.
    Fails: one of these is not so.
    A region in which nothing changed has no history to deliver yet and passes. The reason says
    where types are recorded once a day only. Recorders that services keep for themselves do not
    count. Says nothing of rules that judge what is recorded.
    Remediation: set up AWS Config in every region, recording all types of resources.
    """
    own = sorted((each for each in recorders if each.is_own), key=lambda each: each.id)
    if not own:
        return failed("no configuration recorder")
    status_of = {status.id: status for status in statuses}
    wanting = []
    for each in own:
        problems = list(_problems(each, status_of.get(each.id), channels, may_exclude))
        if not problems:
            daily = ", once a day" if each.frequency == "DAILY" else ""
            return passed(f"recorder {each.id} records all types{daily}")
        wanting.append(f"recorder {each.id} {' and '.join(problems)}")
    return failed(listed(wanting, "; "))


@check(control="configuration-recording", severity="medium")
def global_types(recorders: Sequence[Recorder], statuses: Sequence[RecorderStatus]) -> Verdict:
    """The configuration of users, roles, groups and policies is recorded in one region.

    Passes: in a region that is read, a recorder of the customer's is recording, and records the
        global types of IAM: with all types, or by name.
    Fails: none does.
    Remediation: in one region, the main one, have AWS Config record global resource types as well.
    """
    for each in recorders:
        # Recorders of all regions have the same name; where the API tells no ARN, all must record.
        own = [s for s in statuses if (s.arn or s.id) == (each.arn or each.id)]
        is_recording = bool(own) and all(status.is_recording for status in own)
        if each.is_own and each.has_users_and_roles and is_recording:
            return passed("a recorder records the global types")
    return failed("no recorder records the global types")


def _problems(
    each: Recorder,
    status: RecorderStatus | None,
    channels: Sequence[DeliveryChannel],
    may_exclude: tuple[str, ...],
) -> Iterator[str]:
    """What keeps a recorder from recording everything."""
    if status is None or not status.is_recording:
        yield "is not recording"
    elif status.last != "Success":
        error = f" ({status.error})" if status.error else ""
        yield f"last recorded with status {status.last or 'none'}{error}"
    if not each.records_all:
        left_out = sorted({*each.excluded} - GLOBAL_TYPES - {*may_exclude})
        if each.strategy != "EXCLUSION_BY_RESOURCE_TYPES":
            yield "records chosen types only"
        elif left_out:
            yield f"leaves out {listed(left_out)}"
    if not channels:
        yield "has no delivery channel"
    for channel in channels:
        if channel.history == "Failure":
            yield f"cannot deliver ({channel.history_error or 'no code'})"
