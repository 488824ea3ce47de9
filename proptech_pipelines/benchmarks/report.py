"""Prints figures: one line of JSON on standard output, and a table for people on standard error."""

import statistics
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from proptech_pipelines.benchmarks.figures import Quantiles, json_line
from proptech_pipelines.benchmarks.latency import Latency
from proptech_pipelines.benchmarks.replay import Replayed
from proptech_pipelines.benchmarks.stream import Throughput


def show_stream(throughput: Mapping[str, Sequence[Throughput]], latency: Latency | None) -> None:
    """Figures of `proptech bench stream`; of several runs the one with the median rate."""
    chosen = {name: _median(runs) for name, runs in throughput.items()}
    whole = chosen["ingest_and_tables"]
    figures: dict[str, object] = {
        **whole.as_json(),
        "ingest_alone": chosen["ingest"].as_json(),
        "ingest_and_price_changes": chosen["ingest_and_price_changes"].as_json(),
        "visible_ms": _json(latency.visible_ms) if latency else None,
        "alert_ms": _json(latency.alert_ms) if latency else None,
        "following": {
            "commit_ms": _json(latency.commit_ms),
            "commit_ms_by_quarter": latency.commit_ms_by_quarter,
            "most_files": latency.most_files,
            "hand_overs": latency.hand_overs,
            "backfills": latency.backfills,
        }
        if latency
        else None,
    }
    table = Table(
        "measured", "events", "events/s", "CPU s per million", "peak MiB", "commit p50/p99 ms", title="Stream"
    )
    for name, item in chosen.items():
        table.add_row(
            name.replace("_", " "),
            f"{item.events:,}",
            f"{item.events_per_second:,.0f}",
            f"{item.cpu_seconds_per_million:.2f}",
            f"{item.peak_memory_mib:,.0f}",
            _text(item.commit_ms),
        )
    console = Console(stderr=True)
    console.print(table)
    if latency:
        console.print(
            f"following: visible p50/p99 {_text(latency.visible_ms)} ms, alerts {_text(latency.alert_ms)} ms, "
            f"commits every {_text(latency.commit_ms)} ms, by quarter {latency.commit_ms_by_quarter}, "
            f"at most {latency.most_files} files a table, {latency.hand_overs} hand-overs, "
            f"{latency.backfills} backfills"
        )
    print(json_line(figures))  # noqa: T201


def show_replay(typed: Mapping[str, Replayed], raw: Mapping[str, Replayed]) -> None:
    """Figures of `proptech bench replay`."""
    table = Table("replayed", "events", "seconds", "events/s", "equal", title="Replay")
    for kind, found in (("typed", typed), ("raw", raw)):
        for name, item in found.items():
            rate = item.events / max(item.seconds, 1e-9)
            table.add_row(
                f"{kind} {name}", f"{item.events:,}", f"{item.seconds:.2f}", f"{rate:,.0f}", str(item.equal)
            )
    Console(stderr=True).print(table)
    figures: dict[str, object] = {
        "typed": {name: item.as_json() for name, item in typed.items()},
        "raw": {name: item.as_json() for name, item in raw.items()},
    }
    print(json_line(figures))  # noqa: T201


def show_synthetic(figures: dict[str, object]) -> None:
    """Figures of `proptech bench replay --synthetic`."""
    table = Table("figure", "value", title="Replay of a synthetic log")
    for name, value in figures.items():
        text = f"{value:,}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
        table.add_row(name.replace("_", " "), text)
    Console(stderr=True).print(table)
    print(json_line(figures))  # noqa: T201


def _median(runs: Sequence[Throughput]) -> Throughput:
    middle = statistics.median_low([item.events_per_second for item in runs])
    return next(item for item in runs if item.events_per_second == middle)


def _json(quantiles: Quantiles | None) -> dict[str, float] | None:
    return quantiles.as_json() if quantiles else None


def _text(quantiles: Quantiles | None) -> str:
    return f"{quantiles.p50:,.0f} / {quantiles.p99:,.0f}" if quantiles else "none"
