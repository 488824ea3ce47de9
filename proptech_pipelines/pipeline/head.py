"""Brings everything to the head of the topics once, by itself or by waiting for the stream run that is at it."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from proptech_pipelines.errors import ServiceError
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.counts import public_tables, row_counts
from proptech_pipelines.lake.lease import STREAM, Leases
from proptech_pipelines.lake.positions import read_positions
from proptech_pipelines.pipeline.source import Source
from proptech_pipelines.pipeline.stream import StreamRun
from proptech_pipelines.settings import Settings

_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Head:
    """What was there once the head was reached: rows by table, and records taken in by this call itself."""

    records: int
    rows: dict[str, int]


def bring_to_head(settings: Settings, should_stop: Callable[[], bool] = lambda: False) -> Head:
    """Return when all records that the topics hold now are in the log and in every table that is not halted.

    Raises ServiceError if Kafka or the lake cannot be reached, and what `StreamRun.run` raises.
    """
    records = 0
    with Leases(settings) as leases:
        streaming = leases.is_held(STREAM)
    if streaming:
        _wait_for_stream(settings, should_stop)
    else:
        summary = StreamRun(settings).run(should_stop, drain=True)
        records = summary.records
        for error in summary.halted.values():
            raise error
    con = connect(settings, read_only=True)
    try:
        return Head(records, row_counts(con, public_tables(con)))
    finally:
        con.close()


def _wait_for_stream(settings: Settings, should_stop: Callable[[], bool]) -> None:
    con = connect(settings, read_only=True)
    try:
        with Source.open(settings) as source, Leases(settings) as leases:
            source.refresh(read_positions(con))
            ends = source.ends()
            while not should_stop() and leases.is_held(STREAM):
                positions = read_positions(con)
                with suppress(ServiceError):  # an outage is for the stream run to wait for
                    source.refresh(positions)
                if source.has_reached(positions, ends):
                    return
                time.sleep(_LOOK_SECONDS)
    finally:
        con.close()
