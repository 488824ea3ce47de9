"""Topics that nobody waits for are taken in less often, whole and in order."""

from dataclasses import replace

from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.pipeline.patience import HeldBack, patient_topics

VIEWS, PRICES = "property-views", "property-price-changes"


def fetched(topic: str, start: int, end: int, value: bytes = b"value", partition: int = 0) -> Fetched:
    part = Fetched(topic, f"id of {topic}", partition, start, start)
    for offset in range(start, end):
        part.append(offset, (1, offset), b"key", value, None)
    return part


def held_back() -> HeldBack:
    """At 1,000 ms a transaction with views was begun that took 100 ms: they rest until 1,500."""
    held = HeldBack({VIEWS})
    held.took([fetched(VIEWS, 0, 1)], 1_000, 1_100)
    return held


def ranges(parts: list[Fetched]) -> list[tuple[str, int, int, int]]:
    return [(part.topic, part.partition, part.start_offset, part.end_offset) for part in parts]


def test_what_somebody_waits_for_is_taken_in_at_once_and_the_rest_when_it_is_due():
    held = held_back()
    first = held.sift([fetched(VIEWS, 1, 3), fetched(PRICES, 5, 6)], 1_200, everything=False)
    assert ranges(first) == [(PRICES, 0, 5, 6)]
    assert held
    assert held.sift([fetched(VIEWS, 3, 4), fetched(VIEWS, 8, 9, partition=1)], 1_499, everything=False) == []
    due = held.sift([fetched(VIEWS, 4, 5)], 1_500, everything=False)
    assert ranges(due) == [(VIEWS, 0, 1, 5), (VIEWS, 1, 8, 9)]
    assert due[0].offsets == due[0].timestamps_ms == [1, 2, 3, 4]
    assert len(due[0].keys) == len(due[0].values) == len(due[0].headers) == len(due[0].timestamp_types) == 4
    assert not held


def test_everything_is_taken_in_on_demand():
    held = held_back()
    assert held.sift([fetched(VIEWS, 1, 3)], 1_200, everything=False) == []
    assert ranges(held.sift([], 1_300, everything=True)) == [(VIEWS, 0, 1, 3)]


def test_without_a_transaction_so_far_nothing_rests():
    assert ranges(HeldBack({VIEWS}).sift([fetched(VIEWS, 0, 1)], 1_000, everything=False)) == [
        (VIEWS, 0, 0, 1)
    ]


def test_the_first_are_due_when_the_run_says():
    held = HeldBack({VIEWS}, due_ms=1_500)
    assert held.sift([fetched(VIEWS, 0, 1)], 1_499, everything=False) == []
    assert ranges(held.sift([], 1_500, everything=False)) == [(VIEWS, 0, 0, 1)]


def test_a_transaction_without_them_lets_them_rest_no_longer():
    held = held_back()
    held.took([fetched(PRICES, 0, 1)], 1_400, 1_490)
    assert held.sift([fetched(VIEWS, 1, 2)], 1_500, everything=False)


def test_two_topics_at_a_time_are_due_those_first_that_were_held_longest():
    topics = [f"topic-{number}" for number in range(5)]
    held = HeldBack(set(topics))
    held.took([fetched(topic, 0, 1) for topic in topics], 1_000, 1_100)
    for topic in topics[:4]:
        assert (
            held.sift([fetched(topic, 1, 3), fetched(topic, 7, 8, partition=1)], 1_400, everything=False)
            == []
        )
    first = held.sift([fetched(topics[4], 1, 2), fetched(topics[0], 3, 4)], 1_500, everything=False)
    assert ranges(first) == [
        ("topic-0", 0, 1, 4),
        ("topic-0", 1, 7, 8),
        ("topic-1", 0, 1, 3),
        ("topic-1", 1, 7, 8),
    ]
    assert not held.holds("topic-0", 0)
    assert held.holds("topic-2", 1)
    held.took(first, 1_500, 1_600)  # the others rest half as long
    assert held.sift([], 1_749, everything=False) == []
    assert {part.topic for part in held.sift([], 1_750, everything=False)} == set(topics[2:4])
    assert {part.topic for part in held.sift([], 1_750, everything=False)} == {topics[4]}
    assert not held


def test_the_only_topic_that_comes_rests_as_all_do():
    held = HeldBack({VIEWS, "never sent"})
    taken = held.sift([fetched(VIEWS, 0, 1)], 1_000, everything=False)
    held.took(taken, 1_000, 1_100)
    assert held.sift([fetched(VIEWS, 1, 2)], 1_499, everything=False) == []
    assert held.sift([], 1_500, everything=False)


def test_nothing_rests_for_long_because_the_registry_was_away():
    held = HeldBack({VIEWS})
    held.took([fetched(VIEWS, 0, 1)], 1_000, 301_000)
    assert held.sift([fetched(VIEWS, 1, 2)], 305_999, everything=False) == []
    assert held.sift([], 306_000, everything=False)


def test_many_records_or_bytes_rest_no_longer():
    held = held_back()
    assert held.sift([fetched(VIEWS, 0, 19_999)], 1_200, everything=False) == []
    assert ranges(held.sift([fetched(VIEWS, 19_999, 20_000)], 1_200, everything=False)) == [
        (VIEWS, 0, 0, 20_000)
    ]
    assert held.sift([fetched(VIEWS, 20_000, 20_063, b"x" * (1 << 20))], 1_200, everything=False) == []
    assert len(held.sift([fetched(VIEWS, 20_063, 20_064, b"x" * (1 << 20))], 1_200, everything=False)) == 1


def test_a_hole_behind_the_last_record_stays_in_the_range():
    held = held_back()
    part = fetched(VIEWS, 1, 2)
    part.end_offset = 4
    held.sift([part], 1_200, everything=False)
    (whole,) = held.sift([fetched(VIEWS, 4, 5)], 1_500, everything=False)
    assert whole.holes() == [(2, 4)]


def test_what_is_let_go_is_forgotten():
    held = held_back()
    held.sift([fetched(VIEWS, 1, 3)], 1_200, everything=False)
    assert ranges(held.let_go()) == [(VIEWS, 0, 1, 3)]
    assert held.let_go() == []


def test_somebody_waits_for_price_changes_and_for_what_any_other_such_family_reads():
    graph = checkout_graph()
    patient = patient_topics(graph)
    assert PRICES not in patient
    assert VIEWS in patient
    hurried = {
        name: replace(model, every_seconds=0) if model.family == "trending_neighborhoods" else model
        for name, model in graph.models.items()
    }
    assert patient - patient_topics(Graph(hurried)) == {VIEWS, "user-interactions"}
