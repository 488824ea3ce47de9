"""A staging model whose SQL fails on some values: those records are dead letters, all others are rows."""

from collections import Counter

import pytest

from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.lake.letters import Choice
from proptech_pipelines.pipeline.checks import ledger_is_gapless, records_are_conserved
from proptech_pipelines.testing import SCHEMAS, PipelineDriver, Record, encode
from proptech_pipelines_tests.patching import graph_with
from proptech_pipelines_tests.pipeline.redrive_lake import (
    NOON_MS,
    UNKNOWN,
    redriver,
    take_with_headers,
    under,
)

UPDATES = "property-updates"


@pytest.fixture
def lake(tmp_path):
    """A lake whose staging of updates casts the new value to a number."""
    graph = graph_with(
        checkout_graph(),
        "stg_property_updates",
        "newValue as new_value",
        "cast(newValue as integer) as new_value",
    )
    with PipelineDriver(tmp_path / "lake", graph=graph) as driver:
        yield driver


def update(offset, value, partition=0):
    fields = {"propertyId": "home-1", "attribute": "beds", "oldValue": None, "newValue": value}
    fields |= {"zipCode": None, "stateCode": None, "updatedAt": NOON_MS + offset}
    return Record(UPDATES, partition, offset, NOON_MS + offset, fields)


def letters(lake):
    return lake.con.execute(
        "select kafka_offset, reason, stage, message from dead_letters order by all"
    ).fetchall()


def values(lake):
    return lake.con.execute(
        "select kafka_offset, new_value from stg_property_updates order by all"
    ).fetchall()


def message(value):
    return f"Conversion Error: Could not convert string '{value}' to INT32 when casting from source column newValue"


def test_rows_on_which_the_sql_fails_are_dead_letters_and_move_no_stream_time(lake):
    lake.pipe([update(0, "3"), update(1, "three"), update(2, None), update(3, "conflict")])
    assert values(lake) == [(0, 3), (2, None)]
    assert letters(lake) == [
        (1, "refused_by_staging", "contract", message("three")),
        (3, "refused_by_staging", "contract", message("conflict")),
    ]
    (state,) = lake.ingest.positions.partitions.values()
    assert (state.next_offset, state.stream_time_ms) == (4, NOON_MS + 2)
    assert records_are_conserved(lake.con).passed
    assert ledger_is_gapless(lake.con).passed


def test_batches_do_not_matter(lake):
    for record in [update(0, "x"), update(1, "1"), update(2, str(2**31)), update(3, str(2**31 - 1))]:
        lake.pipe([record])
    assert values(lake) == [(1, 1), (3, 2**31 - 1)]
    assert [offset for offset, *_ in letters(lake)] == [0, 2]


def test_a_redrive_and_its_dry_run_fail_where_the_sql_does(lake):
    encoded = [encode(update(0, "7")), encode(update(1, "seven"))]
    lake.pipe(
        [Record(UPDATES, 0, at, NOON_MS + at, under(UNKNOWN, value)) for at, value in enumerate(encoded)]
    )
    known_later = {**SCHEMAS, UNKNOWN: SCHEMAS[int.from_bytes(encoded[0][1:5], "big")]}.get
    assert Counter(reason for _, reason, *_ in letters(lake)) == {"unknown_schema_id": 2}
    for dry_run in (True, False):
        outcomes = redriver(lake, known_later).redrive(Choice(), dry_run=dry_run).outcomes
        assert [(item.outcome, item.reason) for item in outcomes] == [
            ("staged", None),
            ("failed", "refused_by_staging"),
        ]
    assert values(lake) == [(0, 7)]
    assert [(offset, reason) for offset, reason, *_ in letters(lake)] == [(1, "refused_by_staging")]
    assert records_are_conserved(lake.con).passed


def test_a_copy_that_the_sql_refuses_stops_nothing(lake):
    lake.pipe([update(0, "x")])
    names = {"topic": UPDATES, "partition": "0", "offset": "0"}
    headers = [(f"__connect.errors.{name}", value.encode()) for name, value in names.items()]
    low = take_with_headers(lake, [(update(1, "y"), headers), (update(2, "5"), headers)])
    lake.ingest.redrive_copies(low)
    assert values(lake) == [(0, 5)]
