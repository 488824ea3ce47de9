"""When silent partitions no longer hold back what is final: tables of what moved when, and the entries then due."""

from dataclasses import dataclass

import pytest

from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.control import ControlEntry
from proptech_pipelines.lake.positions import PartitionState
from proptech_pipelines.pipeline.idle import QUIET_TOPIC_FACTOR, IdleWatch, entry_on_joining

TIMEOUT, MAX_AHEAD = 100, 1_000
BEGIN = 10_000
TOPIC, OTHER = "property-price-changes", "market-data"


@dataclass(frozen=True)
class Partition:
    """A partition at the time of the question: how long it was silent, its stream time, next and end offset."""

    silent_ms: int
    stream_time_ms: int | None
    next_offset: int = 5
    end_offset: int = 5
    topic: str = TOPIC


def due(partitions, now_ms=BEGIN + 10_000):
    """Partition and new stream time of the entries that are due."""
    watch = IdleWatch(TIMEOUT, MAX_AHEAD)
    states, ends = [], {}
    for number, item in enumerate(partitions):
        states.append(
            PartitionState(
                item.topic, f"id of {item.topic}", 1, number, item.next_offset, item.stream_time_ms
            )
        )
        ends[item.topic, number] = item.end_offset
        watch.moved([(f"id of {item.topic}", number)], now_ms - item.silent_ms)
    return {entry.partition: entry.stream_time_ms for entry in watch.entries(states, ends, now_ms, ())}


SILENT, MOVING = TIMEOUT, TIMEOUT - 1
QUIET = TIMEOUT * QUIET_TOPIC_FACTOR


@pytest.mark.parametrize(
    ("partitions", "expected"),
    [
        # Nobody is silent for the timeout.
        ([Partition(0, 50), Partition(MOVING, 20)], {}),
        # A silent one is raised to the least stream time of those that move.
        ([Partition(0, 50), Partition(SILENT, 20)], {1: 50}),
        ([Partition(0, 50), Partition(MOVING, 40), Partition(SILENT, 20)], {2: 40}),
        ([Partition(0, 50), Partition(SILENT, 20), Partition(SILENT, 30)], {1: 50, 2: 50}),
        # One to which nothing was ever sent is idle from the start.
        ([Partition(0, 50), Partition(0, None, 0, 0)], {1: 50}),
        ([Partition(0, 50), Partition(0, None, 0, 1)], {}),
        ([Partition(0, None), Partition(0, None, 0, 0)], {}),
        # One whose records were no rows, or were deleted before they were read, may bring more.
        ([Partition(0, 50), Partition(MOVING, None)], {}),
        ([Partition(0, 50), Partition(SILENT, None)], {1: 50}),
        # One that is ahead is not lowered, nor raised to where it is.
        ([Partition(0, 50), Partition(SILENT, 60)], {}),
        ([Partition(0, 50), Partition(SILENT, 50)], {}),
        # One with records yet to be taken in is behind, not idle.
        ([Partition(0, 50), Partition(SILENT, 20, 5, 6)], {}),
        # Those that move but had no row yet say nothing of time.
        ([Partition(0, None), Partition(SILENT, 20)], {}),
        ([Partition(0, None), Partition(0, 70), Partition(SILENT, 20)], {2: 70}),
        # A topic that is quiet as a whole follows the clock, less what an event may be ahead.
        ([Partition(SILENT, 50), Partition(QUIET, 20)], {0: BEGIN + 9_000, 1: BEGIN + 9_000}),
        # A topic without any row has no time at all.
        ([Partition(QUIET, None), Partition(QUIET, None)], {}),
        ([Partition(QUIET, None, 0, 0), Partition(QUIET, None, 0, 0)], {}),
        # Topics do not speak for each other.
        ([Partition(0, 50), Partition(SILENT, 20, topic=OTHER), Partition(0, None, topic=OTHER)], {}),
    ],
)
def test_entries_are_due_for_silent_partitions(partitions, expected):
    assert due(partitions) == expected


def test_an_entry_says_from_which_offset_it_holds():
    watch = IdleWatch(TIMEOUT, MAX_AHEAD)
    states = [PartitionState(TOPIC, "id", 1, 0, 9, 50), PartitionState(TOPIC, "id", 1, 1, 7, 20)]
    watch.moved([("id", 1)], BEGIN)
    watch.moved([("id", 0)], BEGIN + TIMEOUT)
    assert watch.entries(states, {(TOPIC, 0): 9, (TOPIC, 1): 7}, BEGIN + TIMEOUT, ()) == [
        ControlEntry("partition_idle", TOPIC, "id", 1, 7, 50)
    ]


def two_partitions(moving_time_ms, silent_time_ms):
    return [
        PartitionState(TOPIC, "id", 1, 0, 9, moving_time_ms),
        PartitionState(TOPIC, "id", 1, 1, 7, silent_time_ms),
    ]


@pytest.mark.parametrize(("later_ms", "is_due"), [(TIMEOUT - 1, False), (TIMEOUT, True)])
def test_a_partition_is_raised_again_after_another_timeout(later_ms, is_due):
    watch = IdleWatch(TIMEOUT, MAX_AHEAD)
    now_ms = BEGIN + TIMEOUT
    watch.moved([("id", 1)], BEGIN)
    watch.moved([("id", 0)], now_ms)
    assert len(watch.entries(two_partitions(50, 20), {}, now_ms, ())) == 1
    watch.moved([("id", 0)], now_ms + later_ms)
    assert bool(watch.entries(two_partitions(60, 50), {}, now_ms + later_ms, ())) == is_due


def test_who_ends_raises_again_what_was_raised_a_moment_ago():
    watch = IdleWatch(TIMEOUT, MAX_AHEAD)
    now_ms = BEGIN + TIMEOUT
    watch.moved([("id", 1)], BEGIN)
    watch.moved([("id", 0)], now_ms)
    assert len(watch.entries(two_partitions(50, 20), {}, now_ms, ())) == 1
    assert watch.entries(two_partitions(60, 50), {}, now_ms + 1, ()) == []
    watch.rest_no_longer()
    assert [entry.stream_time_ms for entry in watch.entries(two_partitions(60, 50), {}, now_ms + 1, ())] == [
        60
    ]


@pytest.mark.parametrize(("later_ms", "count"), [(QUIET - 1, 0), (QUIET, 2)])
def test_a_quiet_topic_is_raised_less_often(later_ms, count):
    watch = IdleWatch(TIMEOUT, MAX_AHEAD)
    watch.moved([("id", 0), ("id", 1)], BEGIN)
    now_ms = BEGIN + TIMEOUT
    assert len(watch.entries(two_partitions(50, 20), {}, now_ms, ())) == 2
    raised = two_partitions(now_ms - MAX_AHEAD, now_ms - MAX_AHEAD)
    assert len(watch.entries(raised, {}, now_ms + later_ms, ())) == count


UNUSED, THIRD = "user-profiles", "property-views"


@pytest.mark.parametrize(
    ("others", "read_together", "expected"),
    [
        # The least time of what its family reads beside it.
        ([(TOPIC, 50), (TOPIC, 40), (OTHER, 60)], [{UNUSED, TOPIC, OTHER}], 40),
        # What no family reads beside it does not count.
        ([(TOPIC, 50), (OTHER, 10)], [{UNUSED, TOPIC}, {OTHER}, {TOPIC, OTHER}], 50),
        ([(TOPIC, 50)], [{UNUSED}, {TOPIC}], None),
        # No family is held up: the one that would be furthest decides.
        ([(TOPIC, 50), (OTHER, 10)], [{UNUSED, TOPIC}, {UNUSED, OTHER}], 50),
        # One without rows, or that was never used either, says nothing of time.
        ([(TOPIC, 50), (OTHER, None)], [{UNUSED, TOPIC, OTHER}], 50),
        ([(OTHER, None)], [{UNUSED, OTHER}], None),
    ],
)
def test_a_topic_that_was_never_used_follows_those_that_are_read_beside_it(others, read_together, expected):
    watch = IdleWatch(TIMEOUT, MAX_AHEAD)
    states = [PartitionState(UNUSED, UNUSED, 1, 0, 0, None)]
    states += [
        PartitionState(topic, topic, 1, number, 9, time) for number, (topic, time) in enumerate(others)
    ]

    def raised(now_ms):
        watch.moved([(state.topic_id, state.partition) for state in states[1:]], now_ms)
        families = [frozenset(topics) for topics in read_together]
        found = watch.entries(states, {}, now_ms, families)
        assert {entry.topic for entry in found} <= {UNUSED}
        return [entry.stream_time_ms for entry in found]

    assert raised(BEGIN) == []
    assert raised(BEGIN + QUIET - 1) == []
    assert raised(BEGIN + QUIET) == ([] if expected is None else [expected])


def test_topics_that_were_never_used_are_raised_again_and_do_not_wait_for_each_other():
    watch = IdleWatch(TIMEOUT, MAX_AHEAD)
    together = [frozenset({TOPIC, UNUSED, THIRD})]

    def raised(now_ms, time_ms, unused_ms):
        watch.moved([(TOPIC, 0)], now_ms)
        states = [
            PartitionState(TOPIC, TOPIC, 1, 0, 9, time_ms),
            PartitionState(UNUSED, UNUSED, 1, 0, 0, unused_ms),
            PartitionState(THIRD, THIRD, 1, 0, 0, unused_ms),
        ]
        return {entry.topic: entry.stream_time_ms for entry in watch.entries(states, {}, now_ms, together)}

    assert raised(BEGIN, 50, None) == {}
    assert raised(BEGIN + QUIET, 50, None) == {UNUSED: 50, THIRD: 50}
    assert raised(BEGIN + QUIET + TIMEOUT - 1, 70, 50) == {}
    assert raised(BEGIN + QUIET + TIMEOUT, 70, 50) == {UNUSED: 70, THIRD: 70}


def test_a_topic_that_was_raised_before_goes_on_after_a_restart():
    watch = IdleWatch(TIMEOUT, MAX_AHEAD)
    watch.moved([(TOPIC, 0)], BEGIN)
    states = [PartitionState(TOPIC, TOPIC, 1, 0, 9, 70), PartitionState(UNUSED, UNUSED, 1, 0, 0, 50)]
    (entry,) = watch.entries(states, {}, BEGIN, [frozenset({TOPIC, UNUSED})])
    assert (entry.topic, entry.stream_time_ms) == (UNUSED, 70)


def test_a_topic_of_dead_letters_alone_holds_up_nothing_either():
    watch = IdleWatch(TIMEOUT, MAX_AHEAD)
    states = [PartitionState(TOPIC, TOPIC, 1, 0, 9, 70), PartitionState(UNUSED, UNUSED, 1, 0, 3, None)]
    together = [frozenset({TOPIC, UNUSED})]
    for now_ms, expected in ((BEGIN, []), (BEGIN + QUIET - 1, []), (BEGIN + QUIET, [70])):
        watch.moved([(TOPIC, 0)], now_ms)
        found = watch.entries(states, {(UNUSED, 0): 3}, now_ms, together)
        assert [entry.stream_time_ms for entry in found] == expected
    assert watch.entries(states, {(UNUSED, 0): 4}, now_ms + QUIET, together)[0].topic == TOPIC


def test_the_wait_for_a_topic_begins_when_those_beside_it_do():
    watch = IdleWatch(TIMEOUT, MAX_AHEAD)
    together = [frozenset({TOPIC, UNUSED})]
    unused = PartitionState(UNUSED, UNUSED, 1, 0, 0, None)
    empty = PartitionState(TOPIC, TOPIC, 1, 0, 0, None)
    assert watch.entries([unused, empty], {}, BEGIN, together) == []
    begun_ms = BEGIN + 3 * QUIET
    assert watch.entries([unused, empty], {}, begun_ms, together) == []
    used = PartitionState(TOPIC, TOPIC, 1, 0, 9, 50)
    watch.moved([(TOPIC, 0)], begun_ms + QUIET - 1)
    assert watch.entries([unused, used], {}, begun_ms + QUIET - 1, together) == []
    watch.moved([(TOPIC, 0)], begun_ms + QUIET)
    assert len(watch.entries([unused, used], {}, begun_ms + QUIET, together)) == 1


def test_one_that_moves_again_is_idle_no_longer():
    watch = IdleWatch(TIMEOUT, MAX_AHEAD)
    watch.moved([("id", 1)], BEGIN)
    watch.moved([("id", 0), ("id", 1)], BEGIN + TIMEOUT)
    assert watch.entries(two_partitions(50, 20), {}, BEGIN + TIMEOUT, ()) == []


def test_after_a_restart_partitions_are_watched_for_the_timeout_anew():
    watch = IdleWatch(TIMEOUT, MAX_AHEAD)
    states = two_partitions(50, 20)
    assert not watch.any_silent(states, BEGIN)
    assert watch.entries(states, {}, BEGIN, ()) == []
    watch.moved([("id", 0)], BEGIN + TIMEOUT)
    assert watch.any_silent(states, BEGIN + TIMEOUT)
    assert [entry.partition for entry in watch.entries(states, {}, BEGIN + TIMEOUT, ())] == [1]


@pytest.mark.parametrize(
    ("silent_ms", "expected"), [(0, False), (MOVING, False), (SILENT, True), (QUIET, True)]
)
def test_end_offsets_are_asked_for_only_when_someone_is_silent(silent_ms, expected):
    watch = IdleWatch(TIMEOUT, MAX_AHEAD)
    watch.moved([("id", 0)], BEGIN)
    assert watch.any_silent([PartitionState(TOPIC, "id", 1, 0, 5, 50)], BEGIN + silent_ms) == expected
    assert watch.any_silent([PartitionState(TOPIC, "id", 1, 0, 0, None)], BEGIN + silent_ms)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        # With a topic that is new, time begins.
        ([], None),
        # One that is added begins where all others have been.
        ([("id", 50)], 50),
        ([("id", 50), ("id", 20)], 20),
        # Nothing is final where another one has no time yet.
        ([("id", 50), ("id", None)], None),
        # Other topics, and the one of the same name that was deleted, do not speak for this one.
        ([("id before", 50)], None),
        ([("id before", 10), ("id", 50)], 50),
    ],
)
def test_a_partition_that_is_added_begins_where_all_others_have_been(known, expected):
    states = [
        PartitionState(TOPIC, topic_id, 1, number, 9, time_ms)
        for number, (topic_id, time_ms) in enumerate(known)
    ]
    entry = entry_on_joining(Fetched(TOPIC, "id", 7, 3, 3), states)
    assert entry == (expected and ControlEntry("partition_idle", TOPIC, "id", 7, 3, expected))
