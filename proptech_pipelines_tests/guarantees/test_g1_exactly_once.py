"""G1, exactly once: killed at any instant, run twice, run twice at once, no row is lost and none doubled."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from proptech_pipelines.errors import ServiceError
from proptech_pipelines.kafka.cluster import Cluster
from proptech_pipelines.pipeline.stream import StreamRun
from proptech_pipelines.simulator import Options, produce
from proptech_pipelines.simulator.world import ALL_TOPICS
from proptech_pipelines_tests.guarantees.judge import (
    assert_lake_is_whole,
    assert_no_alert_twice,
    assert_no_dead_letter_twice,
    assert_no_message_twice,
)
from proptech_pipelines_tests.guarantees.lakes import StreamChild, fresh_lake

RANDOM_KILLS = 25
STEPS = 25
SENT = ("market-alerts", "processed-properties", "enriched-properties", "personalized-recommendations")
"""Topics that get messages within minutes; an hour of property-analytics need not end by then."""
LOAD = {20_000: ("property-price-changes",), 500: ALL_TOPICS}
"""Topics by events per second; all of them at the higher rate would take as long again to drain."""
# One statement after the other of the first transactions of a run, over all its connections.
FIRST_STEP = 2


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_g1_killed_at_random_instants_and_at_each_step_of_a_commit(own_stack, tmp_path):
    settings = fresh_lake(own_stack, tmp_path / "lake")
    stopped = threading.Event()
    loads = [
        threading.Thread(
            target=produce,
            args=(settings, None, topics, rate),
            kwargs={"options": Options(events_per_second=rate), "stopped": stopped.is_set},
        )
        for rate, topics in LOAD.items()
    ]
    for load in loads:
        load.start()
    chance = random.Random(20_000)
    try:
        for step in range(FIRST_STEP, FIRST_STEP + STEPS):
            child = StreamChild(settings, die_at=step)
            assert child.wait() == -9, f"step {step}"
        for _ in range(RANDOM_KILLS):
            child = StreamChild(settings)
            time.sleep(3 + 3 * chance.random())
            child.kill()
    finally:
        stopped.set()
        for load in loads:
            load.join()
    assert StreamChild(settings, drain=True).wait(600) == 0
    records = assert_lake_is_whole(settings)
    assert records > sum(LOAD) * RANDOM_KILLS
    assert assert_no_alert_twice(settings) > 0
    assert assert_no_dead_letter_twice(settings) > 0
    sent = assert_no_message_twice(settings)
    assert [name for name in SENT if not sent[name]] == []


def test_g1_a_repeated_run_adds_nothing(stack, tmp_path):
    settings = fresh_lake(stack, tmp_path / "lake")
    produce(settings, 3_000, options=Options(broken=0.01))
    StreamRun(settings).run(lambda: False, drain=True)
    records = assert_lake_is_whole(settings)
    again = StreamRun(settings).run(lambda: False, drain=True)
    assert again.records == 0
    assert assert_lake_is_whole(settings) == records


def test_g1_two_runs_at_once_without_the_lease_lose_and_double_nothing(stack, tmp_path, monkeypatch):
    settings = fresh_lake(stack, tmp_path / "lake")
    produce(settings, 15_000, options=Options(broken=0.001))
    monkeypatch.setattr("proptech_pipelines.lake.lease.Leases.acquire", lambda self, name, give_up=None: True)
    monkeypatch.setattr("proptech_pipelines.lake.lease.Leases.release", lambda self, name: None)
    monkeypatch.setattr("proptech_pipelines.lake.lease.Leases.wanted", lambda self, name: False)
    monkeypatch.setenv("PROPTECH_MAX_BATCH_RECORDS", "1000")
    small = type(settings).load(settings.home)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(lambda: StreamRun(small).run(lambda: False, drain=True)) for _ in range(2)]
    assert sum(run.result().records for run in runs) >= 15_000
    monkeypatch.undo()
    StreamRun(settings).run(lambda: False, drain=True)
    assert assert_lake_is_whole(settings) >= 15_000


def test_g1_an_outage_between_fetch_and_commit_skips_nothing(stack, tmp_path, monkeypatch):
    settings = fresh_lake(stack, tmp_path / "lake")
    produce(settings, 3_000, options=Options(broken=0.001))
    whole, chance = Cluster.topics, random.Random(3)

    def failing(cluster, names):
        # One question in three fails, among them those that follow a fetch.
        if chance.random() < 1 / 3:
            raise ServiceError("gone", "wait")
        return whole(cluster, names)

    monkeypatch.setattr(Cluster, "topics", failing)
    monkeypatch.setattr("proptech_pipelines.pipeline.follow._OUTAGE_SECONDS", 0.0)
    monkeypatch.setenv("PROPTECH_MAX_BATCH_RECORDS", "500")
    StreamRun(type(settings).load(settings.home)).run(lambda: False, drain=True)
    monkeypatch.undo()
    StreamRun(settings).run(lambda: False, drain=True)
    assert assert_lake_is_whole(settings) >= 3_000


@pytest.mark.long
@pytest.mark.timeout(600)
def test_g1_a_broker_lost_in_mid_fetch_is_waited_for(own_stack, tmp_path):
    settings = fresh_lake(own_stack, tmp_path / "lake")
    produce(settings, 60_000, options=Options(broken=0.001))
    child = StreamChild(settings, drain=True)
    time.sleep(4)
    own_stack.broker.kill()
    time.sleep(2)
    own_stack.broker.start()
    assert child.wait(300) == 0
    assert assert_lake_is_whole(settings) >= 60_000
