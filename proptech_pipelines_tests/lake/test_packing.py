"""Files of flat staging tables keep offsets and times as differences; those of nested ones do not."""

from dataclasses import replace
from itertools import product

import duckdb
import pytest

from proptech_pipelines.lake import building
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.opening import ensure_tables
from proptech_pipelines.settings import Settings

ROW_GROUP = 122_880
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


VALUES = (
    "r * {seed}",
    "case when hash(r + {seed}) % 2 = 0 then 9223372036854775807 else -9223372036854775808 end",
    "cast(cast(hash(r + {seed}) % 4294967296 as bigint) - 2147483648 as integer)",
    "hash(r + {seed}) % 1000000007 / 7.0",
    "case hash(r + {seed}) % 3 when 0 then 'nan'::double when 1 then 'infinity'::double else -0.0 end",
    "repeat(chr(97 + cast(hash(r + {seed}) % 26 as integer)), cast(hash(r * 5) % {seed} as integer))",
    "encode('\u20ac' || hash(r + {seed}) % 100000)",
    "'k' || hash(r + {seed}) % 5",
    "epoch_ms(1709251200000 + r * {seed})",
    "cast(epoch_ms(r * {seed} * 1000000) as date)",
    "cast(r * {seed} * 1000003 as decimal(38, 0))",
    "cast(r * {seed} % 1000000 as decimal(9, 2))",
    "hash(r + {seed}) % 2 = 0",
)
NULLS = ("{value}", "case when hash(r) % 2 = 0 then {value} end", "case when r % 3000 = 0 then {value} end")


@pytest.mark.parametrize("rows", [1, 2, 33, 128, 2049, ROW_GROUP - 1, ROW_GROUP, ROW_GROUP + 1])
def test_values_of_every_type_come_back_as_they_were(rows, tmp_path):
    columns = ", ".join(
        f"{nulls.format(value=value.format(seed=seed))} as c{seed}"
        for seed, (value, nulls) in enumerate(product(VALUES, NULLS), start=1)
    )
    path = tmp_path / "packed.parquet"
    with duckdb.connect() as con:
        con.execute(f"create table given as select r, {columns} from range({rows}) as t (r)")
        con.execute(f"copy given to '{path}' (format parquet, parquet_version v2)")
        for one, other in (("given", f"'{path}'"), (f"'{path}'", "given")):
            assert con.execute(f"select count(*) from (from {one} except all from {other})").fetchall() == [
                (0,)
            ]


def test_the_next_generation_is_written_so_too(con, tmp_path):
    graph = live_graph(con)
    building.begin(con, graph, [FLAT])
    (made,) = building.building_staging(building.shadow_graph(con))
    assert made == replace(graph[FLAT], is_live=False, generation=2)
    con.execute(f"insert into {made.table} by name {ROWS.format(first=0)}")
    assert encodings(con, tmp_path, made.table) == [("DELTA_BINARY_PACKED",)]
