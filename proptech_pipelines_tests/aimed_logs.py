"""Short logs in several micro-batches, each aimed at a group of wrong variants. All of 1 and 2 May 2024."""

from dataclasses import replace
from itertools import count

from proptech_pipelines_tests.reference import Entry, Event
from proptech_pipelines_tests.reference.arithmetic import milliseconds
from proptech_pipelines_tests.reference.building import idle, price_change, report

Batches = list[list[Entry]]

AT_HALF_PAST_TEN = "2024-05-01T10:30:00"
SPREAD_BETWEEN_LIMIT_AND_REMAINDER = (237170824, -237170824, 72, 15559, -15628)
"""Changes of which n a = 5 is below r^2 = 9: a spread of less than 15 %, beyond it without the remainder."""


def lateness() -> Batches:
    """Around the end of a grace: 1 ms before, at it, after a batch's edge; on one partition, not on the other."""
    closing, closed = "2024-05-02T10:59:59.999", "2024-05-02T11:00:00"
    return [
        [
            price_change(0, AT_HALF_PAST_TEN, 100, 110),
            price_change(1, "2024-05-01T10:59:59.999", 100, 95),
            price_change(2, "2024-05-01T11:00:00", 100, 120),
            _sent(_without_price(3, "2024-05-01T10:40:00"), "2024-05-05T00:00:00"),
            _sent(price_change(0, "2024-05-01T10:15:00", 100, 90, partition=1), "2024-05-01T12:15:00"),
        ],
        [
            price_change(4, "2024-05-01T10:45:00", 100, 101),
            price_change(5, closing, 100, 102, zip_code="75501"),
            price_change(6, "2024-05-01T10:20:00", 100, 103),
        ],
        [
            price_change(7, closed, 100, 104, zip_code="75501"),
            price_change(8, "2024-05-01T10:21:00", 100, 106),
            price_change(9, "2024-05-01T11:30:00", 100, 107),
            price_change(1, "2024-05-01T10:17:00", 100, 108, partition=1),
        ],
        [price_change(10, "2024-05-01T10:22:00", 100, 109), idle(2, closed, partition=1)],
        [
            idle(11, "2024-05-01T09:00:00"),
            price_change(11, "2024-05-01T10:23:00", 100, 111),
            price_change(2, "2024-05-01T10:18:00", 100, 112, partition=1),
        ],
    ]


def sums() -> Batches:
    """Sums on a limit and just beside it, large ones, negative ones; each zip code is a case."""
    billion = 10**9
    cases: dict[str, list[tuple[int, int]]] = {
        "01001": [(100, 110), (100, 100)],  # mean exactly 5 %
        "02138": [(100, 94), (100, 94)],  # mean of -6 %
        "10001": [(100, 115), (100, 85)],  # spread exactly 15 %
        "20001": [(100, 120), (100, 80), (100, 100)],  # spread of 16.3 %
        "30303": [(3, 2), (100, 100)],  # a change and a mean to be truncated, not floored
        "33701": [(1, 1000), (3, 2), (7, 13)],  # squares that no float holds
        "55401": [(218_207_025, 196_687_823_343), (10**12, 10**11 + 7)],  # a change that floats misjudge
        "60601": [(billion, billion + change) for change in SPREAD_BETWEEN_LIMIT_AND_REMAINDER],
        "77002": [(100, 150), (100, 100)],  # both limits
        "78701": [(100, 90), (100, 101)],  # a fall and a rise
        "80915": [(10**9, 1_150_000_001), (100, 85)],  # one part per billion beyond
    }
    first = [(zip_code, "TX", prices[0]) for zip_code, prices in cases.items()]
    second = [(zip_code, "TX", pair) for zip_code, prices in cases.items() for pair in prices[1:]]
    second += [("75501", "TX", (100, 100)), ("75501", "AR", (100, 100))]
    offsets = count()
    return [
        [
            price_change(next(offsets), AT_HALF_PAST_TEN, old, new, zip_code=zip_code, state=state)
            for zip_code, state, (old, new) in part
        ]
        for part in (first, second)
    ]


def figures() -> Batches:
    """Market figures that tie in every component of the order, and corrections that others depend on."""
    noon, before = "2024-05-01T12:00:00", "2024-05-01T11:59:59.999"
    january, february, year_ago = (2020, 1), (2020, 2), (2019, 2)
    return [
        [
            report(0, noon, "Austin", february, 105_000, sales=10),
            report(1, noon, "Austin", january, 100_000, sales=20),
            report(2, noon, "Austin", year_ago, 90_000, sales=3),
            report(3, noon, "Waco", january, None, sales=5),
            report(4, noon, "Waco", february, 3, sales=1),
            report(5, noon, "Texarkana", (2000, 1), 700, sales=None),
            report(6, noon, "Austin", (2020, 3), 104_999, sales=7),
            report(7, noon, "El Paso", january, 3, sales=1, inventory=0.25),
            report(8, noon, "El Paso", february, 2, sales=1),
        ],
        [
            report(9, noon, "Austin", january, 101_000, sales=20),
            report(10, noon, "Waco", february, 4, sales=1),
            report(11, before, "Austin", january, 999, sales=1),
            report(0, noon, "Austin", february, 106_000, sales=10, partition=1),
            report(1, before, "Austin", year_ago, 1, sales=1, partition=1),
        ],
        # Only one month each: what changes for others must be noticed through them.
        [report(12, "2024-05-01T13:00:00", "Austin", january, 102_000, sales=21)],
        [report(13, "2024-05-01T13:00:00", "Austin", year_ago, 91_000, sales=3)],
        [report(14, "2024-05-01T13:00:00", "Austin", (2001, 1), 50_000, sales=2)],
    ]


def made_again() -> Batches:
    """A topic deleted and made again, with lower partitions and offsets; partitions from 100 on are the new ones."""
    noon = "2024-05-01T12:00:00"
    return [
        [report(7, noon, "Austin", (2020, 1), 100_000, sales=20, partition=2)],
        [report(0, noon, "Austin", (2020, 1), 101_000, sales=20, partition=100)],
    ]


def alerts_that_vanish() -> Batches:
    """A window that goes beyond its limit and comes back, and one that does so twice."""

    def change(offset: int, old: int, new: int, zip_code: str) -> Event:
        return price_change(offset, AT_HALF_PAST_TEN, old, new, zip_code=zip_code)

    return [
        [change(0, 100, 110, "78701"), change(1, 100, 110, "75501")],
        [change(2, 100, 100, "01001")],
        [change(3, 100, 90, "78701"), change(4, 100, 91, "75501")],
        [change(5, 100, 130, "75501")],
        [change(6, 100, 69, "75501")],
        [change(7, 100, 200, "01001")],
    ]


def three_days() -> Batches:
    """Price changes, some late, and figures on three days each."""
    offsets = count()
    changes: list[Entry] = [
        price_change(next(offsets), f"2024-05-0{day}T{hour:02d}:30:00", 100, new, zip_code=zip_code)
        for day in (1, 2, 3)
        for hour, new, zip_code in ((0, 120, "78701"), (12, 101, "75501"), (23, 80, "78701"))
    ]
    changes += [price_change(next(offsets), f"2024-05-0{day}T01:00:00", 100, 103) for day in (1, 2)]
    months = ((2020, 1), (2020, 2), (2020, 3))
    reports: list[Entry] = [
        report(number, "2024-05-01T12:00:00", "Austin", month, 100_000 + number, sales=10)
        for number, month in enumerate(months)
    ]
    return [[*changes[:5], *reports[:1]], [*changes[5:], *reports[1:]]]


def _sent(event: Event, at: str) -> Event:
    return replace(event, kafka_timestamp_ms=milliseconds(at))


def _without_price(offset: int, changed_at: str) -> Event:
    return price_change(offset, changed_at, 0, 1)
