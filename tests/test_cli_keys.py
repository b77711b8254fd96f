"""`collector keys`, and what `run` and `verify` make of it."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from moto.core.exceptions import JsonRESTError

from collector.evidence.keys import Signer, open_signer
from collector.evidence.locker import Locker, open_locker
from tests.command import Command, command
from tests.evidence.lockers import sealed_run


@pytest.fixture
def collector_(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """Runs the command line in an empty folder, whose file `key.pem` is the key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLLECTOR_KEY", "file:key.pem")

    return command(monkeypatch, capsys)


@pytest.fixture
def key(collector_: Command) -> Signer:
    """The key that is configured."""
    return open_signer("file:key.pem", create=True)


@pytest.fixture
def locker(collector_: Command, key: Signer) -> Locker:
    """The locker that is configured, with two snapshots by that key."""
    made = open_locker("evidence")
    for day in (1, 2):
        sealed_run(made, key, day=day)
    return made


WHY = ("--reason", "as asked")


def test_rotation_from_the_command_to_the_verification(
    collector_: Command, locker: Locker, key: Signer
) -> None:
    Path("auditor.pem").write_text(collector_("keys", "show").out)

    said = collector_("keys", "rotate", "--to", "file:next.pem", *WHY)
    following = open_signer("file:next.pem", create=False)
    sealed_run(locker, following, day=3)
    verified = collector_("verify", "--key", "auditor.pem")

    assert said.code == 0
    assert said.out.startswith("Sealed as number 1 of keys in ")
    assert f": {key.fingerprint} is rotated to {following.fingerprint}\n" in said.out
    assert 'set key = "file:next.pem" in collector.toml' in said.out
    assert verified.code == 0
    assert "keys: 1 seal, number 1" in verified.out
    head = next(word for word in verified.out.split() if word.startswith("keys:1:"))
    assert collector_("verify", "--account", "prod", "--head", head).code == 0
    assert collector_("verify", "--account", "prod", "--head", f"keys:2:{head[7:]}").code == 5


def test_revocation_from_the_command_to_the_verification(
    collector_: Command, locker: Locker, key: Signer
) -> None:
    collector_("keys", "rotate", "--to", "file:next.pem", *WHY)

    said = collector_(
        *("keys", "revoke", key.fingerprint, "--from", "accounts/prod:2", "--all-from-now"),
        *("--key", "file:next.pem", "--reason", "stolen"),
    )
    shown = collector_("keys", "show", "evidence")
    verified = collector_("verify")

    assert said.code == 0
    assert "accounts/prod: not trusted from number 2 on" in said.out
    assert "keys: not trusted from number 2 on" in said.out
    assert f"{key.fingerprint}  revoked by number 2 of keys, " in shown.out
    assert "stolen; still trusted: accounts/prod before 2, keys before 2" in shown.out
    assert verified.code == 5
    assert "NOT VERIFIED evidence: 1 found" in verified.out
    assert "which is revoked from number 2 on" in verified.out


def test_a_run_with_a_key_that_may_not_sign_is_refused_before_it_reads(
    collector_: Command, locker: Locker, key: Signer
) -> None:
    collector_("keys", "rotate", "--to", "file:next.pem", *WHY)
    revoke = ("keys", "revoke", key.fingerprint, "--all-from-now", "--key", "file:next.pem", *WHY)
    assert collector_(*revoke).code == 0

    said = collector_("run", "--account", "demo", "--check", "aws.kms.*")

    assert said.code == 2
    assert said.err.splitlines()[-1] == (
        f"collector: signing key {key.fingerprint} cannot seal in accounts/demo: it is revoked from"
        " number 1 on; configure another key"
    )
    assert not list(locker.keys("v1/accounts/demo/"))


def test_runs_say_what_verify_will_say_of_their_keys(collector_: Command) -> None:
    words = ("run", "--account", "demo", "--check", "aws.kms.*")
    first = collector_(*words)
    stranger = collector_(*words, "--key", "file:other.pem")
    verified = collector_("verify")

    assert "warning" not in first.err
    assert "was signed by another key" in stranger.err
    assert "verify will ask for both" in stranger.err
    assert verified.code == 5
    assert "the key changed from" in verified.out


def test_a_run_seals_with_a_key_of_a_service(collector_: Command, aws: boto3.Session) -> None:
    made = collector_("keys", "new", "--key", "aws-kms:alias/evidence")
    Path("auditor.pem").write_text(made.out)

    said = collector_(
        *("run", "--account", "demo", "--check", "aws.kms.*", "--key", "aws-kms:alias/evidence")
    )
    verified = collector_("verify", "--key", "auditor.pem")

    assert (made.code, said.code, verified.code) == (0, 0, 0)
    assert made.err.split()[0] in said.out
    assert collector_("doctor", "--key", "aws-kms:alias/evidence").code == 0


def test_a_run_without_permission_to_sign_reads_nothing(
    collector_: Command, aws: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise JsonRESTError("AccessDeniedException", "not authorized to perform kms:Sign")

    collector_("keys", "new", "--key", "aws-kms:alias/evidence")
    monkeypatch.setattr("moto.kms.models.KmsBackend.sign", refuse)
    words = ("run", "--account", "demo", "--check", "aws.kms.*", "--key", "aws-kms:alias/evidence")
    monkeypatch.setattr("collector.run.collect", lambda *_, **__: pytest.fail("it read"))

    said = collector_(*words)

    assert said.code == 2
    assert "the credentials need the permission kms:Sign" in said.err


def test_another_person_may_sign_when_admitted(
    collector_: Command, locker: Locker, key: Signer
) -> None:
    other = open_signer("file:other.pem", create=True)
    Path("other.pub").write_bytes(other.public_pem)

    said = collector_("keys", "admit", "other.pub", *WHY)
    for day, signer in enumerate((other, key, other), 3):
        sealed_run(locker, signer, day=day)

    assert said.code == 0
    assert f"{other.fingerprint} may sign as well" in said.out
    assert collector_("verify").code == 0
    assert collector_("keys", "show", "evidence").out.count("  in use") == 2


def test_show_without_a_locker_is_the_public_key_alone(collector_: Command, key: Signer) -> None:
    said = collector_("keys", "show")

    assert said.out == key.public_pem.decode()
    assert said.err == f"{key.fingerprint}  file:key.pem\n"


def test_show_tells_which_statements_do_not_count(
    collector_: Command, locker: Locker, key: Signer
) -> None:
    collector_("keys", "rotate", "--to", "file:next.pem", *WHY)
    Path("next.pub").write_bytes(open_signer("file:next.pem", create=False).public_pem)

    again = collector_("keys", "rotate", "--to", "file:other.pem", *WHY)

    assert again.code == 2
    assert "it would not count: it is signed with key" in again.err
    assert collector_("keys", "admit", "next.pub", "--key", "file:next.pem", *WHY).code == 2


FINGERPRINT = "SHA256:" + "A" * 43


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("rotate", "--to", "file:key.pem", *WHY), "file:key.pem is that very key"),
        (("rotate", "--to", "file:evidence/k.pem", *WHY), "is inside the locker evidence"),
        (("rotate", "--to", "hsm:1", *WHY), "signing key 'hsm:1' cannot be opened"),
        (("rotate", "--to", "file:n.pem", "--reason", "a\nb"), "expected text on one line"),
        (("rotate", "--to", "file:n.pem", *WHY, "elsewhere"), "elsewhere: no such folder"),
        (("rotate", "--to", "file:n.pem", "--key", "file:none", *WHY), "No such file"),
        (("admit", "none.pub", *WHY), "reading public key none.pub: No such file"),
        (("admit", "key.pem", *WHY), "cannot be read as PEM"),
        (("revoke", FINGERPRINT, *WHY), "give --from LOG:NUMBER for each log, or --all-from-now"),
        (("revoke", FINGERPRINT, "--all-from-now", *WHY), "the locker has no such key"),
        (("revoke", "{key}", "--all-from-now", *WHY), "no key revokes itself"),
        (("revoke", FINGERPRINT, "--from", "prod", *WHY), "--from: found 'prod'; expected LOG:N"),
        (("revoke", FINGERPRINT, "--from", "prod:0", *WHY), "numbers begin with 1"),
        (("revoke", FINGERPRINT, "--from", "prod:x", *WHY), "expected LOG:NUMBER"),
        (("revoke", FINGERPRINT, "--from", "a/b:1", *WHY), "account name 'a/b' cannot be used"),
        (("show", "nowhere"), "nowhere: no such folder"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    collector_: Command, locker: Locker, key: Signer, words: tuple[str, ...], message: str
) -> None:
    before = list(locker.keys(""))

    said = collector_("keys", *(word.replace("{key}", key.fingerprint) for word in words))

    assert said.code == 2
    assert message in said.err
    assert len(said.err.splitlines()) == 1
    assert list(locker.keys("")) == before


def test_a_key_inside_a_locker_that_is_named_by_a_url_is_refused(
    collector_: Command, tmp_path: Path
) -> None:
    url = (tmp_path / "my evidence").as_uri()

    said = collector_(
        *("run", "--account", "demo", "--locker", url, "--key", f"file:{tmp_path}/my evidence/k")
    )

    assert said.code == 2
    assert "is inside the locker" in said.err


def test_a_revocation_names_every_log_that_there_is(
    collector_: Command, locker: Locker, key: Signer
) -> None:
    collector_("keys", "rotate", "--to", "file:next.pem", *WHY)

    said = collector_(
        *("keys", "revoke", key.fingerprint, "--from", "prod:2", "--key", "file:next.pem", *WHY)
    )

    assert said.code == 2
    assert "give --from for keys too, or --all-from-now for those" in said.err
