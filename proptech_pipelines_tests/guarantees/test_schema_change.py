"""A schema change becomes a finished backfill: registered, planned, built from raw bytes, swapped in."""

import json
import time

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from proptech_pipelines.contracts.topics import schema_text
from proptech_pipelines.kafka.producer import event_producer
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.pipeline.plan import carry_out, planning, propose, tools_of
from proptech_pipelines.pipeline.stream import StreamRun
from proptech_pipelines_tests.guarantees.judge import assert_lake_is_whole
from proptech_pipelines_tests.guarantees.lakes import fresh_lake

pytestmark = pytest.mark.long

TOPIC = "property-listings"
SUBJECT = f"{TOPIC}-value"
NOW_MS = time.time_ns() // 1_000_000 - 60_000
"""Retention would take records of long ago."""
NEXT = json.loads(schema_text(TOPIC))
AGENT = {
    "type": "record",
    "name": "Agent",
    "fields": [
        {"name": "name", "type": "string"},
        {"name": "phones", "type": {"type": "array", "items": "string"}},
    ],
}
NEXT["fields"] += [
    {"name": "solarPanels", "type": ["null", "int"], "default": None, "doc": "Panels"},
    {"name": "agent", "type": ["null", AGENT], "default": None, "doc": "Who sells it"},
    # No column can hold the one, and the other bears the name of a column that is there.
    {"name": "either", "type": ["null", "int", "string"], "default": None},
    {"name": "kafka_offset", "type": ["null", "long"], "default": None},
    {"name": "lot_size", "type": ["null", "int"], "default": None},
]
ANNE = {"name": "Anne", "phones": ["1", "2"]}


def listing(number: int, **more: object) -> dict[str, object]:
    """A listing of the newest schema of the package, with `more`."""
    return {
        "propertyId": f"home-{number}",
        "price": 300_000 + number,
        "bedrooms": 3,
        "bathrooms": 2.0,
        "squareFootage": 1_500,
        "zipCode": "95814",
        "stateCode": "CA",
        "city": "SACRAMENTO",
        "propertyType": "Residential",
        "latitude": 38.6,
        "longitude": -121.4,
        "listedAt": NOW_MS + number,
        "energyRating": None,
        **more,
    }


def send(settings, schema: str, listings) -> None:
    producer = event_producer(settings)
    with SchemaRegistryClient({"url": settings.schema_registry_url}) as registry:
        serialize = AvroSerializer(registry, schema)
        for item in listings:
            value = serialize(item, SerializationContext(TOPIC, MessageField.VALUE))
            producer.produce(TOPIC, value, b"95814", timestamp=item["listedAt"])
    producer.flush()


def added(settings) -> dict[str, tuple[object, ...]]:
    """The values of the new columns by property."""
    con = connect(settings, read_only=True)
    try:
        rows = con.execute(
            "select property_id, solar_panels, agent, lot_size from stg_property_listings"
        ).fetchall()
        return {row[0]: row[1:] for row in rows}
    finally:
        con.close()


def planned(settings):
    with planning(settings) as (con, graph):
        return propose(con, graph)


def test_a_field_of_a_new_version_appears_for_the_events_that_had_it(own_stack, tmp_path):
    settings = fresh_lake(own_stack, tmp_path / "lake")
    send(settings, schema_text(TOPIC), [listing(number) for number in range(5)])
    StreamRun(settings).run(lambda: False, drain=True)
    assert planned(settings) is None
    with SchemaRegistryClient({"url": settings.schema_registry_url}) as registry:
        registry.register_schema(SUBJECT, Schema(json.dumps(NEXT), "AVRO"))
    plan = planned(settings)
    assert plan is not None
    assert (plan.level, plan.tables) == ("additive", ("stg_property_listings",))
    # Version 3 is written before anything is built; version 2 goes on.
    new = {"agent": ANNE, "either": "x", "kafka_offset": 7, "lot_size": 8}
    send(settings, json.dumps(NEXT), [listing(number, solarPanels=number, **new) for number in range(5, 10)])
    send(settings, schema_text(TOPIC), [listing(10)])
    StreamRun(settings).run(lambda: False, drain=True)
    assert planned(settings) == plan
    with planning(settings) as (con, graph), Leases(settings) as leases:
        assert carry_out(con, graph, plan, tools_of(settings, leases)).state == "swapped"
    assert planned(settings) is None
    send(settings, json.dumps(NEXT), [listing(11, solarPanels=11)])
    StreamRun(settings).run(lambda: False, drain=True)
    nothing = {f"home-{number}": (None, None, None) for number in range(12)}
    with_all = {f"home-{number}": (number, ANNE, 8) for number in range(5, 10)}
    assert added(settings) == {**nothing, **with_all, "home-11": (11, None, None)}
    assert_lake_is_whole(settings)
