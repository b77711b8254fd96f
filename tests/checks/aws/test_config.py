"""AWS Config."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from checks.aws.config import DeliveryChannel, Recorder, RecorderStatus, global_types, recorder
from collector.evaluate import evaluate
from collector.evidence.canonical import JSON
from tests.aws_told import told
from tests.cases import Case, read_aws, row

NOW = datetime(2026, 6, 30, tzinfo=UTC)
EXCLUDING: Mapping[str, object] = {
    "records_all": False,
    "strategy": "EXCLUSION_BY_RESOURCE_TYPES",
}
IAM = ("AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::User")


def one(**changes: object) -> Recorder:
    """A recorder of everything, with some fields changed."""
    return Recorder.model_validate({"id": "default", "records_all": True, **changes})


def on(**changes: object) -> RecorderStatus:
    """The status of a recorder that records."""
    fields = {"id": "default", "is_recording": True, "last": "Success", **changes}
    return RecorderStatus.model_validate(fields)


CHANNEL = DeliveryChannel(id="default", history="Success")
ALL = {"outcome": "pass", "reason": "recorder default records all types"}
GLOBAL = {"outcome": "pass", "reason": "a recorder records the global types"}
NO_GLOBAL = {"outcome": "fail", "reason": "no recorder records the global types"}

CASES = [
    row(recorder, [one()], [on()], [CHANNEL], **ALL),
    row(recorder, [one(**EXCLUDING, excluded=IAM)], [on()], [CHANNEL], **ALL),
    row(recorder, [one(**EXCLUDING, excluded=("AWS::EC2::NetworkInterface",))], [on()], [CHANNEL],
        may_exclude=("AWS::EC2::NetworkInterface",), **ALL),
    row(recorder, [one()], [on()], [DeliveryChannel(id="default")], **ALL),
    row(recorder, [one()], [on()], [DeliveryChannel(id="default", history="NotApplicable")], **ALL),
    row(recorder, [one(frequency="DAILY")], [on()], [CHANNEL],
        outcome="pass", reason="recorder default records all types, once a day"),
    row(recorder, [], [], [], outcome="fail", reason="no configuration recorder"),
    row(recorder, [one(scope="INTERNAL")], [on()], [CHANNEL],
        outcome="fail", reason="no configuration recorder"),
    row(recorder, [one()], [on(is_recording=False)], [CHANNEL],
        outcome="fail", reason="recorder default is not recording"),
    row(recorder, [one()], [on(id="other")], [CHANNEL],
        outcome="fail", reason="recorder default is not recording"),
    row(recorder, [one()], [on(last="Failure", error="AccessDenied")], [CHANNEL], outcome="fail",
        reason="recorder default last recorded with status Failure (AccessDenied)"),
    row(recorder, [one()], [on(last="Pending")], [CHANNEL], outcome="fail",
        reason="recorder default last recorded with status Pending"),
    row(recorder, [one()], [on(last=None)], [CHANNEL], outcome="fail",
        reason="recorder default last recorded with status none"),
    row(recorder, [one(records_all=False, chosen=("AWS::S3::Bucket",))], [on()], [CHANNEL],
        outcome="fail", reason="recorder default records chosen types only"),
    row(recorder, [one(**EXCLUDING, excluded=(*IAM, "AWS::S3::Bucket"))], [on()], [CHANNEL],
        outcome="fail", reason="recorder default leaves out AWS::S3::Bucket"),
    row(recorder, [one()], [on()], [],
        outcome="fail", reason="recorder default has no delivery channel"),
    row(recorder, [one()], [on(is_recording=False)],
        [DeliveryChannel(id="default", history="Failure", history_error="NoSuchBucket")],
        outcome="fail",
        reason="recorder default is not recording and cannot deliver (NoSuchBucket)"),

    row(global_types, [one(), one(has_global=True, arn="a:1")], [on(), on(arn="a:1")], **GLOBAL),
    row(global_types, [one(**EXCLUDING)], [on()], **GLOBAL),
    row(global_types, [one(records_all=False, chosen=IAM)], [on()], **GLOBAL),
    row(global_types, [], [], **NO_GLOBAL),
    row(global_types, [one()], [on()], **NO_GLOBAL),
    row(global_types, [one(**EXCLUDING, excluded=IAM[:1])], [on()], **NO_GLOBAL),
    row(global_types, [one(records_all=False, chosen=IAM[:3])], [on()], **NO_GLOBAL),
    row(global_types, [one(has_global=True, scope="INTERNAL")], [on()], **NO_GLOBAL),
    row(global_types, [one(has_global=True)], [], **NO_GLOBAL),
    row(global_types, [one(has_global=True, arn="a:1"), one(arn="a:2")],
        [on(arn="a:1", is_recording=False), on(arn="a:2")], **NO_GLOBAL),
    row(global_types, [one(has_global=True), one()], [on(is_recording=False), on()], **NO_GLOBAL),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def recorders(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    """A recorder in one region."""
    group = {"allSupported": True, "includeGlobalResourceTypes": True, "resourceTypes": []}
    arn = f"arn:aws:config:{region}:123456789012:configuration-recorder/default/abc"
    held = {"name": "default", "arn": arn, "recordingGroup": group, "recordingScope": "PAID"}
    return {"ConfigurationRecorders": [held] if region == "us-east-1" else []}


def statuses(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    assert params == {"ConfigurationRecorderNames": ["default"]}
    arn = f"arn:aws:config:{region}:123456789012:configuration-recorder/default/abc"
    status = {"name": "default", "arn": arn, "recording": True, "lastStatus": "Success"}
    return {"ConfigurationRecordersStatus": [{**status, "lastStatusChangeTime": NOW}]}


def test_recorder_is_read_where_there_is_one_and_other_regions_cost_one_call() -> None:
    history = {"lastStatus": "Success", "lastSuccessfulTime": NOW, "nextDeliveryTime": NOW}
    channel = {"name": "default", "configHistoryDeliveryInfo": history}
    session = told(
        {
            "config:DescribeConfigurationRecorders": recorders,
            "config:DescribeConfigurationRecorderStatus": statuses,
            "config:DescribeDeliveryChannelStatus": {"DeliveryChannelsStatus": [channel]},
        }
    )

    reads = read_aws(session, recorder, global_types, regions=("us-east-1", "eu-west-1"))

    results = evaluate([recorder, global_types], reads, settings={}, now=NOW)
    assert [(r.resource.region, r.outcome, r.reason) for r in results] == [
        ("global", "pass", "a recorder records the global types"),
        ("eu-west-1", "fail", "no configuration recorder"),
        ("us-east-1", "pass", "recorder default records all types"),
    ]
    assert sorted(a.source for _, a in reads.answers if a.place == "eu-west-1") == [
        "config:DescribeConfigurationRecorders"
    ]
    assert b"2026" not in b"".join(a.body() or b"" for _, a in reads.answers)


@pytest.mark.parametrize("spelling", ["Success", "SUCCESS"])
def test_status_is_read_as_the_service_spells_it(spelling: str) -> None:
    """The service writes it in capitals, its model does not."""
    status: JSON = {"name": "default", "recording": True, "lastStatus": spelling}
    channel: JSON = {"name": "default", "configHistoryDeliveryInfo": {"lastStatus": spelling}}

    assert RecorderStatus.parse(status).last == "Success"
    assert DeliveryChannel.parse(channel).history == "Success"


@pytest.mark.parametrize("spelling", ["NOT_APPLICABLE", "Not_Applicable"])
def test_delivery_that_does_not_apply_is_read(spelling: str) -> None:
    channel: JSON = {"name": "default", "configHistoryDeliveryInfo": {"lastStatus": spelling}}

    assert DeliveryChannel.parse(channel).history == "NotApplicable"


def test_status_of_an_unknown_spelling_cannot_be_read() -> None:
    status: JSON = {"name": "default", "recording": True, "lastStatus": "Splendid"}

    with pytest.raises(ValidationError):
        RecorderStatus.parse(status)
