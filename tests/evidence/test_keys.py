"""Keys are P-256, private, made once, and named as OpenSSH names them."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import ConfigError, SigningError
from collector.evidence.keys import (
    TRIAL,
    RemoteSigner,
    Signer,
    default_key_path,
    load_public_key,
    new_signer,
    open_signer,
)


def pem(key: PrivateKeyTypes, password: bytes | None = None) -> bytes:
    encryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )


def test_a_key_is_made_once_and_for_this_user_only(tmp_path: Path) -> None:
    path = tmp_path / "config" / "collector" / "key.pem"

    first = open_signer(f"file:{path}", create=True)
    second = open_signer(f"file:{path}", create=True)

    assert first.fingerprint == second.fingerprint
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700
    assert [p.name for p in path.parent.iterdir()] == ["key.pem"]


def test_all_who_make_the_key_at_once_use_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        signers = list(
            pool.map(lambda _: open_signer(f"file:{tmp_path}/key.pem", create=True), range(16))
        )

    assert len({signer.fingerprint for signer in signers}) == 1


def test_a_missing_key_is_not_made_unasked(tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="No such file"):
        open_signer(f"file:{tmp_path}/key.pem", create=False)

    assert list(tmp_path.iterdir()) == []


def test_a_signature_verifies_for_its_own_data_and_key_only(tmp_path: Path) -> None:
    signer = open_signer(f"file:{tmp_path}/key.pem", create=True)
    other = open_signer(f"file:{tmp_path}/other.pem", create=True)
    key = load_public_key(signer.public_pem, "key")

    signature = signer.sign(b"data")

    assert key.verify(b"data", signature)
    assert not key.verify(b"Data", signature)
    assert not load_public_key(other.public_pem, "other").verify(b"data", signature)


@given(signature=st.binary(max_size=80))
def test_any_other_bytes_are_no_signature(signer: Signer, signature: bytes) -> None:
    assert not load_public_key(signer.public_pem, "key").verify(b"data", signature)


def test_the_fingerprint_is_the_one_ssh_keygen_prints(tmp_path: Path) -> None:
    signer = open_signer(f"file:{tmp_path}/key.pem", create=True)
    public = serialization.load_pem_public_key(signer.public_pem).public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    (tmp_path / "key.pub").write_bytes(public)

    printed = subprocess.run(
        ["ssh-keygen", "-lf", tmp_path / "key.pub"], capture_output=True, text=True, check=True
    ).stdout

    assert printed.split()[1] == signer.fingerprint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a key in PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "is not a key in PEM"),
        (pem(ec.generate_private_key(ec.SECP256R1()), b"secret"), "is encrypted"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "is on secp384r1"),
        (pem(rsa.generate_private_key(65537, 2048)), "is RSAPrivateKey"),
        (pem(ed25519.Ed25519PrivateKey.generate()), "is Ed25519PrivateKey"),
    ],
)
def test_another_kind_of_key_is_refused_by_name(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(SigningError) as refused:
        open_signer(f"file:{path}", create=True)

    assert message in str(refused.value)
    assert str(path) in str(refused.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("mode", "message"),
    [(0o640, "chmod 600"), (0o604, "chmod 600"), (0o620, "chmod 600"), (0o000, "0000|Permission")],
)
def test_a_key_file_with_wrong_permissions_is_refused(
    tmp_path: Path, mode: int, message: str
) -> None:
    path = tmp_path / "key.pem"
    open_signer(f"file:{path}", create=True)
    path.chmod(mode)

    with pytest.raises(SigningError, match=message):
        open_signer(f"file:{path}", create=True)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(SigningError, match=f"{tmp_path}/file/key.pem cannot be made"):
        open_signer(f"file:{tmp_path}/file/key.pem", create=True)


@pytest.mark.parametrize(
    "spec", ["awskms:///alias/x", "/plain/path", "file:", "", "aws-kms:", "gcp-kms:", "azure-kv:"]
)
def test_another_kind_of_signer_is_refused_by_name(spec: str) -> None:
    with pytest.raises(ConfigError) as refused:
        open_signer(spec, create=True)

    assert repr(spec) in str(refused.value)
    for kind in ("file:PATH", "aws-kms:", "gcp-kms:", "azure-kv:"):
        assert kind in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "missing", "extra"),
    [("gcp-kms", "googleapiclient.discovery", "gcp"), ("azure-kv", "azure.keyvault.keys", "azure")],
)
def test_a_missing_sdk_is_told_with_what_brings_it(
    kind: str, missing: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, f"collector.evidence.{kind.replace('-', '_')}", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)

    with pytest.raises(ConfigError) as refused:
        open_signer(f"{kind}:name", create=False)

    assert f"the module {missing} is not installed; pip install" in str(refused.value)
    assert str(refused.value).endswith(f"'compliance-evidence-collector[{extra}]'")


def test_what_a_service_signs_wrongly_is_not_used(signer: Signer) -> None:
    public = load_public_key(signer.public_pem, "key")
    sound = RemoteSigner("kms:key", public, signer.sign)
    wrong = RemoteSigner("kms:key", public, lambda data: signer.sign(data + b"."))

    assert public.verify(b"data", sound.sign(b"data"))
    with pytest.raises(SigningError, match="signing with kms:key: what came back is not the"):
        wrong.sign(b"data")


def test_a_trial_is_no_part_of_a_seal() -> None:
    assert not TRIAL.startswith(b"DSSEv1")


def test_a_key_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    made = new_signer(f"file:{tmp_path}/key.pem")

    with pytest.raises(ConfigError, match="it exists; evidence depends on it, so it stays"):
        new_signer(f"file:{tmp_path}/key.pem")

    assert made.fingerprint == open_signer(f"file:{tmp_path}/key.pem", create=False).fingerprint


def test_the_default_key_is_in_the_users_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    at_home = default_key_path()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    in_xdg = default_key_path()
    signer = open_signer("file:~/key.pem", create=True)

    assert at_home == tmp_path / ".config" / "collector" / "key.pem"
    assert in_xdg == tmp_path / "xdg" / "collector" / "key.pem"
    assert (tmp_path / "key.pem").exists()
    assert signer.fingerprint.startswith("SHA256:")


@given(data=st.binary())
def test_any_other_bytes_are_no_public_key(data: bytes) -> None:
    with pytest.raises(SigningError, match="public key the file cannot be read"):
        load_public_key(data, "the file")


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()]
)
def test_a_public_key_of_another_kind_is_refused(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> None:
    data = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    with pytest.raises(SigningError, match="expected a public key on P-256"):
        load_public_key(data, "the file")
