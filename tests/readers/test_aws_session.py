"""A session without boto3 makes the clients that one with it makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest

from collector.readers.aws_session import PlainSession

SETTINGS = """
[default]
region = eu-west-1
defaults_mode = standard
s3 =
  addressing_style = path
"""


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(SETTINGS)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1")


def facts(client: Any) -> dict[str, Any]:
    config = client.meta.config
    options = {name: getattr(config, name) for name in config.OPTION_DEFAULTS}
    return {**options, "url": client.meta.endpoint_url, "partition": client.meta.partition}


@pytest.mark.parametrize("service", ["s3", "kms", "sts", "iam"])
def test_clients_have_the_same_settings(service: str) -> None:
    plain = PlainSession(botocore.session.Session())
    usual: Any = boto3.Session()

    for region in ("eu-west-1", "us-east-1"):
        ours, theirs = (facts(s.client(service, region_name=region)) for s in (plain, usual))
        # boto3 names itself there; readers say who they are.
        for each in (ours, theirs):
            each.pop("user_agent")
            each.pop("user_agent_extra")
        assert ours == theirs


def test_region_and_partition_are_the_same() -> None:
    plain, usual = PlainSession(botocore.session.Session()), boto3.Session()

    assert plain.region_name == usual.region_name == "eu-west-1"
    assert plain.get_partition_for_region("cn-north-1") == "aws-cn"


def test_a_setting_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = PlainSession(botocore.session.Session())
    assert plain.region_name == "eu-west-1"

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    assert plain.region_name == "eu-west-1"
    assert PlainSession(botocore.session.Session()).region_name == "us-east-1"
