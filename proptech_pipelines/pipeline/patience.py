"""Which topics need not be in every micro-batch, and what was fetched of them until they are taken in.

A transaction costs some 30 ms for each table that it writes, however few rows they are. While following, the topics
that nobody waits for (`every_seconds` of the families that read them) are therefore taken in less often, and a few at
a time: one transaction of all of them would hold up what somebody waits for.
"""

from collections.abc import Collection, Sequence

from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.models.graph import Graph

RESTS = 4
"""What nobody waits for rests so many times as long as it took: on a machine that is short of CPU it takes larger
steps instead of taking it from others."""
_TOPICS_AT_ONCE = 2
_LONGEST_REST_MS = 5_000
"""However long a transaction took, waiting for the registry say."""
_MOST_RECORDS = 20_000
"""From here on a record costs more than the table that it goes to."""
_MOST_BYTES = 64 << 20


def patient_topics(graph: Graph) -> frozenset[str]:
    """Topics that are read by no family that somebody waits for."""
    hasty = {
        topic
        for family in graph.families
        if not graph.every_seconds(family)
        for topic in graph.topics_of(family)
    }
    return frozenset(topic.name for topic in INPUT_TOPICS) - hasty


class HeldBack:
    """Ranges of the `patient` topics that are fetched and not yet taken in; they follow the log's positions.

    The first are due at `due_ms`.
    """

    def __init__(self, patient: Collection[str], due_ms: int = 0) -> None:
        self._patient = patient
        self._parts: dict[tuple[str, int], Fetched] = {}
        self._records = self._bytes = 0
        self._due_ms = due_ms
        self._seen: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._parts)

    def sift(self, fetched: Sequence[Fetched], now_ms: int, *, everything: bool) -> list[Fetched]:
        """What is to be taken in now that `fetched` has come behind what is held: `everything`, or what is due.

        Those that were held longest are due first.
        """
        hasty = [part for part in fetched if part.topic not in self._patient]
        for part in fetched:
            if part.topic in self._patient:
                self._hold(part)
        if everything or self._records >= _MOST_RECORDS or self._bytes >= _MOST_BYTES:
            return [*hasty, *self.let_go()]
        return [*hasty, *self._longest_held()] if now_ms >= self._due_ms else hasty

    def took(self, parts: Sequence[Fetched], began_ms: int, ended_ms: int) -> None:
        """Note how long it took to take `parts` in, as `sift` gave them.

        Where they are a part of the topics that come, the others rest half as long.
        """
        if taken := {part.topic for part in parts} & set(self._patient):
            took_ms = ended_ms - began_ms
            rest_ms = (1 + RESTS) * took_ms // (1 if taken >= self._seen else 2)
            self._due_ms = min(began_ms + rest_ms, ended_ms + _LONGEST_REST_MS)

    def holds(self, topic: str, partition: int) -> bool:
        """Whether records of that partition are held."""
        return (topic, partition) in self._parts

    def let_go(self) -> list[Fetched]:
        """All that is held, which is not held any more."""
        parts = list(self._parts.values())
        self._parts, self._records, self._bytes = {}, 0, 0
        return parts

    def _longest_held(self) -> list[Fetched]:
        topics = list(dict.fromkeys(topic for topic, _ in self._parts))[:_TOPICS_AT_ONCE]
        parts = [part for part in self._parts.values() if part.topic in topics]
        self._parts = {key: part for key, part in self._parts.items() if part.topic not in topics}
        self._records -= sum(len(part) for part in parts)
        self._bytes -= sum(_bytes_of(part) for part in parts)
        return parts

    def _hold(self, part: Fetched) -> None:
        self._seen.add(part.topic)
        held = self._parts.setdefault((part.topic, part.partition), part)
        if held is not part:
            held.extend(part)
        self._records += len(part)
        self._bytes += _bytes_of(part)


def _bytes_of(part: Fetched) -> int:
    return sum(len(value) for value in part.values if value)
