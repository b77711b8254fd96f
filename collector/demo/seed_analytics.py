"""Warehouse, search, caches, Kubernetes and machine learning, as their services tell of them.

moto simulates some of these in part: without logs of a warehouse, the mode of a cache's encryption
or the state of a search domain. So they are told, not made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collector.demo.simulator import ACCOUNT, HOME_REGION
from collector.demo.told import Reply

KEY = f"arn:aws:kms:{HOME_REGION}:{ACCOUNT}:key/5d0c9f6e-2b7a-4c1d-9a3e-6f8b1e4d7c20"
"""Key of the analytics platform, which another account of the company keeps."""

CLUSTERS = [
    {
        "ClusterIdentifier": "claims",
        "ClusterStatus": "available",
        "NodeType": "ra3.xlplus",
        "PubliclyAccessible": False,
        "Encrypted": True,
        "KmsKeyId": KEY,
        "ClusterParameterGroups": [
            {"ParameterGroupName": "default.redshift-2.0", "ParameterApplyStatus": "in-sync"}
        ],
    },
    {
        "ClusterIdentifier": "marketing-v1",
        "ClusterStatus": "available",
        "NodeType": "dc2.large",
        "PubliclyAccessible": True,
        "Encrypted": False,
        "ClusterParameterGroups": [
            {"ParameterGroupName": "default.redshift-1.0", "ParameterApplyStatus": "in-sync"}
        ],
    },
]

LOGGING: Mapping[str, Mapping[str, Any]] = {
    "claims": {
        "LoggingEnabled": True,
        "LogDestinationType": "cloudwatch",
        "LogExports": ["connectionlog", "useractivitylog", "userlog"],
    },
    "marketing-v1": {"LoggingEnabled": False},
}

WORKGROUP = {
    "workgroupName": "research",
    "workgroupArn": f"arn:aws:redshift-serverless:{HOME_REGION}:{ACCOUNT}:workgroup/research",
    "namespaceName": "research",
    "publiclyAccessible": False,
    "configParameters": [{"parameterKey": "require_ssl", "parameterValue": "true"}],
}

NAMESPACE = {
    "namespaceName": "research",
    "namespaceArn": f"arn:aws:redshift-serverless:{HOME_REGION}:{ACCOUNT}:namespace/research",
    "kmsKeyId": "AWS_OWNED_KMS_KEY",
    "logExports": ["connectionlog", "userlog"],
}

DOMAINS: Mapping[str, Mapping[str, Any]] = {
    "records-search": {
        "EncryptionAtRestOptions": {"Enabled": True, "KmsKeyId": KEY},
        "NodeToNodeEncryptionOptions": {"Enabled": True},
        "DomainEndpointOptions": {
            "EnforceHTTPS": True,
            "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10",
        },
    },
    "site-search-v1": {
        "EncryptionAtRestOptions": {"Enabled": False},
        "NodeToNodeEncryptionOptions": {"Enabled": False},
        "DomainEndpointOptions": {
            "EnforceHTTPS": False,
            "TLSSecurityPolicy": "Policy-Min-TLS-1-0-2019-07",
        },
    },
}

_CACHES = f"arn:aws:elasticache:{HOME_REGION}:{ACCOUNT}"

GROUPS = [
    {
        "ReplicationGroupId": "sessions",
        "ARN": f"{_CACHES}:replicationgroup:sessions",
        "Status": "available",
        "AtRestEncryptionEnabled": True,
        "KmsKeyId": KEY,
        "TransitEncryptionEnabled": True,
        "TransitEncryptionMode": "required",
    },
    {
        "ReplicationGroupId": "appointments",
        "ARN": f"{_CACHES}:replicationgroup:appointments",
        "Status": "available",
        "AtRestEncryptionEnabled": True,
        "TransitEncryptionEnabled": True,
        "TransitEncryptionMode": "preferred",
    },
]

MEMCACHED = {
    "CacheClusterId": "site-fragments",
    "ARN": f"{_CACHES}:cluster:site-fragments",
    "CacheClusterStatus": "available",
    "Engine": "memcached",
    "AtRestEncryptionEnabled": False,
    "TransitEncryptionEnabled": False,
}

SERVERLESS = {
    "ServerlessCacheName": "eligibility",
    "ARN": f"{_CACHES}:serverlesscache:eligibility",
    "Status": "available",
    "StorageEncryptionType": "sse-elasticache",
}

DAX = [
    {
        "ClusterName": name,
        "ClusterArn": f"arn:aws:dax:{HOME_REGION}:{ACCOUNT}:cache/{name}",
        "Status": "available",
        "SSEDescription": {"Status": encryption},
    }
    for name, encryption in (("appointments", "ENABLED"), ("feature-flags", "DISABLED"))
]

KUBERNETES: Mapping[str, Mapping[str, Any]] = {
    "care": {"encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": KEY}}]},
    "web": {},
}

FIREHOSE: Mapping[str, Mapping[str, Any]] = {
    "audit-events": {
        "DeliveryStreamType": "DirectPut",
        "DeliveryStreamEncryptionConfiguration": {
            "KeyType": "CUSTOMER_MANAGED_CMK",
            "KeyARN": KEY,
            "Status": "ENABLED",
        },
    },
    "site-metrics": {"DeliveryStreamType": "DirectPut"},
}

_ML = f"arn:aws:sagemaker:{HOME_REGION}:{ACCOUNT}"

NOTEBOOKS: Mapping[str, Mapping[str, str]] = {"no-show-model": {"KmsKeyId": KEY}, "trial": {}}


def _at_home(answer: Mapping[str, Any], elsewhere: Mapping[str, Any]) -> Reply:
    """The answer in the region where the platform is, and the one where there is nothing."""
    return lambda params, region: answer if region == HOME_REGION else elsewhere


def _parameters(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    ssl = "true" if params["ParameterGroupName"] == "default.redshift-2.0" else "false"
    return {
        "Parameters": [
            {"ParameterName": "enable_user_activity_logging", "ParameterValue": "false"},
            {"ParameterName": "require_ssl", "ParameterValue": ssl, "Source": "engine-default"},
        ]
    }


def _domain(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    name = params["DomainName"]
    common = {
        "DomainId": f"{ACCOUNT}/{name}",
        "DomainName": name,
        "ARN": f"arn:aws:es:{region}:{ACCOUNT}:domain/{name}",
        "Created": True,
        "Deleted": False,
        "Processing": False,
        "DomainProcessingStatus": "Active",
        "EngineVersion": "OpenSearch_2.19",
        "ClusterConfig": {"InstanceType": "r6g.large.search", "InstanceCount": 2},
    }
    return {"DomainStatus": {**common, **DOMAINS[name]}}


def _cluster(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    name = params["name"]
    common = {
        "name": name,
        "arn": f"arn:aws:eks:{region}:{ACCOUNT}:cluster/{name}",
        "version": "1.33",
        "status": "ACTIVE",
    }
    return {"cluster": {**common, **KUBERNETES[name]}}


def _delivery_stream(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    name = params["DeliveryStreamName"]
    common = {
        "DeliveryStreamName": name,
        "DeliveryStreamARN": f"arn:aws:firehose:{region}:{ACCOUNT}:deliverystream/{name}",
        "DeliveryStreamStatus": "ACTIVE",
        "VersionId": "1",
        "Destinations": [],
        "HasMoreDestinations": False,
    }
    return {"DeliveryStreamDescription": {**common, **FIREHOSE[name]}}


def _notebook(params: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    name = params["NotebookInstanceName"]
    common = {
        "NotebookInstanceName": name,
        "NotebookInstanceArn": f"{_ML}:notebook-instance/{name}",
        "NotebookInstanceStatus": "Stopped",
    }
    return {**common, **NOTEBOOKS[name]}


TOLD: Mapping[str, Reply] = {
    "redshift:DescribeClusters": _at_home({"Clusters": CLUSTERS}, {"Clusters": []}),
    "redshift:DescribeClusterParameters": _parameters,
    "redshift:DescribeLoggingStatus": lambda params, _: LOGGING[params["ClusterIdentifier"]],
    "redshift-serverless:ListWorkgroups": _at_home({"workgroups": [WORKGROUP]}, {"workgroups": []}),
    "redshift-serverless:ListNamespaces": _at_home({"namespaces": [NAMESPACE]}, {"namespaces": []}),
    "opensearch:ListDomainNames": _at_home(
        {"DomainNames": [{"DomainName": n, "EngineType": "OpenSearch"} for n in DOMAINS]},
        {"DomainNames": []},
    ),
    "opensearch:DescribeDomain": _domain,
    "elasticache:DescribeReplicationGroups": _at_home(
        {"ReplicationGroups": GROUPS}, {"ReplicationGroups": []}
    ),
    "elasticache:DescribeCacheClusters": _at_home(
        {"CacheClusters": [MEMCACHED]}, {"CacheClusters": []}
    ),
    "elasticache:DescribeServerlessCaches": _at_home(
        {"ServerlessCaches": [SERVERLESS]}, {"ServerlessCaches": []}
    ),
    "dax:DescribeClusters": _at_home({"Clusters": DAX}, {"Clusters": []}),
    "eks:ListClusters": _at_home({"clusters": [*KUBERNETES]}, {"clusters": []}),
    "eks:DescribeCluster": _cluster,
    "firehose:ListDeliveryStreams": _at_home(
        {"DeliveryStreamNames": [*FIREHOSE], "HasMoreDeliveryStreams": False},
        {"DeliveryStreamNames": [], "HasMoreDeliveryStreams": False},
    ),
    "firehose:DescribeDeliveryStream": _delivery_stream,
    "sagemaker:ListNotebookInstances": _at_home(
        {
            "NotebookInstances": [
                {
                    "NotebookInstanceName": name,
                    "NotebookInstanceArn": f"{_ML}:notebook-instance/{name}",
                }
                for name in NOTEBOOKS
            ]
        },
        {"NotebookInstances": []},
    ),
    "sagemaker:DescribeNotebookInstance": _notebook,
    "sagemaker:ListEndpointConfigs": _at_home(
        {
            "EndpointConfigs": [
                {
                    "EndpointConfigName": "no-show-risk",
                    "EndpointConfigArn": f"{_ML}:endpoint-config/no-show-risk",
                }
            ]
        },
        {"EndpointConfigs": []},
    ),
    "sagemaker:DescribeEndpointConfig": lambda params, _: {
        "EndpointConfigName": params["EndpointConfigName"],
        "EndpointConfigArn": f"{_ML}:endpoint-config/{params['EndpointConfigName']}",
        "KmsKeyId": KEY,
    },
}
"""Good: what holds claims and records. Bad: the warehouse and the search of marketing, of the early
days, caches made in a hurry, and a Kubernetes cluster, a stream and a notebook without own keys."""
