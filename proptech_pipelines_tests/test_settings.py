"""Where settings come from, and what is said of those that cannot be."""

import json

import pytest

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.settings import Settings, environment_for, environment_of_file


def test_a_variable_wins_over_the_file_and_the_file_over_the_default(tmp_path, monkeypatch):
    Settings(tmp_path, catalog="host=a", follow_seconds=60).store()
    monkeypatch.setenv("PROPTECH_CATALOG", "host=b")
    monkeypatch.setenv("PROPTECH_KAFKA_CONFIG", '{"linger.ms": 5, "client.id": "me"}')
    loaded = Settings.load(tmp_path)
    assert (loaded.catalog, loaded.follow_seconds, loaded.max_batch_records) == ("host=b", 60, 200_000)
    assert loaded.kafka_config == {"linger.ms": "5", "client.id": "me"}
    assert Settings.stored(tmp_path).catalog == "host=a"


def test_the_file_holds_what_is_not_as_by_default_and_is_its_owners_alone(tmp_path):
    settings = Settings(tmp_path, catalog="host=a", approve_breaking=True)
    settings.store()
    path = tmp_path / "settings.json"
    assert json.loads(path.read_text()) == {"catalog": "host=a", "approve_breaking": True}
    assert path.stat().st_mode & 0o777 == 0o600
    assert Settings.stored(tmp_path) == settings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"approve_breaking": "false"}', "approve_breaking in .* is not true or false"),
        ('{"max_batch_records": "1000"}', "max_batch_records in .* is not a whole number"),
        ('{"max_batch_records": true}', "is not a whole number"),
        ('{"catalog": null}', "catalog in .* is not a text"),
        ('{"kafka_config": ["a"]}', "kafka_config in .* is not a JSON object of texts"),
        ('{"kafka_config": {"a": null}}', "is not a JSON object of texts"),
        ('{"typo": 1}', "holds unknown settings: typo"),
        ("[]", "holds no JSON object"),
        ("null", "holds no JSON object"),
        ("{", "is not valid JSON"),
    ],
)
def test_a_file_that_cannot_be_is_refused(tmp_path, text, words):
    (tmp_path / "settings.json").write_text(text)
    with pytest.raises(SettingsError, match=words):
        Settings.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROPTECH_KAFKA_CONFIG", '{"sasl.password": "hunter2", }'),
        ("PROPTECH_KAFKA_CONFIG", '["hunter2"]'),
        ("PROPTECH_FOLLOW_SECONDS", "hunter2"),
        ("PROPTECH_APPROVE_BREAKING", "hunter2"),
    ],
)
def test_a_variable_that_cannot_be_is_named_without_its_value(tmp_path, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name} is not") as caught:
        Settings.load(tmp_path)
    assert "hunter2" not in str(caught.value)


def test_a_child_that_must_work_on_the_file_alone_gets_no_variable_of_a_setting(tmp_path, monkeypatch):
    for name in ("CATALOG", "BOOTSTRAP_SERVERS", "FOLLOW_SECONDS", "CACHE"):
        monkeypatch.setenv(f"PROPTECH_{name}", "elsewhere")
    assert environment_for(tmp_path)["PROPTECH_CATALOG"] == "elsewhere"
    found = {name for name in environment_of_file(tmp_path) if name.startswith("PROPTECH_")}
    assert found == {"PROPTECH_HOME", "PROPTECH_CACHE"}
