"""`proptech schema check`: what it says of the project's own schemas, and of changes good and bad."""

import json
from pathlib import Path

import pytest

from proptech_pipelines.contracts.schema_check import former_versions, schema_topics
from proptech_pipelines.contracts.topics import schema_text, schema_versions
from proptech_pipelines.settings import Settings
from proptech_pipelines_tests.test_architecture import PACKAGE

FILES = sorted((PACKAGE / "contracts" / "schemas").glob("*/*.avsc"))
LISTINGS = "property-listings"


def changed(path: Path, change, name=LISTINGS) -> Path:
    """A file with the newest schema of a topic after `change` of its fields by name."""
    schema = json.loads(schema_text(name))
    fields = {item["name"]: item for item in schema["fields"]}
    change(fields)
    path.write_text(json.dumps({**schema, "fields": list(fields.values())}))
    return path


def test_there_are_schemas_to_check():
    assert len(FILES) > len(schema_topics()) >= 10


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_schema_of_the_project_is_compatible_with_those_before_it(file, run, tmp_path):
    ended = run("schema", "check", file, "--home", tmp_path)
    assert (ended.code, ended.err) == (0, "")
    versions = former_versions(file.parent.name, file)
    assert len(versions) == int(file.stem[1:]) - 1
    assert ended.out.startswith(f"{file.parent.name}: ")
    assert ("Compatible with " in ended.out) is bool(versions)


def test_the_energy_rating_is_additive_down_to_the_enriched_listings(run, tmp_path):
    file = PACKAGE / "contracts" / "schemas" / LISTINGS / "v2.avsc"
    out = run("schema", "check", file, "--home", tmp_path).out
    assert "added (full): energyRating: the field is new, with default null." in out
    assert "Builds stg_property_listings again (additive):\n  energy_rating: " in out
    assert "(breaking)" not in out


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        (lambda fields: fields.pop("price"), "price", "version 2 cannot read every record of it: it was not"),
        (lambda fields: fields["price"].update(type="int"), "price", "long cannot be read as int"),
        (
            lambda fields: fields.update(a={"name": "a", "type": "int"}),
            "a",
            "it was not written and has no default",
        ),
        (
            lambda fields: fields["bedrooms"].update(name="rooms", aliases=["bedrooms"]),
            "bedrooms",
            "version 1 cannot read every record of it: it was not written and has no default",
        ),
        (
            lambda fields: fields.update(a={"name": "a", "type": "int", "default": 2**31}),
            "a",
            "its default 2147483648 is no int",
        ),
        (
            lambda fields: fields.update(a={"name": "a", "type": ["null", "int", "string"], "default": None}),
            "a",
            "no table column can hold it: it must have one type, perhaps with null",
        ),
        (lambda fields: fields.pop("listedAt"), "listedAt", "the topic's event time must stay, as a long"),
    ],
)
def test_what_is_refused_is_told_with_the_field_at_fault(change, field, told, run, tmp_path):
    ended = run("schema", "check", changed(tmp_path / "next.avsc", change), "--home", tmp_path)
    assert ended.code == 1
    refused = ended.out.split("Refused (FULL_TRANSITIVE, and what tables can hold):\n")[1]
    assert [line for line in refused.splitlines() if line.startswith(f"  {field}: ") and told in line]
    assert "Builds" not in ended.out


def test_a_field_that_no_model_names_becomes_a_column_of_staging(run, tmp_path):
    file = changed(
        tmp_path / "next.avsc",
        lambda fields: fields.update(a={"name": "heatPump", "type": ["null", "boolean"], "default": None}),
    )
    ended = run("schema", "check", file, "--home", tmp_path)
    assert ended.code == 0
    assert "Builds stg_property_listings again (additive):\n  heat_pump: the column is new\n" in ended.out
    assert ended.out.count("Builds ") == 1
    assert "Keeps enriched_listings: it reads nothing that changes in stg_property_listings.\n" in ended.out


def test_a_change_of_documentation_builds_nothing(run, tmp_path):
    file = changed(tmp_path / "next.avsc", lambda fields: fields["price"].update(doc="Dollars."))
    ended = run("schema", "check", file, "--home", tmp_path)
    assert ended.code == 0
    assert "doc (full): price: its documentation changed.\n" in ended.out
    assert ended.out.endswith("No table reads what changes in property-listings: nothing is built again.\n")


def test_a_changed_default_is_breaking_where_it_is_read(run, tmp_path):
    file = changed(tmp_path / "next.avsc", lambda fields: fields["city"].update(default="Nowhere"))
    ended = run("schema", "check", file, "--home", tmp_path)
    assert ended.code == 0
    assert (
        "Builds stg_property_listings again (breaking):\n  city: city: the default was null and is"
        in ended.out
    )


def test_a_file_of_an_unknown_record_needs_its_topic(run, tmp_path):
    file = tmp_path / "strange.avsc"
    file.write_text('{"type": "record", "name": "Strange", "fields": []}')
    ended = run("schema", "check", file, "--home", tmp_path)
    assert ended.code == 1
    assert "strange.avsc is a record Strange, which is no topic's." in ended.err
    ended = run("schema", "check", file, "--topic", LISTINGS, "--home", tmp_path)
    assert ended.code == 1
    assert (
        "the record: it cannot read every record of version 1: record Strange is not record" not in ended.err
    )
    assert "record PropertyListing is not record Strange" in ended.out


def test_a_topic_without_a_schema_is_named(run, tmp_path):
    file = changed(tmp_path / "next.avsc", lambda fields: None)
    ended = run("schema", "check", file, "--topic", "nowhere", "--home", tmp_path)
    assert ended.code == 1
    assert "No topic nowhere has a schema." in ended.err


def test_what_is_no_schema_is_an_error(run, tmp_path):
    file = tmp_path / "next.avsc"
    file.write_text("{")
    ended = run("schema", "check", file, "--topic", LISTINGS, "--home", tmp_path)
    assert ended.code == 1
    assert "SchemaNotAvro" in ended.err


def test_the_registrys_versions_are_compared_too(stack, run, tmp_path):
    Settings(home=tmp_path, schema_registry_url=stack.settings.schema_registry_url).store()
    file = changed(tmp_path / "next.avsc", lambda fields: fields.pop("price"))
    out = run("schema", "check", file, "--home", tmp_path).out
    for number, _ in enumerate(schema_versions(LISTINGS), 1):
        assert f"price: the registry's version {number} cannot read every record of it" in out
    assert "Only the versions in this package" not in out


def test_a_registry_that_does_not_answer_is_told_and_the_rest_is_compared(run, tmp_path):
    Settings(home=tmp_path, schema_registry_url="http://127.0.0.1:1").store()
    file = PACKAGE / "contracts" / "schemas" / LISTINGS / "v2.avsc"
    ended = run("schema", "check", file, "--home", tmp_path)
    assert ended.code == 0
    assert "Compatible with version 1." in ended.out
    assert "gives no answer" in ended.out
