"""Decides at what stream time partitions begin, and when silent ones no longer hold back what is final.

Pure: the clock's reading is passed in.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake.control import ControlEntry
from proptech_pipelines.lake.positions import Partition, PartitionState

QUIET_TOPIC_FACTOR = 10
"""A topic that is quiet as a whole is raised so many times less often: its stream time only follows the clock. One that
never had a row is waited for as long, in case that its producer starts later than others."""


@dataclass
class IdleWatch:
    """Remembers when partitions last moved, by the clock of this process, and says which are idle.

    A restart forgets: a partition is then watched for `idle_timeout_ms` anew, which costs finality only time.
    A partition to which no record was ever sent is idle from the start.
    """

    idle_timeout_ms: int
    max_ahead_ms: int
    _moved_ms: dict[Partition, int] = field(default_factory=dict[Partition, int])
    _raised_ms: dict[Partition, int] = field(default_factory=dict[Partition, int])

    def moved(self, partitions: Iterable[Partition], now_ms: int) -> None:
        """Note that rows of `partitions` were taken in; records that are dead letters bring no stream time."""
        for partition in partitions:
            self._moved_ms[partition] = now_ms

    def rest_no_longer(self) -> None:
        """Let the next `entries` raise what was raised a moment ago, too: no later call will."""
        self._raised_ms.clear()

    def any_silent(self, states: Iterable[PartitionState], now_ms: int) -> bool:
        """Whether any partition was silent for the timeout: only then is it worth asking for end offsets."""
        return any(self._is_silent(state, now_ms) for state in states)

    def entries(
        self,
        states: Iterable[PartitionState],
        end_offsets: Mapping[tuple[str, int], int],
        now_ms: int,
        read_together: Collection[frozenset[str]],
    ) -> list[ControlEntry]:
        """The `partition_idle` entries that are due.

        `states` are those of the newest incarnation of each topic, `read_together` the topics of each family. A
        partition with records not yet taken in (its next offset below its end) is behind, not idle.
        """
        by_topic: dict[str, list[PartitionState]] = {}
        for state in states:
            by_topic.setdefault(state.topic, []).append(state)
        # One whose records were no rows, or gone before they were read, has no time of its own either.
        unused = {
            topic
            for topic, group in by_topic.items()
            if all(state.is_unused or state.stream_time_ms is None for state in group)
        }
        times = {
            topic: least_ms
            for topic, group in by_topic.items()
            if topic not in unused and (least_ms := _least(group)) is not None
        }
        due: list[ControlEntry] = []
        for topic, group in by_topic.items():
            if topic in unused:
                target_ms = _least_beside(topic, times, read_together)
                due += self._unused_topic_entries(group, end_offsets, target_ms, now_ms)
            else:
                due += self._topic_entries(group, end_offsets, now_ms)
        return due

    def _topic_entries(
        self, group: list[PartitionState], end_offsets: Mapping[tuple[str, int], int], now_ms: int
    ) -> list[ControlEntry]:
        silent = [state for state in group if self._is_silent(state, now_ms)]
        target_ms = _least(state for state in group if state not in silent)
        if target_ms is not None:
            return self._raised(silent, end_offsets, target_ms, self.idle_timeout_ms, now_ms)
        if len(silent) < len(group) or _least(group) is None:
            return []
        rest_ms = self.idle_timeout_ms * QUIET_TOPIC_FACTOR
        return self._raised(silent, end_offsets, now_ms - self.max_ahead_ms, rest_ms, now_ms)

    def _unused_topic_entries(
        self,
        group: list[PartitionState],
        end_offsets: Mapping[tuple[str, int], int],
        target_ms: int | None,
        now_ms: int,
    ) -> list[ControlEntry]:
        """Those of a topic that never had a row, which holds up the families that read it beside others.

        Only the first time is it waited for so long: a restart does not stop what went on.
        """
        partitions = [(state.topic_id, state.partition) for state in group]
        if target_ms is None:
            self.moved(partitions, now_ms)  # the wait begins when the others do
            return []
        silent_since_ms = max(self._moved_ms.setdefault(partition, now_ms) for partition in partitions)
        was_raised = all(state.stream_time_ms is not None for state in group)
        if not was_raised and now_ms - silent_since_ms < self.idle_timeout_ms * QUIET_TOPIC_FACTOR:
            return []
        return self._raised(group, end_offsets, target_ms, self.idle_timeout_ms, now_ms)

    def _raised(
        self,
        idle: Iterable[PartitionState],
        end_offsets: Mapping[tuple[str, int], int],
        target_ms: int,
        rest_ms: int,
        now_ms: int,
    ) -> list[ControlEntry]:
        """Entries that raise `idle` to `target_ms`, but for those that are behind or were raised of late."""
        found: list[ControlEntry] = []
        for state in idle:
            partition = (state.topic_id, state.partition)
            behind = state.next_offset < end_offsets.get((state.topic, state.partition), 0)
            rested = now_ms - self._raised_ms.get(partition, 0) >= rest_ms
            if not behind and rested and (state.stream_time_ms is None or state.stream_time_ms < target_ms):
                self._raised_ms[partition] = now_ms
                found.append(
                    ControlEntry(
                        "partition_idle",
                        state.topic,
                        state.topic_id,
                        state.partition,
                        state.next_offset,
                        target_ms,
                    )
                )
        return found

    def _is_silent(self, state: PartitionState, now_ms: int) -> bool:
        moved_ms = self._moved_ms.setdefault((state.topic_id, state.partition), now_ms)
        return state.is_unused or now_ms - moved_ms >= self.idle_timeout_ms


def _least(states: Iterable[PartitionState]) -> int | None:
    return min((state.stream_time_ms for state in states if state.stream_time_ms is not None), default=None)


def _least_beside(
    topic: str, times: Mapping[str, int], read_together: Collection[frozenset[str]]
) -> int | None:
    """How far some family would be without `topic`: the least time of its other topics. None if none has any."""
    families = [topics & times.keys() for topics in read_together if topic in topics]
    return max((min(times[other] for other in others) for others in families if others), default=None)


def entry_on_joining(part: Fetched, states: Iterable[PartitionState]) -> ControlEntry | None:
    """The `partition_idle` entry with which a partition that the log does not know begins; `states` are those it knows.

    One that is added to a topic begins where all others of the topic have been: what is final stays final, whatever
    is sent there. With a topic that is new, or made again, time begins anew.
    """
    times = [state.stream_time_ms for state in states if state.topic_id == part.topic_id]
    known = [time_ms for time_ms in times if time_ms is not None]
    if not known or len(known) < len(times):
        return None
    return ControlEntry(
        "partition_idle", part.topic, part.topic_id, part.partition, part.start_offset, min(known)
    )
