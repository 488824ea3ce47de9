"""G3 for the family `trending_neighborhoods`, and days of it derived again."""

from datetime import date, timedelta

import pytest

from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.pipeline.compare import Days, compare_days
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines_tests.any_way import Subject, assert_any_way_gives_the_reference
from proptech_pipelines_tests.equivalence import tables_of
from proptech_pipelines_tests.logs.hourly import trends
from proptech_pipelines_tests.reference.building import idle, price_change
from proptech_pipelines_tests.reference.trending_windows import TOPICS

pytestmark = pytest.mark.long

FAMILY = "trending_neighborhoods"
FAMILIES = (FAMILY,)
EXAMPLES = 20
DAYS = [Days(day, day + timedelta(days=1)) for day in (date(2024, 4, 30), date(2024, 5, 1))]


@pytest.mark.timeout(600)
def test_g3_any_way_to_the_end_of_a_log_gives_the_reference_and_one_replay(tmp_path, monkeypatch):
    subject = Subject(FAMILIES, tables_of(FAMILIES))
    assert_any_way_gives_the_reference(subject, trends(), EXAMPLES, tmp_path, monkeypatch)


@pytest.fixture
def around_midnight(engine):
    """A lake with price changes before and after a midnight, whose windows are all decided."""
    engine.pipe(
        [
            price_change(0, "2024-04-30T23:45:00", 100, 90, zip_code="78701"),
            price_change(1, "2024-04-30T23:55:00", 100, 90, zip_code="75501"),
            price_change(2, "2024-05-01T00:05:00", 100, 90, zip_code="75501"),
            *[idle(3, "2024-05-02T00:00:00", topic=topic) for topic in TOPICS],
        ]
    )
    engine.advance(FAMILY)
    return engine


def first_windows_of_may(engine):
    """Start, zip code, rank and change of rank in the windows that begin at 0:00 and 0:10 on 1 May."""
    rows = [row for row in engine.table(FAMILY) if row["window_start"].date() == date(2024, 5, 1)]
    return sorted(
        (row["window_start"].minute, row["zip_code"], row["rank"], row["rank_change"]) for row in rows
    )


def test_a_day_derived_alone_knows_the_hop_before_midnight(around_midnight):
    # The change of 0:05 alone is in the window of 0:00; in that of 23:50, 75501 is alone as well.
    assert first_windows_of_may(around_midnight) == [(0, "75501", 1, 0)]
    pipeline = around_midnight.pipeline
    for days in DAYS:
        derived = compare_days(pipeline.con, pipeline.graph, FAMILY, days)
        assert [item.table for item in derived if item.differs] == []


def test_a_spoiled_day_is_mended_alone(around_midnight):
    before = around_midnight.table(FAMILY)
    pipeline = around_midnight.pipeline
    pipeline.con.execute("update lake.trending_neighborhoods__1 set rank = 9")
    with Leases(pipeline.settings) as leases:
        rebuild_days(pipeline.con, leases, pipeline.graph, FAMILY, DAYS[1])
    after = around_midnight.table(FAMILY)
    assert first_windows_of_may(around_midnight) == [(0, "75501", 1, 0)]
    assert len(after) == len(before)
    assert {row["rank"] for row in after if row["window_start"].date() == date(2024, 4, 30)} == {9}
