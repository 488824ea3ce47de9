"""A topic that is deleted or made again while it is read: neither an error of the broker, nor an end never reached."""

import pytest

from proptech_pipelines.errors import OffsetGap, OffsetRegression, ServiceError
from proptech_pipelines.kafka.cluster import TopicState
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.positions import PartitionState, Positions
from proptech_pipelines.pipeline.source import Source

CHANGES, VIEWS = "property-price-changes", "property-views"


class Broker:
    """Topics by name with their ids, and what fetching gives."""

    def __init__(self, **ids: str) -> None:
        self.states = {name: TopicState(name, topic_id, 1) for name, topic_id in ids.items()}
        self.ends = dict.fromkeys(ids, 5)
        self.answer: list[Fetched] | Exception = []

    def topics(self, names):
        """Those that exist."""
        return {name: self.states[name] for name in names if name in self.states}

    def end_offsets(self, topics):
        """The end of each topic's partition."""
        return {(name, 0): self.ends[name] for name in topics}

    def start_offsets(self, topics):
        """All begin at 0."""
        return {(name, 0): 0 for name in topics}

    def assign(self, topics, positions):
        """Nothing to do."""

    def fetch(self, max_records, wait_seconds):
        """The answer that was prepared."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def broker():
    return Broker(**{CHANGES: "one", VIEWS: "views"})


@pytest.fixture
def source(broker):
    made = Source(broker, broker)
    made.refresh(at())
    return made


def at(**offsets: int) -> Positions:
    """The log's positions by topic id."""
    states = {
        (item, 0): PartitionState(CHANGES, item, 1, 0, offset, None) for item, offset in offsets.items()
    }
    return Positions(1, 1, states)


@pytest.mark.parametrize("error", [OffsetGap("gap", "x."), OffsetRegression("regression", "x.")])
def test_a_refused_position_is_an_error_unless_the_topic_was_made_again(source, broker, error):
    broker.answer = error
    with pytest.raises(type(error)):
        source.fetch(10, 0)
    broker.states[CHANGES] = TopicState(CHANGES, "two", 1)
    assert source.fetch(10, 0) is None


def test_what_was_fetched_of_a_topic_that_is_another_one_by_now_is_nothing(source, broker):
    broker.answer = [Fetched(VIEWS, "views", 0, 0, 5)]
    broker.states[CHANGES] = TopicState(CHANGES, "two", 1)
    assert source.fetch(10, 0) == broker.answer
    broker.answer = [Fetched(CHANGES, "one", 0, 0, 5)]
    assert source.fetch(10, 0) is None


def test_a_broker_that_fails_half_way_is_asked_all_of_it_again(source, broker, monkeypatch):
    broker.states["user-interactions"] = TopicState("user-interactions", "new", 1)

    def away(topics):
        raise ServiceError("away")

    with monkeypatch.context() as patched:
        patched.setattr(broker, "start_offsets", away)
        with pytest.raises(ServiceError):
            source.refresh(at())
    assert ("user-interactions", "new") in [(part.topic, part.topic_id) for part in source.refresh(at())]


def test_ends_are_reached_with_the_topics_that_are_left(source, broker):
    ends = source.ends()
    assert not source.has_reached(at(one=5, views=4), ends)
    assert source.has_reached(at(one=5, views=5), ends)
    broker.states[VIEWS] = TopicState(VIEWS, "views again", 1)
    source.refresh(at(one=5))
    assert source.has_reached(at(one=5), ends)
    del broker.states[CHANGES]
    source.refresh(at(one=2))
    assert source.has_reached(at(one=2), ends)
