"""Spoils any stored table, and derives it again while the stream goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.pipeline.compare import Days, Derived
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines.testing import PipelineDriver


class BusyLeases(Leases):
    """Leases of which a family's is granted after the stream did something."""

    def __init__(self, pipeline: PipelineDriver, meanwhile: Callable[[], None]) -> None:
        super().__init__(pipeline.settings)
        self._meanwhile = meanwhile

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Hold `name` inside the block, which begins later than asked for."""
        if name.startswith("family:"):
            self._meanwhile()
        with super().hold(name):
            yield


def rebuild_beside(
    pipeline: PipelineDriver, family: str, days: Days | None, meanwhile: Callable[[], None]
) -> list[Derived]:
    """`rebuild_days`, with `meanwhile` between what it computes and each of its transactions."""
    with BusyLeases(pipeline, meanwhile) as leases:
        return rebuild_days(pipeline.con, leases, pipeline.graph, family, days)


def spoil(pipeline: PipelineDriver, family: str) -> None:
    """Take rows of each table of `family` away, corrections among them, and double others."""
    for model in pipeline.graph.stored(family):
        table = f"lake.{model.table}"
        pipeline.con.execute(f"delete from {table} where rowid % 3 = 0")
        if model.kind != "recompute":
            pipeline.con.execute(f"insert into {table} select * from {table} where rowid % 3 = 1")
