"""Checks of what topics say of one another: the trail of the properties against the price changes."""

from collections.abc import Mapping
from dataclasses import dataclass

from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.transactions import snapshot

_SAMPLE = 5
VERDICTS = ("agrees", "differs", "untold", "open")
"""Of `property_price_comparison`; only `differs` is a contradiction."""
COUNTS = "select verdict, count(*) from property_price_comparison group by verdict"
DIFFERS = f"""
    select property_id, event_time, trail_price, changed_price
    from property_price_comparison
    where verdict = 'differs'
    order by event_time desc, topic_epoch, kafka_partition, kafka_offset
    limit {_SAMPLE}"""


@dataclass(frozen=True)
class PriceComparison:
    """How many reductions of the trail got each of the `VERDICTS`, and the latest ones that differ.

    A sample reads: property, time, price of the trail, price of the price changes.
    """

    counts: Mapping[str, int]
    sample: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether no reduction differs."""
        return self.counts["differs"] == 0


def compare_prices(con: Connection) -> PriceComparison:
    """Judge every reduction of the trail by the price changes of its property up to its moment."""
    with snapshot(con):
        found: dict[str, int] = dict(con.execute(COUNTS).fetchall())
        sample = con.execute(DIFFERS).fetchall()
    return PriceComparison(
        {verdict: found.get(verdict, 0) for verdict in VERDICTS},
        tuple(f"{name}, {time}, {trail:,}, {changed:,}" for name, time, trail, changed in sample),
    )
