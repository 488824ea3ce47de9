"""From the stream to Kafka, at a pace.

The Kafka timestamp (CreateTime) of a paced record is the moment at which it was due, so that latency measured
from it includes whatever the simulator itself was late. Unpaced records bear the moment of queueing. Event
times are in the values and may lie far from it.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from confluent_kafka import Producer

from proptech_pipelines.clock import Clock, SystemClock
from proptech_pipelines.errors import RegistryUnavailable, ServiceError
from proptech_pipelines.kafka.producer import (
    RegistrySerializer,
    event_producer,
    flush,
    partition_counts,
    send,
)
from proptech_pipelines.settings import Settings
from proptech_pipelines.simulator.options import Options, Timeline, timeline
from proptech_pipelines.simulator.world import ALL_TOPICS, Batch, World, checked_topics

_TICK_SECONDS = 0.005
_LONGEST_SLEEP_SECONDS = 0.1
_RETRY_SECONDS = 1.0
_FLUSH_SECONDS = 120.0
_LAST_SECONDS = 10.0
"""Who stops the simulator waits for it, so an absent broker must not hold it for long."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class Produced:
    """Records delivered per topic, and the seconds from making the first to delivering the last."""

    counts: Mapping[str, int]
    seconds: float


def produce(
    settings: Settings,
    count: int | None = None,
    topics: Sequence[str] = ALL_TOPICS,
    seed: int = 1,
    *,
    options: Options | None = None,
    stopped: Callable[[], bool] = lambda: False,
    tell: Callable[[str], None] = lambda text: None,
    clock: Clock | None = None,
) -> Produced:
    """Send `count` records (None: until `stopped`), deliver them all, and say how many went where.

    Waits for Kafka, its topics and the registry, saying through `tell` what it waits for. `stopped` is asked
    many times a second. Raises SettingsError for what cannot be done, IncompatibleSchema and DeliveryFailed.
    """
    options, clock = options or Options(), clock or SystemClock()
    checked_topics(topics)
    timeline(options, count, clock.now_ms())  # what is wrong with the options is said before any waiting
    producer, serializer = event_producer(settings), RegistrySerializer(settings)
    partitions = _patiently(lambda: partition_counts(producer, topics), stopped, tell, clock)
    prefixes = _patiently(lambda: {name: serializer.prefix(name) for name in topics}, stopped, tell, clock)
    counts: Counter[str] = Counter(dict.fromkeys(topics, 0))
    if partitions is None or prefixes is None:
        return Produced(counts, 0.0)
    world = World(topics, seed, options, prefixes, partitions)
    line = timeline(options, count, clock.now_ms())
    began = time.monotonic()
    for batches in world.chunks(line, count, clock):
        _send_chunk(producer, batches, line, clock=clock, stopped=stopped, counts=counts)
        if stopped():
            break
    flush(producer, _LAST_SECONDS if stopped() else _FLUSH_SECONDS)
    return Produced(dict(counts), time.monotonic() - began)


def _send_chunk(
    producer: Producer,
    batches: Sequence[Batch],
    line: Timeline,
    *,
    clock: Clock,
    stopped: Callable[[], bool],
    counts: Counter[str],
) -> None:
    """Send what is due until the chunk is sent or the simulator is stopped."""
    first = min(int(batch.slots[0]) for batch in batches if len(batch.slots))
    end = first + sum(len(batch.slots) for batch in batches)
    while first < end and not stopped():
        due = line.due_slots(clock.now_ms())
        until = end if due is None else min(end, due)
        if until > first:
            for batch in batches:
                counts[batch.topic] += _send_batch(producer, batch.part(first, until), line)
            first = until
        else:
            producer.poll(0)
        if first < end:
            wait_ms = line.began_ms + first * line.pace_ms - clock.now_ms()
            clock.sleep(min(max(wait_ms / 1000, _TICK_SECONDS), _LONGEST_SLEEP_SECONDS))


def _send_batch(producer: Producer, batch: Batch, line: Timeline) -> int:
    times = line.due_ms(batch.slots).tolist() if line.pace_ms else [0] * len(batch.keys)
    return send(producer, batch.topic, zip(batch.keys, batch.values, batch.partitions, times, strict=True))


def _patiently(
    attempt: Callable[[], _T], stopped: Callable[[], bool], tell: Callable[[str], None], clock: Clock
) -> _T | None:
    """What `attempt` gives, tried every second until the services answer; None if stopped before."""
    told = ""
    while not stopped():
        try:
            return attempt()
        except (ServiceError, RegistryUnavailable) as error:
            if str(error) != told:
                told = str(error)
                tell(f"Waiting. {told}")
            clock.sleep(_RETRY_SECONDS)
    return None
