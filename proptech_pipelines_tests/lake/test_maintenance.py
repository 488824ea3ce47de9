"""Upkeep changes what is stored, never what readers see."""

from contextlib import closing
from itertools import pairwise

import pytest

from proptech_pipelines.lake import maintenance
from proptech_pipelines.lake.connection import connect, cursor
from proptech_pipelines.lake.maintenance import (
    TIERS,
    fold_rows,
    live_files,
    merge_files,
    most_fragmented,
    range_to_fold,
    remove_leftovers,
    write_to_files,
)
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.lake.transactions import head, move_head, transaction
from proptech_pipelines.settings import Settings
from proptech_pipelines_tests.aimed_logs import alerts_that_vanish, figures, sums
from proptech_pipelines_tests.equivalence import (
    assert_equals_reference,
    assert_replay_differs_nowhere,
    tables,
)
from proptech_pipelines_tests.reference.building import price_change

SMALL, MIDDLE, LARGE = TIERS
KIB = 1 << 10


@pytest.mark.parametrize(
    ("commits", "up_to", "expected"),
    [
        ([], 100, None),
        ([1], 100, None),
        ([1, 2], 4, (0, 4)),
        # A range is folded when it is whole, and not before.
        ([1, 2], 3, None),
        ([1, 2, 3, 4], 4, (0, 4)),
        # Already one transaction: nothing to do.
        ([4], 4, None),
        ([4, 8], 8, None),
        # Aligned ranges: the transactions 4 and 5 are in two of them.
        ([4, 5], 8, None),
        ([4, 5, 6], 8, (4, 8)),
        # The first that has work, and the widest before the narrow ones.
        ([1, 2, 5, 6], 8, (0, 4)),
        ([4, 8, 12, 16], 15, None),
        ([4, 8, 12, 16], 16, (0, 16)),
        ([1, 2, 16], 16, (0, 16)),
        ([16, 17, 18], 20, (16, 20)),
        ([16, 32], 40, None),
    ],
)
def test_range_to_fold_is_the_first_whole_one_with_work(commits, up_to, expected, monkeypatch):
    monkeypatch.setattr(maintenance, "FOLD_RANGES", (4, 16))
    assert range_to_fold(commits, up_to) == expected


def test_ranges_fit_into_each_other():
    widths = maintenance.FOLD_RANGES
    assert list(widths) == sorted(widths)
    assert all(wide % narrow == 0 for narrow, wide in pairwise(widths))


def test_folding_again_and_again_comes_to_an_end():
    commits, steps = list(range(1, 1_001)), 0
    while (found := range_to_fold(commits, 1_000)) is not None:
        low, high = found
        commits = [commit for commit in commits if not low < commit <= high] + [high]
        steps += 1
    assert steps <= 1_000
    assert len(commits) < 50


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], None),
        ([("a", 1)] * (SMALL.files - 1), None),
        ([("a", 1)] * SMALL.files, ("a", SMALL)),
        # Files of two tables, or of two tiers, do not add up.
        ([("a", 1), ("b", 1)] * (SMALL.files // 2), None),
        ([("a", 1)] * (SMALL.files - 1) + [("a", SMALL.high_bytes)], None),
        # A tier ends where the next one begins.
        ([("a", SMALL.high_bytes - 1)] * SMALL.files, ("a", SMALL)),
        ([("a", SMALL.high_bytes)] * MIDDLE.files, ("a", MIDDLE)),
        ([("a", MIDDLE.high_bytes)] * LARGE.files, ("a", LARGE)),
        # What is large enough is left alone.
        ([("a", LARGE.high_bytes)] * 1_000, None),
        # The one furthest beyond its limit.
        ([("a", 1)] * SMALL.files + [("b", 1)] * (SMALL.files + 1), ("b", SMALL)),
        ([("a", 1)] * SMALL.files + [("b", 512 * KIB)] * (MIDDLE.files + 1), ("b", MIDDLE)),
    ],
)
def test_most_fragmented_is_the_table_and_tier_furthest_beyond_its_limit(sizes, expected):
    assert most_fragmented(sizes) == expected


def test_tiers_join_up():
    assert [tier.low_bytes for tier in TIERS] == [0, *(tier.high_bytes for tier in TIERS[:-1])]


@pytest.mark.long
@pytest.mark.parametrize("batches", [alerts_that_vanish, figures, sums])
def test_readers_see_the_same_after_folding_and_later_slices_are_right(batches, engine, monkeypatch):
    monkeypatch.setattr(maintenance, "FOLD_RANGES", (2, 4))
    log = []
    folded = 0
    for batch in batches():
        engine.pipe(batch)
        engine.advance()
        log += batch
        assert_equals_reference(before := tables(engine), log)
        folded += fold_all(engine)
        assert tables_sorted(tables(engine)) == tables_sorted(before)
    assert folded
    assert_replay_differs_nowhere(engine)


def test_a_folded_range_is_one_transaction_and_rows_beyond_the_limit_stay(engine, monkeypatch):
    monkeypatch.setattr(maintenance, "FOLD_RANGES", (4,))
    model = engine.pipeline.graph["price_change_windows"]
    for number in range(9):
        engine.pipe([price_change(number, "2024-05-01T10:30:00", 100, 101 + number)])
        engine.advance("price_change_analysis")
    assert fold_rows(engine.pipeline.con, model, 7)
    assert commits(engine, model) == [4, 5, 6, 7, 8, 9]
    assert not fold_rows(engine.pipeline.con, model, 7)
    assert fold_rows(engine.pipeline.con, model, 9)
    assert commits(engine, model) == [4, 8, 9]
    assert not fold_rows(engine.pipeline.con, model, 9)


def test_what_came_and_went_within_a_range_leaves_nothing(engine, monkeypatch):
    monkeypatch.setattr(maintenance, "FOLD_RANGES", (4,))
    model = engine.pipeline.graph["market_alerts"]
    prices = ((100, 130), (100, 70), (100, 100), (100, 100))
    for number, (old, new) in enumerate(prices):
        engine.pipe([price_change(number, "2024-05-01T10:30:00", old, new, zip_code="01001")])
        engine.pipe([price_change(number, "2024-05-01T10:30:00", 100, 100, partition=1, zip_code="02138")])
        engine.advance("price_change_analysis")
    assert len(engine.table("market_alerts__1")) > 1
    before = engine.table("market_alerts")
    assert fold_rows(engine.pipeline.con, model, 4)
    assert engine.table("market_alerts") == before
    assert sorted(row["sign"] for row in engine.table("market_alerts__1")) == [1] * len(before)


def test_merging_makes_few_files_of_many_and_changes_no_row(engine):
    for number in range(SMALL.files):
        engine.pipe([price_change(number, "2024-05-01T10:30:00", 100, 101)])
    before = files(engine, "event_log"), engine.table("event_log")
    merged = set()
    while (table := merge_files(engine.pipeline.con, live_files(engine.pipeline.con))) is not None:
        assert table not in merged
        merged.add(table)
    assert merged == {"event_log", "log_ranges", "stg_property_price_changes"}
    assert (before[0], files(engine, "event_log")) == (SMALL.files, 1)
    assert tables_sorted({"": engine.table("event_log")}) == tables_sorted({"": before[1]})


def test_tables_that_are_folded_are_not_merged(engine):
    for number in range(SMALL.files):
        engine.pipe([price_change(number, "2024-05-01T10:30:00", 100, 101)])
        engine.advance("price_change_analysis")
    merged = set()
    while (
        table := merge_files(
            engine.pipeline.con, live_files(engine.pipeline.con), ["price_change_windows__1"]
        )
    ) is not None:
        merged.add(table)
    assert "event_log" in merged
    assert "price_change_windows__1" not in merged


def test_files_younger_than_the_longest_reader_stay(postgres, tmp_path):
    postgres.create_database("leftovers")
    settings = Settings(home=tmp_path, catalog=postgres.dsn("leftovers"))
    with closing(connect(settings)) as con:
        con.execute("create table numbers (n integer)")
        for number in range(SMALL.files):
            con.execute(f"insert into numbers values ({number})")
        reader = cursor(con)
        reader.execute("begin transaction")
        assert count(reader, "numbers") == SMALL.files
        assert merge_files(con, live_files(con)) == "numbers"
        remove_leftovers(con)
        assert len(list(settings.lake_path.rglob("*.parquet"))) == SMALL.files + 1
        assert count(reader, "numbers") == count(con, "numbers") == SMALL.files


def test_rows_that_no_snapshot_sees_leave_the_catalog_and_heads_go_on(postgres, tmp_path, monkeypatch):
    postgres.create_database("moved_heads")
    settings = Settings(home=tmp_path, catalog=postgres.dsn("moved_heads"))
    with open_lake(settings) as con:
        kept = dict(maintenance.in_catalog(con))["head_ingest"]
        for number in range(5):
            with transaction(con):
                move_head(con, "ingest", number)
        remove_leftovers(con)
        assert count(con, kept) > 5  # snapshots younger than the longest reader see them
        monkeypatch.setattr(maintenance, "KEEP_HOURS", 0)
        remove_leftovers(con)
        assert count(con, kept) == 1
        with transaction(con):
            move_head(con, "ingest", 5)
        assert head(con, "ingest") == 6


def test_a_long_ledger_is_written_to_files_and_reads_the_same(engine, monkeypatch):
    monkeypatch.setattr(maintenance, "MOST_IN_CATALOG", 6)
    con = engine.pipeline.con
    for number in range(8):
        engine.pipe([price_change(number, "2024-05-01T10:30:00", 100, 101)])
        write_to_files(con)
        assert count(con, dict(maintenance.in_catalog(con))["ledger"]) <= 6
    assert count(con, "ledger") == 8
    assert [row["commit_number"] for row in engine.table("ledger")] == list(range(1, 9))
    assert files(engine, "ledger") == 1
    engine.advance()
    assert_replay_differs_nowhere(engine)


def count(con, table: str) -> int:
    """Rows of a table."""
    return con.execute(f"select count(*) from {table}").fetchone()[0]


def fold_all(engine) -> int:
    """Fold until nothing is left to fold; how many ranges there were."""
    pipeline, count = engine.pipeline, 0
    for model in pipeline.graph.models.values():
        if model.kind in {"fold", "recompute"}:
            while fold_rows(pipeline.con, model, head(pipeline.con, model.family)):
                count += 1
    return count


def commits(engine, model) -> list[int]:
    """Commit numbers of the stored rows of a model."""
    return sorted({row["commit_number"] for row in engine.table(f"{model.name}__1")})


def files(engine, table: str) -> int:
    """Live files of a table."""
    return len(engine.pipeline.con.execute(f"from ducklake_list_files('lake', '{table}')").fetchall())


def tables_sorted(found):
    """Tables whose rows are in an order that does not depend on how they are stored."""
    return {name: sorted(rows, key=repr) for name, rows in found.items()}
