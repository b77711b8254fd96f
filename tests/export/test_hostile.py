"""What somebody without a key can put into a locker stops no verification, and deceives none."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.evidence.canonical import canonical, sha256
from collector.evidence.documents import KeyStatement
from collector.evidence.keys import Signer, load_public_key
from collector.evidence.locker import LARGEST_BYTES, open_locker
from collector.evidence.log import ANCHORS, KEY_LOG, Log
from collector.evidence.seal import Statement, seal
from collector.evidence.verify import verify
from tests.evidence.lockers import NOON, PROD, MemoryLocker
from tests.export.conftest import Files, written
from tests.export.test_verifier import SCRIPT, SOURCE, faults, run

LAST_SECOND = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
NEWEST = PROD.seal_key(3)


def strange(
    files: Files, by: Signer, log: Log, number: int, document: bytes, at: datetime = NOON
) -> str:
    """Put a document and its seal without asking anybody; the seal's key."""
    previous = files.get(log.seal_key(number - 1)) if number > 1 else None
    digest = sha256(document)
    statement = Statement(
        log=log,
        number=number,
        document_sha256=digest,
        previous_sha256=None if previous is None else sha256(previous),
        created_at=at,
    )
    files[log.document_key(digest)] = document
    files[log.seal_key(number)] = seal(statement, by)
    return log.seal_key(number)


def found_by_both(files: Files, signer: Signer) -> tuple[set[str], set[str]]:
    """Files that the program names, and those that the single file does."""
    trusted = [load_public_key(signer.public_pem, "key")]
    report = verify(MemoryLocker(files), trusted=trusted)
    return {p.key for p in report.problems}, {name for name, _ in faults(files, signer)}


@pytest.mark.parametrize("log", [PROD, KEY_LOG], ids=str)
def test_a_seal_at_the_end_of_time_is_a_fault_like_others(
    files: Files, signer: Signer, other_signer: Signer, log: Log
) -> None:
    statement = KeyStatement(
        made=NOON,
        action="admit",
        key=other_signer.fingerprint,
        public_key=other_signer.public_pem.decode(),
        reason="mine",
    )
    document = next(v for k, v in files.items() if k.startswith(f"{PROD.prefix}snapshots/"))
    content, number = (document, 4) if log == PROD else (statement.to_bytes(), 1)

    key = strange(files, other_signer, log, number, content, LAST_SECOND)

    by_program, by_file = found_by_both(files, signer)
    assert key in by_program
    assert key in by_file
    assert verify(MemoryLocker(files)).ok is False


def _snapshot(change: Callable[[dict[str, Any]], object]) -> Callable[[Files], bytes]:
    def document(files: Files) -> bytes:
        first = next(v for k, v in files.items() if k.startswith(f"{PROD.prefix}snapshots/"))
        value = json.loads(first)
        change(value)
        return canonical(value)

    return document


MALFORMED: dict[str, tuple[Log, Callable[[Files], bytes]]] = {
    "a check named by a list": (PROD, _snapshot(lambda d: d["checks"][0].update(id=[1]))),
    "a root that is a list": (
        PROD,
        _snapshot(lambda d: d["checks"][0].update(results_merkle_root=[1])),
    ),
    "files named by numbers": (
        PROD,
        _snapshot(lambda d: d.update(documents=[{"sha256": 5, "is_kept": True}])),
    ),
    "heads of lists": (
        PROD,
        _snapshot(lambda d: d.update(heads=[{"log": [], "number": 1, "sha256": 2}])),
    ),
    "a head of no log": (
        ANCHORS,
        lambda files: canonical(
            {
                "schema": "collector/anchor/v1",
                "made": "2026-11-22T12:00:00Z",
                "heads": [{"log": "../keys", "number": 1, "sha256": "0" * 64}],
            }
        ),
    ),
    "limits that are none": (
        KEY_LOG,
        lambda files: canonical(
            {
                "schema": "collector/key-statement/v1",
                "made": "2026-11-22T12:00:00Z",
                "action": "revoke",
                "key": "SHA256:" + "A" * 43,
                "public_key": None,
                "first_untrusted": {"keys": "x"},
                "reason": "none",
            }
        ),
    ),
}


@pytest.mark.parametrize("what", MALFORMED)
@pytest.mark.parametrize("is_signed", [True, False])
def test_a_document_that_is_none_is_a_fault_whoever_signed_it(
    files: Files, signer: Signer, other_signer: Signer, what: str, is_signed: bool
) -> None:
    log, document = MALFORMED[what]
    number = 1 + sum(name.startswith(log.seals_prefix) for name in files)
    by = signer if is_signed else other_signer
    content = document(files)
    strange(files, by, log, number, content, NOON + timedelta(days=9))

    by_program, by_file = found_by_both(files, signer)

    key = log.document_key(sha256(content))
    assert key in by_program
    assert key in by_file


def _other_form(envelope: dict[str, Any], bundle: dict[str, Any], keyid: str) -> None:
    envelope["signatures"][0]["keyid"] = keyid
    bundle["verificationMaterial"]["publicKey"]["hint"] = keyid


def _spare_bits(keyid: str) -> str:
    """The same digest in base64, written with other bits that count for nothing."""
    padded = keyid.removeprefix("SHA256:") + "="
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    changed = keyid[:-1] + digits[digits.index(keyid[-1]) ^ 1]
    assert base64.b64decode(changed.removeprefix("SHA256:") + "=") == base64.b64decode(padded)
    return changed


@pytest.mark.parametrize("rename", [_spare_bits, lambda keyid: keyid.removeprefix("SHA256:")])
def test_the_name_of_the_key_has_one_form(
    files: Files,
    signer: Signer,
    key_file: Path,
    tmp_path: Path,
    rename: Callable[[str], str],
) -> None:
    """No signature is over it, and no later seal names the newest."""
    bundle = json.loads(files[NEWEST])
    _other_form(bundle["dsseEnvelope"], bundle, rename(signer.fingerprint))
    files[NEWEST] = canonical(bundle)
    files = {name: data for name, data in files.items() if "/anchors/" not in name}

    by_program, by_file = found_by_both(files, signer)

    end = run("sh", SCRIPT, "-k", key_file, written(tmp_path / "l", files))
    assert NEWEST in by_program
    assert NEWEST in by_file
    assert end.returncode == 5
    assert NEWEST in end.stdout


def _nested(root: Path) -> None:
    """Folders within one another, more than a program can call itself."""
    folder = os.open(root / "v1", os.O_RDONLY)
    for _ in range(1010):
        os.mkdir("a", dir_fd=folder)
        below = os.open("a", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)


def _unnested(root: Path) -> None:
    """Take them away again, one by one: pytest, too, would call itself."""
    outer, inner = root / "v1/a", root / "v1/b"
    while (outer / "a").exists():
        (outer / "a").rename(inner)
        outer.rmdir()
        inner.rename(outer)
    (outer / "f").unlink()
    outer.rmdir()


def _an_object(root: Path) -> Path:
    return next(path for path in sorted((root / "v1/objects").rglob("*")) if path.is_file())


def _pipe(root: Path) -> None:
    path = _an_object(root)
    path.unlink()
    os.mkfifo(path)


def _endless(root: Path) -> None:
    path = _an_object(root)
    path.unlink()
    path.symlink_to("/dev/zero")


def _huge(root: Path) -> None:
    os.truncate(_an_object(root), 200 * LARGEST_BYTES)


def _huge_seal(root: Path) -> None:
    os.truncate(root / NEWEST, 200 * LARGEST_BYTES)


def _two_names_in_one(root: Path) -> None:
    path = _an_object(root)
    other = path.parent / f"{path.name}\n{path.relative_to(root)}"
    other.parent.mkdir(parents=True)
    other.write_bytes(path.read_bytes())


def _hidden(root: Path) -> None:
    (root / "v1" / f".unfinished-{'z' * 32}").touch()


def _hidden_folder(root: Path) -> None:
    folder = root / "v1" / f".unfinished-{'0' * 32}"
    folder.mkdir()
    (folder / "f").touch()


BROKEN = [_nested, _pipe, _endless, _huge, _huge_seal, _two_names_in_one, _hidden, _hidden_folder]


def test_what_a_folder_can_hold_stops_nobody(
    files: Files, signer: Signer, key_file: Path, tmp_path: Path
) -> None:
    def ends(work: Callable[[Path], None]) -> tuple[str, list[int], str]:
        root = written(tmp_path / work.__name__, files)
        work(root)
        by_file = run(sys.executable, SOURCE, root, "--key", key_file)
        by_script = run("sh", SCRIPT, "-k", key_file, root)
        trusted = [load_public_key(signer.public_pem, "key")]
        report = verify(open_locker(str(root)), trusted=trusted)
        codes = [0 if report.ok else 5, by_file.returncode, by_script.returncode]
        if work is _nested:
            _unnested(root)
        return work.__name__, codes, by_file.stderr + by_script.stderr

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(ends, BROKEN))

    assert found == [(work.__name__, [5, 5, 5], "") for work in BROKEN]
