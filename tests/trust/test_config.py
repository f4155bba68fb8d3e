"""Dangerous settings stop the program, and the message names the setting."""

from __future__ import annotations

import pytest
from flask_security.utils import hash_password

from jta import create_app
from jta.config import keep_local_keys, keys_file, load_settings
from jta.errors import ConfigError
from tests.conftest import make_settings

GOOD = {
    "JTA_DATABASE_URL": "postgresql+psycopg://db/jta",
    "JTA_SECRET_KEY": "k3Jm9vQx7TzB2nLw5RyC8dHf4GsP6aUe",
    "JTA_LINK_KEY": "w8Zx2cVb6Nm4Qa9Sd7Fg3Hj5Kl1PoIuY",
    "JTA_BASE_URL": "https://survey.example.org",
}


def test_good_settings_are_taken(tmp_path):
    settings = load_settings(tmp_path, GOOD)
    assert (settings.host, settings.is_loopback, settings.debug) == ("survey.example.org", False, False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JTA_SECRET_KEY", "short"),
        ("JTA_SECRET_KEY", "changeme-changeme-changeme-changeme"),
        ("JTA_SECRET_KEY", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("JTA_LINK_KEY", GOOD["JTA_SECRET_KEY"]),
        ("JTA_LINK_KEY", ""),
        ("JTA_BASE_URL", ""),
        ("JTA_BASE_URL", "http://survey.example.org"),
        ("JTA_BASE_URL", "survey.example.org"),
        ("JTA_BASE_URL", "https://survey.example.org/path"),
        ("JTA_DEBUG", "1"),
        ("JTA_DEBUG", "perhaps"),
        ("JTA_DATABASE_URL", "sqlite:///:memory:"),
        ("JTA_DATABASE_URL", "mysql://db/jta"),
        ("JTA_TRUSTED_PROXIES", "many"),
        ("JTA_TRUSTED_PROXIES", "9"),
        ("JTA_UPLOAD_MB", "100000"),
        ("JTA_SESSION_IDLE_MINUTES", "0"),
        ("JTA_LOG_LEVEL", "LOUD"),
        ("JTA_SECRETKEY", "a typing error"),
    ],
)
def test_a_dangerous_setting_is_refused_by_name(tmp_path, name, value):
    with pytest.raises(ConfigError, match=name):
        load_settings(tmp_path, GOOD | {name: value})


def test_without_settings_the_installation_is_local_and_keeps_its_own_keys(tmp_path):
    keep_local_keys(tmp_path)
    first, second = load_settings(tmp_path, {}), load_settings(tmp_path, {})
    assert first == second
    assert first.is_loopback
    assert keys_file(tmp_path).stat().st_mode & 0o777 == 0o600
    keep_local_keys(tmp_path)
    assert load_settings(tmp_path, {}) == first


def test_one_variable_alone_is_not_enough(tmp_path):
    with pytest.raises(ConfigError, match="JTA_SECRET_KEY is not set"):
        load_settings(tmp_path, {"JTA_DATABASE_URL": GOOD["JTA_DATABASE_URL"]})


def test_limits_of_imported_files_are_settings(tmp_path):
    assert load_settings(tmp_path, GOOD | {"JTA_MAX_ROWS": "50"}).limits.rows == 50
    with pytest.raises(ConfigError, match="JTA_MAX_CELL"):
        load_settings(tmp_path, GOOD | {"JTA_MAX_CELL": "0"})


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.7", "::", "survey.example.org"])
def test_a_local_installation_cannot_be_opened_to_others(tmp_path, address):
    with pytest.raises(ConfigError, match="JTA_BIND"):
        load_settings(tmp_path, {"JTA_BIND": address})
    assert load_settings(tmp_path, GOOD | {"JTA_BIND": address}).base_url == GOOD["JTA_BASE_URL"]
    assert load_settings(tmp_path, {"JTA_BIND": "127.0.0.1"}).is_loopback


@pytest.mark.parametrize(("cheap", "cost"), [(False, "m=65536,t=3,p=4"), (True, "m=1024,t=1,p=4")])
def test_passwords_cost_what_they_should_and_little_in_tests(tmp_path, cheap, cost):
    settings = make_settings(f"sqlite:///{tmp_path / 'jta.sqlite'}", cheap_passwords=cheap)
    app = create_app(settings, instance=tmp_path)
    with app.app_context():
        assert f"${cost}$" in hash_password("a long enough password")
    assert load_settings(tmp_path, GOOD).cheap_passwords is False
