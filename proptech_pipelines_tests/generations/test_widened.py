"""A newer schema widens its staging table by itself: columns at the end, for fields that the model does not name."""

import json

import duckdb
import pytest

from proptech_pipelines.contracts.columns import decoded_columns
from proptech_pipelines.contracts.readers import widest_reader
from proptech_pipelines.contracts.storable import storable
from proptech_pipelines.contracts.topics import schema_text, topic
from proptech_pipelines.lake.generations import checkout_graph, staging_table
from proptech_pipelines.lake.tables import RESERVED_COLUMNS
from proptech_pipelines.models.widened import snake_case, widened

TOPIC = "property-listings"
BASE = schema_text(TOPIC)


def with_fields(*fields: dict[str, object], without: str = "") -> str:
    schema = json.loads(BASE)
    schema["fields"] = [item for item in schema["fields"] if item["name"] != without] + list(fields)
    return json.dumps(schema)


def optional(name: str, kind: object) -> dict[str, object]:
    return {"name": name, "type": ["null", kind], "default": None}


SOLAR = {"name": "solarPanels", "type": ["null", "int"], "default": None, "doc": "Panels on the roof"}
LIFTS = {"name": "lifts", "type": "int", "default": 0}


def test_the_schema_with_the_most_fields_is_the_reader():
    one, two = with_fields(SOLAR), with_fields(SOLAR, LIFTS)
    assert widest_reader(BASE, [one, two, BASE], ()) == two


@pytest.mark.parametrize(
    "strange",
    [
        with_fields({"name": "lifts", "type": "int"}),
        with_fields(SOLAR, LIFTS, without="price"),
        with_fields(SOLAR, LIFTS, without="city"),
        with_fields(SOLAR, optional("City", "string"), without="city"),
        json.dumps({**json.loads(with_fields(SOLAR)), "name": "Another"}),
        json.dumps("int"),
        "not even JSON",
    ],
    ids=[
        "no default",
        "lacks a field",
        "lacks an optional field",
        "spells a field anew",
        "another record",
        "no record",
        "no schema",
    ],
)
def test_a_schema_that_may_not_stand_in_is_no_reader(strange):
    assert widest_reader(BASE, [strange], ()) == BASE


def test_columns_come_last_in_snake_case_with_the_documentation():
    model = checkout_graph()["stg_property_listings"]
    wide = widened(model, with_fields(SOLAR, LIFTS), ())
    assert wide.column_names == (*model.column_names, "solar_panels", "lifts")
    assert wide.columns[-2].description == "Panels on the roof"
    assert wide.columns[: len(model.columns)] == model.columns
    assert wide.reader_schema == with_fields(SOLAR, LIFTS)


def wide(depth: int) -> dict[str, object]:
    """A record of two of a record of two, and so on: a million parts."""
    inner = wide(depth - 1) if depth else "int"
    again = f"R{depth - 1}" if depth else "int"
    fields = [{"name": "left", "type": inner}, {"name": "right", "type": again}]
    return {"type": "record", "name": f"R{depth}", "fields": fields}


AGENT = {
    "type": "record",
    "name": "Agent",
    "fields": [
        {"name": "name", "type": "string"},
        {"name": "phones", "type": {"type": "array", "items": "string"}},
        {"name": "fees", "type": {"type": "map", "values": ["null", "long"]}},
    ],
}
NODE = {
    "type": "record",
    "name": "Node",
    "fields": [{"name": "next", "type": ["null", "Node"], "default": None}],
}
LOGICAL = {"type": "int", "logicalType": "date"}, {"type": "long", "logicalType": "timestamp-micros"}


@pytest.mark.parametrize(
    ("field", "column", "kind"),
    [
        (
            optional("agent", AGENT),
            "agent",
            'STRUCT("name" VARCHAR, phones VARCHAR[], fees MAP(VARCHAR, BIGINT))',
        ),
        (optional("seal", {"type": "fixed", "name": "Seal", "size": 4}), "seal", "BLOB"),
        (optional("agent_name", "string"), "agent_name", "VARCHAR"),
        (optional("select", "string"), "select_", "VARCHAR"),
        (optional("builtOn", LOGICAL[0]), "built_on", "DATE"),
        (optional("soldAt", LOGICAL[1]), "sold_at", "TIMESTAMP"),
        (optional("no", {"type": "long", "logicalType": "date"}), "no", "BIGINT"),
        (optional("text", {"type": "string", "logicalType": "timestamp-millis"}), "text", "VARCHAR"),
        (
            {"name": "doc", "type": "int", "default": 0, "doc": "a\0b {DATA_PATH} \ud800\n--*/"},
            "doc",
            "INTEGER",
        ),
        ({"name": "odd", "type": "int", "default": 0, "doc": 7}, "odd", "INTEGER"),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_a_new_field_becomes_a_column_of_its_type(field, column, kind):
    model = checkout_graph()["stg_property_listings"]
    reader = widest_reader(BASE, [with_fields(field)], RESERVED_COLUMNS)
    wide = widened(model, reader, RESERVED_COLUMNS)
    assert wide.column_names[len(model.column_names) :] == (column,)
    with duckdb.connect() as con:
        con.execute(staging_table(wide).replace(f"create table {wide.table}", "create table made"))
        assert con.execute("describe made").fetchall()[-1][:2] == (column, kind)


@pytest.mark.parametrize(
    "field",
    [
        {"name": "any", "type": ["null", "int", "string"], "default": None},
        optional("node", NODE),
        optional("empty", {"type": "record", "name": "Empty", "fields": []}),
        optional("twice", {**AGENT, "fields": [*AGENT["fields"], {"name": "NAME", "type": "string"}]}),
        optional("kafka_offset", "long"),
        optional("a b", "long"),
        optional("odd", {**AGENT, "fields": [{"name": 'a"b', "type": "string"}]}),
        {"name": "at", "type": {"type": "map", "values": "int"}, "default": {"a": 1}},
        {
            "name": "home",
            "type": {**AGENT, "fields": [{"name": "x", "type": "int", "default": 1}]},
            "default": {},
        },
        optional("wide", wide(20)),
        optional("PRICE", "long"),
    ],
    ids=lambda item: item["name"],
)
def test_a_field_that_no_column_can_hold_is_left_out_and_those_behind_it_are_read(field):
    reader = widest_reader(BASE, [with_fields(field, SOLAR)], RESERVED_COLUMNS)
    assert json.loads(reader) == json.loads(with_fields(SOLAR))
    assert list(decoded_columns(topic(TOPIC), reader))[-1] == "solarPanels"


def test_what_is_left_of_a_schema_can_be_kept():
    doc = {**SOLAR, "doc": "{DATA_PATH}"}
    reader = widest_reader(BASE, [with_fields(optional("kafka_offset", "long"), doc)], RESERVED_COLUMNS)
    assert storable(reader) == reader
    assert json.loads(reader) == json.loads(with_fields(doc))


def test_a_field_of_a_type_that_went_with_another_field_goes_with_it():
    first = {"name": "any", "type": ["null", "int", AGENT], "default": None}
    reader = widest_reader(BASE, [with_fields(first, optional("agent", "Agent"), SOLAR)], ())
    assert json.loads(reader) == json.loads(with_fields(SOLAR))


@pytest.mark.parametrize("name", ["kafkaOffset", "property_id", "commitNumber"])
def test_a_field_whose_column_would_bear_the_name_of_another_stays_in_the_log(name):
    model = checkout_graph()["stg_property_listings"]
    reader = widest_reader(BASE, [with_fields(optional(name, "long"))], RESERVED_COLUMNS)
    assert widened(model, reader, RESERVED_COLUMNS).column_names == model.column_names


@pytest.mark.parametrize(
    ("kind", "values", "kept"),
    [
        (LOGICAL[0], [-719_163, -719_162, 2_932_896, 2_932_897, 2**31 - 1, -(2**31)], 2),
        (
            LOGICAL[1],
            [-62_135_596_800_000_001, -62_135_596_800_000_000, 253_402_300_799_999_999, 2**63 - 1],
            2,
        ),
        ({"type": "long", "logicalType": "timestamp-millis"}, [-(2**63), 0, 253_402_300_800_000, 2**62], 1),
    ],
)
def test_a_time_that_no_table_can_keep_is_null(kind, values, kept):
    model = checkout_graph()["stg_property_listings"]
    wide = widened(model, with_fields(optional("moment", kind)), RESERVED_COLUMNS)
    given = ", ".join(
        f'cast(null as {kind}) as "{name}"' for name, kind in decoded_columns(topic(TOPIC)).items()
    )
    with duckdb.connect() as con:
        rows = con.execute(
            f"with decoded as (select {given}, unnest({values}) as moment) select moment from ({wide.sql}) "
            "where year(moment) between 1 and 9999"
        ).fetchall()
    assert len(rows) == kept


def test_every_staging_model_can_be_widened():
    for model in checkout_graph().staging:
        schema = json.loads(schema_text(model.topic))
        schema["fields"].append({"name": "quiteNew", "type": "string", "default": ""})
        assert widened(model, json.dumps(schema), RESERVED_COLUMNS).column_names[-1] == "quite_new"


@pytest.mark.parametrize(
    ("name", "column"), [("energyRating", "energy_rating"), ("price", "price"), ("unitNo2", "unit_no2")]
)
def test_names_become_snake_case(name, column):
    assert snake_case(name) == column
