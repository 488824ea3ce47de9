"""One log in a lake, and its staging rows in Parquet files for Spark: every model there, by its name."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from proptech_pipelines.lake.stream_times import TOPIC_IDS_SQL, stream_times
from proptech_pipelines.models.graph import READMISSIONS, STREAM_TIMES, TOPIC_IDS
from proptech_pipelines.models.spark import spark_sql
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.models_yaml import cases
from proptech_pipelines_tests.reference import Entry, Event, Idle, Readmit, Row
from proptech_pipelines_tests.reference.arithmetic import milliseconds

THE_END_MS = milliseconds("2100-01-01T00:00:00")


def all_cases() -> list[Entry]:
    """The records of all models' YAML tests, each test's on partitions of its own; then every partition is idle.

    The rows of a model alone know nothing of re-admissions and redrives, so the tests of these are left out.
    """
    log: list[Entry] = []
    next_partition = 0
    next_offsets: dict[tuple[str, int], int] = {}
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

    def lake_rows(self, name: str) -> list[Row]:
        """The rows of a table as the lake has them."""
        return self.lake.table(name)

    def spark_rows(self, name: str) -> list[Row]:
        """The rows of a table as its SQL, and that of all models below it, gives them on Spark."""
        return [row.asDict(recursive=True) for row in self.frame(name).collect()]

    def frame(self, name: str) -> DataFrame:
        """What `name` is on Spark: staging rows from their file, a model by its SQL."""
        if name not in self.frames:
            model = self.lake.pipeline.graph.models.get(name)
            if model is None or model.kind == "staging":
                self.frames[name] = self._file(name, _GIVEN.get(name, f"select * from {name}"))
            else:
                for parent in model.inputs:
                    self.frame(parent)
                frame = self.spark.sql(spark_sql(model))
                self.frames[name] = frame.cache() if model.is_stored else frame
            self.frames[name].createOrReplaceTempView(name)
        return self.frames[name]

    def _file(self, name: str, sql: str) -> DataFrame:
        path = self.folder / f"{name}.parquet"
        self.lake.pipeline.con.execute(f"copy ({sql}) to '{path}' (format parquet)")
        return self.spark.read.parquet(str(path))


_GIVEN = {
    STREAM_TIMES: stream_times("price_change_analysis"),
    READMISSIONS: f"select * from {READMISSIONS}",
    TOPIC_IDS: TOPIC_IDS_SQL,
}
"""What the lake gives beside models. All families are at one cut here."""
