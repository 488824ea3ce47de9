"""What the threads of a run tell each other."""

import threading
import time

import pytest

from proptech_pipelines.lake.log_writer import INGEST
from proptech_pipelines.pipeline.progress import Cut, Progress, Turn


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (4, 7, {"views": 3, "profiles": 1, "prices": 0}),
        (4, 5, {"views": 1}),
        (5, 6, {"views": 2, "prices": 0}),
        (7, 7, {}),
        # Not remembered: before the first, beyond the last.
        (3, 7, None),
        (4, 8, None),
    ],
)
def test_what_transactions_brought_is_told_if_all_of_them_are_remembered(low, high, expected):
    progress = Progress()
    progress.brought(5, {"views": 1})
    progress.brought(6, {"views": 2, "prices": 0})
    progress.brought(7, {"profiles": 1})
    assert progress.rows_between(low, high) == expected


def test_what_came_before_a_transaction_of_another_writer_is_forgotten():
    progress = Progress()
    progress.brought(1, {"views": 1})
    progress.brought(3, {"views": 1})
    assert progress.rows_between(0, 3) is None
    assert progress.rows_between(2, 3) == {"views": 1}


def test_nothing_is_known_before_the_first():
    assert Progress().rows_between(0, 0) is None


@pytest.mark.parametrize("wake", ["report", "stop", "end"])
def test_who_waits_is_woken_by_its_writer_or_the_end(wake):
    progress = Progress()
    end = progress.end_of(INGEST) if wake == "end" else progress.stop
    found: list[Cut] = []
    waiter = threading.Thread(target=lambda: found.append(progress.wait_beyond(INGEST, 3, 60, end)))
    waiter.start()
    time.sleep(0.05)
    progress.report("another", 9)
    assert waiter.is_alive()
    if wake == "report":
        progress.report(INGEST, 4, 11)
    else:
        progress.end(end)
    waiter.join(10)
    assert found == [Cut(4, 11) if wake == "report" else Cut()]


def test_waiting_for_the_end_of_a_writer_goes_on_when_no_more_is_taken_in_or_another_one_ends():
    progress = Progress()
    progress.end(progress.stop)
    progress.end(progress.end_of(INGEST))
    began = time.monotonic()
    assert progress.wait_beyond("market_alerts", 0, 0.2, progress.end_of("market_alerts")) == Cut()
    assert time.monotonic() - began >= 0.2


def test_small_steps_are_taken_in_turn_with_a_rest_between():
    turn, stop, order = Turn(), threading.Event(), []

    def step(name: str) -> None:
        with turn.hold(stop):
            order.append((name, time.monotonic()))
            time.sleep(0.1)
            order.append((name, time.monotonic()))
            turn.rest(0.2)

    threads = [threading.Thread(target=step, args=(name,)) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (one, _), (same, ended), (other, begun), _ = order
    assert one == same != other
    assert begun - ended >= 0.2


def test_nobody_rests_once_the_end_has_come():
    turn, stop = Turn(), threading.Event()
    with turn.hold(stop):
        turn.rest(60)
    stop.set()
    begun = time.monotonic()
    with turn.hold(stop):
        assert time.monotonic() - begun < 10


def test_who_did_nothing_lets_nobody_wait():
    turn, stop = Turn(), threading.Event()
    begun = time.monotonic()
    for _ in range(2):
        with turn.hold(stop):
            pass
    assert time.monotonic() - begun < 10
