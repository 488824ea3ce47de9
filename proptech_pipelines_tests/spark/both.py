"""One log in a lake, and its staging rows in Parquet files for Spark: every model there, by its name."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from sqlglot import exp

from proptech_pipelines.lake.stream_times import TOPIC_IDS_SQL, stream_times
from proptech_pipelines.models.graph import READMISSIONS, STREAM_TIMES, TOPIC_IDS
from proptech_pipelines.models.model import parse_select
from proptech_pipelines.models.spark import spark_sql
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.models_yaml import cases
from proptech_pipelines_tests.reference import Entry, Event, Idle, Readmit, Row
from proptech_pipelines_tests.reference.arithmetic import milliseconds
from proptech_pipelines_tests.reference.building import price_change

THE_END_MS = milliseconds("2100-01-01T00:00:00")
WIDE = [
    price_change(0, "2024-07-01T10:00:00", 10**12, 10**9 + 7, zip_code="90001", state="CA"),
    price_change(1, "2024-07-01T10:20:00", 10**9 + 7, 10**12, zip_code="90001", state="CA"),
    price_change(2, "2024-07-01T10:40:00", 999_999_999_999, 1_000_000_001, zip_code="90002", state="CA"),
    price_change(3, "2024-07-01T10:59:00", 999_999_999_998, 3_000_000_001, zip_code="90002", state="CA"),
    price_change(4, "2024-07-01T10:59:00", 3, 2, zip_code="90002", state="CA"),
]
"""Changes up and down whose products are wider than 64 bits, with averages of either sign that have a remainder."""


def whole_log() -> list[Entry]:
    """The records of all models' YAML tests, each test's on partitions of its own; then every partition is idle.

    The rows of a model alone know nothing of re-admissions, so the tests of these are left out.
    """
    log: list[Entry] = [*WIDE]
    next_partition = 1
    next_offsets = {(WIDE[0].topic, 0): len(WIDE)}
    for case in cases():
        entries = [entry for batch in case.batches for entry in batch.entries]
        if any(isinstance(entry, Readmit) for entry in entries):
            continue
        events = [entry for entry in entries if isinstance(entry, Event)]
        moved = [replace(event, partition=next_partition + event.partition) for event in events]
        log += moved
        for event in moved:
            next_offsets[event.topic, event.partition] = event.offset + 1
        next_partition += 1 + max((event.partition for event in events), default=0)
    return log + [Idle(*where, offset, THE_END_MS) for where, offset in next_offsets.items()]


@dataclass
class Both:
    """A lake at the end of a log, and Spark beside it, with a view for each table."""

    lake: EngineDriver
    spark: SparkSession
    folder: Path
    frames: dict[str, DataFrame] = field(default_factory=dict[str, DataFrame])

    def lake_types(self, name: str) -> dict[str, str]:
        """The columns of a table with their types in Spark's words."""
        found = self.lake.pipeline.con.execute(f"describe select * from {name}").fetchall()
        return {
            row[0]: exp.DataType.build(row[1], dialect="duckdb").sql("spark").replace(" ", "").lower()
            for row in found
        }

    def staged(self, name: str) -> DataFrame:
        """What the SQL of a staging model gives on Spark, of decoded records that are made of its rows."""
        model = self.lake.pipeline.graph[name]
        columns = [
            f"{projection.alias_or_name} as {source.name}"
            for projection in parse_select(name, model.sql).expressions
            if isinstance(source := projection.unalias(), exp.Column)
        ]
        columns += _DECODED.get(name, [])
        decoded = self._file(f"decoded_{name}", f"select {', '.join(columns)} from {name}")
        decoded.createOrReplaceTempView("decoded")
        return self.spark.sql(spark_sql(model))

    def frame(self, name: str) -> DataFrame:
        """What `name` is on Spark: staging rows from their file, a model by its SQL, worked out once."""
        if name not in self.frames:
            model = self.lake.pipeline.graph.models.get(name)
            if model is None or model.kind == "staging":
                self.frames[name] = self._file(name, _GIVEN.get(name, f"select * from {name}"))
            else:
                for parent in model.inputs:
                    self.frame(parent)
                self.frames[name] = self.spark.sql(spark_sql(model)).cache()
            self.frames[name].createOrReplaceTempView(name)
        return self.frames[name]

    def _file(self, name: str, sql: str) -> DataFrame:
        path = self.folder / f"{name}.parquet"
        self.lake.pipeline.con.execute(f"copy ({sql}) to '{path}' (format parquet, parquet_version v2)")
        return self.spark.read.parquet(str(path))


_DECODED = {
    "stg_market_data": [
        "year(period_start)::integer as year",
        "month(period_start)::integer as month",
        "inventory_months::double as inventoryMonths",
    ],
    "stg_property_listings": ["case when has_listed_at then event_time end as listedAt"],
}
"""Fields of a decoded record that its staging row does not keep as they were."""

_GIVEN = {
    STREAM_TIMES: stream_times("price_change_analysis"),
    READMISSIONS: f"select * from {READMISSIONS}",
    TOPIC_IDS: TOPIC_IDS_SQL,
}
"""What the lake gives beside models. All families are at one cut here."""


def rows_of(frame: DataFrame) -> list[Row]:
    """The rows of `frame`, structures as dictionaries."""
    return [row.asDict(recursive=True) for row in frame.collect()]
