"""Days derived again where a row depends on rows of other days: a document on the steps of weeks."""

from datetime import date

import pytest

from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.pipeline.compare import compare_days
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines_tests.equivalence import assert_replay_differs_nowhere
from proptech_pipelines_tests.reference import property_search_index
from proptech_pipelines_tests.reference.building_property import listing, step
from proptech_pipelines_tests.table_equality import assert_same_rows
from proptech_pipelines_tests.tampering import one_day

FAMILY = "property_history"
MAY_1, MAY_2, MAY_3 = (date(2024, 5, day) for day in (1, 2, 3))
BATCHES = [
    [
        step(0, "2024-05-01T10:00:00", "LISTED", 520_000),
        step(1, "2024-05-01T11:00:00", "LISTED", 300_000, name="P2"),
        listing(0, "2024-05-01T09:00:00"),
    ],
    [
        step(2, "2024-05-02T10:00:00", "PRICE_REDUCED", 500_000),
        step(3, "2024-05-03T10:00:00", "PENDING", name="P2"),
        step(4, "2024-05-03T10:00:00", "WITHDRAWN", name="P3"),
    ],
]
LOG = [entry for batch in BATCHES for entry in batch]


@pytest.fixture
def lake(engine):
    for batch in BATCHES:
        engine.pipe(batch)
        engine.advance(FAMILY)
    return engine


@pytest.mark.parametrize("day", [MAY_1, MAY_2, MAY_3])
def test_a_day_that_is_right_differs_nowhere(lake, day):
    derived = compare_days(lake.pipeline.con, lake.pipeline.graph, FAMILY, one_day(day))
    assert [item for item in derived if item.differs] == []


def test_a_spoiled_document_becomes_right_on_its_day(lake):
    con = lake.pipeline.con
    con.execute(
        "insert into lake.property_search_index__1 select * replace (-1 as sign) from lake.property_search_index__1 "
        "where property_id = 'P2' and sign = 1 and status = 'pending' "
        "union all select * replace (price + 1 as price) from lake.property_search_index__1 "
        "where property_id = 'P2' and sign = 1 and status = 'pending'"
    )
    with Leases(lake.pipeline.settings) as leases:
        for day, differs in ((MAY_1, False), (MAY_3, True)):
            derived = rebuild_days(con, leases, lake.pipeline.graph, FAMILY, one_day(day))
            assert {item.table for item in derived if item.differs} == (
                {"property_search_index"} if differs else set()
            )
    assert_same_rows(lake.table("property_search_index"), property_search_index.rows(LOG))
    assert_replay_differs_nowhere(lake)


def test_a_document_that_stands_on_a_wrong_day_moves(lake):
    con = lake.pipeline.con
    con.execute(
        "update lake.property_search_index__1 set updated_at = timestamp '2024-05-02 12:00:00' "
        "where property_id = 'P2' and status = 'pending'"
    )
    with Leases(lake.pipeline.settings) as leases:
        rebuild_days(con, leases, lake.pipeline.graph, FAMILY, one_day(MAY_2))
    assert_same_rows(lake.table("property_search_index"), property_search_index.rows(LOG))


def test_a_day_of_the_fold_is_replaced_alone(lake):
    con = lake.pipeline.con
    con.execute("update lake.property_days__1 set steps = steps + 1")
    with Leases(lake.pipeline.settings) as leases:
        rebuild_days(con, leases, lake.pipeline.graph, FAMILY, one_day(MAY_2))
    found = {(row["property_id"], row["day"].day): row["steps"] for row in lake.table("property_days")}
    assert found == {("P1", 1): 2, ("P1", 2): 1, ("P2", 1): 2, ("P2", 3): 2, ("P3", 3): 2}
