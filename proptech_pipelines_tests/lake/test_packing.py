"""Files of flat staging tables keep offsets and times as differences; those of nested ones do not."""

from dataclasses import replace

import pytest

from proptech_pipelines.lake import building
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.opening import ensure_tables
from proptech_pipelines.settings import Settings

FLAT, NESTED = "stg_property_price_changes", "stg_user_profiles"
ROWS = (
    "select 1 as commit_number, 'id' as topic_id, 1 as topic_epoch, 0 as kafka_partition, "
    "r + {first} as kafka_offset, r as kafka_timestamp_ms, epoch_ms(r) as event_time, false as event_time_is_kafka, "
    "r as stream_time_ms, date '2024-05-01' as kafka_date from range(10000) as t (r)"
)


@pytest.fixture
def con(tmp_path):
    con = connect(Settings(home=tmp_path, catalog=f"sqlite:{tmp_path}/catalog.sqlite"))
    ensure_tables(con)
    yield con
    con.close()


def encodings(con, tmp_path, table):
    """Of the offsets, in the newest file."""
    folder = tmp_path / "lake" / "main" / table
    newest = max(folder.rglob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    return con.execute(
        "select distinct encodings from parquet_metadata(?) where path_in_schema = 'kafka_offset'",
        [str(newest)],
    ).fetchall()


@pytest.mark.parametrize(("table", "expected"), [(FLAT, "DELTA_BINARY_PACKED"), (NESTED, "PLAIN")])
def test_files_are_written_so_and_stay_so_when_they_are_merged(con, tmp_path, table, expected):
    for first in (0, 10_000):
        con.execute(f"insert into {table} by name {ROWS.format(first=first)}")
        assert encodings(con, tmp_path, table) == [(expected,)]
    merged = con.execute(f"call ducklake_merge_adjacent_files('lake', '{table}')").fetchall()
    assert merged[0][2:] == (2, 1)
    assert encodings(con, tmp_path, table) == [(expected,)]
    assert con.execute(f"select count(*), sum(kafka_offset) from {table}").fetchall() == [
        (20_000, sum(range(20_000)))
    ]


def test_the_next_generation_is_written_so_too(con, tmp_path):
    graph = live_graph(con)
    building.begin(con, graph, [FLAT])
    (made,) = building.building_staging(building.shadow_graph(con))
    assert made == replace(graph[FLAT], is_live=False, generation=2)
    con.execute(f"insert into {made.table} by name {ROWS.format(first=0)}")
    assert encodings(con, tmp_path, made.table) == [("DELTA_BINARY_PACKED",)]
