"""An outbox that is behind catches up in steps, and waits for what is away."""

import pytest

from proptech_pipelines.errors import RegistryUnavailable
from proptech_pipelines.kafka.transactional import Message
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.log_writer import INGEST
from proptech_pipelines.pipeline.progress import Progress
from proptech_pipelines.pipeline.workers import OutboxWorker
from proptech_pipelines.publishing import outbox as module
from proptech_pipelines.publishing.outbox import Outbox, OutboxPublisher
from proptech_pipelines_tests.reference.building import price_change


class Sent:
    """In the place of Kafka: the published number and messages of each transaction."""

    def __init__(self, *_: object) -> None:
        self.transactions: list[tuple[int, int]] = []

    def start(self) -> int | None:
        """Nothing was published before."""
        return None

    def publish(self, messages: list[Message], number: int) -> int:
        """Keep what went out."""
        self.transactions.append((number, len(messages)))
        return len(messages)

    def close(self) -> None:
        """Nothing to let go of."""


@pytest.fixture
def sent(monkeypatch):
    kept = Sent()
    monkeypatch.setattr(module, "TransactionalPublisher", lambda *_: kept)
    monkeypatch.setattr(module, "_MOST_ROWS", 4)
    return kept


def one_each(con, low, high):
    """A message for each transaction of the ingest."""
    return [Message("t", None, str(number).encode()) for number in range(low + 1, high + 1)]


def committed(engine, transactions: int, rows: int = 1) -> None:
    for number in range(transactions):
        offsets = range(number * rows, (number + 1) * rows)
        engine.pipe([price_change(offset, "2024-05-01T10:30:00", 100, 120) for offset in offsets])


@pytest.mark.parametrize(
    ("transactions", "rows", "expected"),
    [
        (3, 1, [(3, 3)]),
        (12, 1, [(4, 4), (12, 8)]),
        (11, 9, [(1, 1), (2, 1), (3, 1), (11, 8)]),
    ],
    ids=["a few at once", "many in steps", "one at least"],
)
def test_what_is_left_goes_out_in_steps_of_whole_transactions(engine, sent, transactions, rows, expected):
    committed(engine, transactions, rows)
    outbox = Outbox("o", INGEST, "t", one_each)
    publisher = OutboxPublisher(engine.pipeline.settings, engine.pipeline.con, outbox)
    assert publisher.advance(transactions) == transactions
    assert sent.transactions == expected
    assert publisher.advance(transactions) == 0


def test_a_registry_that_is_away_is_waited_for(engine, sent):
    committed(engine, 1)
    answers = [RegistryUnavailable("away", "wait."), [Message("t", None, b"1")]]

    def read(con, low, high):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    progress = Progress()
    progress.report(INGEST, 1)
    publisher = OutboxPublisher(engine.pipeline.settings, engine.pipeline.con, Outbox("o", INGEST, "t", read))
    with Leases(engine.pipeline.settings) as leases:
        worker = OutboxWorker(publisher, leases, progress)
        worker.start()
        progress.wait_beyond("o", 0, 30, progress.stop)
        progress.end(progress.end_of(INGEST))
        worker.join(30)
    assert (progress.halted, sent.transactions) == ({}, [(1, 1)])
