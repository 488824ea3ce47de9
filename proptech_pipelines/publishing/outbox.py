"""Outboxes: what committed rows mean as messages, and up to which number they are published."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from proptech_pipelines.errors import LedgerConflict
from proptech_pipelines.kafka.transactional import Message, TransactionalPublisher
from proptech_pipelines.lake.connection import Connection, LakeError, scalar
from proptech_pipelines.lake.transactions import snapshot, transaction
from proptech_pipelines.models.slices import Slice
from proptech_pipelines.settings import Settings

_NOTE_SECONDS = 5.0
"""How often the lake is told, while there is something to publish: a transaction each time."""
_FEW_TRANSACTIONS = 8
_MOST_ROWS = 500_000
"""Of a writer's input, whose messages go out in one transaction of Kafka unless one of the writer's had more."""
ReadMessages = Callable[[Connection, int, int], Iterable[Message]]
"""Messages of the transactions (low, high] of the outbox's writer, oldest first."""


@dataclass(frozen=True)
class Outbox:
    """One output: whose transactions it follows, and what they mean as messages.

    `anchor_topic` is a topic of its own under which the published number is kept.
    """

    name: str
    writer: str
    anchor_topic: str
    read: ReadMessages


class OutboxPublisher:
    """Publishes one outbox from where it stopped. Connects with the first call of `advance`."""

    def __init__(self, settings: Settings, con: Connection, outbox: Outbox) -> None:
        self._settings = settings
        self._con = con
        self._outbox = outbox
        self._publisher: TransactionalPublisher | None = None
        self._number = 0
        self._published = self._noted = self._unnoted = 0
        self._noted_at = 0.0

    @property
    def outbox(self) -> Outbox:
        """What is published."""
        return self._outbox

    def advance(self, number: int) -> int:
        """Publish all transactions up to `number`; returns how many messages went out.

        After a failure to publish the next call starts from what Kafka says was published; one to note it is tried
        again.
        """
        publisher = self._publisher or self._start()
        if number <= self._number:
            self._note()
            return 0
        count = 0
        while self._number < number:
            high = self._high(number)
            with snapshot(self._con):
                messages = list(self._outbox.read(self._con, self._number, high))
            if messages:
                self._publish(publisher, messages, high)
                self._published, self._unnoted = high, self._unnoted + len(messages)
            self._number = high
            count += len(messages)
            if time.monotonic() - self._noted_at > _NOTE_SECONDS:
                self._note()
        return count

    def _high(self, number: int) -> int:
        """Up to where to publish at once: an outbox that is far behind keeps memory and the broker's patience."""
        if number - self._number <= _FEW_TRANSACTIONS:
            return number
        found = self._con.execute(
            "select min(commit_number), max(commit_number) filter (rows <= ?) from ("
            "select commit_number, sum(rows_in) over (order by commit_number) as rows from ledger "
            "where writer = ? and commit_number > ? and commit_number <= ?)",
            [_MOST_ROWS, self._outbox.writer, self._number, number],
        ).fetchall()
        first, last = found[0]
        return last or first or number

    def close(self) -> None:
        """Note how far it came and let go of the connections."""
        if self._publisher is not None:
            self._publisher.close()
            self._publisher = None
        with suppress(LedgerConflict, LakeError):
            self._note()

    def _note(self) -> None:
        """Tell the lake how far the outbox is: Kafka, whose number counts, forgets that of an idle group in a week."""
        if self._published <= self._noted:
            return
        with transaction(self._con):
            self._con.execute(
                "insert into published values (?, ?, ?, now() at time zone 'UTC')",
                [self._outbox.name, self._published, self._unnoted],
            )
        self._noted, self._unnoted, self._noted_at = self._published, 0, time.monotonic()

    def _start(self) -> TransactionalPublisher:
        publisher = TransactionalPublisher(
            self._settings, self._outbox.name, self._outbox.anchor_topic, lake_id(self._con)
        )
        try:
            # A run that was killed may have published more than it could note.
            self._noted = published(self._con, self._outbox.name)
            self._number = self._published = max(publisher.start() or 0, self._noted)
        except BaseException:
            publisher.close()
            raise
        self._publisher = publisher
        return publisher

    def _publish(self, publisher: TransactionalPublisher, messages: list[Message], number: int) -> None:
        try:
            publisher.publish(messages, number)
        except BaseException:
            self.close()
            raise


def loud(family: str, low: int, high: int) -> str:
    """The condition of a row of transactions (low, high] of `family`, but for those of backfills: these publish
    nothing."""
    part = Slice(low, high).where()
    return (
        f"{part} and commit_number not in "
        f"(select commit_number from ledger where writer = '{family}' and is_quiet and {part})"
    )


def lake_id(con: Connection) -> str:
    """The id that this lake was born with."""
    row = con.execute("select lake_id from lake_version").fetchone()
    return str(row[0]) if row else ""


def published(con: Connection, name: str) -> int:
    """The last number of outbox `name` that the lake knows to be published, 0 for none."""
    return scalar(con, "select coalesce(max(number), 0) from published where outbox = ?", [name])
