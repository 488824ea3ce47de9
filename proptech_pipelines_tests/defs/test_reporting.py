"""What a stream run tells Dagster, and when: on a clock of the test's own, with a context that only listens."""

from collections import Counter
from datetime import date

import pytest

from proptech_pipelines.defs.keys import GRAPH
from proptech_pipelines.defs.stream.reporting import Reporter
from proptech_pipelines.engines.duckdb import Counts
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.models.slices import Slice
from proptech_pipelines.pipeline.advance import Advance
from proptech_pipelines.pipeline.follow import Summary

FAMILY = "price_change_analysis"
STORED = "price_change_windows"
MAY_1, MAY_2 = date(2024, 5, 1), date(2024, 5, 2)


class Listener:
    """Stands for the context of an op."""

    def __init__(self):
        self.events = []
        self.error = None
        self.materialized = {}

    @property
    def instance(self):
        return self

    def get_materialized_partitions(self, key):
        return self.materialized.get(key.path[-1], set())

    def log_event(self, event):
        if self.error:
            raise self.error
        self.events.append((event.asset_key.path[-1], event.partition, event.metadata))

    def partitions_of(self, name):
        return [partition for asset, partition, _ in self.events if asset == name]


class Clock:
    """Seconds, as the test says."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def reporter(listener, clock):
    return Reporter(listener, clock)


def fetched(records):
    part = Fetched("property-price-changes", "id", 0, 0, records)
    for offset in range(records):
        part.append(offset, (1, 0), None, b"", None)
    return [part]


def advance(number, *days):
    return Advance(FAMILY, number, Slice(number - 1, number), Counts(10, 9, 1), days)


def reach(reporter, clock, seconds):
    """Let the clock reach `seconds`, and what is due then be logged."""
    clock.now = seconds
    reporter.on_batch(Summary(records=30), fetched(3))
    if reporter._logged is not None:
        reporter._logged.result()


def test_nothing_is_logged_before_the_time_is_up(reporter, listener, clock):
    reporter.on_advance(advance(1, MAY_1))
    reach(reporter, clock, 119)
    assert listener.events == []
    reach(reporter, clock, 120)
    assert Counter(name for name, *_ in listener.events)[STORED] == 1


def test_a_day_is_logged_when_it_first_changes_and_the_last_day_each_time(reporter, listener, clock):
    reporter.on_advance(advance(1, MAY_1))
    reporter.on_advance(advance(2, MAY_1, MAY_2))
    reach(reporter, clock, 120)
    assert listener.partitions_of(STORED) == ["2024-05-01", "2024-05-02"]
    listener.events.clear()
    reporter.on_advance(advance(3, MAY_1, MAY_2))
    reach(reporter, clock, 240)
    assert listener.partitions_of(STORED) == ["2024-05-02"]


def test_days_that_earlier_runs_have_filled_are_not_logged_again(reporter, listener, clock):
    models = [model.name for model in GRAPH.market if model.family == FAMILY]
    listener.materialized = {name: {"2024-05-01"} for name in models}
    listener.materialized[STORED] |= {"2024-04-30"}  # not of the others
    reporter.on_advance(advance(1, date(2024, 4, 30), MAY_1, MAY_2))
    reach(reporter, clock, 120)
    for name in models:
        assert listener.partitions_of(name) == ["2024-04-30", "2024-05-02"]


def test_a_family_that_the_installation_has_no_more_tells_nothing(reporter, listener, clock):
    reporter.on_advance(Advance("gone", 1, Slice(0, 1), Counts(10, 9, 1), (MAY_1,)))
    reach(reporter, clock, 120)
    assert {name for name, *_ in listener.events} == {"event_log", "stg_property_price_changes"}


def test_figures_are_those_of_all_steps_since_the_last_event(reporter, listener, clock):
    for number in (1, 2, 3):
        reporter.on_advance(advance(number, MAY_1))
    reach(reporter, clock, 120)
    ((_, _, metadata),) = [event for event in listener.events if event[0] == STORED]
    figures = {name: value.value for name, value in metadata.items()}
    assert (figures["commit_number"], figures["rows_in"], figures["applied"], figures["late"]) == (
        3,
        30,
        27,
        3,
    )


def test_the_end_logs_what_is_left(reporter, listener, clock):
    reach(reporter, clock, 1)
    reporter.on_advance(advance(1, MAY_1))
    reporter.close()
    names = {name for name, *_ in listener.events}
    assert {STORED, "event_log", "stg_property_price_changes"} <= names


def test_what_goes_wrong_in_logging_is_raised_at_the_end(reporter, listener, clock):
    listener.error = ConnectionError("the instance is gone")
    clock.now = 120
    reporter.on_batch(Summary(records=3), fetched(3))
    with pytest.raises(ConnectionError):
        reporter.close()


def test_what_went_wrong_in_logging_is_raised_before_more_is_logged(reporter, listener, clock):
    listener.error = ConnectionError("the instance is gone")
    with pytest.raises(ConnectionError):
        reach(reporter, clock, 120)
    listener.error = None
    clock.now = 240
    with pytest.raises(ConnectionError):
        reporter.on_batch(Summary(records=3), fetched(3))
