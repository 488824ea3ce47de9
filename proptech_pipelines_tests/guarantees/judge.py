"""Judges a lake from outside: against the broker record by record, against a replay, and its messages."""

import hashlib
import io
import json
from collections import Counter

import fastavro
from confluent_kafka import Consumer, TopicPartition

from proptech_pipelines.contracts.topics import INPUT_TOPICS, OUTPUT_TOPICS, schema_text
from proptech_pipelines.kafka.client import client_config
from proptech_pipelines.kafka.cluster import Cluster
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.pipeline.checks import ledger_is_gapless, records_are_conserved, replay_equals_stream

Coordinates = tuple[str, int]


def assert_lake_is_whole(settings) -> int:
    """The log is the broker's, ranges join up, counts agree and every table equals a replay; number of records."""
    con = connect(settings, read_only=True)
    try:
        for check in (ledger_is_gapless, records_are_conserved):
            result = check(con)
            assert result.passed, (check.__name__, result)
        for family in live_graph(con).families:
            result = replay_equals_stream(con, family)
            assert result.passed, (family, result)
        logged = log_digests(con)
    finally:
        con.close()
    assert logged == broker_digests(settings)
    return sum(count for count, _ in logged.values())


def log_digests(con) -> dict[Coordinates, tuple[int, str]]:
    """Count and hash over offset, key and value of all logged records of each partition, in order."""
    digests, counts = {}, Counter()
    reader = con.execute(
        "select topic, kafka_partition, kafka_offset, key, value from event_log order by 1, 2, 3"
    ).to_arrow_reader(100_000)
    for batch in reader:
        for topic, partition, offset, key, value in zip(
            *(column.to_pylist() for column in batch.columns), strict=True
        ):
            where = (topic, partition)
            counts[where] += 1
            _add(digests.setdefault(where, hashlib.sha256()), offset, key, value)
    return {where: (counts[where], digest.hexdigest()) for where, digest in digests.items()}


def broker_digests(settings) -> dict[Coordinates, tuple[int, str]]:
    """The same over what a read_committed consumer reads from the broker."""
    digests, counts = {}, Counter()
    for message in read_topics(settings, [topic.name for topic in INPUT_TOPICS]):
        where = (message.topic(), message.partition())
        counts[where] += 1
        _add(digests.setdefault(where, hashlib.sha256()), message.offset(), message.key(), message.value())
    return {where: (counts[where], digest.hexdigest()) for where, digest in digests.items()}


DEAD_LETTER_TOPICS = [topic.dead_letter_topic for topic in INPUT_TOPICS]


def ends_of(settings, names):
    """Next offsets of topics `names`."""
    cluster = Cluster(settings)
    return cluster.end_offsets(cluster.topics(names))


def read_topics(settings, names, since=None):
    """All messages of topics `names`, or those from the offsets `since`, that a plain read_committed consumer gets."""
    since = since or {}
    ends = ends_of(settings, names)
    consumer = Consumer(
        client_config(
            settings,
            group_id="judge",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            enable_partition_eof=True,
        )
    )
    waiting = {where for where, end in ends.items() if end > since.get(where, 0)}
    consumer.assign([TopicPartition(*where, since.get(where, 0)) for where in waiting])
    try:
        while waiting:
            for message in consumer.consume(10_000, 1.0):
                if message.error() is None:
                    yield message
                else:
                    waiting.discard((message.topic(), message.partition()))
    finally:
        consumer.close()


def alerts(settings, since=None) -> list[dict]:
    """All messages of market-alerts, or those from the offsets `since`, in the order of each partition."""
    schema = parsed_schema("market-alerts")
    return [decoded(message, schema) for message in read_topics(settings, ["market-alerts"], since)]


def parsed_schema(topic):
    """The newest schema of `topic`, for fastavro."""
    return fastavro.parse_schema(json.loads(schema_text(topic)))


def decoded(message, schema) -> dict:
    """The fields of a message in the registry's wire format."""
    return fastavro.schemaless_reader(io.BytesIO(message.value()[5:]), schema, None)


def origin(message) -> tuple[str, int, int]:
    """Topic, partition and offset of the record that a dead letter is about, by its headers."""
    headers = dict(message.headers() or [])
    topic, partition, offset = (
        headers[f"__streams.errors.{name}"] for name in ("topic", "partition", "offset")
    )
    return topic.decode(), int(partition), int(offset)


def assert_no_alert_twice(settings, *, agrees: bool = True, since=None) -> int:
    """No id twice, revisions of a window strictly rise, and (`agrees`) the last message of each is the table's row.

    Another lake on the same Kafka sends the same ids: `since` leaves its messages out.
    """
    found = alerts(settings, since)
    doubled = [item for item, count in Counter(alert["alertId"] for alert in found).items() if count > 1]
    assert not doubled
    last = {}
    for alert in found:
        window = (alert["zipCode"], alert["windowStart"].replace(tzinfo=None))
        assert alert["revision"] > last.get(window, {"revision": 0})["revision"]
        last[window] = alert
    if not agrees:
        return len(found)
    con = connect(settings, read_only=True)
    try:
        rows = con.execute("select zip_code, window_start, event_count, reason from market_alerts").fetchall()
    finally:
        con.close()
    raised = {
        window: (alert["revision"], alert["reason"])
        for window, alert in last.items()
        if alert["status"] == "RAISED"
    }
    assert raised == {(zip_code, start): (count, reason) for zip_code, start, count, reason in rows}
    return len(found)


def assert_no_dead_letter_twice(settings, since=None) -> int:
    """The dead-letter topics hold each dead letter of the lake once, with its coordinates in the headers."""
    published = Counter()
    for message in read_topics(settings, DEAD_LETTER_TOPICS, since):
        published[origin(message)] += 1
    con = connect(settings, read_only=True)
    try:
        rows = con.execute("select topic, kafka_partition, kafka_offset from dead_letter_records").fetchall()
    finally:
        con.close()
    assert published == Counter(rows)
    return len(rows)


def assert_no_message_twice(settings) -> dict[str, int]:
    """No output topic holds an id twice, for a plain read_committed consumer; the number of messages by topic.

    The id is the first field of a message or, on a dead-letter topic, the coordinates of the record.
    """
    found: dict[str, Counter] = {name: Counter() for name in OUTPUT_TOPICS}
    schemas = {name: parsed_schema(name) for name in OUTPUT_TOPICS if not name.endswith("-dlq")}
    for message in read_topics(settings, list(OUTPUT_TOPICS)):
        schema = schemas.get(message.topic())
        name = origin(message) if schema is None else next(iter(decoded(message, schema).values()))
        found[message.topic()][name] += 1
    for topic, names in found.items():
        doubled = [name for name, count in names.items() if count > 1]
        assert not doubled, (topic, len(doubled), doubled[:3])
    return {topic: names.total() for topic, names in found.items()}


def _add(digest, offset, key, value) -> None:
    for part in (key, value):
        digest.update(b"-1" if part is None else len(part).to_bytes(4, "big") + part)
    digest.update(offset.to_bytes(8, "big"))
