"""G7, atomic swap, and G8, replay is quiet: rebuilt beside the stream, killed at any instant, swapped in whole."""

import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from proptech_pipelines.kafka.producer import RegistrySerializer
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.opening import open_lake
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.pipeline.plan import carry_out, propose, tools_of
from proptech_pipelines.pipeline.rollback import roll_back
from proptech_pipelines.pipeline.stream import StreamRun
from proptech_pipelines.settings import environment_for
from proptech_pipelines.simulator import Options, produce
from proptech_pipelines_tests.guarantees.judge import alerts, assert_lake_is_whole, assert_no_alert_twice
from proptech_pipelines_tests.guarantees.lakes import PlanChild, StreamChild, empty_database
from proptech_pipelines_tests.guarantees.price_changes import TOPIC, price_change, send
from proptech_pipelines_tests.patching import graph_with

EVENTS_PER_SECOND = 2_000
KILLS = 50


def former() -> Graph:
    """The models before `market_alerts` told the sum of squares: what differs is additive."""
    column = "    change_square_sum, -- Sum of their squares\n"
    return graph_with(checkout_graph(), "market_alerts", column, "")


def lake_of_former_models(stack, folder, monkeypatch):
    """Settings of a lake whose tables follow `former`, with some records taken in."""
    settings = empty_database(stack, folder)
    with monkeypatch.context() as patched:
        patched.setattr("proptech_pipelines.lake.opening.checkout_graph", former)
        with open_lake(settings):
            pass
    produce(settings, 4_000, options=Options(broken=0.001))
    StreamRun(settings).run(lambda: False, drain=True)
    return settings


def columns(settings) -> set[str]:
    con = connect(settings, read_only=True)
    try:
        return {row[0] for row in con.execute("describe market_alerts").fetchall()}
    finally:
        con.close()


@pytest.mark.long
def test_g7_an_additive_change_is_swapped_in_and_back_and_g8_publishes_nothing(stack, tmp_path, monkeypatch):
    settings = lake_of_former_models(stack, tmp_path / "lake", monkeypatch)
    before = len(alerts(settings))
    with open_lake(settings) as con, Leases(settings) as leases:
        plan = propose(con, checkout_graph())
        assert plan is not None
        assert (plan.level, plan.may_run) == ("additive", True)
        tools = tools_of(settings, leases)
        done = carry_out(con, checkout_graph(), plan, tools)
        assert done.state == "swapped"
        assert all(not item["gone"] and not item["new"] for item in done.report["audit"].values())
        assert propose(con, checkout_graph()) is None
    assert "change_square_sum" in columns(settings)
    assert len(alerts(settings)) == before
    produce(settings, 2_000, options=Options(broken=0.001))
    # A hundred times the former price: whatever else its window holds, the mean change is beyond the limit.
    send(settings, RegistrySerializer(settings)(TOPIC, price_change("home", 10_000)))
    StreamRun(settings).run(lambda: False, drain=True)
    assert_lake_is_whole(settings)
    assert len(alerts(settings)) > before
    with open_lake(settings) as con, Leases(settings) as leases:
        roll_back(con, "market_alerts", tools_of(settings, leases))
    assert "change_square_sum" not in columns(settings)
    StreamRun(settings).run(lambda: False, drain=True)
    assert_lake_is_whole(settings)


@pytest.mark.long
@pytest.mark.timeout(2700)
def test_g7_killed_while_building_and_swapping_under_load(own_stack, tmp_path, monkeypatch):
    settings = lake_of_former_models(own_stack, tmp_path / "lake", monkeypatch)
    stopped = threading.Event()
    load = threading.Thread(
        target=produce,
        args=(settings,),
        kwargs={"options": Options(events_per_second=EVENTS_PER_SECOND), "stopped": stopped.is_set},
    )
    reader = subprocess.Popen(
        [sys.executable, "-m", "proptech_pipelines_tests.guarantees.snapshot_reader", str(settings.home)],
        env=environment_for(settings.home),
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    chance = random.Random(7)
    load.start()
    stream = StreamChild(settings)
    try:
        swaps = 0
        for number in range(KILLS):
            child = PlanChild(settings, die_at=None if number % 2 else chance.randrange(2, 400))
            time.sleep(2 + 4 * chance.random())
            child.kill()
            if "change_square_sum" in columns(settings):
                swaps += 1
                with open_lake(settings) as con, Leases(settings) as leases:
                    roll_back(con, "market_alerts", tools_of(settings, leases))
                assert "change_square_sum" not in columns(settings)
        assert PlanChild(settings).wait(300) == 0
        assert "change_square_sum" in columns(settings)
    finally:
        stopped.set()
        load.join()
        output, _ = reader.communicate("stop\n", timeout=60)
        stream.kill()
    assert reader.returncode == 0, output
    assert StreamChild(settings, drain=True).wait(600) == 0
    assert_lake_is_whole(settings)
    # What a swap itself takes in is not sent (G8), so a window's last message may be older than its row.
    assert assert_no_alert_twice(settings, agrees=False) > 0
