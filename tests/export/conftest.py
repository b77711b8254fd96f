"""Lockers that are sound, and the same ones tampered with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from collector.attestation.record import Attachment, Attestation
from collector.evidence.canonical import JSON, canonical
from collector.evidence.chain import append, head, put_object
from collector.evidence.documents import Anchor, KeyStatement, NamedHead
from collector.evidence.keys import FileSigner, Signer
from collector.evidence.log import ANCHORS, ATTESTATIONS, KEY_LOG, account_log
from collector.evidence.merkle import merkle_root
from collector.evidence.snapshot import Summary, parse_snapshot
from tests.evidence.lockers import NOON, PROD, MemoryLocker, sealed_run

Files = dict[str, bytes]


@pytest.fixture(scope="session")
def signer() -> Signer:
    return FileSigner(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def other_signer() -> Signer:
    return FileSigner(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def _sound(signer: Signer) -> Files:
    locker = MemoryLocker({})
    sealed_run(locker, signer, day=1, buckets={"logs": "fail", "a": "pass", "b": "pass"})
    for day in (2, 3):
        provable_run(locker, signer, day=day)
    sealed_run(locker, signer, account="dev", day=1)
    kept = put_object(locker, b"%PDF signed agreement")
    attest(locker, signer, kept, day=2)
    anchor(locker, signer, day=4)
    return locker.files


def provable_run(locker: MemoryLocker, signer: Signer, *, day: int) -> None:
    """Seal a run whose lines can be proved one by one. Two buckets have the same answer: none."""
    listing = put_object(locker, b'{"pages":[{"Buckets":["a","logs","old-logs"]}]}')
    absent = put_object(locker, b'{"absent":"ServerSideEncryptionConfigurationNotFoundError"}')
    present = put_object(locker, b'{"pages":[{"SSEAlgorithm":"aws:kms"}]}')
    answers = {"a": present, "logs": absent, "old-logs": absent}
    calls: list[JSON] = [{"source": "s3:ListBuckets", "params": {}, "answer_sha256": listing}]
    results: list[JSON] = []
    for bucket, answer in answers.items():
        calls.append(
            {
                "source": "s3:GetBucketEncryption",
                "params": {"Bucket": bucket},
                "region": "us-east-1",
                "answer_sha256": answer,
            }
        )
        arn = f"arn:aws:s3:::{bucket}"
        evidence: list[JSON] = [*sorted([listing, answer])]
        results.append(
            {
                "check": "aws.s3.default_encryption",
                "outcome": "pass" if answer == present else "fail",
                "resource": {"type": "aws.s3.bucket", "id": arn, "region": "us-east-1"},
                "reason": "as read",
                "evidence": evidence,
            }
        )
    lines = {
        "results": b"".join(sorted(canonical(result) + b"\n" for result in results)),
        "calls": b"".join(sorted(canonical(call) + b"\n" for call in calls)),
    }
    digests = {name: put_object(locker, data) for name, data in lines.items()}
    moment = NOON + timedelta(days=day)
    first = parse_snapshot(next(v for k, v in locker.files.items() if "/snapshots/" in k), "first")
    entry = first.checks[0].model_copy(
        update={
            "summary": {"pass": 1, "fail": 2},
            "results_sha256": digests["results"],
            "results_merkle_root": merkle_root(lines["results"]),
        }
    )
    document = first.model_copy(
        update={
            "started": moment,
            "finished": moment,
            "summary": Summary(passed=1, failed=2, unknown=0, not_applicable=0, calls=4),
            "checks": (entry,),
            "calls_sha256": digests["calls"],
            "calls_merkle_root": merkle_root(lines["calls"]),
        }
    )
    append(locker, PROD, document.to_bytes(), signer, lambda: moment)


def attest(locker: MemoryLocker, signer: Signer, kept: str, *, day: int) -> None:
    """Seal an attestation with one file that is kept, and one of which only the digest is."""
    moment = NOON + timedelta(days=day)
    document = Attestation(
        made=moment,
        author="Ada",
        effective=date(2026, 11, 1),
        expires=date(2027, 11, 1),
        owner="Ada",
        approver="Grace",
        kind="baa",
        control="business-associates",
        statement=f"The agreement is signed, day {day}.",
        documents=(
            Attachment(name="agreement.pdf", sha256=kept, size_bytes=21, is_kept=True),
            Attachment(name="terms.pdf", sha256="7" * 64, size_bytes=1, is_kept=False),
        ),
    )
    append(locker, ATTESTATIONS, document.to_bytes(), signer, lambda: moment)


def anchor(locker: MemoryLocker, signer: Signer, *, day: int) -> None:
    """Seal the heads of the other logs."""
    moment = NOON + timedelta(days=day)
    found = [(log, head(locker, log)) for log in (PROD, account_log("dev"), ATTESTATIONS)]
    heads = [NamedHead(log=o.name, number=h.number, sha256=h.sha256) for o, h in found if h]
    document = Anchor(made=moment, heads=tuple(sorted(heads, key=lambda h: h.log)))
    append(locker, ANCHORS, document.to_bytes(), signer, lambda: moment)


def state(
    locker: MemoryLocker, by: Signer, action: str, key: Signer, *, day: int, **more: object
) -> None:
    """Seal a statement on a key."""
    moment = NOON + timedelta(days=day)
    document = KeyStatement.model_validate(
        {
            "made": moment,
            "action": action,
            "key": key.fingerprint,
            "public_key": key.public_pem.decode() if action != "revoke" else None,
            "reason": "as asked",
            **more,
        }
    )
    append(locker, KEY_LOG, document.to_bytes(), by, lambda: moment)


@pytest.fixture
def files(_sound: Files) -> Files:
    """A sound locker: three snapshots of `prod`, one of `dev`, an attestation and an anchor."""
    return dict(_sound)


@pytest.fixture
def key_file(tmp_path: Path, signer: Signer) -> Path:
    """The public key, as an auditor has it from elsewhere."""
    path = tmp_path / "company.pem"
    path.write_bytes(signer.public_pem)
    return path


def written(root: Path, files: Files) -> Path:
    """A folder with these files."""
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def tampered(files: Files, signer: Signer, other_signer: Signer) -> Iterator[tuple[str, Files]]:
    """Lockers in each of which one thing is wrong, and what that is."""
    for name in files:
        # A key lies there for convenience. The end of a chain is seen by a head alone, or by an
        # anchor, as here; but not that of the anchors.
        if not name.startswith("v1/keys/") and name != ANCHORS.seal_key(1):
            yield f"deleted {name}", {k: v for k, v in files.items() if k != name}
        yield f"longer {name}", {**files, name: files[name] + b" "}
        yield f"empty {name}", {**files, name: b""}
    seals = [name for name in files if "/log/" in name]
    for one, other in zip(seals, seals[1:] + seals[:1], strict=True):
        yield f"swapped {one} {other}", {**files, one: files[other], other: files[one]}
    copies = {k.replace("/prod/", "/test/"): v for k, v in files.items() if "/prod/" in k}
    yield "copied to another account", {**files, **copies}
    for name in ("v1/README", "v1/objects/sha256/00/" + "1" * 64, "v1/keys/key.pem"):
        yield f"stray {name}", {**files, name: b""}
    yield "nothing", {}
    for what, seal_with in _runs(signer, other_signer):
        changed = dict(files)
        seal_with(MemoryLocker(changed))
        yield what, changed


def _runs(
    signer: Signer, other_signer: Signer
) -> Iterator[tuple[str, Callable[[MemoryLocker], object]]]:
    yield "a stranger's seal", lambda locker: sealed_run(locker, other_signer, day=5)
    yield "rewritten, anchored otherwise", lambda locker: _rewritten(locker, signer)


def _rewritten(locker: MemoryLocker, signer: Signer) -> None:
    for name in [n for n in locker.files if n.startswith("v1/accounts/prod/")]:
        del locker.files[name]
    for day in (1, 2, 3):
        sealed_run(locker, signer, day=day)


def sha256(data: bytes) -> str:
    """The digest of bytes."""
    return hashlib.sha256(data).hexdigest()
