"""Seals are verified by tools that know nothing of us."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

from collector.evidence.documents import KeyStatement
from collector.evidence.keys import Signer
from collector.evidence.log import Log, seal_place
from collector.evidence.seal import open_seal
from collector.export import verifier
from tests.evidence.lockers import MemoryLocker
from tests.export.conftest import Files, state, written

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGE = Path(verifier.__file__).with_suffix(".html")


@pytest.fixture
def seals(files: Files, signer: Signer, other_signer: Signer) -> dict[Log, tuple[bytes, bytes]]:
    """The first seal of each kind of log, and its document."""
    state(MemoryLocker(files), signer, "admit", other_signer, day=5)
    found = {}
    for key, data in sorted(files.items(), reverse=True):
        place = seal_place(key)
        if place is not None:
            digest = open_seal(data).statement.document_sha256
            found[place[0]] = data, files[place[0].document_key(digest)]
    assert {log.name for log in found} == {
        "accounts/dev", "accounts/prod", "anchors", "attestations", "keys",
    }  # fmt: skip
    assert KeyStatement.from_bytes(found[Log("keys")][1], "keys").key == other_signer.fingerprint
    return found


def test_securesystemslib_verifies_seals_of_every_log(
    seals: dict[Log, tuple[bytes, bytes]], signer: Signer
) -> None:
    key = SSlibKey.from_crypto(
        serialization.load_pem_public_key(signer.public_pem), keyid=signer.fingerprint
    )

    for bundle, _ in seals.values():
        envelope = Envelope.from_dict(json.loads(bundle)["dsseEnvelope"])
        assert list(envelope.verify([key], threshold=1)) == [signer.fingerprint]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    opened.goto(PAGE.as_uri())
    yield opened
    opened.close()


def verified(page: Page, bundle: bytes, pem: bytes, document: bytes) -> dict[str, Any]:
    texts = [bundle.decode(), pem.decode(), document.decode()]
    found: dict[str, Any] = page.evaluate("(texts) => verifySeal(...texts)", texts)
    return found


def test_a_browser_verifies_seals_of_every_log_by_webcrypto(
    page: Page, seals: dict[Log, tuple[bytes, bytes]], signer: Signer
) -> None:
    for log, (bundle, document) in seals.items():
        found = verified(page, bundle, signer.public_pem, document)

        assert (found["isSigned"], found["isDocument"]) == (True, True)
        assert found["predicate"]["number"] == 1
        assert log.name in (found["predicate"].get("log"), f"accounts/{log.account}")


def test_a_person_verifies_a_seal_by_choosing_three_files(
    page: Page, seals: dict[Log, tuple[bytes, bytes]], key_file: Path, tmp_path: Path
) -> None:
    bundle, document = seals[Log("accounts/prod")]
    folder = written(tmp_path, {"seal": bundle, "document": document, "other": document + b" "})

    def outcome(document: str) -> str:
        page.set_input_files("#seal", folder / "seal")
        page.set_input_files("#key", key_file)
        page.set_input_files("#document", folder / document)
        page.click("button")
        page.locator("#outcome", has_text="and it says").wait_for()
        shown = page.text_content("#outcome") or ""
        page.evaluate("document.getElementById('outcome').textContent = ''")
        return shown

    assert outcome("document").startswith("VERIFIED")
    assert outcome("other").startswith("NOT VERIFIED")


def test_a_browser_refuses_another_key_document_or_signature(
    page: Page, seals: dict[Log, tuple[bytes, bytes]], signer: Signer, other_signer: Signer
) -> None:
    bundle, document = seals[Log("accounts/prod")]
    told = json.loads(bundle)
    payload = base64.b64decode(told["dsseEnvelope"]["payload"]).replace(b'"prod"', b'"test"')
    told["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()

    by_other = verified(page, bundle, other_signer.public_pem, document)
    of_other = verified(page, bundle, signer.public_pem, document + b" ")
    changed = verified(page, json.dumps(told).encode(), signer.public_pem, document)

    assert (by_other["isSigned"], by_other["isDocument"]) == (False, True)
    assert (of_other["isSigned"], of_other["isDocument"]) == (True, False)
    assert changed["isSigned"] is False


def test_a_browser_reads_signatures_of_every_length(page: Page, signer: Signer) -> None:
    """r and s are integers: small ones have fewer bytes, those with a high first bit one more."""
    der = [signer.sign(str(number).encode()) for number in range(300)]
    lengths = {len(signature) for signature in der}

    raw = page.evaluate(
        "(all) => all.map((one) => Array.from(rawSignature(bytes(one))))",
        [base64.b64encode(signature).decode() for signature in der],
    )

    assert len(lengths) > 2
    assert [_raw(signature) for signature in der] == [bytes(one) for one in raw]


def _raw(der: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


# cosign is no package of Python, and few machines have it: where it is not, this one test is not.
if shutil.which("cosign") is not None:

    def test_cosign_verifies_seals_of_every_log(
        seals: dict[Log, tuple[bytes, bytes]], key_file: Path, tmp_path: Path
    ) -> None:
        for log, (bundle, document) in seals.items():
            folder = written(tmp_path, {"bundle": bundle, "document": document})
            command = ["cosign", "verify-blob-attestation", "--insecure-ignore-tlog", "--bundle",
                       "bundle", "--key", str(key_file), "--type", log.predicate_type]  # fmt: skip

            sound = subprocess.run([*command, "document"], cwd=folder, check=False)
            other = subprocess.run([*command, "bundle"], cwd=folder, check=False)

            assert sound.returncode == 0
            assert other.returncode != 0
