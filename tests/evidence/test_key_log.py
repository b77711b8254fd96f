"""Statements on keys, sealed in a locker, decide whose seals verify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from collector.errors import ConfigError, SigningError
from collector.evidence.canonical import sha256
from collector.evidence.chain import append
from collector.evidence.key_log import check_signer, next_numbers, read_keys, say
from collector.evidence.keys import PublicKey
from collector.evidence.log import ATTESTATIONS, KEY_LOG, account_log
from collector.evidence.report import Report
from collector.evidence.snapshot import public_key_key
from collector.evidence.verify import RememberedHead, verify
from tests.evidence.lockers import PROD, MemoryLocker, seal_key, sealed_run
from tests.evidence.statements import NOON, print_of, public, signer, statement

DEV = account_log("dev")


def sealed_by(*names: str, account: str = "prod") -> MemoryLocker:
    """A locker with a snapshot by each of these keys in turn."""
    locker = MemoryLocker({})
    for day, name in enumerate(names, 1):
        sealed_run(locker, signer(name), account=account, day=day)
    return locker


def stated(
    locker: MemoryLocker, by: str, action: str, key: str, limits: dict[str, int] | None = None
) -> None:
    """Seal a statement, whether or not it counts."""
    said = statement(action, key, limits)  # type: ignore[arg-type]  # one of three texts
    append(locker, KEY_LOG, said.to_bytes(), signer(by), lambda: NOON + timedelta(days=5))
    if said.public_key is not None:
        locker.put(public_key_key(said.key), said.public_key.encode())


def sealed_more(locker: MemoryLocker, *names: str, account: str = "prod", first: int = 10) -> None:
    for day, name in enumerate(names, first):
        sealed_run(locker, signer(name), account=account, day=day)


def checked(
    locker: MemoryLocker,
    trusted: str = "",
    heads: Sequence[RememberedHead] = (),
    account: str | None = None,
) -> Report:
    keys: list[PublicKey] = [public(name) for name in trusted]
    return verify(locker, trusted=keys, heads=heads, account=account)


def problems(report: Report) -> Mapping[str, str]:
    return {problem.key: problem.message for problem in report.problems}


@pytest.mark.parametrize("trusted", ["", "K"])
def test_a_rotated_to_key_needs_no_new_trust(trusted: str) -> None:
    locker = sealed_by("K", "K")
    stated(locker, "K", "rotate", "S")
    sealed_more(locker, "S", "S")

    report = checked(locker, trusted)

    assert report.ok
    assert [chain.log.name for chain in report.chains] == ["accounts/prod", "keys"]
    assert set(report.chains[0].keys) == {print_of("K"), print_of("S")}
    assert checked(locker, trusted, account="prod").ok


@pytest.mark.parametrize("trusted", ["", "K"])
def test_a_new_key_without_a_statement_is_a_problem(trusted: str) -> None:
    locker = sealed_by("K", "K", "S")

    assert set(problems(checked(locker, trusted))) == {seal_key("prod", 3)}


@pytest.mark.parametrize("trusted", ["", "K"])
def test_the_old_key_behind_the_new_one_is_a_problem(trusted: str) -> None:
    locker = sealed_by("K")
    stated(locker, "K", "rotate", "S")
    sealed_more(locker, "S", "K", "S")

    found = problems(checked(locker, trusted))

    assert set(found) == {seal_key("prod", 3)}
    assert "had taken before" in found[seal_key("prod", 3)]


def test_each_log_changes_keys_in_its_own_time() -> None:
    locker = sealed_by("K")
    sealed_more(locker, "K", account="dev", first=1)
    stated(locker, "K", "rotate", "S")
    sealed_more(locker, "S")
    sealed_more(locker, "K", "S", account="dev")

    assert checked(locker).ok
    assert checked(locker, "K").ok


@pytest.mark.parametrize("trusted", ["", "K"])
def test_what_a_revoked_key_sealed_behind_its_number_is_a_problem(trusted: str) -> None:
    locker = sealed_by("K", "K", "K")
    stated(locker, "K", "rotate", "S")
    stated(locker, "S", "revoke", "K", {"keys": 2, "accounts/prod": 2})
    sealed_more(locker, "S")

    found = problems(checked(locker, trusted))

    assert set(found) == {seal_key("prod", 2), seal_key("prod", 3)}
    assert "which is revoked from number 2 on" in found[seal_key("prod", 2)]


@pytest.mark.parametrize("trusted", ["", "K"])
def test_a_thief_cannot_hand_on_a_revoked_key(trusted: str) -> None:
    locker = sealed_by("K")
    stated(locker, "K", "rotate", "S")
    stated(locker, "S", "revoke", "K", {"keys": 2, "accounts/prod": 2})
    stated(locker, "K", "rotate", "A")
    sealed_more(locker, "A")

    found = problems(checked(locker, trusted))

    assert set(found) == {KEY_LOG.seal_key(3), seal_key("prod", 2)}
    assert "which is revoked from number 2 on" in found[KEY_LOG.seal_key(3)]


@pytest.mark.parametrize("trusted", ["", "K"])
def test_a_statement_by_a_stranger_is_a_problem_and_brings_nothing(trusted: str) -> None:
    locker = sealed_by("K")
    stated(locker, "A", "admit", "B")
    sealed_more(locker, "B")

    assert set(problems(checked(locker, trusted))) == {KEY_LOG.seal_key(1), seal_key("prod", 2)}


@pytest.mark.parametrize("trusted", ["", "K"])
def test_a_revocation_by_a_stranger_is_a_problem_and_takes_nothing(trusted: str) -> None:
    locker = sealed_by("K", "K")
    stated(locker, "A", "revoke", "K", {})

    assert set(problems(checked(locker, trusted))) == {KEY_LOG.seal_key(1)}


def test_a_revocation_by_a_key_of_another_log_is_not_passed_over() -> None:
    """Nobody vouches for a key: what counts for one log does not for another, and this matters."""
    locker = sealed_by("K", "K")
    sealed_more(locker, "C", account="dev", first=1)
    stated(locker, "C", "revoke", "K", {"accounts/prod": 2, "keys": 1})

    without = problems(checked(locker))
    vouched = problems(checked(locker, "KC"))

    assert set(without) == {KEY_LOG.seal_key(1)}
    assert set(vouched) == {seal_key("prod", 2)}
    assert set(problems(checked(locker, account="prod"))) == {KEY_LOG.seal_key(1)}


def test_logs_with_keys_of_their_own_are_sound_without_a_trusted_key() -> None:
    locker = sealed_by("K")
    sealed_more(locker, "C", account="dev", first=1)
    stated(locker, "C", "rotate", "D")
    sealed_more(locker, "D", account="dev")

    assert checked(locker).ok
    assert checked(locker, account="prod").ok
    assert checked(locker, account="dev").ok


def test_a_stranger_with_a_log_of_his_own_is_no_stranger_there_only() -> None:
    """Without a trusted key, a new log is believed, as ever; its key may sign in no other."""
    locker = sealed_by("K")
    sealed_more(locker, "A", account="other", first=1)
    sealed_more(locker, "A")

    assert set(problems(checked(locker))) == {seal_key("prod", 2)}


def test_two_rotations_compete_and_the_second_is_named() -> None:
    locker = sealed_by("K")
    stated(locker, "K", "rotate", "S")
    stated(locker, "K", "rotate", "A")
    sealed_more(locker, "S", "A")

    assert set(problems(checked(locker, "K"))) == {KEY_LOG.seal_key(2), seal_key("prod", 3)}


def test_a_cut_key_log_is_found_by_its_remembered_head() -> None:
    locker = sealed_by("K", "K")
    stated(locker, "K", "rotate", "S")
    stated(locker, "S", "revoke", "K", {"keys": 2, "accounts/prod": 2})
    head = (KEY_LOG, 2, sha256(locker.files[KEY_LOG.seal_key(2)]))
    assert set(problems(checked(locker, "K", [head]))) == {seal_key("prod", 2)}
    del locker.files[KEY_LOG.seal_key(2)]

    without = checked(locker, "K")
    cut = problems(checked(locker, "K", [head]))

    assert without.ok
    assert "no seal leads to 1 documents" in without.warnings[0]
    assert set(cut) == {KEY_LOG.seal_key(2)}
    assert set(problems(checked(locker, "K", [head], account="prod"))) == {KEY_LOG.seal_key(2)}


def test_a_statement_that_is_gone_from_the_middle_is_a_problem() -> None:
    locker = sealed_by("K")
    for key in "SCD":
        stated(locker, "K", "admit", key)
    del locker.files[KEY_LOG.seal_key(2)]

    assert KEY_LOG.seal_key(2) in problems(checked(locker, "K"))


def test_each_flipped_byte_of_the_key_log_is_found() -> None:
    locker = sealed_by("K")
    stated(locker, "K", "rotate", "S")
    sealed_more(locker, "S")
    files = {k: v for k, v in locker.files.items() if "/keys/" in k and not k.endswith(".pem")}
    missed = []
    for key, data in files.items():
        for position in range(0, len(data), 5):
            flipped = data[:position] + bytes([data[position] ^ 0x01]) + data[position + 1 :]
            report = checked(MemoryLocker({**locker.files, key: flipped}), "K")
            if key not in problems(report):
                missed.append((key, position))

    assert missed == []


def test_a_locker_with_nothing_but_statements_is_not_sound() -> None:
    locker = sealed_by("K")
    stated(locker, "K", "rotate", "S")
    for key in list(locker.files):
        if key.startswith("v1/accounts/"):
            del locker.files[key]

    assert problems(checked(locker, "K"))["v1/"] == "there is no snapshot"
    found = problems(checked(locker, "K", account="prod"))
    assert found["v1/accounts/prod/"] == "there is no snapshot"


def test_a_statement_is_sealed_with_the_key_it_brings() -> None:
    locker = sealed_by("K")

    sealed, undone = say(
        locker, statement("rotate", "S"), signer("K"), lambda: NOON + timedelta(days=5)
    )

    assert (sealed.log, sealed.number, undone) == (KEY_LOG, 1, ())
    assert locker.files[public_key_key(print_of("S"))] == signer("S").public_pem
    assert checked(locker, "K").ok


@pytest.mark.parametrize(
    ("by", "action", "key", "limits", "why"),
    [
        ("A", "rotate", "S", None, "has begun no log here, and no statement names it"),
        ("S", "admit", "S", None, "which only another can say"),
        ("S", "rotate", "K", None, "cannot come back"),
        ("K", "rotate", "T", None, "whose place"),
        ("S", "revoke", "K", {"keys": 1}, "on which the trust in its own key"),
    ],
)
def test_a_statement_that_would_not_count_is_not_sealed(
    by: str, action: str, key: str, limits: dict[str, int] | None, why: str
) -> None:
    locker = sealed_by("K")
    stated(locker, "K", "rotate", "S")
    before = dict(locker.files)

    with pytest.raises(ConfigError, match=why):
        said = statement(action, key, limits)  # type: ignore[arg-type]  # one of three texts
        say(locker, said, signer(by), lambda: NOON + timedelta(days=6))

    assert locker.files == before


def test_what_a_revocation_undoes_is_told() -> None:
    locker = sealed_by("K")
    stated(locker, "K", "admit", "C")
    stated(locker, "K", "rotate", "A")
    said = statement("revoke", "K", {"keys": 2, "accounts/prod": 2})

    sealed, undone = say(locker, said, signer("C"), lambda: NOON + timedelta(days=6))

    assert (sealed.number, undone) == (3, (2,))


def test_whoever_comes_first_may_speak_in_an_empty_locker() -> None:
    locker = MemoryLocker({})

    say(locker, statement("admit", "C"), signer("K"), lambda: NOON + timedelta(days=1))
    sealed_more(locker, "K", "C")

    assert checked(locker, "K").ok


def test_keys_are_told_with_how_they_stand() -> None:
    locker = sealed_by("K")
    stated(locker, "K", "admit", "C")
    stated(locker, "K", "rotate", "S")
    stated(locker, "S", "revoke", "C", {"attestations": 4, "keys": 2})
    stated(locker, "A", "revoke", "S", {})
    locker.put(public_key_key(print_of("A")), signer("A").public_pem)

    known = read_keys(locker)

    at = "2026-11-27T12:00:00Z: as asked"
    assert dict(known.standings()) == {
        print_of("K"): f"rotated to {print_of('S')} by number 2 of keys, {at}",
        print_of("S"): "in use",
        print_of("C"): f"revoked by number 3 of keys, {at}; still trusted: attestations before 4,"
        " keys before 2",
        print_of("A"): "not announced: it began no log, and no statement that counts names it",
    }
    assert list(known.resolution.faults) == [4]
    assert next_numbers(locker, [PROD, ATTESTATIONS, KEY_LOG]) == {
        "accounts/prod": 2,
        "attestations": 1,
        "keys": 5,
    }


def test_what_cannot_be_read_of_a_key_log_is_passed_over() -> None:
    locker = sealed_by("K")
    for key in "SC":
        stated(locker, "K", "admit", key)
    locker.files[KEY_LOG.seal_key(1)] = b"broken"
    second = next(
        k for k in locker.files if print_of("C") in str(locker.files[k]) and "/documents/" in k
    )
    locker.files[second] = b"{}"
    locker.files["v1/keys/log/x"] = b""
    locker.files["v1/keys/x.pem"] = b"no key"

    known = read_keys(locker)

    assert [(said.number, said.statement) for said in known.statements] == [(2, None)]
    assert check_signer(locker, PROD, signer("K")) is None


def test_a_key_that_may_sign_is_let_through() -> None:
    locker = sealed_by("K")
    stated(locker, "K", "rotate", "S")

    assert check_signer(MemoryLocker({}), PROD, signer("K")) is None
    assert check_signer(locker, PROD, signer("S")) is None
    assert check_signer(locker, DEV, signer("S")) is None


def test_a_key_that_no_statement_announces_is_warned_of() -> None:
    note = check_signer(sealed_by("K", "K"), PROD, signer("A"))

    assert note is not None
    assert note.startswith(f"number 2 of prod was signed by another key, {print_of('K')}")
    assert check_signer(sealed_by("K", "A"), PROD, signer("A")) is None


def test_a_rotated_key_is_warned_of_and_then_refused() -> None:
    locker = sealed_by("K")
    stated(locker, "K", "rotate", "S")

    for log in (PROD, DEV):
        note = check_signer(locker, log, signer("K"))
        assert note is not None
        assert f"was rotated to {print_of('S')}" in note
    sealed_more(locker, "S")
    with pytest.raises(SigningError, match="took its place and sealed number 2 there"):
        check_signer(locker, PROD, signer("K"))
    assert check_signer(locker, DEV, signer("K")) is not None


def test_a_rotated_key_is_refused_also_where_a_third_has_sealed_since() -> None:
    locker = sealed_by("K")
    stated(locker, "K", "admit", "C")
    stated(locker, "K", "rotate", "S")
    sealed_more(locker, "S")
    sealed_more(locker, "C")

    with pytest.raises(SigningError, match="took its place and sealed number 2 there"):
        check_signer(locker, PROD, signer("K"))


def test_no_key_is_rotated_to_one_that_has_sealed_before_it() -> None:
    """What the old one sealed behind it would be a problem from then on."""

    def later() -> datetime:
        return NOON + timedelta(days=30)

    locker = sealed_by("K")
    stated(locker, "K", "admit", "C")
    sealed_more(locker, "C")
    said = statement("rotate", "C")
    say(locker, said, signer("K"), later)  # it sealed nothing behind
    other = sealed_by("K")
    stated(other, "K", "admit", "C")
    sealed_more(other, "C")
    sealed_more(other, "K")

    with pytest.raises(ConfigError, match="sealed number 2 of prod before this key sealed number"):
        say(other, said, signer("K"), later)


def test_a_revoked_key_is_refused_in_every_log() -> None:
    locker = sealed_by("K")
    stated(locker, "K", "rotate", "S")
    stated(locker, "S", "revoke", "K", {"keys": 2, "accounts/prod": 2})

    for log in (PROD, DEV, ATTESTATIONS, KEY_LOG):
        with pytest.raises(SigningError, match="it is revoked from number"):
            check_signer(locker, log, signer("K"))


def test_an_admitted_key_that_is_revoked_is_refused() -> None:
    locker = sealed_by("K")
    stated(locker, "K", "admit", "C")
    stated(locker, "K", "revoke", "C", {})

    with pytest.raises(SigningError, match="it is revoked from number 1 on"):
        check_signer(locker, PROD, signer("C"))


def test_a_stranger_cannot_stop_a_run_by_a_revocation() -> None:
    locker = sealed_by("K")
    stated(locker, "A", "revoke", "K", {})

    assert check_signer(locker, PROD, signer("K")) is None
