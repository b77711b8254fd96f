"""One result is proved to be of a snapshot, and nothing of the others is told."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pydantic import JsonValue

from collector.cli import cli
from collector.errors import CollectorError, ConfigError
from collector.evidence.canonical import canonical
from collector.evidence.keys import PublicKey, Signer, load_public_key
from collector.evidence.record import EvidenceError
from collector.export import verifier
from collector.export.disclosure import calls_behind, disclose, open_disclosure
from tests.evidence.lockers import PROD, MemoryLocker
from tests.export.conftest import Files, sha256, written

CHECK = "aws.s3.default_encryption"
LOGS = "arn:aws:s3:::logs"


@pytest.fixture
def disclosure(files: Files) -> bytes:
    return disclose(MemoryLocker(files), "prod", 3, CHECK, LOGS).to_bytes()


@pytest.fixture(scope="session")
def trusted(signer: Signer) -> list[PublicKey]:
    return [load_public_key(signer.public_pem, "key")]


def by_file(data: bytes, signer: Signer) -> list[str]:
    """What the single file for auditors says of a disclosure."""
    run = verifier.Verification(None, [verifier.Key(signer.public_pem)])
    return verifier.verify_disclosure(data, run)


def test_a_disclosure_shows_the_result_its_calls_and_its_answers(
    files: Files, disclosure: bytes, signer: Signer, trusted: list[PublicKey]
) -> None:
    shown = open_disclosure(disclosure, trusted)

    assert (shown.result["outcome"], shown.sealed.statement.number) == ("fail", 3)
    assert [call["source"] for call in shown.calls] == ["s3:ListBuckets", "s3:GetBucketEncryption"]
    assert shown.sealed.sha256 == sha256(files[PROD.seal_key(3)])
    assert set(shown.answers) == set(shown.result["evidence"])  # type: ignore[arg-type]
    assert any(LOGS in line for line in by_file(disclosure, signer))


def test_a_disclosure_names_no_other_resource_but_those_in_whole_answers(files: Files) -> None:
    """`old-logs` has the same answer as `logs`, so only the parameters tell their calls apart."""
    told = disclose(MemoryLocker(files), "prod", 3, CHECK, LOGS, with_answers=False)

    text = json.dumps([told.result.line, *(call.line for call in told.calls)])
    assert "logs" in text
    assert "old-logs" not in text
    assert told.answers == ()


def test_answers_that_are_kept_back_are_still_named(files: Files, trusted: list[PublicKey]) -> None:
    told = disclose(MemoryLocker(files), "prod", 3, CHECK, LOGS, with_answers=False)

    shown = open_disclosure(told.to_bytes(), trusted)

    assert len(shown.result["evidence"]) == 2  # type: ignore[arg-type]
    assert shown.answers == {}


def test_a_call_without_names_goes_along_by_its_region(files: Files) -> None:
    """The same question in each region: its parameters name no resource."""
    answer = "a" * 64
    calls = b"".join(
        canonical(
            {"source": "ec2:X", "params": {"Max": 9}, "region": region, "answer_sha256": answer}
        )
        + b"\n"
        for region in ("eu-west-1", "us-east-1")
    )

    def behind(region: str) -> list[int]:
        resource: JsonValue = {"id": "123456789012", "region": region}
        return calls_behind({"resource": resource, "evidence": [answer]}, calls)

    assert behind("us-east-1") == [1]
    assert behind("global") == [0, 1]
    assert behind("eu-north-1") == []


def _lied(line: str) -> str:
    return line.replace('"fail"', '"pass"')


def _other_snapshot(told: dict[str, Any], files: Files) -> None:
    told["seal_key"] = PROD.seal_key(2)


LIES: dict[str, Callable[[dict[str, Any], Files], object]] = {
    "outcome": lambda told, files: told["result"].update(line=_lied(told["result"]["line"])),
    "index": lambda told, files: told["result"].update(index=0),
    "size": lambda told, files: told["result"].update(size=9),
    "size of a tree of the same shape": lambda told, files: told["result"].update(size=4),
    "size of the calls": lambda told, files: told["calls"][0].update(
        size=told["calls"][0]["size"] - 1
    ),
    "salt": lambda told, files: told["result"].update(salt="0" * 64),
    "short path": lambda told, files: told["result"]["path"].pop(),
    "long path": lambda told, files: told["result"]["path"].append("0" * 64),
    "call": lambda told, files: told["calls"][1].update(
        line=told["calls"][1]["line"].replace("us-east-1", "us-east-2")
    ),
    "answer": lambda told, files: told.update(answers=[base64.b64encode(b"{}").decode()]),
    "document": lambda told, files: told.update(document=base64.b64encode(b"{}").decode()),
    "place": _other_snapshot,
    "seal": lambda told, files: told.update(
        seal=base64.b64encode(files[PROD.seal_key(2)]).decode()
    ),
    "more": lambda told, files: told.update(result="x"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_disclosure_that_was_changed_is_refused_by_both(
    files: Files, disclosure: bytes, signer: Signer, trusted: list[PublicKey], lie: str
) -> None:
    told = json.loads(disclosure)
    LIES[lie](told, files)
    changed = canonical(told)
    assert changed != disclosure

    with pytest.raises(EvidenceError):
        open_disclosure(changed, trusted)
    with pytest.raises(verifier.Bad):
        by_file(changed, signer)


def test_flipped_bytes_are_refused_by_both(
    disclosure: bytes, signer: Signer, trusted: list[PublicKey]
) -> None:
    """The public key in the file is for convenience: with a trusted one, nobody looks at it."""
    at = disclosure.index(b'"public_key"')
    skipped = range(at, disclosure.index(b'"', at + 14) + 1)
    missed = []
    for position in range(0, len(disclosure), 7):
        changed = bytearray(disclosure)
        changed[position] ^= 0x01
        for verify in (lambda d: open_disclosure(d, trusted), lambda d: by_file(d, signer)):
            try:
                verify(bytes(changed))
            except (CollectorError, verifier.Bad):
                continue
            if position not in skipped:
                missed.append(position)

    assert missed == []


def test_a_disclosure_signed_by_a_stranger_is_refused(
    disclosure: bytes, other_signer: Signer
) -> None:
    stranger = load_public_key(other_signer.public_pem, "other")

    with pytest.raises(EvidenceError, match="not signed by a trusted key"):
        open_disclosure(disclosure, [stranger])
    with pytest.raises(verifier.Bad):
        by_file(disclosure, other_signer)


@pytest.mark.parametrize(
    ("number", "check", "resource", "message"),
    [
        (3, "aws.s3.other", LOGS, "has none of it"),
        (3, CHECK, "arn:aws:s3:::none", "has 0 such"),
        (1, CHECK, LOGS, "without Merkle roots"),
    ],
)
def test_what_cannot_be_disclosed_is_said(
    files: Files, number: int, check: str, resource: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        disclose(MemoryLocker(files), "prod", number, check, resource)


def test_a_disclosure_without_a_key_in_it_is_refused(disclosure: bytes) -> None:
    changed = canonical({**json.loads(disclosure), "public_key": "none"})

    with pytest.raises(EvidenceError, match="disclosure: public key in it cannot be read"):
        open_disclosure(changed, [])


def test_changed_evidence_is_not_disclosed(files: Files) -> None:
    changed = {k: v + b" " if k.startswith("v1/objects/") else v for k, v in files.items()}

    with pytest.raises(EvidenceError, match="it was changed"):
        disclose(MemoryLocker(changed), "prod", 3, CHECK, LOGS)


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["disclose", *map(str, arguments)])


def test_the_command_writes_a_file_that_both_verify(
    files: Files, key_file: Path, tmp_path: Path
) -> None:
    locker, output = written(tmp_path / "locker", files), tmp_path / "logs.json"
    what = ("--account", "prod", "--check", CHECK, "--resource", LOGS, "--output", output)

    made = invoke(locker, *what)
    again = invoke(locker, *what)
    shown = invoke("--verify", output, "--key", key_file)
    alone = subprocess.run(
        [sys.executable, verifier.__file__, output, "--key", key_file],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    output.write_bytes(output.read_bytes().replace(b"fail", b"pass"))
    changed = invoke("--verify", output, "--key", key_file)

    head = f"prod:3:{sha256(files[PROD.seal_key(3)])}"
    assert made.exit_code == 0, made.output
    assert "1 of 3 results, 2 calls, 2 of 2 answers whole" in made.output
    assert "--force" in str(again.exception)
    assert (shown.exit_code, head in shown.output) == (0, True), shown.output
    assert (alone.returncode, head in alone.stdout) == (0, True), alone
    assert isinstance(changed.exception, EvidenceError)
    assert changed.exception.exit_code == 5


def test_the_command_says_what_it_needs(files: Files, tmp_path: Path) -> None:
    locker = written(tmp_path / "locker", files)

    missing = invoke(locker, "--account", "prod")
    unknown = invoke(locker, "--account", "test", "--check", "x", "--resource", "y", "--output",
                     tmp_path / "x")  # fmt: skip

    assert isinstance(missing.exception, ConfigError)
    assert isinstance(unknown.exception, ConfigError)
