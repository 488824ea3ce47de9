"""Which topics need not be in every micro-batch, and what was fetched of them until they are taken in.

A transaction costs some 30 ms for each table that it writes, however few rows they are. While following, the topics
that nobody waits for (`every_seconds` of the families that read them) are therefore taken in less often.
"""

from collections.abc import Collection, Sequence

from proptech_pipelines.contracts.topics import INPUT_TOPICS
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.models.graph import Graph

RESTS = 4
"""What nobody waits for rests so many times as long as it took: on a machine that is short of CPU it takes larger
steps instead of taking it from others."""
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
    """Ranges of the `patient` topics that are fetched and not yet taken in; they follow the log's positions."""

    def __init__(self, patient: Collection[str]) -> None:
        self._patient = patient
        self._parts: dict[tuple[str, int], Fetched] = {}
        self._records = self._bytes = 0
        self._due_ms = 0

    def __bool__(self) -> bool:
        return bool(self._parts)

    def sift(self, fetched: Sequence[Fetched], now_ms: int, *, everything: bool) -> list[Fetched]:
        """What is to be taken in now that `fetched` has come behind what is held: `everything`, or what is due."""
        everything = everything or now_ms >= self._due_ms
        hasty = [part for part in fetched if part.topic not in self._patient]
        for part in fetched:
            if part.topic in self._patient:
                self._hold(part)
        if everything or self._records >= _MOST_RECORDS or self._bytes >= _MOST_BYTES:
            return [*hasty, *self.let_go()]
        return hasty

    def took(self, parts: Sequence[Fetched], began_ms: int, ended_ms: int) -> None:
        """Note how long it took to take `parts` in, as `sift` gave them."""
        if any(part.topic in self._patient for part in parts):
            self._due_ms = began_ms + (1 + RESTS) * (ended_ms - began_ms)

    def let_go(self) -> list[Fetched]:
        """All that is held, which is not held any more."""
        parts = list(self._parts.values())
        self._parts, self._records, self._bytes = {}, 0, 0
        return parts

    def _hold(self, part: Fetched) -> None:
        held = self._parts.setdefault((part.topic, part.partition), part)
        if held is not part:
            held.extend(part)
        self._records += len(part)
        self._bytes += sum(len(value) for value in part.values if value)
