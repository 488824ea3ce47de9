"""When records are due and what event time they bear."""

import numpy as np
import pytest

from proptech_pipelines.errors import SettingsError
from proptech_pipelines.simulator import Options
from proptech_pipelines.simulator.options import timeline

NOW = 1_800_000_000_000
PAST = NOW - 1_000_000

# options, count, event times of slots 0, 1 and 1,000 at NOW, due times of the same
TIMELINES = [
    ({"events_per_second": 100}, None, [NOW, NOW + 10, NOW + 10_000], [NOW, NOW + 10, NOW + 10_000]),
    (
        {"events_per_second": 100, "start_ms": PAST},
        None,
        [PAST, PAST + 10, PAST + 10_000],
        [NOW, NOW + 10, NOW + 10_000],
    ),
    (
        {"events_per_second": 100, "start_ms": PAST, "speed": 60.0},
        None,
        [PAST, PAST + 600, PAST + 600_000],
        [NOW, NOW + 10, NOW + 10_000],
    ),
    # caught up with the clock: on at real time
    (
        {"events_per_second": 1, "start_ms": PAST, "speed": 60.0},
        None,
        [PAST, PAST + 60_000, NOW + 1_000_000],
        None,
    ),
    # a start ahead of the clock is meant
    ({"events_per_second": 1, "start_ms": NOW + 5}, None, [NOW + 5, NOW + 1_005, NOW + 1_000_005], None),
    # as fast as possible: 1,000 a second of event time, up to the present
    ({}, 2_000, [NOW - 2_000, NOW - 1_999, NOW - 1_000], [NOW, NOW, NOW]),
    ({}, None, [NOW, NOW, NOW], [NOW, NOW, NOW]),
    ({"speed": 60.0}, 2_000, [NOW - 120_000, NOW - 119_940, NOW - 60_000], None),
    ({"events_per_second": 1_000, "speed": 3.0}, 3_000, [NOW - 6_000, NOW - 5_997, NOW - 3_000], None),
]


@pytest.mark.parametrize(("options", "count", "events", "due"), TIMELINES)
def test_event_and_due_times(options, count, events, due):
    line = timeline(Options(**options), count, NOW)
    slots = np.array([0, 1, 1_000])
    assert line.event_ms(slots, NOW).tolist() == events
    if due is not None:
        assert line.due_ms(slots).tolist() == due


@pytest.mark.parametrize(
    ("passed_ms", "due"), [(0, 1), (9, 1), (10, 2), (99, 10), (1_000, 101), (3_600_000, 360_001)]
)
def test_slots_due_depend_on_the_clock_alone(passed_ms, due):
    assert timeline(Options(events_per_second=100), None, NOW).due_slots(NOW + passed_ms) == due


def test_without_a_pace_all_slots_are_due():
    assert timeline(Options(), 10, NOW).due_slots(NOW) is None


@pytest.mark.parametrize(
    "options",
    [
        {"out_of_order": -0.1},
        {"late": 0.6},
        {"repeated": 2.0},
        {"broken": float("nan")},
        {"events_per_second": -1.0},
        {"speed": 0.0},
    ],
)
def test_options_without_sense_are_refused(options):
    with pytest.raises(SettingsError, match="Do: give"):
        Options(**options)


def test_fast_event_time_needs_somewhere_to_begin():
    with pytest.raises(SettingsError, match="would run ahead of the clock"):
        timeline(Options(events_per_second=10, speed=60.0), None, NOW)
