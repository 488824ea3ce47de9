"""Every subject is registered under FULL_TRANSITIVE; a rejection names the field."""

import json

import httpx
import pytest

from proptech_pipelines.contracts.topics import INPUT_TOPICS, schema_text, schema_versions
from proptech_pipelines.errors import IncompatibleSchema, RegistryUnavailable
from proptech_pipelines.services.schemas_setup import register_schema, register_schemas


def record(*fields: dict[str, object]) -> str:
    return json.dumps({"type": "record", "name": "Thing", "namespace": "t", "fields": list(fields)})


A_LONG = {"name": "a", "type": "long"}
B_TEXT = {"name": "b", "type": "string", "default": ""}


def test_every_topic_has_its_schema_and_its_rule(stack):
    url = stack.settings.schema_registry_url
    registered = register_schemas(url)
    assert set(registered) >= {item.subject for item in INPUT_TOPICS} | {"market-alerts-value"}
    rules = {
        subject: httpx.get(f"{url}/config/{subject}").json()["compatibilityLevel"] for subject in registered
    }
    assert set(rules.values()) == {"FULL_TRANSITIVE"}
    latest = httpx.get(f"{url}/subjects/property-views-value/versions/latest").json()
    assert json.loads(latest["schema"]) == json.loads(schema_text("property-views"))


def test_all_versions_of_a_topic_stand_in_their_order(stack):
    url = stack.settings.schema_registry_url
    register_schemas(url)
    subject = f"{url}/subjects/property-listings-value/versions"
    numbers = httpx.get(subject).json()
    texts = [json.loads(httpx.get(f"{subject}/{number}").json()["schema"]) for number in numbers]
    assert texts == [json.loads(text) for text in schema_versions("property-listings")]
    assert ["energyRating" in {item["name"] for item in text["fields"]} for text in texts] == [False, True]


def test_registering_again_changes_nothing(stack):
    url = stack.settings.schema_registry_url
    before = register_schemas(url)
    versions = {subject: httpx.get(f"{url}/subjects/{subject}/versions").json() for subject in before}
    assert register_schemas(url) == before
    assert {subject: httpx.get(f"{url}/subjects/{subject}/versions").json() for subject in before} == versions


@pytest.mark.parametrize(
    ("subject", "former", "new", "fields"),
    [
        ("type", record(A_LONG, B_TEXT), record({"name": "a", "type": "string"}, B_TEXT), ["a"]),
        ("added", record(A_LONG), record(A_LONG, {"name": "c", "type": "int"}), ["c"]),
        ("removed", record(B_TEXT, A_LONG), record(B_TEXT), ["a"]),
        ("moved", record(A_LONG, B_TEXT), record({**B_TEXT, "type": "int", "default": 0}, A_LONG), ["b"]),
    ],
)
def test_a_rejection_names_the_field(stack, subject, former, new, fields):
    url = stack.settings.schema_registry_url
    register_schema(url, f"test-{subject}-value", former)
    with pytest.raises(IncompatibleSchema, match="is not FULL_TRANSITIVE") as caught:
        register_schema(url, f"test-{subject}-value", new)
    assert set(fields) <= set(caught.value.fields)
    assert f"Field {', '.join(caught.value.fields)}:" in caught.value.message


def test_a_compatible_schema_is_taken(stack):
    url = stack.settings.schema_registry_url
    first = register_schema(url, "test-good-value", record(A_LONG))
    assert register_schema(url, "test-good-value", record(A_LONG, B_TEXT)) != first


def test_a_registry_that_does_not_answer_is_unavailable():
    with pytest.raises(RegistryUnavailable, match="did not take x-value") as caught:
        register_schema("http://127.0.0.1:1", "x-value", record(A_LONG))
    assert caught.value.subject == "x-value"
