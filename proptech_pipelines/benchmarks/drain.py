"""Drains the topics once into an empty lake and says how fast: a process of its own, so that its figures are its own.

python -m proptech_pipelines.benchmarks.drain HOME [FAMILY,...]; without the latter all families work.
"""

import json
import logging
import resource
import sys
import time
from pathlib import Path

from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.pipeline.follow import Summary
from proptech_pipelines.pipeline.stream import Hooks, StreamRun
from proptech_pipelines.settings import Settings


def main(home: str, families: str | None = None) -> None:
    """Drain and print the figures as one line of JSON."""
    logging.basicConfig(level=logging.WARNING)
    started: list[float] = []
    commits: list[float] = []

    def on_batch(summary: Summary, fetched: list[Fetched]) -> None:
        # The first transaction of a fresh lake only puts the partitions on record; fetching begins behind it.
        now = time.perf_counter()
        if not started:
            started.append(now)
        else:
            commits.append(now)

    run = StreamRun(
        Settings.stored(Path(home)),
        hooks=Hooks(on_batch=on_batch),
        families=None if families is None else families.split(","),
    )
    before = _cpu_seconds()
    summary = run.run(lambda: False, drain=True)
    # Until every table and every output topic has what the log holds.
    seconds = time.perf_counter() - started[0] if started else 0.0
    steps = [1000 * (after - at) for at, after in zip([*started, *commits], commits, strict=False)]
    print(  # noqa: T201 - the parent reads it
        json.dumps(
            {
                "events": summary.records,
                "seconds": seconds,
                "cpu_seconds": _cpu_seconds() - before,
                "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "batch_ms": steps,
                "halted": [str(error) for error in summary.halted.values()],
            }
        )
    )


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(*sys.argv[1:])
