"""The log outlives its lake: exported, and imported into an empty one, it gives every table again."""

import json

import pytest

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake import late
from proptech_pipelines.lake.control import ControlEntry
from proptech_pipelines.lake.letters import Choice, Named
from proptech_pipelines.lake.log_writer import INGEST, write_control
from proptech_pipelines.lake.transactions import move_head, transaction
from proptech_pipelines.pipeline import log_replay
from proptech_pipelines.pipeline.checks import ledger_is_gapless, records_are_conserved, replay_equals_stream
from proptech_pipelines.pipeline.log_export import export_log
from proptech_pipelines.pipeline.log_import import import_log
from proptech_pipelines.pipeline.readmit import readmit
from proptech_pipelines.pipeline.verify import verify_log
from proptech_pipelines.publishing.outbox import Outbox, published
from proptech_pipelines.testing import PipelineDriver, Record, encode, topic_id
from proptech_pipelines_tests.pipeline.redrive_lake import (
    CHANGES,
    KNOWN,
    NOON_MS,
    change,
    redriver,
    take_with_headers,
    under,
)

pytestmark = pytest.mark.long

OWN = {"commit_number", "control_number", "dead_at", "attempted_at", "written_at", "made_at"}
"""Columns that the equality of tables leaves out."""
TABLES = (
    "event_log",
    "control_log",
    "dead_letters",
    "dead_letter_records",
    "dead_letter_attempts",
    "stg_property_price_changes",
    "stg_property_views",
    "price_change_windows",
    "price_change_late",
    "market_alerts",
    "readmissions",
    "revisions",
)


def fill(driver: PipelineDriver) -> None:
    """A log with all that a log can hold."""
    driver.pipe([change(offset, offset) for offset in range(5)])
    driver.pipe([change(offset, offset, new=2 + offset * 7) for offset in range(5, 9)])
    driver.pipe(
        [
            change(9, 10, is_known=False),
            change(10, 5),
            change(0, 7, partition=1),
            change(1, 8, partition=1, is_known=False),
        ]
    )
    driver.pipe([change(11, 11, new=10**6)])
    driver.pipe([], [ControlEntry("partition_idle", CHANGES, topic_id(CHANGES), 1, 2, NOON_MS + 10**7)])
    # Parked for good.
    redriver(driver, look_up={}.get, max_attempts=1).redrive(Choice(named=(Named(CHANGES, 1, 1),)))
    # Redriven: one in vain, one by its own bytes, one by a value from a file, with entries for schemas.
    redriver(driver, look_up={}.get).redrive(Choice())
    redriver(driver).redrive(Choice(reason="unknown_schema_id"))
    repaired = encode(change(11, 11, new=120))
    redriver(driver).redrive(Choice(named=(Named(CHANGES, 0, 11),)), value=repaired)
    driver.restart()
    # A hole, a gap that was accepted, a copy that mends a letter, an empty partition.
    driver.ingest.take(
        [Fetched(CHANGES, topic_id(CHANGES), 0, 12, 15), Fetched(CHANGES, topic_id(CHANGES), 2, 0, 0)]
    )
    # A partition that was added, on record by the entry alone.
    driver.pipe([], [ControlEntry("partition_idle", CHANGES, topic_id(CHANGES), 3, 0, NOON_MS)])
    gap = Fetched(CHANGES, topic_id(CHANGES), 1, 2, 4)
    driver.ingest.take([gap], [ControlEntry("gap_accepted", CHANGES, gap.topic_id, 1, 2)])
    driver.pipe([change(15, 12, new=10**6), change(4, 40, partition=1)])
    copy = Record(CHANGES, 0, 16, NOON_MS, under(KNOWN, encode(change(0, 12, new=90))))
    origin = [
        ("__connect.errors.topic", CHANGES.encode()),
        ("__connect.errors.partition", b"0"),
        ("__connect.errors.offset", b"15"),
    ]
    low = take_with_headers(driver, [(copy, origin)])
    driver.ingest.redrive_copies(low)
    swap(driver)
    driver.restart()
    # Made again: another incarnation, which begins at 0.
    again = Fetched(CHANGES, "another-id", 0, 0, 0)
    again.append(0, (1, NOON_MS), b"home", encode(change(0, 0)), [("trace", b"1"), ("empty", None)])
    driver.ingest.take([again])
    driver.pipe([change(17, 9000), change(5, 30, partition=1), change(18, 1), change(19, 61)])
    # Late, and re-admitted, one before the other.
    driver.advance()
    assert [readmit(driver.con, late.Choice(), 1).records for _ in range(3)] == [1, 1, 0]
    driver.ingest.load()
    driver.pipe([change(20, 9001)])
    # Dead letters alone with an idle entry of their partition, in one transaction.
    dead = Fetched(CHANGES, topic_id(CHANGES), 3, 0, 0)
    dead.append(0, (1, NOON_MS), None, b"broken", None)
    driver.ingest.take(
        [dead], [ControlEntry("partition_idle", CHANGES, dead.topic_id, 3, 0, NOON_MS + 60_000)]
    )
    driver.pipe([change(1, 9002, partition=3)])


def swap(driver: PipelineDriver) -> None:
    """An entry as a swap leaves it."""
    positions = driver.ingest.load()
    with transaction(driver.con):
        number = move_head(driver.con, INGEST, positions.commit_number)
        control = write_control(
            driver.con, number, positions, [ControlEntry("swap", "", detail='{"a": [1, 2]}')]
        )
        driver.con.execute(
            "insert into ledger values (?, ?, null, ?, 0, 0, 0, true, now() at time zone 'UTC')",
            [INGEST, number, control],
        )


def rows(driver: PipelineDriver, name: str) -> list:
    columns = [row[0] for row in driver.con.execute(f"describe {name}").fetchall() if row[0] not in OWN]
    return driver.con.execute(f"select {', '.join(columns)} from {name} order by all").fetchall()


def assert_equal(new: PipelineDriver, old: PipelineDriver) -> None:
    """All tables are equal, and the new lake is whole."""
    for name in TABLES:
        assert rows(new, name) == rows(old, name), name
    assert new.ingest.positions.partitions == old.ingest.positions.partitions
    assert new.ingest.positions.control_number == old.ingest.positions.control_number
    for check in (ledger_is_gapless, records_are_conserved):
        assert check(new.con).passed, check(new.con)
    for family in new.graph.families:
        assert replay_equals_stream(new.con, family).passed
    verified = verify_log(new.settings)
    assert (verified.broken, verified.uneven) == ((), ())


@pytest.fixture
def old(tmp_path, small_lake):
    with PipelineDriver(tmp_path / "old", small_lake) as driver:
        fill(driver)
        driver.advance()
        yield driver


@pytest.fixture
def empty(tmp_path, small_lake):
    """Settings of an empty lake with the same models."""
    with PipelineDriver(tmp_path / "new", small_lake) as driver:
        return driver.settings


def opened(settings) -> PipelineDriver:
    """A driver on a lake that is there."""
    return PipelineDriver(settings.home)


def test_a_lake_made_from_the_log_alone_equals_the_old_one_table_by_table(old, empty, tmp_path):
    manifest = export_log(old.settings, tmp_path / "log")
    done = import_log(empty, tmp_path / "log")
    assert (done.records, done.records_before) == (manifest["records"], 0)
    with opened(empty) as new:
        assert_equal(new, old)


def test_an_import_that_dies_anywhere_goes_on_from_its_last_transaction(old, empty, tmp_path, monkeypatch):
    export_log(old.settings, tmp_path / "log")
    monkeypatch.setattr(log_replay, "MAX_RECORDS", 1)
    deaths = 0
    while True:
        seen = 0

        def report(what, done, end):
            nonlocal seen
            seen += 1
            if seen == 4:
                raise KeyboardInterrupt

        try:
            done = import_log(empty, tmp_path / "log", report=report)
        except KeyboardInterrupt:
            deaths += 1
        else:
            break
    assert deaths > 3
    assert done.records_before > 0
    with opened(empty) as new:
        assert_equal(new, old)


def test_what_came_since_an_earlier_export_is_taken_in_behind_it(old, empty, tmp_path):
    export_log(old.settings, tmp_path / "first")
    import_log(empty, tmp_path / "first")
    old.pipe([change(21, 12, new=10**6), change(6, 41, partition=1)])
    redriver(old).redrive(Choice(named=(Named(CHANGES, 0, 21),)), value=encode(change(21, 12)))
    old.restart()
    old.advance()
    manifest = export_log(old.settings, tmp_path / "second", tmp_path / "first")
    assert (manifest["records"], manifest["counts"]["ledger"]) == (2, 2)
    assert import_log(empty, tmp_path / "second").records == 2
    with opened(empty) as new:
        assert_equal(new, old)


def test_an_import_publishes_nothing_and_what_comes_after_it_is_published(old, empty, tmp_path):
    export_log(old.settings, tmp_path / "log")
    outbox = Outbox("of-letters", INGEST, "anchor", lambda con, low, high: [])
    import_log(empty, tmp_path / "log", [outbox])
    with opened(empty) as new:
        assert published(new.con, "of-letters") == new.ingest.positions.commit_number


def test_an_export_that_died_goes_on_at_its_cut_while_the_log_grows(old, empty, tmp_path):
    def die(name, done, count):
        if done == 2:
            raise KeyboardInterrupt

    records = len(old.table("event_log"))
    with pytest.raises(KeyboardInterrupt):
        export_log(old.settings, tmp_path / "log", report=die)
    assert not (tmp_path / "log").exists()
    old.pipe([change(21, 50)])
    assert export_log(old.settings, tmp_path / "log")["records"] == records
    assert not (tmp_path / "log.partial").exists()
    assert import_log(empty, tmp_path / "log").records == records


def test_files_of_an_export_are_sorted_and_the_manifest_counts_them(old, tmp_path):
    manifest = export_log(old.settings, tmp_path / "log")
    found = old.con.execute(
        f"select kafka_offset from read_parquet('{tmp_path}/log/event_log/{CHANGES}/{topic_id(CHANGES)}/0/*.parquet')"
    ).fetchall()
    assert found == sorted(found)
    assert manifest == json.loads((tmp_path / "log" / "manifest.json").read_text())
    assert manifest["counts"]["event_log"] == len(old.table("event_log")) == manifest["records"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "ledger.parquet").unlink(), "missing or was changed"),
        (lambda folder: (folder / "control_log.parquet").write_bytes(b"PAR1"), "missing or was changed"),
        (lambda folder: (folder / "manifest.json").unlink(), "holds no exported log"),
        (lambda folder: edit(folder, control_kinds=["erase"]), "cannot repeat: erase"),
        (lambda folder: edit(folder, format=2), "newer version"),
    ],
)
def test_an_export_that_is_damaged_or_beyond_us_is_refused_before_anything_is_written(
    old, empty, tmp_path, spoil, message
):
    export_log(old.settings, tmp_path / "log")
    spoil(tmp_path / "log")
    with pytest.raises(SettingsError, match=message):
        import_log(empty, tmp_path / "log")
    with opened(empty) as new:
        assert new.ingest.positions.commit_number == 0


def edit(folder, **changes):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_lake_with_records_of_its_own_is_refused(old, empty, tmp_path):
    export_log(old.settings, tmp_path / "log")
    with opened(empty) as new:
        new.pipe([change(0, 1)])
    with pytest.raises(SettingsError, match="records of its own"):
        import_log(empty, tmp_path / "log")
