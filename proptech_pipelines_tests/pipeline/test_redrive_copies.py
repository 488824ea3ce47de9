"""Copies that others produce with origin headers: never events; the good ones mend the letter that they name."""

import struct

import pytest

from proptech_pipelines.lake import building
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.letters import Choice, Named
from proptech_pipelines.pipeline.build import build, pin
from proptech_pipelines.pipeline.checks import ledger_is_gapless, records_are_conserved
from proptech_pipelines.pipeline.swap import swap
from proptech_pipelines.testing import PipelineDriver, Record, encode
from proptech_pipelines_tests.patching import graph_with
from proptech_pipelines_tests.pipeline.redrive_lake import (
    CHANGES,
    LIMITS,
    NOON_MS,
    change,
    everything,
    open_letters,
    redriver,
    staged,
    take_with_headers,
)


@pytest.fixture
def lake(tmp_path, small_lake):
    with PipelineDriver(tmp_path / "lake", small_lake) as driver:
        yield driver
        for check in (ledger_is_gapless, records_are_conserved):
            result = check(driver.con)
            assert result.passed, (check.__name__, result)


def named(offset, partition=0, topic=CHANGES):
    return [
        ("__connect.errors.topic", topic.encode()),
        ("__connect.errors.partition", str(partition).encode()),
        ("__connect.errors.offset", str(offset).encode()),
    ]


def spring(offset):
    return [
        ("kafka_dlt-original-topic", CHANGES.encode()),
        ("kafka_dlt-original-partition", struct.pack(">i", 0)),
        ("kafka_dlt-original-offset", struct.pack(">q", offset)),
    ]


def copies(driver):
    return driver.con.execute(
        "select kafka_offset, outcome, value_source, copy_offset from dead_letter_attempts order by all"
    ).fetchall()


@pytest.mark.parametrize("headers", [named(1), spring(1)])
def test_a_copy_of_an_open_letter_mends_it_at_its_own_place_and_is_no_event(lake, headers):
    lake.pipe([change(0, 30), change(1, 10, new=0), change(2, 40)])
    low = take_with_headers(lake, [(change(3, 12, new=150), headers)])
    assert open_letters(lake) == [(1, "price_out_of_range", 0, False), (3, "copy_of_record", 0, False)]
    lake.ingest.redrive_copies(low)
    assert staged(lake) == {(0, 0): 30, (0, 1): 30, (0, 2): 40}
    assert open_letters(lake) == [(3, "copy_of_record", 0, False)]
    assert copies(lake) == [(1, "staged", "copy", 3)]
    assert lake.con.execute(
        "select new_price from stg_property_price_changes where kafka_offset = 1"
    ).fetchall() == [(150,)]
    lake.pipe([change(4, 50)])
    lake.advance()


@pytest.mark.parametrize(
    "headers",
    [
        named(0),  # an event
        named(9),  # nothing yet
        named(1, partition=1),
        named(1, topic="elsewhere"),
        named(2),  # itself
    ],
)
def test_a_copy_of_what_is_no_open_letter_stays_a_letter_and_mends_nothing(lake, headers):
    lake.pipe([change(0, 30), change(1, 10, new=0)])
    lake.ingest.redrive_copies(take_with_headers(lake, [(change(2, 12), headers)]))
    assert open_letters(lake) == [(1, "price_out_of_range", 0, False), (2, "copy_of_record", 0, False)]
    assert copies(lake) == []
    assert redriver(lake).redrive(Choice(reason="copy_of_record")).outcomes == []


def test_of_several_copies_the_first_good_one_counts_and_the_others_do_nothing(lake):
    lake.pipe([change(0, 10, new=0)])
    taken = [
        (change(1, 10, new=0), named(0)),
        (change(2, 10, new=120), named(0)),
        (change(3, 10, new=130), named(0)),
    ]
    lake.ingest.redrive_copies(take_with_headers(lake, taken))
    assert copies(lake) == [(0, "failed", "copy", 1), (0, "staged", "copy", 2)]
    assert lake.con.execute("select new_price from stg_property_price_changes").fetchall() == [(120,)]
    once = everything(lake)
    lake.ingest.redrive_copies()
    assert everything(lake) == once


def test_a_copy_of_a_record_of_the_same_batch_finds_it(lake):
    lake.ingest.redrive_copies(
        take_with_headers(lake, [(change(0, 10, new=0), []), (change(1, 10, new=120), named(0))])
    )
    assert staged(lake) == {(0, 0): 10}


def test_a_copy_without_a_value_mends_nothing(lake):
    """It may be a letter that its topic would not take whole."""
    lake.pipe([change(0, 10, new=0)])
    lake.ingest.redrive_copies(take_with_headers(lake, [(Record(CHANGES, 0, 1, NOON_MS, None), named(0))]))
    assert copies(lake) == []


def test_a_copy_is_read_under_its_own_schema_header(lake):
    lake.pipe([change(0, 10, new=0)])
    encoded = encode(change(1, 10, new=120))
    headers = [*named(0), ("__value_schema_id", b"\0" + encoded[1:5])]
    lake.ingest.redrive_copies(
        take_with_headers(lake, [(Record(CHANGES, 0, 1, NOON_MS, encoded[5:]), headers)])
    )
    assert staged(lake) == {(0, 0): 10}


def test_a_staging_table_made_again_from_raw_bytes_has_the_mended_values(lake):
    """Mended by a schema that became known, by a file, and by a copy."""
    lake.pipe([change(0, 10, new=0), change(1, 20, new=0), change(2, 30, is_known=False), change(3, 5)])
    redriver(lake).redrive(Choice(reason="unknown_schema_id"))
    redriver(lake).redrive(Choice(named=(Named(CHANGES, 0, 0),)), value=encode(change(0, 10, new=150)))
    lake.ingest.load()
    lake.ingest.redrive_copies(take_with_headers(lake, [(change(4, 20, new=160), named(1))]))
    sql = "select * exclude commit_number from stg_property_price_changes order by kafka_offset"
    before = lake.con.execute(sql).fetchall()
    name, old = "stg_property_price_changes", "    oldPrice as old_price,"
    graph = graph_with(lake.graph, name, old, f"    newPrice as again,\n{old}")
    building.begin(lake.con, graph, [name])
    list(build(lake.con, LIMITS, pin(lake.con)))
    with Leases(lake.settings) as leases:
        swap(lake.con, leases, LIMITS)
    lake.restart()
    assert lake.con.execute(sql.replace("commit_number", "(commit_number, again)")).fetchall() == before
    assert lake.con.execute(f"select kafka_offset, again from {name} order by all").fetchall() == [
        (0, 150),
        (1, 160),
        (2, 105),
        (3, 105),
    ]
