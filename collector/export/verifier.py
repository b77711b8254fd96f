#!/usr/bin/env python3
"""Verify sealed compliance evidence, without the program that made it.

    python verify.py --key company.pem                       the folder that this file is in
    python verify.py FOLDER --key company.pem --head prod:41:9f86d0...
    python verify.py disclosure.json --key company.pem       one result that was disclosed

Needs Python 3.9 or later and the package "cryptography". Get the public key, and the head of an
earlier day if you can, from the company by another way than this folder.

It follows one line of reasoning. A key that you trust signed each seal. A seal names, by digest,
one document and the seal before it. A document names its results, its calls and its files by
digest, and those name the answers of the cloud. So each byte is vouched for by something that was
looked at before, from the key on. Time stamps of other parties are left to `openssl ts`; their
bytes in the newest seal are the only ones that this does not vouch for.

Leaves with 0 if everything holds, 5 if something does not (each on a line), 2 if it cannot be run.
"""

import argparse
import base64
import hashlib
import hmac
import json
import re
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

KINDS = {
    "accounts": ("snapshot",),
    "attestations": ("attestation", "exception", "decision", "withdrawal"),
    "anchors": ("anchor",),
    "keys": ("key-statement",),
}
LARGEST_BYTES = 2**30  # of any file; no program writes larger ones
OUTCOMES = ("pass", "fail", "unknown", "not_applicable")
CLOCK_SKEW = timedelta(minutes=1)  # by which the clocks of two machines may differ

HEX = r"[0-9a-f]{64}"
LOG = r"(accounts/[A-Za-z0-9][A-Za-z0-9._-]{0,62}|attestations|anchors|keys)"
SEAL_FILE = re.compile(rf"v1/{LOG}/log/([0-9]{{12}})\.sigstore\.json")
DOCUMENT_FILE = re.compile(rf"v1/{LOG}/(snapshots|documents)/({HEX})\.json")
OBJECT_FILE = re.compile(rf"v1/objects/sha256/([0-9a-f]{{2}})/({HEX})")
KEY_FILE = re.compile(rf"v1/keys/({HEX})\.pem")
STAMP_FILE = re.compile(rf"v1/timestamps/({HEX})/({HEX})\.tsr")
AUTHORITY_FILE = re.compile(rf"v1/timestamps/authorities/({HEX})\.pem")


class Bad(Exception):
    """Something does not hold."""


def sha256(data: bytes) -> str:
    """The digest of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def is_digest(value: object) -> bool:
    """Whether a value is such a digest."""
    return isinstance(value, str) and re.fullmatch(HEX, value) is not None


def parse(data: bytes) -> Any:
    """JSON in which no key is given twice, so that all readers read the same."""

    def once(pairs: "list[tuple[str, Any]]") -> "dict[str, Any]":
        if len({key for key, _ in pairs}) != len(pairs):
            raise Bad("a key in it is given twice")
        return dict(pairs)

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise Bad("it is not JSON") from None


def canonical(value: object) -> bytes:
    """RFC 8785, for what seals hold: text in ASCII, and whole numbers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def moment(text: Any) -> datetime:
    """The time that a text states."""
    try:
        found = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
        if found.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20) == text:
            return found
    except (TypeError, ValueError):
        pass
    raise Bad("a time in it is not of the form 2026-01-31T00:00:00Z")


class Key:
    """A public key on P-256, named by its OpenSSH fingerprint."""

    def __init__(self, pem: bytes) -> None:
        try:
            key = serialization.load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm):
            raise Bad("it is not a public key in PEM") from None
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise Bad("it is not a key on P-256")
        encoding, form = serialization.Encoding, serialization.PublicFormat
        line = key.public_bytes(encoding.OpenSSH, form.OpenSSH)
        digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
        self.key, self.hex = key, digest.hex()
        self.fingerprint = "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
        self.pem = key.public_bytes(encoding.PEM, form.SubjectPublicKeyInfo)

    def signed(self, payload: bytes, signature: bytes) -> bool:
        """Whether this key signed the payload, in DSSE's pre-authentication encoding."""
        signed = b"DSSEv1 28 application/vnd.in-toto+json %d %b" % (len(payload), payload)
        try:
            self.key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


class Seal:
    """The seal at a place. Raises `Bad` unless it is, byte for byte, one that can be there."""

    def __init__(self, data: bytes, log: str, number: int) -> None:
        try:
            bundle = parse(data)
            envelope, material = bundle["dsseEnvelope"], bundle["verificationMaterial"]
            sig, keyid = envelope["signatures"][0]["sig"], envelope["signatures"][0]["keyid"]
            self.payload = base64.b64decode(envelope["payload"], validate=True)
            self.signature = base64.b64decode(sig, validate=True)
            said = parse(self.payload)
            digest, predicate = said["subject"][0]["digest"]["sha256"], said["predicate"]
            before = predicate["previous"] and predicate["previous"]["sha256"]
            self.created = moment(predicate["createdAt"])
            stamps = material.get("timestampVerificationData")
            tokens = [t["signedTimestamp"] for t in stamps["rfc3161Timestamps"]] if stamps else []
            written = [
                base64.b64encode(base64.b64decode(t, validate=True)).decode() for t in tokens
            ]
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            raise Bad("it is not a Sigstore bundle over an in-toto statement") from None
        if not is_digest(digest) or not (before is None or is_digest(before)):
            raise Bad("a digest in it is not SHA-256 in hex")
        if (number == 1) != (before is None):
            raise Bad("number 1 follows nothing, every other number follows a seal")
        # What it must be, by its place and what it says: anything more, less or else is refused.
        kind, _, account = log.partition("/")
        name = f"{account}/snapshots" if account else f"{log}/documents"
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": f"{name}/{digest}.json", "digest": {"sha256": digest}}],
            "predicateType": f"urn:collector:{KINDS[kind][0]}:v1",
            "predicate": {
                **({"account": account} if account else {"log": log}),
                "number": number,
                "previous": None if before is None else {"sha256": before},
                "createdAt": predicate["createdAt"],
            },
        }
        if self.payload != canonical(statement):
            raise Bad(f"its statement is not that of number {number} of {log}: it was moved")
        expected = {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"publicKey": {"hint": keyid}},
            "dsseEnvelope": {
                "payload": base64.b64encode(self.payload).decode(),
                "payloadType": "application/vnd.in-toto+json",
                "signatures": [
                    {"sig": base64.b64encode(self.signature).decode(), "keyid": keyid},
                ],
            },
        }
        if stamps:
            stamped = {"rfc3161Timestamps": [{"signedTimestamp": token} for token in written]}
            expected["verificationMaterial"]["timestampVerificationData"] = stamped  # type: ignore[index]
        if data != canonical(expected):
            raise Bad("it is not written as a seal is, so it was changed")
        self.document, self.previous, self.keyid, self.sha256 = digest, before, keyid, sha256(data)
        self.has_token = bool(tokens)


def read_document(data: bytes, log: str, seal: Seal) -> Any:
    """The document that a seal names; raises `Bad` where it cannot be one of that log."""
    if sha256(data) != seal.document:
        raise Bad(f"it was changed: its content has digest {sha256(data)}")
    document = parse(data)
    kind, _, account = log.partition("/")
    try:
        if document["schema"] not in [f"collector/{name}/v1" for name in KINDS[kind]]:
            raise Bad(f"it is not a document of {log}")
        if account and document["account"]["name"] != account:
            raise Bad("it is of another account")
        if moment(document["finished" if account else "made"]) - seal.created > CLOCK_SKEW:
            raise Bad("it was finished after it was sealed")
        if account:
            summed: Counter[str] = Counter()
            for entry in document["checks"]:
                summed.update(entry["summary"])
            digests = [entry["results_sha256"] for entry in document["checks"]]
            roots = [part.get("results_merkle_root") for part in document["checks"]]
            roots = [root for root in [*roots, document.get("calls_merkle_root")] if root]
            if not all(map(is_digest, [*digests, *roots, document["calls_sha256"]])):
                raise Bad("a digest in it is not SHA-256 in hex")
            names = [entry["id"] for entry in document["checks"]]
            if len(set(names)) != len(names) or not all(isinstance(n, str) for n in names):
                raise Bad("a check in it has no name, or that of another")
            if any(summed[o] != document["summary"][o] for o in OUTCOMES) or {*summed} - {
                *OUTCOMES
            }:
                raise Bad("its summary is not the sum of those of its checks")
    except (KeyError, TypeError, AttributeError):
        raise Bad("a part of it is missing, or of another kind") from None
    return document


def split_lines(data: bytes) -> "list[bytes]":
    """The lines of an object."""
    return (data[:-1] if data.endswith(b"\n") else data).split(b"\n") if data else []


def read_results(data: bytes) -> "tuple[Counter[tuple[str, str]], set[str]]":
    """How often each check has each outcome, and the digests of the answers behind that."""
    counts: Counter[tuple[str, str]] = Counter()
    evidence: set[str] = set()
    for line in map(parse, split_lines(data)):
        try:
            fine = all(isinstance(line[name], str) for name in ("check", "outcome", "reason"))
            fine = fine and line["outcome"] in OUTCOMES and isinstance(line["resource"], dict)
            fine = (
                fine
                and isinstance(line["evidence"], list)
                and all(map(is_digest, line["evidence"]))
            )
        except (KeyError, TypeError):
            fine = False
        if not fine:
            raise Bad("a line of it is not a result")
        counts[line["check"], line["outcome"]] += 1
        evidence.update(line["evidence"])
    return counts, evidence


def read_calls(data: bytes) -> "set[str]":
    """The digests of the answers that calls brought."""
    found: set[Any] = set()
    for line in map(parse, split_lines(data)):
        answer = line.get("answer_sha256", 0) if isinstance(line, dict) else 0
        if answer is not None and not is_digest(answer):
            raise Bad("a line of it is not a call")
        found.add(answer)
    return found - {None}


# Merkle trees over the lines of an object: RFC 6962, with a salt in each leaf.


def leaf(salt: bytes, line: bytes) -> bytes:
    """The digest of a line."""
    return hashlib.sha256(b"\0" + salt + line).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The digest of two nodes."""
    return hashlib.sha256(b"\1" + left + right).digest()


def merkle_root(data: bytes) -> str:
    """The root over the lines of an object, in hex."""
    key = hashlib.sha256(b"collector/merkle/v1\n" + data).digest()
    level = [
        leaf(hmac.digest(key, number.to_bytes(8, "big"), "sha256"), line)
        for number, line in enumerate(split_lines(data))
    ]
    while len(level) > 1:
        last = level[len(level) // 2 * 2 :]  # a node without a neighbour goes up as it is
        level = [node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)] + last
    return (level[0] if level else hashlib.sha256(b"").digest()).hex()


def proven_root(proof: Any) -> str:
    """The root to which the proof of one line leads."""
    place, size, path = proof["index"], proof["size"], [bytes.fromhex(p) for p in proof["path"]]
    if not all(map(is_digest, [proof["salt"], *proof["path"]])):
        raise Bad("a salt or a neighbour in a proof is not 32 bytes in hex")
    found = leaf(bytes.fromhex(proof["salt"]), proof["line"].encode())
    if not 0 <= place < size:
        raise Bad("a proof is of no line")
    while size > 1:
        if place ^ 1 < size:
            if not path:
                raise Bad("a proof is too short")
            beside = path.pop(0)
            found = node(beside, found) if place % 2 else node(found, beside)
        place, size = place // 2, (size + 1) // 2
    if path:
        raise Bad("a proof is too long")
    return found.hex()


class Folder:
    """The files of a locker. Their names are relative, with `/`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self) -> "list[str]":
        """All of them, in order."""
        found, folders = [], ["v1"]
        while folders:
            below = folders.pop()
            for path in (self.root / below).iterdir():
                if path.is_dir() and not path.is_symlink():
                    folders.append(f"{below}/{path.name}")
                elif not re.fullmatch(r"\.unfinished-[0-9a-f]{32}", path.name):
                    found.append(f"{below}/{path.name}")
        return sorted(found)

    def read(self, name: str) -> bytes:
        """The bytes of one; raises `Bad` if there is none."""
        if not (self.root / name).is_file():
            raise Bad("it is missing")
        if (self.root / name).stat().st_size > LARGEST_BYTES:
            raise Bad("it is larger than any file of a locker, and was not read")
        return (self.root / name).read_bytes()


class Verification:
    """Reads all that is in a folder, and collects what does not hold in `bad`."""

    def __init__(self, files: Any, trusted: "list[Key]") -> None:
        self.files = files
        self.is_trusted = bool(trusted)
        self.keys = {key.fingerprint: key for key in trusted}  # those that may sign
        self.own: dict[str, Key] = {}  # those that are in the folder itself
        self.roots: dict[str, set[str]] = {}  # without trusted keys: those that vouch for a key
        self.successors: dict[str, str] = {}  # keys whose place others have taken
        self.revoked: dict[str, dict[str, int]] = {}  # keys, and their first bad number by log
        self.bad: set[tuple[str, str]] = set()
        self.notes: set[str] = set()
        self.has_tokens = False
        self.stamped: dict[str, str] = {}  # times of other parties -> digest of the seal
        self.numbers: dict[str, list[int]] = {}  # of the seals of each log
        self.seals: dict[tuple[str, int], str] = {}  # digests
        self.strays: dict[str, str] = {}  # documents that no seal names, of an interrupted run
        self.objects: set[str] = set()
        # What documents say of objects, by digest: (document, check, counts by outcome, root).
        self.results: dict[str, list[tuple[str, str, Any, Any]]] = {}
        self.calls: dict[str, list[tuple[str, Any, Any]]] = {}  # document, how many, root
        self.rests: set[tuple[str, str, str]] = set()  # results, the calls beside, document
        self.named: dict[str, set[str]] = {}  # answers that an object names
        self.kept: set[str] = set()
        self.anchored: list[tuple[str, str, int, str]] = []

    def run(self) -> "Verification":
        """Verify everything."""
        self.sort_files()
        if not self.is_trusted:
            self.believe_first_signers()
        # The log of the keys first: it says who may sign the others.
        for log in sorted(self.numbers, key=lambda log: (log != "keys", log)):
            self.verify_log(log)
        if not {*self.numbers} - {"keys"}:
            self.bad.add(("v1/", "there is no seal"))
        for name, digest in self.strays.items():
            self.attempt(name, self.read_named, name, digest)
        self.verify_objects()
        for name, log, number, digest in self.anchored:
            if self.seals.get((log, number)) != digest:
                seal = f"v1/{log}/log/{number:012}.sigstore.json"
                self.bad.add(
                    (seal, f"{name} names it with digest {digest}: it is gone, or another")
                )
        digests = {*self.seals.values()}
        for name in [name for name, of in self.stamped.items() if of not in digests]:
            self.bad.add((name, "it is of a seal that is not here"))
        if self.stamped or self.has_tokens:
            self.notes.add("note: time stamps are there; verify.sh -t ROOTS.pem verifies them")
        if not any("/" in log for log in self.numbers):
            self.notes.add("note: there is no snapshot of any account")
        return self

    def believe_first_signers(self) -> None:
        """For want of better, trust begins with the key of the first seal of each other log."""
        for log in self.numbers:
            try:
                data = self.files.read(f"v1/{log}/log/{1:012}.sigstore.json")
                keyid = Seal(data, log, 1).keyid
            except Bad:  # as `verify_log` will find
                continue
            if log != "keys" and keyid in self.own:
                self.keys[keyid] = self.own[keyid]
                self.roots[keyid] = {keyid}

    def attempt(self, name: str, work: Any, *given: Any) -> Any:
        """What some work comes to. If it finds a fault: None, and the fault is the file's."""
        try:
            return work(*given)
        except Bad as fault:
            self.bad.add((name, str(fault)))
            return None

    def sort_files(self) -> None:
        """Sort the files by what their names say that they are."""
        for name in self.files.names():
            seal, document = SEAL_FILE.fullmatch(name), DOCUMENT_FILE.fullmatch(name)
            thing, key = OBJECT_FILE.fullmatch(name), KEY_FILE.fullmatch(name)
            stamp, authority = STAMP_FILE.fullmatch(name), AUTHORITY_FILE.fullmatch(name)
            if seal and int(seal[2]):
                self.numbers.setdefault(seal[1], []).append(int(seal[2]))
            elif document and (document[2] == "snapshots") == ("/" in document[1]):
                self.strays[name] = document[3]
            elif thing and thing[2].startswith(thing[1]):
                self.objects.add(thing[2])
            elif key:
                found = self.attempt(name, self.read_key, name, key[1])
                self.own.update({found.fingerprint: found} if found else {})
            elif stamp:
                self.stamped[name] = stamp[1]
                self.attempt(name, self.read_named, name, stamp[2])
            elif authority:
                self.attempt(name, self.read_authority, name, authority[1])
            else:
                self.bad.add((name, "no file of a locker has such a name"))

    def read_key(self, name: str, digest: str) -> Key:
        """The key that is named by a digest."""
        data = self.files.read(name)
        key = Key(data)
        if key.hex != digest or key.pem != data:
            raise Bad("it was changed: it is not the key by which it is named")
        return key

    def read_authority(self, name: str, digest: str) -> None:
        """See that a certificate of a time stamp authority is the one by which it is named."""
        try:
            data = self.files.read(name)
            found = x509.load_pem_x509_certificate(data)
        except ValueError:
            raise Bad("it is not a certificate in PEM") from None
        encoding = serialization.Encoding
        der, pem = found.public_bytes(encoding.DER), found.public_bytes(encoding.PEM)
        if sha256(der) != digest or pem != data:
            raise Bad("it was changed: it is not the certificate by which it is named")

    def read_named(self, name: str, digest: str) -> bytes:
        """The bytes of a file that is named by their digest."""
        data: bytes = self.files.read(name)
        if sha256(data) != digest:
            raise Bad(f"it was changed: its content has digest {sha256(data)}")
        return data

    def verify_log(self, log: str) -> None:
        """Follow a chain from its first seal to its last."""
        before: Any = None
        retired: set[str] = set()
        signers: list[tuple[str, int, str]] = []
        first: Any = None
        last = 0
        for number in self.numbers[log]:
            name = f"v1/{log}/log/{number:012}.sigstore.json"
            if number != last + 1:
                missing = f"v1/{log}/log/{last + 1:012}.sigstore.json"
                self.bad.add((missing, f"it is missing, but the log goes on with {number}"))
            last = number
            data = self.attempt(name, self.files.read, name) or b""
            self.seals[log, number] = sha256(data)
            seal = self.attempt(name, Seal, data, log, number)
            if seal is not None:
                self.attempt(name, self.verify_seal, before, seal, retired)
                self.has_tokens |= seal.has_token
                signers.append((name, number, seal.keyid))
                first = first or seal.keyid
                # Who began one log is not believed in another, nor is whom he vouches for.
                known = seal.keyid not in self.keys or first in self.roots.get(seal.keyid, ())
                if not (known or self.is_trusted or log == "keys"):
                    self.bad.add((name, f"the key changed to {seal.keyid}, which none announces"))
                folder = "snapshots" if "/" in log else "documents"
                document = f"v1/{log}/{folder}/{seal.document}.json"
                self.strays.pop(document, None)
                self.attempt(document, self.follow, document, log, seal)
            before = seal
        for name, number, keyid in signers:
            if number >= self.revoked.get(keyid, {log: number + 1}).get(log, 1):
                self.bad.add((name, f"it is signed with {keyid}, which was revoked from there on"))

    def verify_seal(self, before: Any, seal: Seal, retired: "set[str]") -> None:
        """See that a seal is signed by a key that may, and follows the one before."""
        key = self.keys.get(seal.keyid)
        if key is None:
            raise Bad(f"it is signed with {seal.keyid}, which is not a key to trust")
        if not key.signed(seal.payload, seal.signature):
            raise Bad("its signature does not hold")
        if seal.keyid in retired:
            raise Bad(f"it is signed with {seal.keyid}, whose place another had taken")
        old = {seal.keyid}
        while old:  # a key that was replaced, directly or not, may sign until the new one did
            old = {key for key, new in self.successors.items() if new in old} - retired
            retired |= old
        if before is not None and seal.previous != before.sha256:
            raise Bad(f"it follows {seal.previous}, but the seal before is {before.sha256}")
        if before is not None and seal.created < before.created:
            raise Bad("it is back-dated: the seal before it is younger")

    def follow(self, name: str, log: str, seal: Seal) -> None:
        """Read a document, and note what it says of objects, of other seals, and of keys."""
        document = read_document(self.files.read(name), log, seal)
        try:
            for entry in document.get("checks", ()):
                self.rests.add((entry["results_sha256"], document["calls_sha256"], name))
                claim = (name, entry["id"], entry["summary"], entry.get("results_merkle_root"))
                self.results.setdefault(entry["results_sha256"], []).append(claim)
            if "/" in log:
                count = document["summary"]["calls"]
                claimed = (name, count, document.get("calls_merkle_root"))
                self.calls.setdefault(document["calls_sha256"], []).append(claimed)
            for file in document.get("documents", ()):
                if not is_digest(file["sha256"]):
                    raise Bad("a digest in it is not SHA-256 in hex")
                self.kept |= {file["sha256"]} if file["is_kept"] else set()
            for head in document.get("heads", ()):
                fine = isinstance(head["log"], str) and re.fullmatch(LOG, head["log"])
                if not (fine and isinstance(head["number"], int) and is_digest(head["sha256"])):
                    raise Bad("a head in it is not that of a log")
                self.anchored.append((name, head["log"], head["number"], head["sha256"]))
            if log == "keys":
                self.hear(document, seal.keyid)
        except (KeyError, TypeError, AttributeError, ValueError):
            raise Bad("a part of it is missing, or of another kind") from None

    def hear(self, said: Any, by: str) -> None:
        """Take in a statement on a key. What revoked keys have stated is found afterwards."""
        if by not in self.keys or by in self.successors:
            raise Bad(f"it is stated by {by}, which may not say so")
        if said["key"] == by:
            raise Bad("it is about the key that signs it")
        if said["action"] == "revoke":
            limits, known = said["first_untrusted"], self.revoked.get(said["key"])
            if not all(isinstance(limit, int) for limit in limits.values()):
                raise Bad("a number in it is none")
            if known is not None:  # the smaller of the two; a log that is not named has 1
                limits = {n: min(limits[n], known[n]) for n in limits if n in known}
            self.revoked[said["key"]] = limits
            return
        key = Key(said["public_key"].encode())
        if key.fingerprint != said["key"] or key.pem != said["public_key"].encode():
            raise Bad("the key in it is not the one that it names")
        if key.fingerprint in self.revoked or key.fingerprint in self.successors:
            raise Bad("the key in it was revoked or replaced, and cannot come back")
        if said["action"] not in ("admit", "rotate"):
            raise Bad("it says nothing that is known of a key")
        self.keys.setdefault(key.fingerprint, key)
        self.roots.setdefault(key.fingerprint, set()).update(self.roots.get(by, ()))
        if said["action"] == "rotate":
            self.successors[by] = key.fingerprint

    def verify_objects(self) -> None:
        """Read each object once, and compare it with what documents say of it."""
        for digest in sorted({*self.objects, *self.results, *self.calls, *self.kept}):
            name = f"v1/objects/sha256/{digest[:2]}/{digest}"
            data = self.attempt(name, self.read_named, name, digest)
            if data is None or not (digest in self.results or digest in self.calls):
                continue
            named: set[str] = set()
            if digest in self.results:
                counts, named = self.attempt(name, read_results, data) or ({}, named)
                self.named[digest] = named
                for document, check, summary, _ in self.results[digest]:
                    if {(check, outcome): n for outcome, n in summary.items() if n} != counts:
                        self.bad.add((document, f"it counts other results of {check} than {name}"))
            if digest in self.calls:
                brought = self.attempt(name, read_calls, data)
                self.named.update({} if brought is None else {digest: brought})
                named = named | (brought or set())
                others = [d for d, n, _ in self.calls[digest] if n != len(split_lines(data))]
                self.bad |= {(other, f"it counts other calls than {name}") for other in others}
            root = merkle_root(data)
            for document, *_, said in self.results.get(digest, []) + self.calls.get(digest, []):
                if said not in (None, root):
                    self.bad.add((document, f"it states another Merkle root than that of {name}"))
            for answer in named - self.objects:
                missing = f"v1/objects/sha256/{answer[:2]}/{answer}"
                self.bad.add((missing, f"it is missing; {name} refers to it"))
        self.verify_evidence()

    def verify_evidence(self) -> None:
        """See that the calls of each snapshot brought the answers on which its results rest."""
        for results, calls, document in self.rests:
            brought = self.named.get(calls)  # nothing is said of calls that cannot be read
            if brought is not None and not self.named.get(results, set()) <= brought:
                self.bad.add(
                    (document, f"{results} rests on answers that none of its calls brought")
                )

    def verify_head(self, title: str, number: int, digest: str) -> None:
        """See that a seal which somebody remembers is still there."""
        found = [
            sha
            for (log, n), sha in self.seals.items()
            if n == number and title in ("", log, log.partition("/")[2])
        ]
        if digest not in found:
            what = f"it is {' or '.join(found)}: rewritten" if found else "it is gone: truncated"
            self.bad.add((title or "v1/", f"seal {number} is remembered as {digest}, but {what}"))


def verify_disclosure(data: bytes, run: Verification) -> "list[str]":
    """What a disclosure shows. Raises `Bad` if it does not hold."""
    try:
        told = parse(data)
        place = SEAL_FILE.fullmatch(told["seal_key"])
        if told["schema"] != "collector/disclosure/v1" or place is None:
            raise Bad("it is not a disclosure")
        log, number = place[1], int(place[2])
        seal = Seal(base64.b64decode(told["seal"], validate=True), log, number)
        if not run.is_trusted:
            key = Key(told["public_key"].encode())
            run.keys[key.fingerprint] = key
        run.verify_seal(None, seal, set())
        run.seals[log, number] = seal.sha256
        document = read_document(base64.b64decode(told["document"], validate=True), log, seal)
        result = parse(told["result"]["line"].encode())
        entry = next(entry for entry in document["checks"] if entry["id"] == result["check"])
        if proven_root(told["result"]) != entry["results_merkle_root"]:
            raise Bad("the result in it is not one of that snapshot")
        if told["result"]["size"] != sum(entry["summary"].values()):
            raise Bad("the result in it is said to be one of another number than there are")
        shown = [f"{log} number {number}, sealed {seal.created}Z", told["result"]["line"]]
        for call in told["calls"]:
            if proven_root(call) != document["calls_merkle_root"]:
                raise Bad("a call in it is not one of that snapshot")
            if call["size"] != document["summary"]["calls"]:
                raise Bad("a call in it is said to be one of another number than there are")
            if parse(call["line"].encode())["answer_sha256"] not in result["evidence"]:
                raise Bad("a call in it brought no answer that the result rests on")
            shown.append("by the call " + call["line"])
        answers = [base64.b64decode(answer, validate=True) for answer in told["answers"]]
        sizes = {sha256(answer): len(answer) for answer in answers}
        if not sizes.keys() <= {*result["evidence"]}:
            raise Bad("an answer in it is not one that the result rests on")
        for digest in result["evidence"]:
            size = f"{sizes[digest]} bytes" if digest in sizes else "not disclosed"
            shown.append(f"on the answer {digest}, {size}")
        return shown
    except (KeyError, TypeError, AttributeError, StopIteration, ValueError):
        raise Bad("a part of it is missing, or of another kind") from None


def main() -> int:
    """Read the command line, verify, print; the exit code."""
    parser = argparse.ArgumentParser(description="Verify sealed compliance evidence.")
    here = Path(__file__).resolve().parent
    parser.add_argument("path", nargs="?", type=Path, default=here, help="folder, or disclosure")
    parser.add_argument("--key", action="append", default=[], help="public key (PEM) you trust")
    parser.add_argument("--head", action="append", default=[], help="[NAME:]NUMBER:SHA256")
    options = parser.parse_args()
    trusted, heads, path = [], [], options.path
    for name in options.key:
        try:
            trusted.append(Key(Path(name).read_bytes()))
        except (OSError, Bad) as error:
            parser.error(f"--key {name}: {error}")
    for head in options.head:
        match = re.fullmatch(r"(?:(\S+):)?(\d{1,12}):([0-9a-fA-F]{64})", head)
        if match is None:
            parser.error(f"--head {head}: expected NUMBER:SHA256 or NAME:NUMBER:SHA256")
        heads.append((match[1] or "", int(match[2]), match[3].lower()))
    if not path.is_file() and not (path / "v1").is_dir():
        parser.error(f"{path}: there is no folder v1 in it, so it is no evidence")
    if not trusted:
        print("warning: the keys are the evidence's own, which proves little: give --key")
    if path.is_file():
        run = Verification(Folder(path), trusted)
        shown = run.attempt(str(path), verify_disclosure, path.read_bytes(), run) or []
    else:
        run = Verification(Folder(path), trusted).run()
        shown = [f"{log}: {len(numbers)} seals" for log, numbers in run.numbers.items()]
        shown.append(f"{len(run.objects)} objects, each of them read")
    for log, number in dict(sorted(run.seals)).items():
        shown.append(f"head, to be kept elsewhere: {log}:{number}:{run.seals[log, number]}")
    for wanted in heads:
        run.verify_head(*wanted)
    shown += sorted(run.notes) + [f"  {name}: {message}" for name, message in sorted(run.bad)]
    shown.append("NOT VERIFIED" if run.bad else "VERIFIED: every signature, digest and link holds")
    # What could deceive a terminal is escaped: names in the cloud are other people's.
    print("\n".join("".join(c if c.isprintable() else ascii(c)[1:-1] for c in t) for t in shown))
    return 5 if run.bad else 0


if __name__ == "__main__":
    sys.exit(main())
