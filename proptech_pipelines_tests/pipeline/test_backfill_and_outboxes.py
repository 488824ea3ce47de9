"""A backfill publishes nothing, and takes nothing from what an outbox still has to send."""

from datetime import date

from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.transactions import head
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines.publishing.processed_properties import processed_properties_outbox
from proptech_pipelines_tests.publishing.decoded import decoded, prefix
from proptech_pipelines_tests.reference.building_property import listing
from proptech_pipelines_tests.tampering import one_day

FAMILY = "processed_properties"


def test_rows_that_were_right_are_sent_after_a_rebuild_of_their_day_though_another_row_was_wrong(engine):
    for offset in range(3):
        engine.pipe([listing(offset, f"2024-05-01T1{offset}:00:00", name=f"P{offset}")])
        engine.advance(FAMILY)
    con, graph = engine.pipeline.con, engine.pipeline.graph
    con.execute("delete from processed_properties__1 where property_id = 'P1'")
    with Leases(engine.pipeline.settings) as leases:
        (found, _) = rebuild_days(con, leases, graph, FAMILY, one_day(date(2024, 5, 1)))
    assert (found.table, found.missing, found.surplus) == ("processed_properties", 1, 0)
    assert len(engine.table("processed_properties")) == 3
    found = processed_properties_outbox(prefix).read(con, 0, head(con, FAMILY))
    assert [decoded(message)["propertyId"] for message in found] == ["P0", "P2"]
