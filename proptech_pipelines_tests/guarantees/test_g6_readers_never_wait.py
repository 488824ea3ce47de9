"""G6, readers never wait: a second process sees a consistent snapshot all the while."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.pipeline.compare import Days
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines.pipeline.stream import StreamRun
from proptech_pipelines.settings import environment_for
from proptech_pipelines.simulator import Options, produce
from proptech_pipelines_tests.guarantees.judge import assert_lake_is_whole
from proptech_pipelines_tests.guarantees.lakes import fresh_lake

ROUNDS = 3


def test_g6_a_reader_in_another_process_sees_whole_snapshots_during_writes_upkeep_and_rebuilds(
    stack, tmp_path, monkeypatch
):
    monkeypatch.setattr("proptech_pipelines.lake.maintenance.FOLD_RANGES", (4, 16))
    monkeypatch.setattr("proptech_pipelines.pipeline.upkeep._STEP_SECONDS", 0.1)
    settings = fresh_lake(stack, tmp_path / "lake")
    with open_lake(settings):
        pass
    reader = subprocess.Popen(
        [sys.executable, "-m", "proptech_pipelines_tests.guarantees.snapshot_reader", str(settings.home)],
        env=environment_for(settings.home),
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in range(ROUNDS):
            produce(settings, 500, options=Options(broken=0.01))
            StreamRun(settings).run(lambda: False, drain=True)
            with open_lake(settings) as con, Leases(settings) as leases:
                today = datetime.now(UTC).date()
                days = Days(today - timedelta(days=5), date.max)
                rebuild_days(con, leases, live_graph(con), "price_change_analysis", days)
    finally:
        output, _ = reader.communicate("stop\n", timeout=60)
    assert reader.returncode == 0, output
    snapshots, distinct = map(int, output.split()[-2:])
    assert snapshots >= 20
    assert distinct >= 3
    assert_lake_is_whole(settings)
