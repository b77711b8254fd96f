"""Amazon Redshift."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from checks.aws.redshift import (
    Cluster,
    ClusterLogging,
    ClusterParameters,
    ConfigParameter,
    Namespace,
    Parameter,
    ParameterGroup,
    ParameterState,
    Workgroup,
    audit_logging,
    encrypted,
    not_public,
    require_ssl,
)
from tests.aws_told import told
from tests.cases import Case, read_aws, row

KEY = "arn:aws:kms:us-east-1:123456789012:key/phi"
SERVERLESS = "arn:aws:redshift-serverless:us-east-1:123456789012:"
SYNCED = ParameterGroup(name="tls", status="in-sync")
IN_GROUP = "in parameter group tls"
TABLES = ("sys_connection_log", "sys_query_history", "sys_userlog")
PUBLISHED = "published to S3 Tables: sys_connection_log, sys_userlog"
OWNED = "encrypted without a KMS key of the account"


def cluster(**more: Any) -> Cluster:
    return Cluster(id="claims", **{"is_public": False, "is_encrypted": True, **more})


def workgroup(ssl: str | None = None, *, is_public: bool = False) -> Workgroup:
    parameters = (
        ConfigParameter(name="datestyle", value="ISO"),
        ConfigParameter(name="require_ssl", value=ssl),
    )
    return Workgroup(id=SERVERLESS, is_public=is_public, parameters=parameters)


def namespace(*logs: Any, **more: Any) -> Namespace:
    return Namespace(id=SERVERLESS, logs=logs, **{"kms_key": KEY, **more})


def parameters(ssl: str | None, *groups: ParameterGroup) -> ClusterParameters:
    values = (
        Parameter(name="datestyle", value="ISO"),
        Parameter(name="require_ssl", value=ssl),
    )
    return ClusterParameters(groups=groups or (SYNCED,), parameters=values)


def waiting(group: str, *, ssl: str | None = None) -> ParameterGroup:
    states = [("datestyle", "in-sync")] + ([("require_ssl", ssl)] if ssl is not None else [])
    return ParameterGroup(
        name="tls",
        status=group,
        parameters=tuple(ParameterState(name=name, status=status) for name, status in states),
    )


CASES = [
    row(not_public, cluster(), outcome="pass", reason="not publicly accessible"),
    row(not_public, cluster(is_public=True), outcome="fail", reason="publicly accessible"),
    row(not_public, workgroup(), outcome="pass", reason="not publicly accessible"),
    row(not_public, workgroup(is_public=True), outcome="fail", reason="publicly accessible"),
    row(encrypted, cluster(kms_key=KEY), require_kms=True,
        outcome="pass", reason=f"encrypted with key {KEY}"),
    row(encrypted, cluster(), outcome="pass", reason=OWNED),
    row(encrypted, cluster(), require_kms=True, outcome="fail", reason=OWNED),
    row(encrypted, cluster(is_encrypted=False, kms_key=KEY),
        outcome="fail", reason="the cluster is not encrypted"),
    row(encrypted, namespace(), require_kms=True,
        outcome="pass", reason=f"encrypted with key {KEY}"),
    row(encrypted, namespace(kms_key="AWS_OWNED_KMS_KEY"), outcome="pass", reason=OWNED),
    row(encrypted, namespace(kms_key="AWS_OWNED_KMS_KEY"), require_kms=True,
        outcome="fail", reason=OWNED),
    row(require_ssl, parameters("true"),
        outcome="pass", reason=f"require_ssl is true {IN_GROUP}"),
    row(require_ssl, parameters("true", waiting("pending-reboot", ssl="in-sync")),
        outcome="pass", reason=f"require_ssl is true {IN_GROUP}"),
    row(require_ssl, parameters("true", waiting("in-sync", ssl="pending-reboot")),
        outcome="fail", reason=f"require_ssl is true {IN_GROUP}, which is pending-reboot"),
    row(require_ssl, parameters("true", waiting("applying")),
        outcome="fail", reason=f"require_ssl is true {IN_GROUP}, which is applying"),
    row(require_ssl, parameters("true", ParameterGroup(name="tls")),
        outcome="fail", reason=f"require_ssl is true {IN_GROUP}, which is of unknown state"),
    row(require_ssl, parameters("false"),
        outcome="fail", reason=f"require_ssl is false {IN_GROUP}"),
    row(require_ssl, parameters(None),
        outcome="fail", reason=f"require_ssl is not set {IN_GROUP}"),
    row(require_ssl, ClusterParameters(groups=(SYNCED,), parameters=()),
        outcome="fail", reason=f"require_ssl is not set {IN_GROUP}"),
    row(require_ssl, ClusterParameters(groups=(), parameters=()),
        outcome="fail", reason="the cluster does not have exactly one parameter group"),
    row(require_ssl, parameters("true", SYNCED, SYNCED),
        outcome="fail", reason="the cluster does not have exactly one parameter group"),
    row(require_ssl, workgroup("true"), outcome="pass", reason="require_ssl is true"),
    row(require_ssl, workgroup("false"), outcome="fail", reason="require_ssl is false"),
    row(require_ssl, workgroup(), outcome="fail", reason="require_ssl is not set"),
    row(require_ssl, Workgroup(id=SERVERLESS, is_public=False),
        outcome="fail", reason="require_ssl is not set"),
    row(audit_logging, ClusterLogging(is_on=False),
        outcome="fail", reason="audit logging is off"),
    row(audit_logging, ClusterLogging(is_on=False, destination="s3", bucket="logs"),
        outcome="fail", reason="audit logging is off"),
    row(audit_logging, ClusterLogging(is_on=True, bucket="logs"),
        outcome="pass", reason="audit logging goes to bucket logs"),
    row(audit_logging, ClusterLogging(is_on=True, destination="s3", bucket="logs",
                                      logs=("connectionlog", "userlog")),
        outcome="pass", reason="audit logging goes to bucket logs"),
    row(audit_logging, ClusterLogging(is_on=True, destination="s3", bucket="logs",
                                      logs=("useractivitylog",)),
        outcome="fail", reason="not exported: connectionlog, userlog"),
    row(audit_logging, ClusterLogging(is_on=True),
        outcome="fail", reason="audit logging names no bucket"),
    row(audit_logging, ClusterLogging(is_on=True, destination="cloudwatch",
                                      logs=("userlog", "connectionlog")),
        outcome="pass", reason="exported: connectionlog, userlog"),
    row(audit_logging, ClusterLogging(is_on=True, destination="cloudwatch", logs=("userlog",)),
        outcome="fail", reason="not exported: connectionlog"),
    row(audit_logging, ClusterLogging(is_on=True, destination="cloudwatch", bucket="logs"),
        outcome="fail", reason="not exported: connectionlog, userlog"),
    row(audit_logging, ClusterLogging(is_on=False, tables=TABLES),
        outcome="pass", reason=PUBLISHED),
    row(audit_logging, ClusterLogging(is_on=False, has_all_tables=True),
        outcome="pass", reason=PUBLISHED),
    row(audit_logging, ClusterLogging(is_on=True, destination="s3table", tables=TABLES[:2]),
        outcome="fail", reason="not published to S3 Tables: sys_userlog"),
    row(audit_logging, namespace("userlog", "useractivitylog", "connectionlog"),
        outcome="pass", reason="exported: connectionlog, useractivitylog, userlog"),
    row(audit_logging, namespace("useractivitylog"),
        outcome="fail", reason="not exported: connectionlog, userlog"),
    row(audit_logging, namespace(tables=TABLES), outcome="pass", reason=PUBLISHED),
    row(audit_logging, namespace(has_all_tables=True), outcome="pass", reason=PUBLISHED),
]  # fmt: skip

CLUSTER: dict[str, Any] = {
    "ClusterIdentifier": "claims",
    "PubliclyAccessible": True,
    "Encrypted": True,
    "KmsKeyId": KEY,
    "NextMaintenanceWindowStartTime": "2026-11-22T03:00:00Z",
    "ClusterParameterGroups": [
        {
            "ParameterGroupName": "tls",
            "ParameterApplyStatus": "pending-reboot",
            "ClusterParameterStatusList": [
                {"ParameterName": "require_ssl", "ParameterApplyStatus": "in-sync"}
            ],
        }
    ],
}
NONE: dict[str, Any] = {
    "redshift:DescribeClusters": {"Clusters": []},
    "redshift-serverless:ListWorkgroups": {"workgroups": []},
    "redshift-serverless:ListNamespaces": {"namespaces": []},
}
ALL = (not_public, encrypted, require_ssl, audit_logging)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict(case: Case) -> None:
    case.holds()


def test_clusters_are_read_with_their_parameters_and_logs() -> None:
    pages: dict[Any, Any] = {
        None: {
            "Parameters": [{"ParameterName": "datestyle", "ParameterValue": "ISO"}],
            "Marker": "2",
        },
        "2": {"Parameters": [{"ParameterName": "require_ssl", "ParameterValue": "true"}]},
    }
    session = told(
        {
            **NONE,
            "redshift:DescribeClusters": {"Clusters": [CLUSTER]},
            "redshift:DescribeClusterParameters": lambda params, _: (
                pages[params.get("Marker")] if params["ParameterGroupName"] == "tls" else {}
            ),
            "redshift:DescribeLoggingStatus": {
                "LoggingEnabled": True,
                "LogDestinationType": "cloudwatch",
                "LogExports": ["connectionlog"],
                "LastSuccessfulDeliveryTime": "2026-11-22T03:00:00Z",
                "S3Tables": {"S3Tables": ["sys_userlog"], "EnabledAll": False},
            },
        }
    )

    reads = read_aws(session, *ALL)

    group = waiting("pending-reboot", ssl="in-sync")
    group = group.model_copy(update={"parameters": group.parameters[1:]})
    (found,) = reads[Cluster]
    assert found.name == "arn:aws:redshift:us-east-1:123456789012:cluster:claims"
    assert found.resource == cluster(is_public=True, kms_key=KEY, groups=(group,))
    assert [o.resource for o in reads[ClusterParameters]] == [
        parameters("true", group).model_copy(update={"id": "claims"})
    ]
    assert [o.resource for o in reads[ClusterLogging]] == [
        ClusterLogging(
            id="claims",
            is_on=True,
            destination="cloudwatch",
            logs=("connectionlog",),
            tables=("sys_userlog",),
        )
    ]
    assert "2026-11-22" not in str([a.pages for _, a in reads.answers])


def test_serverless_warehouses_are_read() -> None:
    session = told(
        {
            **NONE,
            "redshift-serverless:ListWorkgroups": {
                "workgroups": [
                    {
                        "workgroupArn": SERVERLESS,
                        "publiclyAccessible": True,
                        "configParameters": [
                            {"parameterKey": "datestyle", "parameterValue": "ISO"},
                            {"parameterKey": "require_ssl", "parameterValue": "true"},
                        ],
                    }
                ]
            },
            "redshift-serverless:ListNamespaces": {
                "namespaces": [
                    {"namespaceArn": SERVERLESS, "kmsKeyId": KEY, "logExports": ["userlog"]}
                ]
            },
        }
    )

    reads = read_aws(session, *ALL)

    assert [o.resource for o in reads[Workgroup]] == [workgroup("true", is_public=True)]
    assert [o.resource for o in reads[Namespace]] == [namespace("userlog")]


def test_a_region_without_warehouses_costs_one_call_for_each_api() -> None:
    reads = read_aws(told(NONE), *ALL)

    assert sorted(a.source for _, a in reads.answers) == [
        "redshift-serverless:ListNamespaces",
        "redshift-serverless:ListWorkgroups",
        "redshift:DescribeClusters",
    ]
    assert [o for r in (Cluster, Workgroup, Namespace) for o in reads[r]] == []


@pytest.mark.parametrize("lacks", ["PubliclyAccessible", "Encrypted"])
def test_a_cluster_that_does_not_tell_is_unreadable(lacks: str) -> None:
    with pytest.raises(ValidationError, match="Field required"):
        Cluster.parse({name: value for name, value in CLUSTER.items() if name != lacks})
