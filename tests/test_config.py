"""Configuration: each mistake is one line that says where, what, and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog.testing

from collector.config import load_config
from collector.errors import ConfigError

PROVIDERS = "'aws', 'gcp' or 'azure'"
KEYS = (
    "ca_bundle, cadence, endpoint, external_id, id, phi, profile, provider, regions, role_arn,"
    " session_seconds, tenant, tls_ca_bundle, tls_discover, tls_endpoints"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[accounts.prod]\nprovider = "awz"',
         f"accounts.prod.provider: found 'awz'; expected {PROVIDERS}"),
        ("[accounts.prod]", f"accounts.prod.provider: missing; expected {PROVIDERS}"),
        ('[accounts.prod]\nprovider = "aws"\nregoins = []',
         f"accounts.prod.regoins: unknown key; expected one of {KEYS}"),
        ('[accounts.prod]\nprovider = "aws"\nphi = "phi"',
         "accounts.prod.phi: found 'phi'; expected a table of tags, such as"
         " {data-classification = 'phi'}"),
        ('[accounts.prod]\nprovider = "aws"\nregions = 3',
         "accounts.prod.regions: found 3; expected 'enabled' or a list of region names"),
        ('[accounts.prod]\nprovider = "aws"\nregions = []',
         "accounts.prod.regions: found []; expected 'enabled' or a list of region names"),
        ('[accounts.prod]\nprovider = "aws"\nid = "12"',
         "accounts.prod.id: found '12'; expected a text; for AWS, the account's 12 digits"),
        ('[accounts.g]\nprovider = "gcp"', "accounts.g.id: missing; expected a value"),
        ('[accounts."a b"]\nprovider = "aws"',
         "accounts.a b: found 'a b'; expected a name of 1 to 63 letters, digits, dots, dashes and"
         " underscores"),
        ('[accounts.a]\nprovider = "aws"\ntls_endpoints = ["https://app.example.org"]',
         "accounts.a.tls_endpoints: found 'https://app.example.org'; expected a list of host:port"),
        ('[accounts.a]\nprovider = "aws"\ntls_endpoints = ["app.example.org:70000"]',
         "accounts.a.tls_endpoints: found 'app.example.org:70000'; expected a list of host:port"),
        ('workers = "many"', "workers: found 'many'; expected a whole number from 1 to 256"),
        ("workers = true", "workers: found True; expected a whole number from 1 to 256"),
        ("locker = 3", "locker: found 3; expected a valid string"),
        ("lockre = 3",
         "lockre: unknown key; expected one of accounts, cadence, checks, checks_dirs, key, locker,"
         " locker_encryption_key, retention, timestamp,"
         " timestamp_seconds, workers"),
        ("[retention]\ndays = 0",
         "retention.days: found 0; expected a whole number from 1 to 36500"),
        ("[retention]\ndays = true",
         "retention.days: found True; expected a whole number from 1 to 36500"),
        ('[retention]\nmode = "strict"',
         "retention.mode: found 'strict'; expected 'governance' or 'compliance'"),
        ("[retention]\nyears = 6", "retention.years: unknown key; expected one of days, mode"),
        ("retention = 6", "retention: found 6; expected a table with days and mode"),
        ('[[timestamp]]\nurl = "https://a.example.org"\nca_bundel = "b"\nca_bundle = "b"',
         "timestamp.0.ca_bundel: unknown key; expected one of ca_bundle, url"),
        ('[[timestamp]]\nurl = "https://me:pass@a.example.org/x?key=secret"\nca_bundle = "b"',
         "timestamp.0.url: found 'https://[redacted]@a.example.org/x?[redacted]'; expected a"
         " URL, http:// or https://,"
         " without a user's name"),
        ("timestamp_seconds = true",
         "timestamp_seconds: found True; expected a number of seconds from more than 0 to 60"),
        ('cadence = "yearly"',
         "cadence: found 'yearly'; expected 'hourly', 'daily', 'weekly' or 'monthly'"),
        ('[accounts.a]\nprovider = "aws"\ncadence = 7',
         "accounts.a.cadence: found 7; expected 'hourly', 'daily', 'weekly' or 'monthly'"),
        ("accounts = 3", "accounts: found 3; expected a table for each account"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "collector.toml"
    file.write_text(text)

    with pytest.raises(ConfigError) as error:
        load_config(file)

    assert str(error.value) == f"{file}: {message}"


def test_what_is_no_toml_is_said_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "collector.toml"
    file.write_text("a = 1\nb = = 2\n")

    with pytest.raises(ConfigError, match=r"line 2.*; expected TOML"):
        load_config(file)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nosuch\.toml: no such file"):
        load_config(tmp_path / "nosuch.toml")


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "c.toml"
    file.write_text('locker = "here"\nworkers = 3')
    monkeypatch.setenv("COLLECTOR_CONFIG", str(file))
    monkeypatch.setenv("COLLECTOR_LOCKER", "s3://there")

    config = load_config(None)

    assert (config.locker, config.workers) == ("s3://there", 3)


def test_a_wrong_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLLECTOR_WORKERS", "many")

    with pytest.raises(ConfigError) as error:
        load_config(None)

    assert str(error.value) == (
        "environment variable COLLECTOR_WORKERS: found 'many';"
        " expected a whole number from 1 to 256"
    )


def test_a_variable_that_is_no_setting_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLLECTOR_LOCKRE", "s3://there")
    monkeypatch.setenv("COLLECTOR_ACCOUNTS__prod__provider", "aws")

    with structlog.testing.capture_logs() as logs:
        load_config(None)

    assert [(e["event"], e["variable"]) for e in logs] == [
        ("unknown_environment_variable", "COLLECTOR_LOCKRE")
    ]


def test_an_account_that_is_not_there_shows_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError) as error:
        load_config(None).account("prod")

    lines = str(error.value).splitlines()
    assert lines[0].startswith("account prod: not configured; write these lines to collector.toml")
    assert lines[1:3] == ["  [accounts.prod]", '  provider = "aws"        # or "gcp", "azure"']


def test_timestamp_authorities_can_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(
        "COLLECTOR_TIMESTAMP", '[{"url": "http://tsa.example.org", "ca_bundle": "roots.pem"}]'
    )
    monkeypatch.setenv("COLLECTOR_TIMESTAMP_SECONDS", "2.5")

    config = load_config(None)

    assert [(a.url, a.ca_bundle) for a in config.timestamp] == [
        ("http://tsa.example.org", "roots.pem")
    ]
    assert config.timestamp_seconds == 2.5
