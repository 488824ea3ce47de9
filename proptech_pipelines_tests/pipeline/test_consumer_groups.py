"""Positions for lag tools."""

import pytest
from confluent_kafka import Consumer, TopicPartition

from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.pipeline.consumer_groups import ShownPositions
from proptech_pipelines.pipeline.stream import StreamRun
from proptech_pipelines.simulator import Options, produce
from proptech_pipelines_tests.guarantees.lakes import fresh_lake

pytestmark = pytest.mark.long

PRICES = "property-price-changes"


def test_a_log_that_holds_nothing_yet_has_no_positions_to_show(stack, tmp_path):
    settings = fresh_lake(stack, tmp_path / "lake")
    with open_lake(settings) as con:
        ShownPositions(settings, con).show(live_graph(con))


def test_groups_stand_where_log_and_families_do_and_move_with_them(stack, tmp_path):
    settings = fresh_lake(stack, tmp_path / "lake")
    with open_lake(settings) as con:
        shown = ShownPositions(settings, con)
        for _ in range(2):
            produce(settings, 300, (PRICES,), options=Options(broken=0.0))
            StreamRun(settings).run(lambda: False, drain=True)
            shown.show(live_graph(con))
            ends = dict(
                con.execute(
                    f"select kafka_partition, max(end_offset) from log_ranges where topic = '{PRICES}' group by all"
                ).fetchall()
            )
            assert ends
            for group in ("event_log", "price_change_analysis"):
                assert committed(settings, group, ends) == ends


def committed(settings, group, partitions) -> dict[int, int]:
    """Committed offsets of a group by partition."""
    consumer = Consumer({"bootstrap.servers": settings.bootstrap_servers, "group.id": f"proptech.{group}"})
    try:
        found = consumer.committed([TopicPartition(PRICES, number) for number in partitions], timeout=10)
        return {item.partition: item.offset for item in found}
    finally:
        consumer.close()
