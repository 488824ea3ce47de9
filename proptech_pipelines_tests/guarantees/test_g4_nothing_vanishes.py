"""G4, nothing vanishes: consumed = staged + dead, whatever is sent; a registry that is down is no bad record."""

import threading
import time

import pytest
from confluent_kafka import Producer
from kafka import KafkaProducer

from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines.kafka.client import client_config
from proptech_pipelines.kafka.producer import RegistrySerializer
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.pipeline.stream import StreamRun
from proptech_pipelines.simulator.broken import broken_values, example
from proptech_pipelines_tests.guarantees.judge import (
    DEAD_LETTER_TOPICS,
    assert_lake_is_whole,
    assert_no_dead_letter_twice,
    ends_of,
)
from proptech_pipelines_tests.guarantees.lakes import fresh_lake
from proptech_pipelines_tests.no_text import NoText


def drain(settings):
    return StreamRun(settings).run(lambda: False, drain=True)


def test_g4_each_kind_of_broken_record_becomes_a_dead_letter_with_its_raw_bytes(stack, tmp_path):
    settings = fresh_lake(stack, tmp_path / "lake")
    serializer = RegistrySerializer(settings)
    producer = Producer(client_config(settings, message_max_bytes=1_048_576))
    sent = {}
    for topic in INPUT_TOPICS:
        schema_id = int.from_bytes(serializer.prefix(topic.name)[1:], "big")
        for kind, value in broken_values(topic.name, schema_id).items():
            sent[topic.name, kind] = value
            producer.produce(topic.name, value, kind.encode(), 0)
    assert producer.flush(30) == 0
    before = ends_of(settings, DEAD_LETTER_TOPICS)
    drain(settings)
    con = connect(settings, read_only=True)
    letters = con.execute(
        "select topic, cast(key as varchar), value from dead_letters where key is not null "
        "qualify row_number() over (partition by topic, key order by kafka_offset desc) = 1"
    ).fetchall()
    con.close()
    found = {(topic, kind): value for topic, kind, value in letters}
    assert {where: found.get(where, "not there") for where in sent} == sent
    assert_lake_is_whole(settings)
    assert assert_no_dead_letter_twice(settings, before) >= len(sent)


@pytest.mark.long
def test_g4_keys_and_header_names_that_the_catalog_would_take_for_its_own_stop_nothing(stack, tmp_path):
    settings = fresh_lake(stack, tmp_path / "lake")
    serializer = RegistrySerializer(settings)
    producer = Producer(client_config(settings))
    texts = [
        "a\0b",
        "{DATA_PATH}",
        "{METADATA_CATALOG_NAME_LITERAL}",
        "{SNAPSHOT_ID}",
        "'; drop table event_log; --",
    ]
    for topic in INPUT_TOPICS:
        value = serializer(topic.name, example(topic.name))
        for text in texts:
            # Without a value: a tombstone, which on a table topic is a row under its key.
            producer.produce(topic.name, value, text.encode(), 0, headers=[(text, b"1")])
            producer.produce(topic.name, None, text.encode(), 0)
    assert producer.flush(30) == 0
    summary = drain(settings)
    assert summary.halted == {}
    con = connect(settings, read_only=True)
    sent = con.execute(
        "select count(*) from event_log where value is not null and len(headers) = 1 "
        "and key in (select unnest(?)) group by topic",
        [[text.encode() for text in texts]],
    ).fetchall()
    con.close()
    assert sent == [(len(texts),)] * len(INPUT_TOPICS)
    assert_lake_is_whole(settings)


@pytest.mark.long
def test_g4_a_header_whose_name_is_no_text_stops_nothing(stack, tmp_path):
    settings = fresh_lake(stack, tmp_path / "lake")
    value = RegistrySerializer(settings)("property-updates", example("property-updates"))
    # librdkafka takes texts alone. Often enough for Python to specialize its calls, and with good records between.
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap_servers)
    headers = [("good", b"1"), (NoText("x"), b"2"), (NoText("y"), b""), ("good", b"3")]
    first = producer.send("property-updates", value, b"k", headers, partition=0).get(30).offset
    for number in range(1, 60):
        producer.send("property-updates", value, b"k", headers if number % 3 else [], partition=0)
    producer.close()
    assert drain(settings).halted == {}
    con = connect(settings, read_only=True)
    found = con.execute(
        "select headers from event_log where topic = 'property-updates' and kafka_partition = 0 "
        f"and kafka_offset >= {first} order by kafka_offset"
    ).fetchall()
    con.close()
    texts = [("\ufffd" if isinstance(name, NoText) else name, value) for name, value in headers]
    kept = [{"name": name, "value": value} for name, value in texts]
    assert [row[0] for row in found] == [kept if number % 3 or not number else None for number in range(60)]
    assert_lake_is_whole(settings)


@pytest.mark.long
def test_g4_a_registry_that_is_down_is_waited_for_and_makes_no_dead_letter(stack, tmp_path):
    settings = fresh_lake(stack, tmp_path / "lake")
    value = {
        "propertyId": "P1",
        "attribute": "a",
        "oldValue": None,
        "newValue": None,
        "updatedAt": 1_767_225_600_000,
    }
    encoded = RegistrySerializer(settings)("property-updates", value)
    producer = Producer(client_config(settings))
    producer.produce("property-updates", encoded, b"P1", 0)
    assert producer.flush(30) == 0
    stack.registry.stop()
    summaries = []
    run = threading.Thread(target=lambda: summaries.append(drain(settings)))
    run.start()
    time.sleep(8)
    assert run.is_alive()
    stack.registry.start()
    run.join(60)
    assert summaries[0].records > 0
    con = connect(settings, read_only=True)
    unknown = con.execute(
        "select count(*) from dead_letters where reason = 'unknown_schema_id' and key = 'P1'::blob"
    )
    assert unknown.fetchone() == (0,)
    con.close()
    assert_lake_is_whole(settings)
