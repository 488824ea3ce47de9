"""G1, exactly once: killed at any instant, run twice, run twice at once, no row is lost and none doubled."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

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
EVENTS_PER_SECOND = 20_000
# One statement after the other of the first transactions of a run, over all its connections.
FIRST_STEP = 2


@contextmanager
def load(settings, events_per_second, topics):
    """Produce to `topics` at a rate meanwhile."""
    stopped = threading.Event()
    options = {"options": Options(events_per_second=events_per_second), "stopped": stopped.is_set}
    producing = threading.Thread(
        target=produce, args=(settings, None, topics, events_per_second), kwargs=options
    )
    producing.start()
    try:
        yield
    finally:
        stopped.set()
        producing.join()


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_g1_killed_at_random_instants_and_at_each_step_of_a_commit(own_stack, tmp_path):
    settings = fresh_lake(own_stack, tmp_path / "lake")
    produce(settings, 20_000)
    chance = random.Random(20_000)
    with load(settings, 500, ALL_TOPICS):
        for step in range(FIRST_STEP, FIRST_STEP + STEPS):
            child = StreamChild(settings, die_at=step)
            assert child.wait() == -9, f"step {step}"
        # Price changes alone: all topics at this rate would take many minutes to drain.
        with load(settings, EVENTS_PER_SECOND, ("property-price-changes",)):
            for _ in range(RANDOM_KILLS):
                child = StreamChild(settings)
                time.sleep(3 + 3 * chance.random())
                child.kill()
    assert StreamChild(settings, drain=True).wait(900) == 0
    records = assert_lake_is_whole(settings)
    assert records > EVENTS_PER_SECOND * RANDOM_KILLS
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


@pytest.mark.long
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


@pytest.mark.long
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
