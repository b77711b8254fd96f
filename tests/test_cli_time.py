"""Timestamps, anchors and heads, as a user types them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.evidence.keys import open_signer
from collector.evidence.locker import open_locker
from tests.command import Command, command
from tests.evidence.authority import Authority, make_authority, openssl_authority
from tests.evidence.lockers import seal_key, sealed_run

RUN = ("run", "--account", "demo", "--check", "aws.kms.*", "--key", "file:key.pem")
NOBODY = "http://127.0.0.1:1/"


@pytest.fixture
def collector_(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """Runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    return command(monkeypatch, capsys)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority()


@pytest.fixture(scope="module")
def url(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with openssl_authority(authority, tmp_path_factory.mktemp("authority")) as found:
        yield found


@pytest.fixture
def configure(tmp_path: Path, authority: Authority) -> Callable[..., None]:
    """Writes a configuration with timestamp authorities."""

    def write(*urls: str) -> None:
        (tmp_path / "roots.pem").write_bytes(authority.root_pem)
        tables = [f'[[timestamp]]\nurl = "{url}"\nca_bundle = "roots.pem"\n' for url in urls]
        (tmp_path / "collector.toml").write_text("\n".join(tables))

    return write


@pytest.fixture
def locker(tmp_path: Path) -> Path:
    """Two snapshots of `prod` and one of `dev`, signed with `key.pem`; made without a run."""
    signer = open_signer(f"file:{tmp_path}/key.pem", create=True)
    folder = open_locker(str(tmp_path / "evidence"))
    start = datetime.now(UTC) - timedelta(days=3)
    for day in (0, 1):
        sealed_run(folder, signer, at=start + timedelta(days=day))
    sealed_run(folder, signer, account="dev", at=start)
    return tmp_path / "evidence"


def test_a_run_carries_a_trusted_time(
    collector_: Command, configure: Callable[..., None], url: str
) -> None:
    configure(NOBODY, url)

    ran = collector_(*RUN)
    said = collector_("verify", "--tsa-roots", "roots.pem", "--require-timestamps")
    told = json.loads(collector_("verify", "--tsa-roots", "roots.pem", "--format", "json").out)

    assert ran.code == 0, ran.err
    assert "without a timestamp" not in ran.err
    assert said.code == 0, said.out
    assert "  1 of 1 carry a trusted time; number 1 and all before it existed by 20" in said.out
    assert "authorities are" not in said.out
    times = told["chains"][0]["timestamps"]
    assert (times["trusted"], times["first_without"], times["late"]) == (1, None, [])
    assert times["existed"]["number"] == 1


def test_a_run_without_an_answer_is_sealed_with_a_warning_and_stamped_later(
    collector_: Command, configure: Callable[..., None], url: str
) -> None:
    configure(NOBODY)
    ran = collector_("--log-format", "json", *RUN)
    before = collector_("verify", "--tsa-roots", "roots.pem", "--require-timestamps")
    configure(url)

    stamped = collector_("timestamp")
    again = collector_("timestamp", "--account", "demo")
    after = collector_("verify", "--tsa-roots", "roots.pem", "--require-timestamps")

    events = [json.loads(line) for line in ran.err.splitlines() if line.startswith("{")]
    assert ran.code == 0
    assert "warning: number 1 is sealed without a timestamp: no timestamp from" in ran.err
    assert "collector timestamp evidence adds it later" in ran.err
    assert [e["account"] for e in events if e["event"] == "timestamp_missed"] == ["demo"]
    assert before.code == 5
    assert "it carries no timestamp that holds" in before.out
    assert (stamped.code, stamped.out[:26]) == (0, "demo: number 1 existed by ")
    assert (again.code, again.out, again.err) == (0, "", "0 timestamps added\n")
    assert after.code == 0, after.out


def test_what_was_stamped_late_is_said(
    collector_: Command, configure: Callable[..., None], locker: Path, url: str
) -> None:
    configure(url)
    none = collector_("verify")
    collector_("timestamp", "--account", "prod")

    said = collector_("verify", "--tsa-roots", "roots.pem")

    assert none.out.count("  none carries a trusted time: when they were made") == 2
    assert said.code == 0
    assert "  2 of 2 carry a trusted time; number 2 and all before it existed by" in said.out
    assert said.out.count("and is known to have existed by 20") == 2


def test_only_the_newest_can_be_stamped(
    collector_: Command, configure: Callable[..., None], locker: Path, url: str
) -> None:
    configure(url)

    stamped = collector_("timestamp", "--newest")
    said = collector_("verify", "--tsa-roots", "roots.pem")

    assert [line.partition(" existed")[0] for line in stamped.out.splitlines()] == [
        "dev: number 1",
        "prod: number 2",
    ]
    assert "1 of 2 carry a trusted time, the first without is number 1; number 2 and all" in (
        said.out
    )


def test_stamping_stops_where_no_authority_answers(
    collector_: Command, configure: Callable[..., None], locker: Path
) -> None:
    configure(NOBODY)

    said = collector_("timestamp")

    assert said.code == 1
    assert said.err.startswith("collector: number 1 of dev: no timestamp from http://127.0.0.1:1: ")
    assert "0 were added before it" in said.err
    assert not (locker / "v1/timestamps").exists()


@pytest.mark.parametrize(
    ("config", "words", "message"),
    [
        ("", ("timestamp", "evidence"), "no timestamp authority is configured"),
        ('[[timestamp]]\nurl = "https://t.example.org"\nca_bundle = "no.pem"', RUN,
         "reading certificates no.pem: No such file"),
        ('[[timestamp]]\nurl = "ftp://t.example.org"\nca_bundle = "no.pem"', RUN,
         "timestamp.0.url: found 'ftp://t.example.org'; expected a URL"),
        ('[[timestamp]]\nurl = "https://t.example.org"', RUN, "timestamp.0.ca_bundle: missing"),
        ('[[timestamp]]\nroots = 1', RUN, "timestamp.0"),
        ("timestamp_seconds = 100", RUN,
         "timestamp_seconds: found 100; expected a number of seconds"),
        ("", ("verify", "--tsa-roots", "no.pem"), "reading certificates no.pem: No such file"),
        ("", ("verify", "--since-head", "no.json"), "reading heads no.json: No such file"),
        ("", ("verify", "--heads", "evidence/heads.json"), "is inside the locker"),
        ("", ("verify", "--since", "1"), "a number needs --account"),
        ("", ("verify", "--since", "2026-01-01", "--heads", "h"), "what is before was not"),
        ("", ("anchor", "nosuch"), "no such folder"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(
    collector_: Command,
    locker: Path,
    tmp_path: Path,
    config: str,
    words: tuple[str, ...],
    message: str,
) -> None:
    (tmp_path / "collector.toml").write_text(config)
    before = sorted(locker.rglob("*"))

    said = collector_(*words)

    assert said.code == 2
    assert message in said.err
    assert len(said.err.splitlines()) == 1
    assert sorted(locker.rglob("*")) == before


def test_an_anchor_prints_the_one_line_to_remember(
    collector_: Command, configure: Callable[..., None], locker: Path, url: str
) -> None:
    configure(url)

    said = collector_("anchor", "--key", "file:key.pem")
    head = said.out.strip()

    assert said.code == 0, said.err
    assert head.startswith("anchors:1:")
    assert "accounts/prod: number 2, " in said.err
    assert "existed by 20" in said.err
    assert collector_("verify", "--head", head).code == 0
    (locker / seal_key("prod", 2)).unlink()
    broken = collector_("verify", "--head", head)
    assert broken.code == 5
    assert f"{seal_key('prod', 2)}: anchor 1 names it" in broken.out
    assert collector_("anchor", "--key", "file:key.pem").code == 5


def test_an_anchor_is_not_signed_with_a_key_made_on_the_way(
    collector_: Command, locker: Path
) -> None:
    said = collector_("anchor", "--key", "file:other.pem")

    assert said.code == 2
    assert not Path("other.pem").exists()


def test_heads_are_remembered_from_one_verify_to_the_next(
    collector_: Command, locker: Path, tmp_path: Path
) -> None:
    first = collector_("verify", "--heads", "heads.json")
    kept = Path("heads.json").read_text()
    second = collector_("verify", "--heads", "heads.json")
    (locker / seal_key("prod", 2)).unlink()
    without = collector_("verify")
    cut = collector_("verify", "--heads", "heads.json")
    only_read = collector_("verify", "--since-head", "heads.json", "--account", "dev")

    assert (first.code, second.code) == (0, 0)
    assert "heads remembered in heads.json" in first.err
    assert without.code == 0
    assert cut.code == 5
    assert "seal number 2 is remembered" in cut.out
    assert "truncated" in cut.out
    after = json.loads(Path("heads.json").read_text())
    assert after["heads"] == json.loads(kept)["heads"]
    assert only_read.code == 0


def test_only_what_is_new_is_verified_since_the_heads(
    collector_: Command, locker: Path, tmp_path: Path
) -> None:
    collector_("verify", "--heads", "heads.json")
    signer = open_signer("file:key.pem", create=False)
    sealed_run(open_locker("evidence"), signer, at=datetime.now(UTC))

    said = collector_("verify", "--since", "heads.json", "--heads", "heads.json")
    number = collector_("verify", "--since", "2", "--account", "prod")
    date = collector_("verify", "--since", "2020-01-01")

    assert said.code == 0, said.out
    assert "prod: 2 snapshots, number 2 of" in said.out
    assert "VERIFIED evidence: every signature, digest and link since heads.json holds" in said.out
    assert (
        "warning: only what is new was verified; not looked at: 1 seal of prod before" in said.out
    )
    assert "taken as it is" not in said.err
    assert [h["number"] for h in json.loads(Path("heads.json").read_text())["heads"]] == [1, 3]
    assert number.code == 0
    assert "warning: what is before 2 is taken as it is" in number.err
    assert date.code == 0
    assert "prod: 3 snapshots" in date.out


def test_a_back_dated_snapshot_is_found_though_the_key_was_stolen(
    collector_: Command, configure: Callable[..., None], locker: Path, url: str, tmp_path: Path
) -> None:
    """The thief has the key and the locker: cut off the last, and seal another as of that day."""
    configure(url)
    collector_("timestamp")
    (locker / seal_key("prod", 2)).unlink()
    signer = open_signer("file:key.pem", create=False)
    long_ago = datetime.now(UTC) - timedelta(days=2, hours=1)
    sealed_run(open_locker("evidence"), signer, at=long_ago, buckets={"logs": "pass"})

    said = collector_("verify", "--tsa-roots", "roots.pem")

    assert said.code == 5
    assert "v1/timestamps/" in said.out
    assert "it was removed or written anew" in said.out
    assert "1 of 2 carry a trusted time, the first without is number 2" in said.out


def test_what_people_sign_carries_a_timestamp_too(
    collector_: Command,
    configure: Callable[..., None],
    locker: Path,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.setenv("COLLECTOR_KEY", "file:key.pem")
    expires = f"{datetime.now(UTC) + timedelta(days=90):%Y-%m-%d}"
    words = (
        "decision", "add", "164.312(a)(2)(iii)", "--reason", "No terminal is left", "--no-measure",
        "--owner", "Security", "--approver", "CTO", "--expires", expires,
    )  # fmt: skip
    configure(NOBODY)
    without = collector_(*words)
    configure(url)
    with_one = collector_(*words)

    said = collector_("verify", "--tsa-roots", "roots.pem")

    assert (without.code, with_one.code) == (0, 0), without.err + with_one.err
    assert "number 1 is sealed without a timestamp: no timestamp from http://127" in without.err
    assert "without a timestamp" not in with_one.err
    assert "attestations: 2 seals" in said.out
    assert "1 of 2 carry a trusted time, the first without is number 1" in said.out


def test_doctor_asks_each_authority(
    collector_: Command, configure: Callable[..., None], url: str, tmp_path: Path
) -> None:
    configure(url)
    well = collector_("doctor")
    configure(url, NOBODY)
    half = collector_("doctor")
    (tmp_path / "roots.pem").unlink()
    none = collector_("doctor")

    assert (well.code, half.code, none.code) == (0, 3, 2)
    assert f"ok   time: {url} says 20" in well.out
    assert "FAIL no timestamp from http://127.0.0.1:1: cannot be reached" in half.out
    assert "FAIL reading certificates roots.pem: No such file" in none.out
