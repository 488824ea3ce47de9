"""Messages become the ranges that they are of, whatever order partitions come in."""

import pytest
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaProducer

from proptech_pipelines.kafka.cluster import TopicState
from proptech_pipelines.kafka.consumer import RangeConsumer
from proptech_pipelines.kafka.messages import headers_of
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.settings import Settings
from proptech_pipelines_tests.no_text import NoText

TOPICS = {name: TopicState(name, f"id of {name}", 2) for name in ("property-views", "user-searches")}
PLACES = [(name, number) for name in TOPICS for number in range(2)]
RECORD = st.tuples(
    st.sampled_from(PLACES),
    st.integers(1, 3),  # 2 and 3 leave holes
    st.none() | st.binary(max_size=3),
    st.none() | st.binary(max_size=3),
    st.none() | st.just([("name", b"value"), ("name", None)]),
    st.booleans(),  # an end of the partition follows
)


def sent(drawn):
    """The messages of `drawn`, and the ranges that a record at a time makes of them."""
    messages: list[Message] = []
    ranges: dict[tuple[str, int], Fetched] = {}
    for number, ((topic, partition), step, key, value, headers, is_last) in enumerate(drawn):
        part = ranges.setdefault((topic, partition), Fetched(topic, f"id of {topic}", partition, 0, 0))
        offset = part.end_offset + step - 1
        messages.append(
            Message(
                topic=topic,
                partition=partition,
                offset=offset,
                key=key,
                value=value,
                headers=headers,
                timestamp=(1 + number % 2, number),
            )
        )
        part.append(offset, (1 + number % 2, number), key, value, headers)
        if is_last:
            part.end_offset += 2
            end = KafkaError(KafkaError._PARTITION_EOF)
            messages.append(Message(topic=topic, partition=partition, offset=part.end_offset, error=end))
    return messages, ranges


@pytest.fixture(scope="module")
def consumer(tmp_path_factory):
    """One that reaches no broker: it is given the messages by hand."""
    with RangeConsumer(Settings(tmp_path_factory.mktemp("home"), bootstrap_servers="127.0.0.1:1")) as made:
        made.assign(TOPICS, {})
        yield made


@given(drawn=st.lists(RECORD, max_size=40), chunk=st.integers(1, 50))
def test_runs_of_messages_make_the_ranges_that_a_record_at_a_time_makes(consumer, drawn, chunk):
    messages, expected = sent(drawn)
    found: dict[tuple[str, int], Fetched] = {}
    chunks = [messages[at : at + chunk] for at in range(0, len(messages), chunk)]
    assert sum(consumer._take(some, found) for some in chunks) == len(drawn)
    assert found == expected


def test_a_header_name_that_is_no_utf_8_is_mended_and_its_neighbours_stay():
    broker = Producer({"bootstrap.servers": "none", "test.mock.num.brokers": 1, "log_level": 0})
    (node,) = broker.list_topics(timeout=10).brokers.values()
    address = f"{node.host}:{node.port}"
    producer = KafkaProducer(bootstrap_servers=address, api_version=(2, 0))
    sent = [
        [("a", b"1"), ("b", b"")],
        [("c", b"2"), (NoText("d"), b"3"), (NoText("e"), b"")],
        [],
        [("f", b"4")],
    ]
    for headers in sent:
        producer.send("t", b"v", headers=headers, partition=0).get(30)
    producer.close()
    consumer = Consumer({"bootstrap.servers": address, "group.id": "g", "log_level": 0})
    consumer.assign([TopicPartition("t", 0, 0)])
    messages = consumer.consume(len(sent), 30)
    consumer.close()
    mended = [
        [("\ufffd" if isinstance(name, NoText) else name, value) for name, value in row] for row in sent
    ]
    assert headers_of(messages) == [row or None for row in mended]
