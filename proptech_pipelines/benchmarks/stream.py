"""`proptech bench stream`: records in Kafka first, then how fast they are taken in, and how soon they are seen."""

import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from proptech_pipelines.benchmarks.figures import Quantiles, measured
from proptech_pipelines.errors import ServiceError
from proptech_pipelines.services.postgres import PostgresServer
from proptech_pipelines.services.testing_stack import testing_stack
from proptech_pipelines.settings import Settings, environment_of_file
from proptech_pipelines.simulator import Options, produce

Tell = Callable[[str], None]
MEASURED: dict[str, list[str]] = {
    "ingest": [""],
    "ingest_and_price_changes": ["price_change_analysis"],
    "ingest_and_tables": [],
}
"""What works beside the log: no family, the one of price_change_analysis, or all; as `drain` takes it."""


@dataclass(frozen=True)
class Throughput:
    """One drain into an empty lake."""

    events: int
    events_per_second: float
    cpu_seconds_per_million: float
    peak_memory_mib: float
    commit_ms: Quantiles | None

    def as_json(self) -> dict[str, object]:
        """The figures by name."""
        return {
            "events": self.events,
            "events_per_second": round(self.events_per_second),
            "cpu_seconds_per_million": round(self.cpu_seconds_per_million, 2),
            "peak_memory_mib": round(self.peak_memory_mib),
            "commit_ms": self.commit_ms.as_json() if self.commit_ms else None,
        }


def measure_throughput(
    events: int, topics: tuple[str, ...], runs: int, tell: Tell, cluster: Settings | None = None
) -> dict[str, list[Throughput]]:
    """Drain `runs` times each of MEASURED, in turn, on the very same records.

    `cluster` names Kafka and registry of one's own, whose topics are taken as they are; without it a Kafka is
    started and `events` records of `topics` produced to it first. The broker runs on the same machine.
    """
    found: dict[str, list[Throughput]] = {name: [] for name in MEASURED}
    with (
        tempfile.TemporaryDirectory(prefix="proptech-bench-") as folder,
        _cluster(Path(folder), cluster) as (settings, postgres),
    ):
        if cluster is None:
            tell(f"producing {events:,} records")
            produce(settings, events, topics, options=Options(broken=0.0))
        for number in range(runs):
            for name, families in MEASURED.items():
                tell(f"{name.replace('_', ' ')}, run {number + 1} of {runs}")
                found[name].append(_drain(settings, postgres, Path(folder), families))
    return found


@contextmanager
def _cluster(folder: Path, given: Settings | None) -> Iterator[tuple[Settings, PostgresServer]]:
    if given is None:
        with testing_stack(folder / "stack") as stack:
            yield stack.settings, stack.postgres
        return
    postgres = PostgresServer(folder / "stack")
    postgres.start()
    try:
        yield replace(given, home=folder / "stack", data_path=""), postgres
    finally:
        postgres.stop()


def _drain(settings: Settings, postgres: PostgresServer, folder: Path, families: list[str]) -> Throughput:
    name = f"bench_{uuid.uuid4().hex[:12]}"
    home = folder / name
    postgres.create_database(name)
    fresh = replace(settings, home=home, catalog=postgres.dsn(name))
    fresh.store()
    figures = measured("drain", str(home), *families, environment=environment_of_file(home))
    if figures["halted"]:
        raise ServiceError(f"The measured run halted: {figures['halted']}", "mend what halted.")
    events = figures["events"]
    return Throughput(
        events,
        events / max(figures["seconds"], 1e-9),
        1e6 * figures["cpu_seconds"] / max(events, 1),
        figures["peak_memory_mib"],
        Quantiles.of(figures["batch_ms"]),
    )
