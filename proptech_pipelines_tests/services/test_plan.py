"""What `up` remembers of what it was asked for, and what it does not want any more. Nothing is started."""

import json
from dataclasses import replace

import pytest

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.services.plan import EVENTS_PER_SECOND, Plan, Wanted
from proptech_pipelines.settings import Settings

OWN = Wanted(
    bootstrap_servers="broker-1:9093", schema_registry_url="https://registry.example", catalog="host=db"
)


def remembered(home, wanted=None):
    """The plan of the next `up`, after one with `wanted`."""
    Plan(home, wanted).store()
    return Plan(home)


def names(plan):
    return [service.name for service in plan.unwanted()]


def test_addresses_and_client_settings_are_remembered(tmp_path):
    again = remembered(tmp_path, replace(OWN, kafka_config={"client.id": "me"}))
    assert (again.settings.bootstrap_servers, again.settings.catalog) == ("broker-1:9093", "host=db")
    assert again.settings.kafka_config == {"client.id": "me"}
    assert (again.postgres, again.broker, again.registry) == (None, None, None)
    assert names(again) == ["postgres", "kafka", "registry", "simulator"]
    assert len(again.services()) == 7


def test_what_a_variable_said_is_not_remembered(tmp_path, monkeypatch):
    monkeypatch.setenv("PROPTECH_APPROVE_BREAKING", "true")
    monkeypatch.setenv("PROPTECH_BOOTSTRAP_SERVERS", "elsewhere:9092")
    monkeypatch.setenv("PROPTECH_KAFKA_CONFIG", '{"sasl.password": "hunter2"}')
    plan = Plan(tmp_path)
    assert (plan.settings.bootstrap_servers, plan.broker) == ("elsewhere:9092", None)
    plan.store()
    monkeypatch.undo()
    assert "hunter2" not in (tmp_path / "settings.json").read_text()
    again = Plan(tmp_path)
    assert again.broker is not None
    assert again.settings.bootstrap_servers == again.broker.bootstrap_servers
    assert (again.settings.approve_breaking, again.settings.kafka_config) == (False, {})
    assert Settings.stored(tmp_path).bootstrap_servers == ""


def test_a_variable_stops_no_embedded_server(tmp_path, monkeypatch):
    Plan(tmp_path).store()
    for name in ("BOOTSTRAP_SERVERS", "SCHEMA_REGISTRY_URL", "CATALOG"):
        monkeypatch.setenv(f"PROPTECH_{name}", "elsewhere")
    plan = Plan(tmp_path)
    assert (plan.broker, plan.registry, plan.postgres) == (None, None, None)
    assert plan.replaced() == []
    assert [service.name for service in Plan(tmp_path, OWN).replaced()] == ["postgres", "kafka", "registry"]


def test_the_simulator_is_as_it_was_asked_for(tmp_path):
    plan = Plan(tmp_path)
    assert (plan.with_simulator, plan.simulator.command().argv[-1]) == (True, str(EVENTS_PER_SECOND))
    plan = remembered(tmp_path, Wanted(events_per_second=1000))
    assert (plan.with_simulator, plan.simulator.command().argv[-1]) == (True, "1000")
    plan = remembered(tmp_path, Wanted(simulator=False))
    assert (plan.with_simulator, plan.simulator.command().argv[-1]) == (False, "1000")
    assert names(plan) == ["simulator"]
    plan = remembered(tmp_path, Wanted(simulator=True, events_per_second=5, dagster=False))
    assert (plan.with_simulator, plan.simulator.command().argv[-1]) == (True, "5")
    assert not Plan(
        tmp_path, OWN
    ).with_simulator  # nobody's own cluster is filled because of what was said before
    assert Plan(tmp_path, replace(OWN, simulator=True)).with_simulator
    assert names(Plan(tmp_path, Wanted(dagster=False))) == [
        "dagster_code",
        "dagster_webserver",
        "dagster_daemon",
    ]


@pytest.mark.parametrize("name", ["embedded.json", "simulator.json"])
@pytest.mark.parametrize("text", ["", "{", "[]", '{"runs": "x", "events_per_second": "y"}'])
def test_a_file_of_state_that_is_broken_is_written_anew(tmp_path, name, text):
    Plan(tmp_path).store()
    (tmp_path / name).write_text(text)
    plan = Plan(tmp_path)
    assert plan.with_simulator
    plan.store()
    assert json.loads((tmp_path / name).read_text())


@pytest.mark.parametrize("text", ['{"kafka": 9093,}', "[1]", '{"kafka": "x"}'])
def test_ports_that_cannot_be_read_are_named(tmp_path, text):
    (tmp_path / "ports.json").write_text(text)
    with pytest.raises(SettingsError, match=r"ports\.json is not a JSON object of port numbers"):
        Plan(tmp_path)
