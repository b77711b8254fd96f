"""The command line, as a user types it: what it prints, what it writes, how it leaves."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import boto3
import pytest
import trustme

import collector.cli
from collector.answer import NOT_RESOLVED, Failure
from collector.demo.people import PEOPLE
from collector.evidence.canonical import JSON
from tests.command import Command, Said, command
from tests.endpoint_servers import serving, tls
from tests.memory import MemoryReader

AUTHORITY = trustme.CA()
V = ssl.TLSVersion


@pytest.fixture
def collector_(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """Runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    return command(monkeypatch, capsys)


class Made(NamedTuple):
    """What one run over the whole demo account said and wrote."""

    said: Said
    evidence: Path
    """Its locker; copy it before changing it."""
    key: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A run over the whole demo account, made once."""
    folder = tmp_path_factory.mktemp("made")
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as left,
    ):
        patch.chdir(folder)
        words = ("run", "--account", "demo", "--key", "file:key.pem")
        patch.setattr(sys, "argv", ["collector", *words])
        collector.cli.main()
    said = Said(int(left.value.code or 0), out.getvalue(), err.getvalue())
    return Made(said, folder / "evidence", folder / "key.pem")


@pytest.fixture
def locker(made: Made, tmp_path: Path) -> Path:
    """A copy of what it wrote."""
    return Path(shutil.copytree(made.evidence, tmp_path / "evidence"))


@pytest.mark.usefixtures("locker")
def test_a_demo_run_ends_with_both_frameworks_and_what_to_type_next(
    collector_: Command, made: Made
) -> None:
    said = made.said

    assert said.code == 0, said.err
    header = next(line for line in said.out.splitlines() if line.startswith("CONTROL"))
    assert header.split() == ["CONTROL", "SOC", "2", "HIPAA", "PASS", "FAIL", "UNKNOWN", "N/A"]
    assert "164.312(a)(2)(iv)" in said.out
    assert said.out.endswith(
        "Next:\n  collector verify evidence\n  collector results evidence --account demo\n"
    )
    assert collector_("verify").code == 0


def test_a_second_demo_run_is_number_two_of_the_chain(collector_: Command) -> None:
    collector_("run", "--account", "demo", "--check", "aws.iam.*")

    said = collector_("run", "--account", "demo", "--check", "aws.iam.*")

    assert "Sealed as number 2 of demo in evidence" in said.out


def test_fail_on_fail_leaves_with_4(collector_: Command) -> None:
    said = collector_("run", "--account", "demo", "--control", "mfa", "--fail-on", "fail")

    assert said.code == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "--account", "nosuch"), "account nosuch: not configured; write these lines"),
        (("run", "--account", "demo", "--locker", "ftp://x"), "locker 'ftp://x' cannot be opened"),
        (("run", "--account", "demo", "--locker", "sealed"), "sealed cannot be written"),
        (("run", "--account", "demo", "--key", "file:no.pem"), "no.pem is not a key in PEM"),
        (("run", "--account", "demo", "--key", "hsm:1"), "signing key 'hsm:1' cannot be opened"),
        (("run", "--account", "demo", "--check", "aws.nix"), "check aws.nix: there is none"),
        (("run", "--account", "demo", "--control", "nix"), "control nix: there is none"),
        (("run", "--account", "demo", "--regions", "us"), "--regions: found 'us'; expected names"),
        (("--config", "no.toml", "run", "--account", "demo"), "no.toml: no such file"),
        (("--config", "bad.toml", "run", "--account", "prod"),
         "bad.toml: accounts.prod.provider: found 'awz'; expected 'aws', 'gcp' or 'azure'"),
        (("run", "--account", "demo", "--locker", "s3://me:hunter2@b/x"),
         "locker 's3://[redacted]@b/x' cannot be opened"),
        (("run", "--account", "demo", "--locker", "https://me:hunter2@b/x"),
         "locker 'https://[redacted]@b/x' cannot be opened"),
        (("run", "--account", "demo", "--locker", ""), "locker '' cannot be opened"),
        (("run", "--account", "demo", "--key", ""), "signing key '' cannot be opened"),
        (("run", "--account", "demo", "--locker", "~nosuchuser/x"), "cannot be opened"),
        (("run", "--account", "demo", "--key", "file:sealed"), "sealed is no file"),
        (("run", "--account", "demo", "--locker", "l", "--key", "file:l/k.pem"),
         "l/k.pem is inside the locker l"),
        (("verify", "--account", "a", "--head", f"b:1:{'0' * 64}"), "is not of account a"),
        (("verify", "nosuch"), "no such folder; expected one with evidence"),
        (("verify", "--head", "1:x"), "--head: found '1:x'; expected NUMBER:SHA256"),
        (("results", "--account", "demo"), "no such folder; expected one with evidence"),
        (("results", "sealed", "--account", "demo"), "has no snapshot of account demo"),
        (("replay", "a/b"), "snapshot 'a/b': expected a path of a snapshot"),
        (("checks", "show", "nix"), "check nix: there is none"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_writes_nothing(
    collector_: Command, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    (tmp_path / "sealed").mkdir(mode=0o555)
    (tmp_path / "no.pem").write_text("no key")
    (tmp_path / "no.pem").chmod(0o600)
    (tmp_path / "bad.toml").write_text('[accounts.prod]\nprovider = "awz"\n')
    before = set(tmp_path.rglob("*"))

    said = collector_(*words)

    assert said.code == 2
    assert said.out == ""
    assert "hunter2" not in said.err
    first, *more = said.err.splitlines()
    assert message in first
    assert first.startswith("collector: ")
    assert more == [] or "write these lines" in first
    assert set(tmp_path.rglob("*")) == before


def test_a_configured_aws_account_is_sealed_into_a_bucket(
    collector_: Command, aws: boto3.Session, tmp_path: Path
) -> None:
    (tmp_path / "collector.toml").write_text(
        '[accounts.prod]\nprovider = "aws"\nregions = ["us-east-1"]\n'
    )
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="locker")

    # moto's server does not know every service.
    run = ("run", "--account", "prod", "--locker", "s3://locker/x",
           "--check", "aws.iam.role_inventory", "--check", "aws.s3.tls_only")  # fmt: skip

    first = collector_(*run)
    objects = s3.list_objects_v2(Bucket="locker")["KeyCount"]
    second = collector_(*run)

    assert (first.code, second.code) == (0, 0), first.err
    assert "Sealed as number 2 of prod in s3://locker/x" in second.out
    # What a second run adds: its calls, its document and its seal.
    assert s3.list_objects_v2(Bucket="locker")["KeyCount"] == objects + 3
    assert collector_("verify", "s3://locker/x").code == 0


def test_missing_credentials_are_one_line(collector_: Command, tmp_path: Path) -> None:
    (tmp_path / "collector.toml").write_text('[accounts.prod]\nprovider = "aws"\n')

    said = collector_("run", "--account", "prod")

    assert said.code == 2
    assert said.err.startswith("collector: account prod: found no AWS credentials")
    assert not (tmp_path / "evidence").exists()


def test_one_account_that_fails_does_not_lose_the_other(
    collector_: Command, tmp_path: Path
) -> None:
    (tmp_path / "collector.toml").write_text('[accounts.prod]\nprovider = "aws"\n')

    said = collector_("run", "--account", "prod", "--account", "demo", "--control", "mfa")

    assert said.code == 2
    assert "account prod: found no AWS credentials" in said.err
    assert "Sealed as number 1 of demo" in said.out


def test_a_bug_with_one_account_does_not_lose_the_other(
    collector_: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    (tmp_path / "collector.toml").write_text('[accounts.prod]\nprovider = "aws"\n')
    monkeypatch.setattr("collector.accounts._open_cloud", broken)

    said = collector_("run", "--account", "prod", "--account", "demo", "--control", "mfa")

    assert said.code == 1
    assert "collector: account prod: RuntimeError('a bug')" in said.err
    assert "Sealed as number 1 of demo" in said.out


def test_all_configured_accounts_are_read_side_by_side(
    collector_: Command, aws: boto3.Session, tmp_path: Path
) -> None:
    region = 'provider = "aws"\nregions = ["us-east-1"]\n'
    (tmp_path / "collector.toml").write_text(
        f'[accounts.a]\n{region}[accounts.b]\n{region}[accounts.c]\n{region}id = "999999999999"\n'
    )

    said = collector_("run", "--all", "--control", "mfa")

    assert said.code == 2
    assert "account c: the credentials belong to AWS account 123456789012" in said.err
    for name in ("a", "b"):
        assert f"Sealed as number 1 of {name} in evidence" in said.out
    verified = collector_("verify")
    assert verified.code == 0
    assert sorted(p.name for p in (tmp_path / "evidence/v1/accounts").iterdir()) == ["a", "b"]


def test_a_run_that_cannot_start_makes_no_key(collector_: Command, tmp_path: Path) -> None:
    (tmp_path / "collector.toml").write_text(
        '[accounts.prod]\nprovider = "aws"\n[checks."aws.iam.nix"]\nx = 1\n'
    )

    no_check = collector_("run", "--account", "prod", "--key", "file:key.pem")
    (tmp_path / "collector.toml").write_text('[accounts.prod]\nprovider = "aws"\n')
    no_credentials = collector_("run", "--account", "prod", "--key", "file:key.pem")

    assert (no_check.code, no_credentials.code) == (2, 2)
    assert "there is no such check" in no_check.err
    assert not (tmp_path / "key.pem").exists()


def test_results_as_json_lines_have_the_documented_fields(
    collector_: Command, locker: Path
) -> None:
    said = collector_("results", "--account", "demo", "--format", "jsonl")

    lines = [json.loads(line) for line in said.out.splitlines()]
    documented = (
        "check", "control", "severity", "outcome", "reason", "resource", "soc2", "hipaa",
        "evidence",
    )  # fmt: skip
    about_a_resource = (*documented, "phi")
    assert {tuple(line) for line in lines} == {documented, about_a_resource}
    assert {tuple(sorted(line["resource"])) for line in lines} == {
        ("account", "id", "region", "type")
    }
    assert {line["outcome"] for line in lines} <= {"pass", "fail", "unknown", "not_applicable"}
    assert all(
        (locker / f"v1/objects/sha256/{d[:2]}/{d}").exists()
        for line in lines
        for d in line["evidence"]
    )


def test_results_about_health_information_are_told_apart(collector_: Command, made: Made) -> None:
    said = collector_(
        "results", str(made.evidence), "--account", "demo", "--phi", "--format", "jsonl"
    )

    found = [json.loads(line) for line in said.out.splitlines()]
    buckets = {r["resource"]["id"].rpartition(":")[2] for r in found}
    assert buckets == {
        f"brackenfield-{n}" for n in ("lab-results", "patient-documents", "uploads-v1")
    }
    assert {r["phi"] for r in found} == {True}
    assert len({r["check"] for r in found}) > 5
    assert "resources with no classification left out" in said.err


def accept(collector_: Command, *words: str) -> Said:
    """Accept that buckets of the demo account are not replicated."""
    return collector_(
        "exception", "add", "--account", "demo", "--check", "aws.s3.replication",
        "--reason", "Rebuilt from its source", "--compensating", "The source is kept",
        "--owner", "Ann", "--approver", "Bob", *words,
        "--expires", (datetime.now(UTC) + timedelta(days=30)).date().isoformat(),
    )  # fmt: skip


def test_an_exception_by_tag_covers_the_resources_that_have_it(
    collector_: Command, locker: Path
) -> None:
    said = accept(collector_, "--tag", "data-classification=phi")
    bare = accept(collector_, "--tag", "data-classification=none")

    assert (said.code, said.err) == (0, "")
    assert "no resource that fails aws.s3.replication now is known to have the tag" in bare.err
    printed = collector_("results", "--account", "demo", "--format", "jsonl", "--outcome", "fail")
    found = [json.loads(line) for line in printed.out.splitlines()]
    accepted = {(r["check"], r["resource"]["id"]) for r in found if "exception" in r}
    assert accepted == {
        ("aws.s3.replication", r["resource"]["id"])
        for r in found
        if r["check"] == "aws.s3.replication" and r["phi"]
    }
    assert len(accepted) == 2


def test_a_run_tells_accepted_failures_apart_and_still_fails(
    collector_: Command, locker: Path
) -> None:
    accept(collector_, "--resource", "arn:aws:s3:::brackenfield-lab-results")

    words = ("run", "--account", "demo", "--check", "aws.s3.replication", "--fail-on", "fail")
    said = collector_(*words)
    (document,) = (locker / "v1/attestations/documents").iterdir()
    document.chmod(0o600)
    document.write_bytes(b"{}")
    tampered = collector_(*words)

    assert said.code == 4
    assert re.search(r"pass, \d+ fail \(1 of them accepted by an exception\), 0", said.out)
    assert (tampered.code, "accepted" in tampered.out) == (4, False)
    assert "warning: exceptions are not told apart: attestations of locker" in tampered.err


def test_results_as_csv_hold_no_formula(collector_: Command, locker: Path) -> None:
    said = collector_("results", "--account", "demo", "--format", "csv")

    rows = list(csv.DictReader(io.StringIO(said.out)))
    jsonl = collector_("results", "--account", "demo", "--format", "jsonl")
    assert len(rows) == len(jsonl.out.splitlines())
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "@")]


def test_the_results_of_one_check_are_a_population_to_export(
    collector_: Command, locker: Path
) -> None:
    words = ("results", "--account", "demo", "--format", "csv", "--check")

    users = collector_(*words, "aws.iam.user_inventory")
    none = collector_(*words, "aws.iam.user_inventary")

    rows = list(csv.DictReader(io.StringIO(users.out)))
    assert len(rows) == len(PEOPLE)
    assert {row["check"] for row in rows} == {"aws.iam.user_inventory"}
    assert {row["resource_id"].rpartition("/")[2] for row in rows} == {p.name for p in PEOPLE}
    assert none.code == 2
    assert none.err.startswith("collector: check aws.iam.user_inventary: the snapshot has no")


def test_verify_says_what_it_verified_and_the_head_to_keep(
    collector_: Command, locker: Path
) -> None:
    said = collector_("verify", "evidence")
    head = said.out.split("--head ")[1].strip()

    assert said.code == 0
    assert "demo: 1 snapshot, number 1 of" in said.out
    assert "VERIFIED evidence" in said.out
    assert collector_("verify", "evidence", "--head", head).code == 0


@pytest.mark.usefixtures("locker")
def test_verify_with_a_key_from_elsewhere_has_no_warning(
    collector_: Command, made: Made, tmp_path: Path
) -> None:
    public = collector_("keys", "show", "--key", f"file:{made.key}")
    (tmp_path / "auditor.pem").write_text(public.out)

    said = collector_("verify", "--key", "auditor.pem")

    assert said.code == 0
    assert "warning" not in said.out
    assert "by the keys that you gave" in said.out


def test_verify_names_what_was_changed_and_leaves_with_5(collector_: Command, locker: Path) -> None:
    victim = sorted((locker / "v1/objects").rglob("*"))[-1]
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.chmod(0o600)
    victim.write_bytes(data)

    said = collector_("verify")

    assert said.code == 5
    assert "NOT VERIFIED evidence" in said.out
    assert f"v1/objects/sha256/{victim.parent.name}/{victim.name}: " in said.out


def test_a_deleted_newest_snapshot_is_found_by_a_remembered_head(
    collector_: Command, locker: Path, made: Made
) -> None:
    collector_("run", "--account", "demo", "--control", "mfa", "--key", f"file:{made.key}")
    head = collector_("verify").out.split("--head ")[1].strip()
    assert head.startswith("demo:2:")
    (locker / "v1/accounts/demo/log/000000000002.sigstore.json").unlink()

    without = collector_("verify")
    said = collector_("verify", "--head", head)

    assert without.code == 0
    assert said.code == 5
    assert "000000000002" in said.out


def test_a_replay_is_byte_identical(collector_: Command, locker: Path, tmp_path: Path) -> None:
    (document,) = (locker / "v1/accounts/demo/snapshots").iterdir()

    said = collector_("replay", str(document), "--output", "replayed")

    assert said.code == 0
    stored = json.loads(document.read_bytes())
    count = len(stored["checks"])
    assert said.err == f"{count} of {count} results objects identical\n"
    for entry in stored["checks"]:
        digest = entry["results_sha256"]
        before = (locker / f"v1/objects/sha256/{digest[:2]}/{digest}").read_bytes()
        assert (tmp_path / "replayed" / f"{entry['id']}.jsonl").read_bytes() == before
    by_name = collector_("replay", "demo:1", "--format", "jsonl")
    assert by_name.out == collector_("results", "--account", "demo", "--format", "jsonl").out


def test_doctor_tells_what_a_run_would_meet(collector_: Command, tmp_path: Path) -> None:
    said = collector_("doctor", "--account", "demo")

    assert said.code == 0
    assert "reads, nothing is missing" in said.out
    assert list(tmp_path.iterdir()) == [], "it writes nothing"


def test_doctor_tells_of_answers_that_cannot_be_read(
    collector_: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = MemoryReader({"s3:ListBuckets": {"Buckets": [{"Name": 1}]}})
    monkeypatch.setattr("collector.accounts.open_reader", lambda *_, **__: reader)
    monkeypatch.setattr(
        "collector.cli.workbench.Workbench.choose", lambda *_, **__: ["aws.s3.versioning"]
    )

    said = collector_("doctor", "--account", "demo")

    assert said.code == 3
    assert "FAIL account demo: s3:ListBuckets in global: Malformed (id: string_type)" in said.out


def test_doctor_does_not_miss_a_service_that_a_region_does_not_have(
    collector_: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/aws/service/global-infrastructure/services/dax/regions"
    unresolved = Failure(NOT_RESOLVED, "Could not connect to the endpoint URL")
    lists: list[JSON] = [{"Parameters": [{"Name": f"{path}/us-east-1"}]}, {"Parameters": []}]
    monkeypatch.setattr(
        "collector.cli.workbench.Workbench.choose", lambda *_, **__: ["aws.dax.encrypted"]
    )
    said = []
    for offers in lists:
        reader = MemoryReader(
            {
                "dax:DescribeClusters": lambda _, place: (
                    {"Clusters": []} if place == "us-east-1" else unresolved
                ),
                "ssm:GetParametersByPath": offers,
            }
        )
        monkeypatch.setattr("collector.accounts.open_reader", lambda *_, r=reader, **__: r)
        said.append(collector_("doctor", "--account", "demo"))

    assert [one.code for one in said] == [0, 3]
    assert "dax" not in said[0].out
    assert "FAIL account demo: dax:DescribeClusters in eu-west-1: NotResolved" in said[1].out


@pytest.mark.parametrize("provider", ["aws", "gcp", "azure"])
def test_permissions_are_a_document_of_the_cloud(collector_: Command, provider: str) -> None:
    said = collector_("permissions", "--provider", provider)

    document = json.loads(said.out)
    if provider == "aws":
        statement = document["Statement"][0]
        assert {"s3:ListAllMyBuckets", "sts:GetCallerIdentity"} <= set(statement["Action"])
        assert (statement["Effect"], statement["Resource"]) == ("Allow", "*")
    elif provider == "gcp":
        assert "storage.buckets.list" in document["includedPermissions"]
    else:
        assert "Microsoft.Storage/storageAccounts/read" in document["Actions"]
        assert "Policy.Read" in said.err


def test_checks_and_mappings_can_be_looked_up(collector_: Command) -> None:
    listed = collector_("checks", "list", "--provider", "aws")
    shown = collector_("checks", "show", "aws.s3.default_encryption")
    control = collector_("mappings", "show", "encryption-at-rest")

    assert "aws.s3.default_encryption" in listed.out
    assert "gcp." not in listed.out
    assert "Setting: require_kms = false" in shown.out
    assert "s3:GetBucketEncryption  (needs s3:GetEncryptionConfiguration)" in shown.out
    assert "proves CC6.1" in control.out
    assert "proves 164.312(a)(2)(iv)" in control.out


def test_log_lines_can_be_json_with_one_line_a_source(collector_: Command) -> None:
    said = collector_("--log-format", "json", "run", "--account", "demo", "--control", "mfa")

    events = [json.loads(line) for line in said.err.splitlines()]
    assert {e["event"] for e in events} == {"source_read", "run_sealed"}


def test_an_internal_error_is_one_line(
    collector_: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    import collector.check

    def broken(*_: object) -> None:
        raise RuntimeError("a bug\nwith two lines")

    monkeypatch.setattr(collector.check, "discover", broken)
    monkeypatch.setattr("collector.cli.workbench.discover", broken)

    said = collector_("checks", "list")

    assert said.code == 1
    assert said.err.splitlines()[-1] == (
        "collector: internal error: RuntimeError: a bug; --verbose shows where"
    )


def test_an_outside_check_runs_like_any_other(collector_: Command, tmp_path: Path) -> None:
    """The example of the README, as it stands there."""
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    example = readme.split("```python\n")[1].split("```")[0]
    (tmp_path / "ours/acme").mkdir(parents=True)
    (tmp_path / "ours/acme/sqs.py").write_text(example)

    shown = collector_("checks", "show", "--checks-dir", "ours", "acme.sqs.https_url")
    said = collector_(
        "run", "--account", "demo", "--checks-dir", "ours", "--check", "acme.sqs.https_url"
    )

    assert "sqs:ListQueues" in shown.out
    assert said.code == 0, said.err
    assert "4 pass, 0 fail, 0 unknown, 0 not applicable; 1 checks" in said.out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("import nix", "cannot be imported"),
        ("def (", "cannot be imported"),
        ("from checks.aws.s3 import Bucket\nfrom collector.check import *\n"
         "@check(control='mfa')\ndef bare(bucket: Bucket) -> Verdict:\n    '''No rule.'''\n",
         "has no 'Passes:'"),
    ],
)  # fmt: skip
def test_an_outside_check_that_is_wrong_is_one_line(
    collector_: Command, tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours/wrong.py").write_text(content)

    said = collector_("checks", "list", "--checks-dir", "ours")

    assert said.code == 2
    assert message in said.err
    assert len(said.err.splitlines()) == 1


def test_the_readme_names_every_command_and_exit_code(collector_: Command) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    help_text = collector_("--help").out

    for name in collector.cli.cli.commands:
        assert f"`{name}`" in readme, name
    for line in help_text.split("Exit codes:")[1].split("Options:")[0].strip().splitlines():
        code, meaning = line.split(None, 1)
        row = next(row for row in readme.splitlines() if row.startswith(f"| {code} |"))
        assert meaning.partition(":")[0].partition(",")[0] in row.replace("`", ""), line


def test_what_is_sealed_stays_sealed_when_nobody_reads_of_it(
    aws: boto3.Session, tmp_path: Path
) -> None:
    """`collector run | head -1`, and a full disk behind stdout."""
    (tmp_path / "collector.toml").write_text(
        '[accounts.prod]\nprovider = "aws"\nregions = ["us-east-1"]\n'
    )
    words = ["run", "--account", "prod", "--check", "aws.kms.*", "--key", "file:key.pem"]
    script = (
        f"import sys; sys.argv = {['collector', *words]!r}; import collector.cli as c; c.main()"
    )
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(script)}"
    done = [
        subprocess.run(
            ["/bin/bash", "-c", f"{command} {behind}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        for behind in ("> /dev/full", "| true; exit ${PIPESTATUS[0]}")
    ]

    assert [d.returncode for d in done] == [0, 0], [d.stderr for d in done]
    assert "is sealed as number 1, but the summary could not be printed" in done[0].stderr
    assert len(list((tmp_path / "evidence/v1/accounts/prod/log").iterdir())) == 2


def endpoint_account(tmp_path: Path, port: int) -> None:
    """A configuration of an account with an endpoint on this machine, in the current folder."""
    (tmp_path / "roots.pem").write_bytes(AUTHORITY.cert_pem.bytes())
    (tmp_path / "collector.toml").write_text(
        '[accounts.prod]\nprovider = "aws"\nregions = ["us-east-1"]\n'
        f'tls_endpoints = ["localhost:{port}"]\ntls_ca_bundle = "roots.pem"\n'
    )


def test_endpoints_that_are_configured_are_probed_sealed_and_replayed(
    collector_: Command, aws: boto3.Session, tmp_path: Path
) -> None:
    modern = tls(AUTHORITY.issue_cert("localhost").configure_cert, V.TLSv1_2, V.TLSv1_3)
    with serving(modern) as port:
        endpoint_account(tmp_path, port)
        run = collector_("run", "--account", "prod", "--check", "endpoints.*")

    replay = collector_("replay", "prod", "--format", "jsonl")

    assert run.code == 0, run.err
    (line,) = replay.out.splitlines()
    result = json.loads(line)
    assert (result["check"], result["outcome"]) == ("endpoints.tls_handshake", "pass")
    assert result["resource"]["id"] == f"localhost:{port}"
    assert "1 of 1 results objects identical" in replay.err


def test_an_endpoint_that_is_gone_leaves_the_run_incomplete(
    collector_: Command, aws: boto3.Session, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        endpoint_account(tmp_path, taken.getsockname()[1])

    run = collector_("run", "--account", "prod", "--check", "endpoints.*")

    assert run.code == 3
    assert "tls:handshake in global: ConnectionRefused" in run.out


def test_no_endpoint_is_probed_unless_it_is_configured(
    collector_: Command, aws: boto3.Session, tmp_path: Path
) -> None:
    (tmp_path / "collector.toml").write_text('[accounts.prod]\nprovider = "aws"\n')

    said = collector_("run", "--account", "prod", "--check", "endpoints.*")

    assert said.code == 2
    assert said.err.strip() == (
        "collector: no check of aws is chosen; see collector checks list; those of endpoints need"
        " tls_endpoints of the account or tls_discover; those of tags need phi"
    )


def test_endpoints_are_looked_for_where_the_account_says_so(
    collector_: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disabled: JSON = {
        "ARN": "arn:d", "Enabled": False, "DomainName": "d1.example.org", "Aliases": {"Quantity": 0}
    }  # fmt: skip
    replies: dict[str, JSON] = {
        "elb:DescribeLoadBalancers": {"LoadBalancerDescriptions": []},
        "elbv2:DescribeLoadBalancers": {"LoadBalancers": []},
        "apigateway:GetRestApis": {"items": []},
        "apigatewayv2:GetApis": {"Items": []},
        "cloudfront:ListDistributions": {"DistributionList": {"Items": [disabled]}},
    }
    monkeypatch.setattr("collector.accounts._open_cloud", lambda *_: MemoryReader(replies))
    words = ("run", "--account", "test", "--check", "aws.endpoints.tls_handshake")
    lines = '[accounts.test]\nprovider = "aws"\n'

    (tmp_path / "collector.toml").write_text(lines)
    without = collector_(*words)
    (tmp_path / "collector.toml").write_text(f"{lines}tls_discover = true\n")
    run = collector_(*words)

    assert (without.code, run.code) == (2, 0), run.err
    said = collector_("results", "--account", "test", "--format", "jsonl")
    [result] = map(json.loads, said.out.splitlines())
    assert result["outcome"] == "not_applicable"
    assert result["reason"].endswith("in the account")


def test_a_ca_bundle_that_is_missing_ends_the_run_before_it_begins(
    collector_: Command, aws: boto3.Session, tmp_path: Path
) -> None:
    endpoint_account(tmp_path, 443)
    (tmp_path / "roots.pem").unlink()

    said = collector_("run", "--account", "prod", "--check", "endpoints.*")

    assert said.code == 2
    assert "account prod: reading tls_ca_bundle roots.pem" in said.err
    assert not (tmp_path / "evidence/v1/accounts").exists()
