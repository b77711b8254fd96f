"""Which methods of Google's APIs count as reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from collector.readers.gcp_methods import CREDENTIALS, is_read_only
from tests.google.schema import document, methods

APIS = (
    "admin.directory_v1",
    "alloydb.v1",
    "apikeys.v2",
    "artifactregistry.v1",
    "backupdr.v1",
    "bigquery.v2",
    "cloudasset.v1",
    "cloudbilling.v1",
    "cloudfunctions.v2",
    "cloudidentity.v1",
    "cloudkms.v1",
    "cloudresourcemanager.v3",
    "compute.v1",
    "container.v1",
    "dns.v1",
    "essentialcontacts.v1",
    "iam.v1",
    "logging.v2",
    "monitoring.v3",
    "orgpolicy.v2",
    "policyanalyzer.v1",
    "pubsub.v1",
    "recommender.v1",
    "redis.v1",
    "run.v2",
    "secretmanager.v1",
    "securitycenter.v1",
    "serviceusage.v1",
    "spanner.v1",
    "sqladmin.v1",
    "storage.v1",
)

CHANGES = re.compile(
    r"(?:"
    r"accept|activate|add|attach|cancel|change|clear|create|delete|detach|"
    r"disable|enable|grant|increase|insert|invite|lock|make|modify|move|"
    r"patch|prewarm|provision|publish|purge|put|remove|replace|reset|restart|"
    r"restore|revoke|rotate|run|send|set|start|stop|submit|suspend|"
    r"terminate|undelete|unlock|update|upload|write"
    r")",
    re.IGNORECASE,
)
"""How a description of a method that changes something begins."""


Method = Mapping[str, Any]


@cache
def known() -> Mapping[str, Method]:
    """Every method of the APIs, by its id."""
    documents = [document(*api.split(".")) for api in APIS]
    return {method["id"]: method for found in documents for _, method in methods(found)}


@cache
def reads() -> Mapping[str, Method]:
    return {name: method for name, method in known().items() if is_read_only(method)}


def test_only_get_and_post_are_reads() -> None:
    assert {method["httpMethod"] for method in reads().values()} == {"GET", "POST"}


def test_posts_that_are_reads_are_these() -> None:
    """New ones appear with a new client: each is to be looked at before it is added here."""
    names = {n.rpartition(".")[2] for n, m in reads().items() if m["httpMethod"] == "POST"}

    assert names == {
        "getHealth",
        "getIamPolicy",
        "list",
        "listInstances",
        "listManagedInstances",
        "listNetworkEndpoints",
        "listNodes",
        "listPerInstanceConfigs",
    }


def test_no_read_is_described_as_a_change() -> None:
    """The descriptions are Google's own words, and no part of the rule."""
    told = {
        name: method["description"]
        for name, method in reads().items()
        if CHANGES.match(method.get("description", ""))
    }

    assert told == {}


@pytest.mark.parametrize(
    "name",
    [
        "admin.channels.stop",
        "artifactregistry.projects.locations.repositories.prewarmArtifact",
        "artifactregistry.projects.locations.repositories.removePrewarmedArtifact",
        "backupdr.projects.locations.backupVaults.dataSources.fetchAccessToken",
        "bigquery.jobs.query",
        "cloudbilling.organizations.billingAccounts.move",
        "cloudresourcemanager.liens.create",
        "cloudresourcemanager.projects.setIamPolicy",
        "compute.hosts.getVersion",
        "compute.licenses.insert",
        "compute.regionOperations.wait",
        "compute.routers.preview",
        "directory.users.watch",
        "iam.projects.serviceAccounts.keys.create",
        "logging.entries.tail",
        "monitoring.projects.notificationChannels.getVerificationCode",
        "secretmanager.projects.secrets.versions.access",
        "spanner.projects.instances.databases.sessions.read",
        "storage.buckets.lockRetentionPolicy",
        *sorted(CREDENTIALS),
    ],
)
def test_method_is_no_read(name: str) -> None:
    assert not is_read_only(known()[name])


@pytest.mark.parametrize(
    "name",
    [
        "cloudresourcemanager.projects.getIamPolicy",
        "compute.disks.aggregatedList",
        "essentialcontacts.projects.contacts.compute",
        "iam.projects.serviceAccounts.getIamPolicy",
        "logging.entries.list",
        "logging.projects.locations.buckets.list",
        "orgpolicy.projects.policies.getEffectivePolicy",
        "sql.instances.list",
        "storage.buckets.getIamPolicy",
        "storage.buckets.list",
    ],
)
def test_method_is_a_read(name: str) -> None:
    assert is_read_only(known()[name])
