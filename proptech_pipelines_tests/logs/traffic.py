"""A large log with a realistic mixture, the same for the same seed."""

import random

from proptech_pipelines_tests.reference.arithmetic import DAY_MS, HOUR_MS, milliseconds
from proptech_pipelines_tests.reference.log import MARKET_DATA, PRICE_CHANGES, Entry, Event, Idle

START_MS = milliseconds("2024-03-01T00:00:00")
DURATION_MS = 3 * DAY_MS
PARTITIONS = {PRICE_CHANGES: 6, MARKET_DATA: 3}

_FIRST_ZIP_CODES = {
    "TX": 78721,
    "CA": 95814,
    "NY": 11203,
    "MN": 55401,
    "IL": 60601,
    "CO": 80915,
    "GA": 30303,
    "FL": 33701,
}
"""Where 15 standard zip codes in a row begin."""
_STATES = tuple(_FIRST_ZIP_CODES)
_PLACES = [(f"{first + n:05d}", state) for n in range(15) for state, first in _FIRST_ZIP_CODES.items()]
_REGIONS = [f"Region {n:02d}" for n in range(46)]
_MARKET_SHARE = 0.02
_REPEAT_SHARE = 0.01
_IDLE_SHARE = 0.0005


def traffic(seed: int, events: int = 100_000) -> list[Entry]:
    """`events` records, and some idle entries, of three days: 98 % price changes, 2 % market figures.

    Most events arrive within a minute, some hours later, about 1 % after the grace of their window and a
    few exactly at its end; 1 % repeat the record before them at the next offset.
    """
    return _Traffic(random.Random(seed), events).entries()


class _Traffic:
    def __init__(self, chance: random.Random, events: int) -> None:
        self._chance = chance
        self._events = events
        self._next_offsets = {(topic, p): 0 for topic, count in PARTITIONS.items() for p in range(count)}
        self._stream_times_ms = [0] * PARTITIONS[PRICE_CHANGES]

    def entries(self) -> list[Entry]:
        entries: list[Entry] = []
        for index in range(self._events):
            now_ms = START_MS + index * DURATION_MS // self._events
            if self._chance.random() < _IDLE_SHARE:
                entries.append(self._idle(now_ms))
            last = entries[-1] if entries else None
            if isinstance(last, Event) and self._chance.random() < _REPEAT_SHARE:
                entries.append(self._placed(last.topic, last.partition, now_ms, last.value or {}))
            elif self._chance.random() < _MARKET_SHARE:
                entries.append(self._report(now_ms))
            else:
                entries.append(self._price_change(now_ms))
        return entries

    def _price_change(self, now_ms: int) -> Event:
        # The square makes the first places busy and the last ones quiet.
        zip_code, state_code = _PLACES[int(len(_PLACES) * self._chance.random() ** 2)]
        partition = _STATES.index(state_code) % PARTITIONS[PRICE_CHANGES]
        stream_time_ms = self._stream_times_ms[partition]
        at_ms = self._event_time_ms(now_ms, stream_time_ms)
        self._stream_times_ms[partition] = max(at_ms, stream_time_ms)
        old, new = self._prices()
        value: dict[str, object] = {
            "propertyId": f"home-{self._chance.randrange(5_000)}",
            "zipCode": zip_code,
            "stateCode": state_code,
            "oldPrice": old,
            "newPrice": new,
            "changedAt": at_ms,
        }
        return self._placed(PRICE_CHANGES, partition, now_ms, value)

    def _prices(self) -> tuple[int, int]:
        old = self._chance.randrange(50_000, 2_000_000)
        fall_of_5_percent = self._chance.random() < 0.05
        factor = 0.95 if fall_of_5_percent else max(0.01, self._chance.gauss(0.98, 0.09))
        return old, round(old * factor)

    def _event_time_ms(self, now_ms: int, stream_time_ms: int) -> int:
        dice = self._chance.random()
        if dice < 0.95:
            return now_ms - int(self._chance.expovariate(1 / 30_000))
        if dice < 0.985:
            return now_ms - self._chance.randrange(24 * HOUR_MS)
        if dice < 0.995:
            return now_ms - self._chance.randrange(24 * HOUR_MS, 72 * HOUR_MS)
        if dice < 0.9955:
            # A fast clock: stream time stands on the edge of an hour until the others catch up.
            return now_ms - now_ms % HOUR_MS + HOUR_MS
        # The first moment that is still in time, and the last that is late.
        first_open_ms = max(stream_time_ms, START_MS) // HOUR_MS * HOUR_MS - 24 * HOUR_MS
        return first_open_ms - self._chance.randrange(2)

    def _report(self, now_ms: int) -> Event:
        region = self._chance.choice(_REGIONS)
        sales = self._chance.randrange(500)
        median = self._chance.randrange(90_000, 400_000, 100)
        has_figures = self._chance.random() < 0.9
        value: dict[str, object] = {
            "region": region,
            "stateCode": "TX",
            "year": self._chance.randrange(2020, 2024),
            "month": self._chance.randrange(1, 13),
            "sales": sales if has_figures else None,
            "volume": sales * median if has_figures else None,
            "medianPrice": median if has_figures else None,
            "listings": self._chance.randrange(3_000),
            "inventoryMonths": round(self._chance.uniform(0, 12), 1),
            # Whole hours, so that reports of a region and month tie.
            "reportedAt": now_ms - now_ms % HOUR_MS,
        }
        return self._placed(MARKET_DATA, self._chance.randrange(PARTITIONS[MARKET_DATA]), now_ms, value)

    def _placed(self, topic: str, partition: int, now_ms: int, value: dict[str, object]) -> Event:
        offset = self._next_offsets[topic, partition]
        self._next_offsets[topic, partition] = offset + 1
        return Event(topic, partition, offset, now_ms, value)

    def _idle(self, now_ms: int) -> Idle:
        topic, partition = self._chance.choice(list(self._next_offsets))
        return Idle(topic, partition, self._next_offsets[topic, partition], now_ms - 60_000)
