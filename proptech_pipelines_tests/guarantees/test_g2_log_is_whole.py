"""G2, the log is whole: gapless but for recorded holes; gaps, regressions and new incarnations are told apart."""

import json
import time
import uuid

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from proptech_pipelines.errors import OffsetGap, OffsetRegression, SettingsError
from proptech_pipelines.kafka.client import client_config
from proptech_pipelines.kafka.cluster import Cluster
from proptech_pipelines.kafka.consumer import refused_position
from proptech_pipelines.kafka.producer import RegistrySerializer
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.pipeline.checks import ledger_is_gapless
from proptech_pipelines.pipeline.gaps import accept_gap
from proptech_pipelines.pipeline.stream import StreamRun
from proptech_pipelines.pipeline.verify import verify_log
from proptech_pipelines.services.topics_setup import wanted_topics
from proptech_pipelines_tests.guarantees.judge import assert_lake_is_whole
from proptech_pipelines_tests.guarantees.lakes import fresh_lake

TOPIC = "property-updates"
VALUE = {
    "propertyId": "P1",
    "attribute": "beds",
    "oldValue": "2",
    "newValue": "3",
    "updatedAt": 1_767_225_600_000,
}


def drain(settings):
    return StreamRun(settings).run(lambda: False, drain=True)


def rows(settings, sql):
    con = connect(settings, read_only=True)
    try:
        return con.execute(sql).fetchall()
    finally:
        con.close()


def recreate(settings, partitions=1):
    admin = AdminClient(client_config(settings))
    for future in admin.delete_topics([TOPIC], operation_timeout=30).values():
        future.result()
    while TOPIC in admin.list_topics(timeout=10).topics:
        pass
    for future in admin.create_topics([NewTopic(TOPIC, partitions, 1)]).values():
        future.result()


def produce(settings, count, partition=0, value=None):
    encoded = value or RegistrySerializer(settings)(TOPIC, VALUE)
    producer = Producer(client_config(settings))
    for _ in range(count):
        producer.produce(TOPIC, encoded, b"P1", partition)
    assert producer.flush(30) == 0


def produce_in_transaction(settings, count, *, commit):
    producer = Producer(client_config(settings, transactional_id=uuid.uuid4().hex))
    producer.init_transactions(30)
    producer.begin_transaction()
    encoded = RegistrySerializer(settings)(TOPIC, VALUE)
    for _ in range(count):
        producer.produce(TOPIC, encoded, b"P1", 0)
    producer.flush(30)
    producer.commit_transaction(30) if commit else producer.abort_transaction(30)


def wait_for_end(settings, offset):
    """A commit marker is there for readers a moment after the commit was answered."""
    cluster = Cluster(settings)
    while cluster.end_offsets(cluster.topics([TOPIC]))[TOPIC, 0] < offset:
        time.sleep(0.05)


def assert_lake_is_gapless(settings):
    con = connect(settings, read_only=True)
    try:
        assert ledger_is_gapless(con).passed
    finally:
        con.close()


@pytest.fixture
def lake(stack, tmp_path):
    settings = fresh_lake(stack, tmp_path / "lake")
    recreate(settings)
    yield settings
    recreate(settings, wanted_topics()[TOPIC])


def test_g2_markers_and_aborted_records_are_holes_and_the_position_passes_them(lake):
    produce_in_transaction(lake, 3, commit=True)  # 0 to 2, marker 3
    produce_in_transaction(lake, 2, commit=False)  # 4 and 5 aborted, marker 6
    produce(lake, 1)  # 7
    produce_in_transaction(lake, 1, commit=True)  # 8, marker 9
    wait_for_end(lake, 10)
    drain(lake)
    found = rows(
        lake,
        f"select start_offset, end_offset, records, holes from log_ranges where topic = '{TOPIC}'",
    )
    assert sum(count for _, _, count, _ in found) == 5
    assert max(end for _, end, _, _ in found) == 10
    holes = [hole for *_, text in found if text for hole in json.loads(text)]
    assert sum(end - start for start, end in holes) == 5
    assert drain(lake).records == 0
    assert_lake_is_whole(lake)


def test_g2_a_topic_made_again_starts_at_zero_under_a_new_id_and_epoch(lake):
    produce(lake, 4)
    drain(lake)
    recreate(lake)
    produce(lake, 2)
    drain(lake)
    found = rows(
        lake,
        f"select topic_epoch, count(*), min(kafka_offset), count(distinct topic_id) from event_log "
        f"where topic = '{TOPIC}' group by topic_epoch order by topic_epoch",
    )
    assert found == [(1, 4, 0, 1), (2, 2, 0, 1)]


def test_g2_partitions_added_are_read_from_their_beginning(lake):
    produce(lake, 2)
    drain(lake)
    admin = AdminClient(client_config(lake))
    for future in admin.create_partitions([NewPartitions(TOPIC, 3)]).values():
        future.result()
    produce(lake, 5, partition=2)
    drain(lake)
    found = rows(
        lake, f"select kafka_partition, count(*) from event_log where topic = '{TOPIC}' group by 1 order by 1"
    )
    assert found == [(0, 2), (2, 5)]
    assert_lake_is_whole(lake)
    # What was final by then stays final: they begin where the topic has been.
    passed = (
        "(select stream_time_ms from stg_property_updates where kafka_partition = 0 and kafka_offset = 1)"
    )
    assert rows(
        lake,
        f"select kafka_partition, at_offset, stream_time_ms = {passed} from control_log "
        f"where kind = 'partition_idle' and topic = '{TOPIC}' and kafka_partition > 0 order by number",
    )[:2] == [(1, 0, True), (2, 0, True)]


def test_g2_records_that_retention_took_before_they_were_read_are_a_gap(lake):
    produce(lake, 3)
    drain(lake)
    produce(lake, 6)
    admin = AdminClient(client_config(lake))
    for future in admin.delete_records([TopicPartition(TOPIC, 0, 7)]).values():
        future.result()
    with pytest.raises(OffsetGap) as caught:
        drain(lake)
    assert (caught.value.position, caught.value.low) == (3, 7)
    assert f"proptech log accept-gap {TOPIC} 0" in str(caught.value)

    assert accept_gap(lake, TOPIC, 0) == range(3, 7)
    assert drain(lake).records >= 2
    assert rows(lake, "select kind, at_offset from control_log where kind = 'gap_accepted'") == [
        ("gap_accepted", 3)
    ]
    found = rows(
        lake,
        f"select start_offset, end_offset, holes from log_ranges where topic = '{TOPIC}' and holes <> ''",
    )
    assert found == [(3, 7, "[[3, 7]]")]
    assert_lake_is_gapless(lake)
    with pytest.raises(SettingsError, match="there is no gap"):
        accept_gap(lake, TOPIC, 0)


def test_g2_an_end_below_the_position_of_the_same_topic_is_a_regression():
    error = refused_position("market-data", 1, position=10, low=0, high=7)
    assert isinstance(error, OffsetRegression)
    assert "ends at offset 7, we had read up to 10" in str(error)
    assert isinstance(refused_position("market-data", 1, position=2, low=5, high=9), OffsetGap)


def test_g2_a_byte_changed_in_the_log_breaks_its_checksum(lake):
    produce(lake, 4)
    drain(lake)
    assert verify_log(lake).broken == ()
    con = connect(lake)
    con.execute(f"update event_log set key = 'P2'::blob where topic = '{TOPIC}' and kafka_offset = 2")
    con.close()
    assert [(item.topic, item.partition) for item in verify_log(lake).broken] == [(TOPIC, 0)]
