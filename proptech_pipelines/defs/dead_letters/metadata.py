"""What the asset `dead_letters` shows: counts that are plotted over time, and tables for people."""

from collections.abc import Mapping, Sequence

import dagster as dg

from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.letter_figures import depth, histogram, samples, trend
from proptech_pipelines.settings import Settings


def letter_metadata(settings: Settings) -> Mapping[str, dg.MetadataValue]:
    """Counts, age, letters by topic and reason, trend by day, and samples, as they are now."""
    con = connect(settings, read_only=True)
    try:
        con.execute("begin transaction")
        now = depth(con)
        groups, days, letters = histogram(con), trend(con), samples(con)
    finally:
        con.close()
    return {
        "open": dg.MetadataValue.int(now.letters),
        "parked": dg.MetadataValue.int(now.parked),
        "copies": dg.MetadataValue.int(now.copies),
        "redriven": dg.MetadataValue.int(now.redriven),
        "died_last_day": dg.MetadataValue.int(now.died_last_day),
        "depth_percent": dg.MetadataValue.float(now.depth_percent),
        "oldest_age_hours": dg.MetadataValue.float(now.oldest_age_hours or 0.0),
        "by_reason": _table(
            ("topic", "reason", "stage", "letters", "parked", "oldest"),
            [
                (x.topic, x.reason, x.stage, x.letters, x.parked, f"{x.oldest_at:%Y-%m-%d %H:%M}")
                for x in groups
            ],
        ),
        "trend": _table(("day", "died", "redriven"), days),
        "samples": _table(
            ("letter", "reason", "message", "attempts", "value"),
            [(x.name, x.reason, x.message, x.attempts, x.value or "") for x in letters],
        ),
    }


def _table(head: Sequence[object], rows: Sequence[Sequence[object]]) -> dg.MetadataValue:
    lines = [head, ["---"] * len(head), *rows]
    text = "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )
    return dg.MetadataValue.md(text)
