"""The producer and the serializer against a real broker and registry."""

from dataclasses import replace

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from proptech_pipelines.contracts.topics import INPUT_TOPICS, schema_text
from proptech_pipelines.errors import DeliveryFailed, RegistryUnavailable, ServiceError, SettingsError
from proptech_pipelines.kafka.producer import (
    RegistrySerializer,
    event_producer,
    flush,
    partition_counts,
    producer_config,
    send,
)
from proptech_pipelines.services.schemas_setup import register_schemas
from proptech_pipelines.settings import Settings
from proptech_pipelines.simulator.broken import example

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def offline(tmp_path):
    """Settings that lead nowhere."""
    return Settings(
        home=tmp_path,
        bootstrap_servers=NOWHERE,
        schema_registry_url=f"http://{NOWHERE}",
        kafka_config={"message.timeout.ms": "500"},
    )


def end_offset(settings: Settings, topic: str, partition: int) -> int:
    consumer = Consumer({"bootstrap.servers": settings.bootstrap_servers, "group.id": "test"})
    try:
        return consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)[1]
    finally:
        consumer.close()


def test_a_producer_batches_compresses_and_is_idempotent(offline):
    config = producer_config(offline)
    assert {name: str(config[name]) for name in ("batch.size", "linger.ms", "compression.type", "acks")} == {
        "batch.size": "32768",
        "linger.ms": "20",
        "compression.type": "snappy",
        "acks": "all",
    }
    assert config["enable.idempotence"] is True


def test_the_users_settings_come_last(offline):
    config = producer_config(
        replace(offline, kafka_config={"linger.ms": "5", "client.rack": "a", "acks": "-1"})
    )
    assert (config["linger.ms"], config["client.rack"], config["acks"]) == ("5", "a", "all")


@pytest.mark.parametrize(
    "user",
    [
        {"enable.idempotence": "false"},
        {"acks": "1"},
        {"acks": "0"},
        {"request.required.acks": "1"},
        {"no.such.setting": "1"},
        {"linger.ms": "soon"},
        {"max.in.flight": "10"},
    ],
)
def test_settings_that_would_lose_records_or_mean_nothing_are_refused(offline, user):
    with pytest.raises(SettingsError, match="kafka_config"):
        event_producer(replace(offline, kafka_config=user))


def test_without_an_address_there_is_no_producer(tmp_path):
    with pytest.raises(SettingsError, match="No Kafka is known"):
        event_producer(Settings(home=tmp_path))


def test_a_record_that_cannot_be_delivered_is_an_error(offline):
    producer = event_producer(offline)
    assert send(producer, "property-updates", [(b"k", b"v", 0, 0)]) == 1
    with pytest.raises(DeliveryFailed, match="property-updates"):
        flush(producer, 10)


def test_what_is_not_delivered_in_time_is_an_error(offline):
    producer = event_producer(replace(offline, kafka_config={}))
    send(producer, "property-updates", [(b"k", b"v", 0, 0)] * 3)
    with pytest.raises(DeliveryFailed, match=r"3 records were not delivered within 0.1 s"):
        flush(producer, 0.1)
    producer.purge()


def test_a_queue_that_stays_full_is_an_error(offline):
    producer = event_producer(replace(offline, kafka_config={"queue.buffering.max.messages": "10"}))
    with pytest.raises(DeliveryFailed, match=r"did not move for 0.2 s"):
        send(producer, "property-updates", [(b"k", b"v", 0, 0)] * 11, wait_seconds=0.2)
    producer.purge()


@pytest.mark.long
def test_a_full_queue_waits_for_room_and_loses_nothing(stack):
    small = replace(stack.settings, kafka_config={"queue.buffering.max.messages": "100"})
    before = end_offset(stack.settings, "property-updates", 2)
    producer = event_producer(small)
    values = [str(number).encode() for number in range(5_000)]
    assert send(producer, "property-updates", [(b"k", value, 2, 0) for value in values]) == 5_000
    flush(producer)
    assert end_offset(stack.settings, "property-updates", 2) == before + 5_000


def test_keys_values_tombstones_partitions_and_timestamps_arrive_as_sent(stack):
    topic, partition = "user-profiles", 2
    before = end_offset(stack.settings, topic, partition)
    producer = event_producer(stack.settings)
    sent = [(b"a", b"one", partition, 1_700_000_000_000), (b"b", None, partition, 1_700_000_000_001)]
    send(producer, topic, sent)
    flush(producer)
    consumer = Consumer({"bootstrap.servers": stack.settings.bootstrap_servers, "group.id": "test"})
    consumer.assign([TopicPartition(topic, partition, before)])
    found = [consumer.poll(10) for _ in sent]
    consumer.close()
    assert [
        (record.key(), record.value(), record.partition(), record.timestamp()[1]) for record in found
    ] == sent


def test_partitions_are_counted_by_the_broker(stack):
    producer = event_producer(stack.settings)
    names = [topic.name for topic in INPUT_TOPICS]
    assert partition_counts(producer, names) == {topic.name: topic.partitions for topic in INPUT_TOPICS}
    with pytest.raises(ServiceError, match="Kafka has no topic no-such-topic"):
        partition_counts(producer, ["property-views", "no-such-topic"])


def test_a_broker_that_does_not_answer_is_said_so(offline):
    with pytest.raises(ServiceError, match="Kafka does not answer"):
        partition_counts(event_producer(offline), ["property-views"], wait_seconds=0.2)


@pytest.mark.parametrize("topic", INPUT_TOPICS, ids=lambda topic: topic.name)
def test_bytes_equal_those_of_confluents_serializer(stack, topic):
    with SchemaRegistryClient({"url": stack.settings.schema_registry_url}) as client:
        theirs = AvroSerializer(client, schema_text(topic.name))
        context = SerializationContext(topic.name, MessageField.VALUE)
        expected = theirs(example(topic.name), context)
    ours = RegistrySerializer(stack.settings)
    assert ours(topic.name, example(topic.name)) == expected
    assert ours.prefix(topic.name) == expected[:5]


def test_a_schema_that_the_registry_lacks_is_registered(stack):
    url = stack.settings.schema_registry_url
    with SchemaRegistryClient({"url": url}) as client:
        client.delete_subject("user-interactions-value")
        prefix = RegistrySerializer(stack.settings).prefix("user-interactions")
        assert client.get_latest_version("user-interactions-value").schema_id == int.from_bytes(
            prefix[1:], "big"
        )
    register_schemas(url)  # and its compatibility, for the tests that follow


def test_a_registry_that_does_not_answer_is_said_so(offline):
    with pytest.raises(RegistryUnavailable, match="gives no answer"):
        RegistrySerializer(offline).prefix("property-views")


def test_a_value_that_breaks_its_schema_is_refused(stack):
    with pytest.raises((TypeError, ValueError)):
        RegistrySerializer(stack.settings)("property-views", {**example("property-views"), "userId": 5})
