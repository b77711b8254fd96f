"""Heads that are remembered: what an earlier verification saw is compared, and not read again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from collector.errors import ConfigError
from collector.evidence.canonical import sha256
from collector.evidence.chain import append
from collector.evidence.documents import KeyStatement
from collector.evidence.heads import last_before, read_heads, resolve_since, write_heads
from collector.evidence.keys import FileSigner, PublicKey, Signer, load_public_key
from collector.evidence.log import KEY_LOG, Log, account_log
from collector.evidence.report import Report
from collector.evidence.snapshot import object_key
from collector.evidence.verify import verify
from tests.evidence.lockers import NOON, PROD, MemoryLocker, seal_key, sealed_run

DEV = account_log("dev")


@pytest.fixture
def trusted(signer: Signer) -> list[PublicKey]:
    return [load_public_key(signer.public_pem, "key")]


def named(report: Report) -> set[str]:
    return {problem.key for problem in report.problems}


def remember(files: dict[str, bytes], path: Path) -> None:
    report = verify(MemoryLocker(files))
    assert report.ok
    write_heads(path, report, "memory", NOON, read_heads(path) if path.exists() else None)


def since(files: dict[str, bytes], path: Path, trusted: list[PublicKey]) -> Report:
    """Verify what is new since the heads in a file."""
    numbers, heads = resolve_since(str(path), MemoryLocker(files), None)
    assert heads is not None
    remembered = [(log, head.number, head.sha256) for log, head in heads.by_log().items()]
    return verify(MemoryLocker(files), trusted=trusted, heads=remembered, since=numbers)


def test_heads_are_written_as_they_were_seen(files: dict[str, bytes], tmp_path: Path) -> None:
    remember(files, tmp_path / "heads.json")

    assert json.loads((tmp_path / "heads.json").read_text()) == {
        "locker": "memory",
        "heads": [
            {"log": "accounts/dev", "number": 1, "sha256": sha256(files[seal_key("dev", 1)])},
            {"log": "accounts/prod", "number": 3, "sha256": sha256(files[seal_key("prod", 3)])},
        ],
        "at": "2026-11-22T12:00:00Z",
    }
    assert [file.name for file in tmp_path.iterdir()] == ["heads.json"]


def test_heads_of_logs_that_were_not_verified_are_kept(
    files: dict[str, bytes], signer: Signer, tmp_path: Path
) -> None:
    path = tmp_path / "heads.json"
    remember(files, path)
    before = read_heads(path)
    sealed_run(MemoryLocker(files), signer, day=4)

    report = verify(MemoryLocker(files), account="prod")
    write_heads(path, report, "memory", NOON, before)

    assert [(h.log, h.number) for h in read_heads(path).heads] == [
        ("accounts/dev", 1),
        ("accounts/prod", 4),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a file that collector verify --heads wrote"),
        ("[]", "it: Input should be"),
        ('{"locker": "x", "at": "2026-11-22T12:00:00Z"}', "heads: Field required"),
        ('{"locker":"x","at":"now","heads":[]}', "at: Value error"),
        ('{"locker":"x","at":"2026-11-22T12:00:00Z","heads":[{"log":"prod","number":1,"sha256":"'
         + "0" * 64 + '"}]}', "log 'prod' is not one that a locker has"),
        ('{"locker":"x","at":"2026-11-22T12:00:00Z","heads":[{"log":"keys","number":0,"sha256":"'
         + "0" * 64 + '"}]}', "heads.0.number: Input should be greater"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_heads_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "heads.json"
    path.write_text(text)

    with pytest.raises(ConfigError) as error:
        read_heads(path)

    assert message in str(error.value)
    assert str(error.value).startswith(f"reading heads {path}: ")


def test_only_what_is_new_is_read(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey], tmp_path: Path
) -> None:
    remember(files, tmp_path / "heads.json")
    sealed_run(MemoryLocker(files), signer, day=4)
    sealed_run(MemoryLocker(files), signer, account="test", day=4)
    reads: Counter[str] = Counter()

    class CountingLocker(MemoryLocker):
        def get(self, key: str) -> bytes:
            reads[key] += 1
            return super().get(key)

    numbers, _ = resolve_since(str(tmp_path / "heads.json"), MemoryLocker(files), None)
    report = verify(CountingLocker(files), trusted=trusted, since=numbers)

    assert report.ok
    assert {key for key in reads if "/log/" in key} == {
        seal_key("dev", 1), seal_key("prod", 3), seal_key("prod", 4), seal_key("test", 1)
    }  # fmt: skip
    old = object_key(sha256(b'{"bucket":"data-1"}'))
    new = object_key(sha256(b'{"bucket":"data-4"}'))
    assert reads[old] == 0
    assert reads[new] == 1
    assert [(c.log.title, c.passed_over, c.first.number) for c in report.chains] == [
        ("dev", 0, 1),
        ("prod", 2, 3),
        ("test", 0, 1),
    ]
    assert "not looked at: 2 seals of prod before number 3, and the objects" in report.warnings[0]


def test_what_is_new_is_verified_in_full(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey], tmp_path: Path
) -> None:
    remember(files, tmp_path / "heads.json")
    before = set(files)
    sealed_run(MemoryLocker(files), signer, day=4)
    missed = []
    for key in sorted(set(files) - before):
        broken = {**files, key: files[key][:-1] + bytes([files[key][-1] ^ 1])}
        if named(since(broken, tmp_path / "heads.json", trusted)) != {key}:
            missed.append(key)

    assert missed == []
    assert len(set(files) - before) == 5


@pytest.mark.parametrize("key", [seal_key("prod", 1), seal_key("prod", 2)])
def test_an_older_seal_that_is_gone_is_named_without_reading_any(
    files: dict[str, bytes], trusted: list[PublicKey], tmp_path: Path, key: str
) -> None:
    remember(files, tmp_path / "heads.json")
    del files[key]

    assert named(since(files, tmp_path / "heads.json", trusted)) == {key}


def test_a_chain_that_was_cut_off_or_rewritten_before_the_head_is_named(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey], tmp_path: Path
) -> None:
    remember(files, tmp_path / "heads.json")
    del files[seal_key("prod", 3)]
    cut = since(files, tmp_path / "heads.json", trusted)
    sealed_run(MemoryLocker(files), signer, day=5)
    sealed_run(MemoryLocker(files), signer, day=6)
    rewritten = since(files, tmp_path / "heads.json", trusted)

    assert named(cut) == named(rewritten) == {seal_key("prod", 3)}
    assert "truncated" in " ".join(map(str, cut.problems))
    assert "rewritten" in " ".join(map(str, rewritten.problems))


def test_a_new_seal_must_follow_the_remembered_one(
    files: dict[str, bytes], signer: Signer, trusted: list[PublicKey], tmp_path: Path
) -> None:
    remember(files, tmp_path / "heads.json")
    sealed_run(MemoryLocker(files), signer, day=4)
    sealed_run(MemoryLocker(files), signer, day=5)
    del files[seal_key("prod", 4)]

    assert named(since(files, tmp_path / "heads.json", trusted)) == {seal_key("prod", 4)}


def test_a_key_that_was_replaced_before_the_remembered_seal_is_found_behind_it(
    trusted: list[PublicKey], signer: Signer, other_signer: Signer, tmp_path: Path
) -> None:
    """A third key made the remembered seal, so that neither of the two is seen in what is new."""
    files: dict[str, bytes] = {}
    locker, third = MemoryLocker(files), FileSigner(ec.generate_private_key(ec.SECP256R1()))
    sealed_run(locker, signer, day=1)
    for day, action, key in ((2, "admit", third), (3, "rotate", other_signer)):
        said = KeyStatement.model_validate(
            {
                "made": NOON + timedelta(days=day),
                "action": action,
                "key": key.fingerprint,
                "public_key": key.public_pem.decode(),
                "reason": "as asked",
            }
        )
        append(locker, KEY_LOG, said.to_bytes(), signer, lambda: NOON + timedelta(days=3))
    sealed_run(locker, other_signer, day=4)
    sealed_run(locker, third, day=5)
    remember(files, tmp_path / "heads.json")
    sealed_run(locker, signer, day=6)

    assert named(verify(locker, trusted=trusted)) == {seal_key("prod", 4)}
    assert named(since(files, tmp_path / "heads.json", trusted)) == {seal_key("prod", 4)}


def test_an_older_head_can_still_be_given(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    """A seal that is not read for itself is read for its digest."""
    numbers: Mapping[Log, int] = {PROD: 3}
    right = [(PROD, 1, sha256(files[seal_key("prod", 1)]))]

    assert verify(MemoryLocker(files), trusted=trusted, heads=right, since=numbers).ok
    wrong = verify(MemoryLocker(files), trusted=trusted, heads=[(PROD, 1, "0" * 64)], since=numbers)
    assert named(wrong) == {seal_key("prod", 1)}


@pytest.mark.parametrize(("days", "number"), [(0, None), (1, None), (2, 1), (3, 2), (4, 3)])
def test_a_date_means_the_last_seal_before_it(
    files: dict[str, bytes], days: int, number: int | None
) -> None:
    found = last_before(MemoryLocker(files), NOON + timedelta(days=days), None)

    assert found.get(PROD) == number


def test_since_takes_a_number_a_date_or_a_file(files: dict[str, bytes]) -> None:
    locker = MemoryLocker(files)

    assert resolve_since("2", locker, "prod") == ({PROD: 2}, None)
    assert resolve_since("2026-11-24", locker, None) == ({PROD: 1, DEV: 1}, None)
    assert resolve_since("2026-11-24T12:00:01Z", locker, "prod") == ({PROD: 2}, None)
    with pytest.raises(ConfigError, match="a number needs --account"):
        resolve_since("2", locker, None)
    with pytest.raises(ConfigError, match="found 'yesterday'; expected a number, a date"):
        resolve_since("yesterday", locker, None)
    with pytest.raises(ConfigError, match="expected a number, a date"):
        resolve_since("9" * 5000, locker, "prod")


def test_a_number_that_is_not_there_is_named(
    files: dict[str, bytes], trusted: list[PublicKey]
) -> None:
    report = verify(MemoryLocker(files), trusted=trusted, account="prod", since={PROD: 9})

    assert named(report) == {seal_key("prod", 9)}


def test_what_a_key_signed_that_was_revoked_since_is_looked_at_again(
    files: dict[str, bytes], signer: Signer, other_signer: Signer, tmp_path: Path
) -> None:
    both = [load_public_key(s.public_pem, "key") for s in (signer, other_signer)]
    remember(files, tmp_path / "heads.json")
    before = since(files, tmp_path / "heads.json", both)
    statement = KeyStatement(
        made=NOON + timedelta(days=9),
        action="revoke",
        key=signer.fingerprint,
        first_untrusted={"accounts/prod": 2, "accounts/dev": 2},
        reason="stolen",
    )
    at = NOON + timedelta(days=9)
    append(MemoryLocker(files), KEY_LOG, statement.to_bytes(), other_signer, lambda: at)

    report = since(files, tmp_path / "heads.json", both)

    assert before.ok
    assert named(report) == {seal_key("prod", 2), seal_key("prod", 3)}


def test_what_was_said_of_keys_before_is_not_judged_again(
    files: dict[str, bytes], signer: Signer, other_signer: Signer, tmp_path: Path
) -> None:
    """Nobody vouches for a key: the one of the remembered seal is believed, which came later."""
    at = NOON + timedelta(days=9)
    statement = KeyStatement(
        made=at,
        action="rotate",
        key=other_signer.fingerprint,
        public_key=other_signer.public_pem.decode(),
        reason="yearly",
    )
    append(MemoryLocker(files), KEY_LOG, statement.to_bytes(), signer, lambda: at)
    sealed_run(MemoryLocker(files), other_signer, day=10)
    remember(files, tmp_path / "heads.json")
    sealed_run(MemoryLocker(files), other_signer, day=11)

    assert since(files, tmp_path / "heads.json", []).ok
