"""The file and the script that auditors get find what `collector verify` finds."""

from __future__ import annotations

import ast
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from collector.evidence.canonical import canonical
from collector.evidence.chain import put_object
from collector.evidence.keys import PublicKey, Signer, load_public_key
from collector.evidence.verify import verify
from collector.export import verifier
from tests.evidence.lockers import NOON, PROD, MemoryLocker, sealed_run
from tests.evidence.test_verify import LINE, documents, forged, sealed_with
from tests.export.conftest import Files, sha256, tampered, written

SOURCE = Path(verifier.__file__)
SCRIPT = SOURCE.with_suffix(".sh")


class Held:
    """Files in memory, as the verifier reads those of a folder."""

    def __init__(self, files: Files) -> None:
        self.files = files

    def names(self) -> list[str]:
        return sorted(self.files)

    def read(self, name: str) -> bytes:
        if name not in self.files:
            raise verifier.Bad("it is missing")
        return self.files[name]


@pytest.fixture(scope="session")
def trusted(signer: Signer) -> list[PublicKey]:
    return [load_public_key(signer.public_pem, "key")]


def faults(files: Files, signer: Signer | None) -> set[tuple[str, str]]:
    """What the single file finds."""
    keys = [verifier.Key(signer.public_pem)] if signer is not None else []
    return verifier.Verification(Held(files), keys).run().bad


def test_the_file_needs_nothing_of_this_program_and_runs_on_python_3_9() -> None:
    tree = ast.parse(SOURCE.read_text(), feature_version=(3, 9))

    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    roots = {name.partition(".")[0] for name in imported}
    assert roots - set(sys.stdlib_module_names) == {"cryptography"}


def test_a_sound_locker_has_no_fault(files: Files, signer: Signer) -> None:
    assert faults(files, signer) == set()
    assert faults(files, None) == set()
    assert verify(MemoryLocker(files)).ok


def test_every_tampering_that_the_program_finds_the_file_finds_too(
    files: Files, signer: Signer, other_signer: Signer, trusted: list[PublicKey]
) -> None:
    missed = []
    for what, changed in tampered(files, signer, other_signer):
        by_file = {name for name, _ in faults(changed, signer)}
        report = verify(MemoryLocker(changed), trusted=trusted)
        if not by_file or not (report.ok or by_file & {p.key for p in report.problems}):
            missed.append((what, by_file, report.problems))

    assert missed == []


@pytest.mark.parametrize("start", range(3))
def test_every_flipped_byte_is_found_in_its_file(
    signer: Signer, trusted: list[PublicKey], start: int
) -> None:
    files: Files = {}
    sealed_run(MemoryLocker(files), signer, buckets={"logs": "pass"})
    missed = []
    for name, data in files.items():
        for position in range(start, len(data), 3):
            flipped = data[:position] + bytes([data[position] ^ 0x01]) + data[position + 1 :]
            found = {n for n, _ in faults({**files, name: flipped}, signer)}
            if name not in found:
                missed.append((name, position, found))

    assert missed == []


def _forgeries(files: Files, signer: Signer) -> dict[str, Files]:
    """Lockers that were sealed with the real key over what is not so."""
    document = next(iter(documents(files).values()))
    entry, total = document.checks[0], document.summary
    better = total.model_copy(update={"failed": 0, "passed": total.passed + total.failed})
    found = {}

    def case(name: str, work: Any) -> None:
        changed = dict(files)
        work(changed)
        found[name] = changed

    def with_results(content: bytes) -> Any:
        def work(changed: Files) -> None:
            digest = put_object(MemoryLocker(changed), content)
            one = entry.model_copy(update={"results_sha256": digest, "summary": {"pass": 1}})
            summary = total.model_copy(update={"passed": 1, "failed": 0})
            sealed_with(changed, signer, checks=(one,), summary=summary)

        return work

    def with_calls(content: bytes) -> Any:
        return lambda changed: sealed_with(
            changed, signer, calls_sha256=put_object(MemoryLocker(changed), content)
        )

    def another_account(changed: Files) -> None:
        key = next(iter(documents(changed)))
        changed[key.replace("/prod/", "/dev/")] = changed[key]
        forged(changed, signer, "dev", 2, document_sha256=key[-69:-5])

    case("back-dated", lambda f: forged(f, signer, "prod", 4, created_at=NOON))
    case("previous", lambda f: forged(f, signer, "prod", 4, previous_sha256="0" * 64))
    case("account", another_account)
    case("summary", lambda f: sealed_with(f, signer, summary=better))
    renamed = entry.model_copy(update={"id": "another"})
    case("check", lambda f: sealed_with(f, signer, checks=(renamed,)))
    roots = {"results_merkle_root": "0" * 64}
    case("root", lambda f: sealed_with(f, signer, checks=(entry.model_copy(update=roots),)))
    case("root of calls", lambda f: sealed_with(f, signer, calls_merkle_root="0" * 64))
    case("results, no JSON", with_results(b"\xff"))
    case("results, no check", with_results(b"{}"))
    case("results, empty lines", with_results(b"\n\n"))
    case("results, outcome", with_results(canonical({**LINE, "outcome": "skip"})))
    case("results, evidence", with_results(canonical({**LINE, "evidence": ["../x"]})))
    case("results, answer", with_results(canonical({**LINE, "evidence": ["0" * 64]})))
    case("calls, key", with_calls(b'{"operation":"ListBuckets"}\n'))
    case("calls, answer", with_calls(canonical({"answer_sha256": "0" * 64})))
    return found


def test_what_was_sealed_with_the_real_key_over_what_is_not_so_is_found_by_both(
    files: Files, signer: Signer, trusted: list[PublicKey]
) -> None:
    cases = _forgeries(files, signer)
    missed = {
        what: (faults(changed, signer), verify(MemoryLocker(changed), trusted=trusted).problems)
        for what, changed in cases.items()
        if not faults(changed, signer) or verify(MemoryLocker(changed), trusted=trusted).ok
    }

    assert missed == {}


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_the_file_and_the_script_accept_a_sound_folder_and_its_head(
    files: Files, key_file: Path, tmp_path: Path
) -> None:
    folder = written(tmp_path / "locker", files)
    head = f"accounts/prod:3:{sha256(files[PROD.seal_key(3)])}"
    gone = f"accounts/prod:4:{'0' * 64}"

    by_file = run(sys.executable, SOURCE, folder, "--key", key_file, "--head", head)
    by_script = run(
        "sh", SCRIPT, "-k", key_file, "-h", head, "-h", head.removeprefix("accounts/"), folder
    )

    assert by_file.returncode == 0, by_file
    assert by_script.returncode == 0, by_script
    assert by_script.stderr == by_file.stderr == ""
    assert "VERIFIED: every signature, digest and link holds\n" in by_file.stdout
    assert head in by_file.stdout
    assert head in by_script.stdout
    assert run(sys.executable, SOURCE, folder, "--key", key_file, "--head", gone).returncode == 5
    assert run("sh", SCRIPT, "-k", key_file, "-h", gone, folder).returncode == 5


def test_what_cannot_be_run_leaves_with_2(tmp_path: Path, key_file: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_text("no key")

    ends = [
        run(sys.executable, SOURCE, tmp_path, "--key", key_file),
        run(sys.executable, SOURCE, tmp_path, "--key", other),
        run(sys.executable, SOURCE, tmp_path, "--key", key_file, "--head", "x"),
        run("sh", SCRIPT, "-k", key_file, tmp_path),
        run("sh", SCRIPT, "-k", tmp_path / "none.pem", tmp_path),
        run("sh", SCRIPT, tmp_path),
    ]

    assert [end.returncode for end in ends] == [2] * 6


def test_the_script_finds_what_was_tampered_with(
    files: Files, signer: Signer, other_signer: Signer, key_file: Path, tmp_path: Path
) -> None:
    """A part of what the file is tried on: each run starts a hundred processes."""
    chosen = dict(list(tampered(files, signer, other_signer))[::23])
    forgeries = _forgeries(files, signer)
    for name in ("back-dated", "account", "summary", "check", "calls, key"):
        chosen[name] = forgeries[name]
    newest = PROD.seal_key(3)
    for position in range(0, len(files[newest]), 401):
        data = bytearray(files[newest])
        data[position] ^= 0x01
        chosen[f"flipped {position}"] = {**files, newest: bytes(data)}

    def is_missed(case: tuple[int, tuple[str, Files]]) -> str | None:
        number, (what, changed) = case
        folder = written(tmp_path / str(number), changed)
        (folder / "v1").mkdir(parents=True, exist_ok=True)
        end = run("sh", SCRIPT, "-k", key_file, folder)
        return None if end.returncode == 5 and not end.stderr else f"{what}: {end}"

    with ThreadPoolExecutor(2) as pool:
        missed = [m for m in pool.map(is_missed, enumerate(chosen.items())) if m]

    assert missed == []
