"""Keys in AWS KMS sign, and nothing but their own signature is used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from collector.errors import ConfigError, SigningError
from collector.evidence import aws_kms
from collector.evidence.keys import new_signer, open_signer
from tests.evidence.others import all_accept


@pytest.fixture
def kms(aws: boto3.Session) -> Any:
    return aws.client("kms")


def key_of(kms: Any, alias: str = "alias/evidence", **kind: str) -> str:
    """The ARN of a new key with an alias."""
    told = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY", **kind}
    key = kms.create_key(**told)["KeyMetadata"]
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    return str(key["Arn"])


NAMES: list[Callable[[str], str]] = [
    lambda arn: "alias/evidence",
    lambda arn: arn.rpartition("/")[2],
    lambda arn: arn,
]


@pytest.mark.parametrize("name", NAMES, ids=["alias", "id", "arn"])
def test_everybody_accepts_what_a_key_seals(
    kms: Any, name: Callable[[str], str], tmp_path: Path
) -> None:
    arn = key_of(kms)

    signer = open_signer(f"aws-kms:{name(arn)}", create=True)

    assert all_accept(signer, tmp_path)


def test_an_arn_names_its_region(aws: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = key_of(aws.client("kms", region_name="eu-west-1"))
    monkeypatch.delenv("AWS_DEFAULT_REGION")

    signer = open_signer(f"aws-kms:{arn}", create=False)

    assert signer.sign(b"data")


def test_a_key_without_a_region_is_one_line(kms: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")

    with pytest.raises(SigningError, match="cannot be used: You must specify a region"):
        open_signer("aws-kms:alias/evidence", create=False)


def test_a_run_makes_no_key_in_a_cloud(kms: Any) -> None:
    with pytest.raises(SigningError, match="there is no such key in this account and region"):
        open_signer("aws-kms:alias/evidence", create=True)

    assert kms.list_keys()["Keys"] == []


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ({"KeySpec": "ECC_NIST_P384"}, "ECC_NIST_P384 for SIGN_VERIFY"),
        ({"KeySpec": "RSA_2048"}, "RSA_2048 for SIGN_VERIFY"),
        ({"KeyUsage": "KEY_AGREEMENT"}, "ECC_NIST_P256 for KEY_AGREEMENT"),
    ],
)
def test_a_key_of_another_kind_is_refused(kms: Any, kind: dict[str, str], found: str) -> None:
    key_of(kms, **kind)

    with pytest.raises(SigningError, match=f"is {found}; expected ECC_NIST_P256 for SIGN_VERIFY"):
        open_signer("aws-kms:alias/evidence", create=False)


def test_a_symmetric_key_is_refused(kms: Any) -> None:
    kms.create_alias(
        AliasName="alias/evidence", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"]
    )

    with pytest.raises(SigningError, match="signing key aws-kms:alias/evidence"):
        open_signer("aws-kms:alias/evidence", create=False)


def test_another_keys_signature_is_not_used(kms: Any) -> None:
    key_of(kms)
    other = key_of(kms, "alias/other")
    signer = aws_kms.signer("alias/evidence", kms)
    forged = kms.sign(KeyId=other, Message=b"data", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    kms.meta.events.register(
        "after-call.kms.Sign", lambda parsed, **_: parsed.update(Signature=forged)
    )

    with pytest.raises(SigningError, match="what came back is not the signature of key SHA256:"):
        signer.sign(b"data")


def test_an_alias_that_was_moved_is_told(kms: Any) -> None:
    key_of(kms)
    other = key_of(kms, "alias/other")
    signer = aws_kms.signer("alias/evidence", kms)
    kms.update_alias(AliasName="alias/evidence", TargetKeyId=other)

    with pytest.raises(SigningError, match="was its alias moved"):
        signer.sign(b"data")


def test_a_disabled_key_is_one_line(kms: Any) -> None:
    arn = key_of(kms)
    signer = aws_kms.signer("alias/evidence", kms)
    with Stubber(kms) as stub:
        stub.add_client_error("sign", "DisabledException", f"{arn} is disabled.", 400)

        with pytest.raises(SigningError) as refused:
            signer.sign(b"data")

    assert str(refused.value) == (
        "signing key aws-kms:alias/evidence cannot be used: Sign: DisabledException: "
        f"{arn} is disabled"
    )


@pytest.mark.parametrize("operation", ["get_public_key", "sign"])
def test_a_missing_permission_is_named(kms: Any, operation: str) -> None:
    key_of(kms)
    stub = Stubber(kms)
    signer = aws_kms.signer("alias/evidence", kms)
    stub.add_client_error(operation, "AccessDeniedException", "User is not authorized", 400)
    stub.activate()

    with pytest.raises(SigningError) as refused:
        aws_kms.signer("alias/evidence", kms) if operation != "sign" else signer.sign(b"data")

    name = {"get_public_key": "GetPublicKey", "sign": "Sign"}[operation]
    assert str(refused.value).endswith(f"the credentials need the permission kms:{name}")


def test_a_service_that_is_not_there_is_one_line(
    aws: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr("time.sleep", lambda seconds: None)

    with pytest.raises(SigningError, match="GetPublicKey: Could not connect"):
        open_signer("aws-kms:alias/evidence", create=False)


def test_a_key_is_made_with_its_alias_once(kms: Any, tmp_path: Path) -> None:
    made = new_signer("aws-kms:alias/evidence")

    with pytest.raises(ConfigError, match="it exists; evidence depends on it, so it stays"):
        new_signer("aws-kms:alias/evidence")

    assert all_accept(made, tmp_path)
    assert open_signer("aws-kms:alias/evidence", create=False).fingerprint == made.fingerprint
    assert len(kms.list_keys()["Keys"]) == 1


def test_a_new_key_whose_alias_was_taken_meanwhile_is_named(kms: Any) -> None:
    def take(**_: object) -> None:
        key_of(boto3.client("kms"))

    kms.meta.events.register("before-call.kms.CreateAlias", take)

    with pytest.raises(SigningError, match=r"it exists.*the new key [0-9a-f-]{36} has no alias"):
        aws_kms.new_signer("alias/evidence", kms)


@pytest.mark.parametrize("name", ["mrk-" + "0" * 32, "arn:aws:kms:us-east-1:123456789012:alias/x"])
def test_only_an_alias_can_be_made(name: str) -> None:
    with pytest.raises(ConfigError, match="expected aws-kms:alias/NAME"):
        new_signer(f"aws-kms:{name}")


@pytest.mark.parametrize(
    "name",
    [
        "evidence",
        "alias/",
        "alias/a b",
        "///alias/evidence",
        "1234",
        "00000000-0000-0000-0000-00000000000G",
        "arn:aws:kms:us-east-1:123456789012:key/evidence",
        "arn:aws:s3:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000",
        "arn:aws:kms::123456789012:alias/evidence",
        "alias/evidence\n",
    ],
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        open_signer(f"aws-kms:{name}", create=False)

    assert repr(f"aws-kms:{name}") in str(refused.value)
    assert "expected aws-kms:alias/NAME" in str(refused.value)
