"""Whether a lake holds what the reference gives for its log: every table, staging and dead letters."""

from collections.abc import Callable, Collection
from typing import Any

from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.pipeline.compare import compare_days
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.reference import TABLES, Log, Row, dead, staged
from proptech_pipelines_tests.reference.log import MARKET_DATA, PRICE_CHANGES
from proptech_pipelines_tests.table_equality import assert_same_rows

STAGING = {PRICE_CHANGES: "stg_property_price_changes", MARKET_DATA: "stg_market_data"}


FAMILIES = ("market_index", "price_change_analysis")
"""The families that these comparisons, and the logs of price changes and market figures, are about."""


def tables_of(families: Collection[str]) -> dict[str, Callable[[Log], list[Row]]]:
    """The reference's tables of `families`."""
    graph = checkout_graph()
    return {name: rows for name, rows in TABLES.items() if graph[name].family in families}


def tables(driver: EngineDriver) -> dict[str, list[Row]]:
    """The tables of `FAMILIES` that the reference knows, with all their columns."""
    return {name: driver.table(name) for name in tables_of(FAMILIES)}


def assert_equals_reference(found: dict[str, list[Row]], log: Log) -> None:
    """Compare `found`, the `tables` of a lake at the end of `log`, with the reference."""
    for name, rows in tables_of(FAMILIES).items():
        assert_same_rows(found[name], rows(log), name)


def assert_staged_and_dead_equal_reference(driver: EngineDriver, log: Log) -> None:
    """Compare the times of staged rows and the coordinates of dead letters with the reference."""
    selects = [
        f"select '{topic}' as topic, kafka_partition, kafka_offset, epoch_ms(event_time) as event_time_ms, "
        f"event_time_is_kafka, stream_time_ms from {table}"
        for topic, table in STAGING.items()
    ]
    expected = [
        {
            "topic": row.topic,
            "kafka_partition": row.partition,
            "kafka_offset": row.offset,
            "event_time_ms": row.event_time_ms,
            "event_time_is_kafka": row.is_event_time_from_kafka,
            "stream_time_ms": row.stream_time_ms,
        }
        for row in staged(log)
    ]
    assert_same_rows(_rows(driver, " union all ".join(selects)), expected, "staging")
    letters = [
        {"topic": event.topic, "kafka_partition": event.partition, "kafka_offset": event.offset}
        for event in dead(log)
    ]
    assert_same_rows(
        _rows(driver, "select topic, kafka_partition, kafka_offset from dead_letters"), letters, "dead"
    )


def assert_replay_differs_nowhere(driver: EngineDriver) -> None:
    """Derive every stored table anew from the whole staging of the lake and compare."""
    pipeline = driver.pipeline
    for family in pipeline.graph.families:
        derived = compare_days(pipeline.con, pipeline.graph, family, None)
        assert [item for item in derived if item.differs] == []


def cut(driver: EngineDriver) -> dict[tuple[str, int], tuple[int, int | None]]:
    """Next offset and stream time of each partition, by topic and partition."""
    return {
        (state.topic, state.partition): (state.next_offset, state.stream_time_ms)
        for state in driver.pipeline.ingest.positions.partitions.values()
    }


def _rows(driver: EngineDriver, sql: str) -> list[dict[str, Any]]:
    return driver.pipeline.con.execute(sql).to_arrow_table().to_pylist()
