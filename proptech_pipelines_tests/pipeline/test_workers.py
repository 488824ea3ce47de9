"""Families at the end of a run: what is left is taken in, or left to the successor."""

import pytest

from proptech_pipelines.lake.connection import cursor
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.log_writer import INGEST
from proptech_pipelines.pipeline.advance import family_position
from proptech_pipelines.pipeline.progress import Progress
from proptech_pipelines.pipeline.workers import FamilyWorker
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.reference.building import price_change

AWAITED, UNAWAITED = "price_change_analysis", "property_analytics"


@pytest.mark.parametrize(
    ("family", "is_handed_over", "is_taken_in"),
    [(AWAITED, False, True), (AWAITED, True, True), (UNAWAITED, False, True), (UNAWAITED, True, False)],
)
def test_what_nobody_waits_for_is_left_to_a_successor(
    family, is_handed_over, is_taken_in, tmp_path, empty_lake
):
    with EngineDriver(tmp_path / "lake", empty_lake) as driver, Leases(driver.pipeline.settings) as leases:
        driver.pipe([price_change(0, "2024-05-01T10:30:00", 100, 120)])
        con, graph = driver.pipeline.con, driver.pipeline.graph
        assert (graph.every_seconds(family) > 0) == (family == UNAWAITED)
        progress = Progress()
        progress.report(INGEST, 1, driver.pipeline.ingest.positions.control_number)
        progress.is_handed_over = is_handed_over
        progress.end(progress.stop)
        worker = FamilyWorker(cursor(con), leases, graph, family, progress, lambda done: None)
        worker.start()
        worker.join(60)
        assert not progress.halted
        assert family_position(con, family).input_commit == int(is_taken_in)
