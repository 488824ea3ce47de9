"""A newer schema widens its staging table by itself: columns at the end, for fields that the model does not name."""

import json

import pytest

from proptech_pipelines.contracts.readers import widest_reader
from proptech_pipelines.contracts.topics import schema_text
from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.widened import snake_case, widened

TOPIC = "property-listings"
BASE = schema_text(TOPIC)


def with_fields(*fields: dict[str, object], without: str = "") -> str:
    schema = json.loads(BASE)
    schema["fields"] = [item for item in schema["fields"] if item["name"] != without] + list(fields)
    return json.dumps(schema)


SOLAR = {"name": "solarPanels", "type": ["null", "int"], "default": None, "doc": "Panels on the roof"}
LIFTS = {"name": "lifts", "type": "int", "default": 0}


def test_the_schema_with_the_most_fields_is_the_reader():
    one, two = with_fields(SOLAR), with_fields(SOLAR, LIFTS)
    assert widest_reader(BASE, ["price"], [one, two, BASE]) == two


@pytest.mark.parametrize(
    "strange",
    [
        with_fields({"name": "lifts", "type": "int"}),
        with_fields(SOLAR, LIFTS, without="price"),
        json.dumps({**json.loads(with_fields(SOLAR)), "name": "Another"}),
        json.dumps("int"),
        "not even JSON",
    ],
    ids=["no default", "lacks what the model needs", "another record", "no record", "no schema"],
)
def test_a_schema_that_may_not_stand_in_is_no_reader(strange):
    assert widest_reader(BASE, ["price"], [strange]) == BASE


def test_columns_come_last_in_snake_case_with_the_documentation():
    model = checkout_graph()["stg_property_listings"]
    wide = widened(model, with_fields(SOLAR, LIFTS))
    assert wide.column_names == (*model.column_names, "solar_panels", "lifts")
    assert wide.columns[-2].description == "Panels on the roof"
    assert wide.columns[: len(model.columns)] == model.columns
    assert wide.reader_schema == with_fields(SOLAR, LIFTS)


def test_a_field_that_staging_has_no_type_for_stays_in_the_log():
    model = checkout_graph()["stg_property_listings"]
    nested = {
        "name": "agent",
        "type": {
            "type": "record",
            "name": "Agent",
            "fields": [{"name": "n", "type": "string", "default": ""}],
        },
        "default": {"n": ""},
    }
    assert widened(model, with_fields(nested)).column_names == model.column_names


def test_every_staging_model_can_be_widened():
    for model in checkout_graph().staging:
        schema = json.loads(schema_text(model.topic))
        schema["fields"].append({"name": "quiteNew", "type": "string", "default": ""})
        assert widened(model, json.dumps(schema)).column_names[-1] == "quite_new"


@pytest.mark.parametrize(
    ("name", "column"), [("energyRating", "energy_rating"), ("price", "price"), ("unitNo2", "unit_no2")]
)
def test_names_become_snake_case(name, column):
    assert snake_case(name) == column
