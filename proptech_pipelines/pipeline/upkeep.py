"""The stream run's upkeep thread: one small step at a time beside the others."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence

from proptech_pipelines.errors import LedgerConflict, ServiceError
from proptech_pipelines.lake import maintenance
from proptech_pipelines.lake.connection import Connection, LakeError
from proptech_pipelines.lake.generations import live_graph
from proptech_pipelines.lake.lease import Leases, family_lease
from proptech_pipelines.lake.log_writer import INGEST
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model
from proptech_pipelines.pipeline.consumer_groups import ShownPositions
from proptech_pipelines.pipeline.priority import stand_back
from proptech_pipelines.pipeline.progress import Progress
from proptech_pipelines.publishing.outbox import Outbox
from proptech_pipelines.settings import Settings

log = logging.getLogger(__name__)
_STEP_SECONDS = 0.4
_RESTS = 2
"""It rests so many times as long as a step took."""
_LEFTOVERS_SECONDS = 300.0
_GROUPS_SECONDS = 10.0


class UpkeepWorker(threading.Thread):
    """Merges files, folds rows and removes leftovers, step after step. A failed step is tried later."""

    def __init__(
        self,
        con: Connection,
        graph: Graph,
        settings: Settings,
        outboxes: Sequence[Outbox],
        progress: Progress,
        first_rest_seconds: float = 0.0,
    ) -> None:
        super().__init__(name="upkeep", daemon=True)
        self._first_rest_seconds = first_rest_seconds
        self._con = con
        self._graph = graph
        self._settings = settings
        self._outboxes = outboxes
        self._progress = progress
        self._control_number = 0
        self._done: dict[str, int] = {}

    @property
    def _folding(self) -> list[Model]:
        return [model for model in self._graph.models.values() if model.kind in ("fold", "recompute")]

    def run(self) -> None:
        """Work until told to stop."""
        stand_back()
        positions = ShownPositions(self._settings, self._con)
        cleaned = shown = time.monotonic()
        with Leases(self._settings) as leases:
            rest = max(_STEP_SECONDS, self._first_rest_seconds)
            while not self._progress.stop.wait(rest):
                begun = time.monotonic()
                try:
                    self.step(leases)
                    if time.monotonic() - shown > _GROUPS_SECONDS:
                        positions.show(self._graph)
                        shown = time.monotonic()
                    if time.monotonic() - cleaned > _LEFTOVERS_SECONDS:
                        maintenance.write_to_files(self._con)
                        maintenance.remove_leftovers(self._con)
                        cleaned = time.monotonic()
                except (LedgerConflict, ServiceError, LakeError) as error:
                    log.info("upkeep goes on later: %s", str(error)[:200])
                rest = max(_STEP_SECONDS, _RESTS * (time.monotonic() - begun))

    def step(self, leases: Leases) -> None:
        """Fold the rows of one range, if one is due, and merge the files of the table that needs it most."""
        control_number = self._progress.cut(INGEST).control_number
        if control_number != self._control_number:
            # Entries are seldom, and a swap of models is one.
            self._graph, self._control_number, self._done = live_graph(self._con), control_number, {}
        files = maintenance.live_files(self._con)
        self._fold(leases, files)
        maintenance.merge_files(self._con, files, [model.table for model in self._folding])

    def _fold(self, leases: Leases, files: Mapping[str, tuple[int, int]]) -> None:
        width = maintenance.FOLD_RANGES[0]
        numbers = {model: self._progress.cut(model.family).number for model in self._folding}
        due = [model for model in numbers if numbers[model] // width > self._done.get(model.name, -1)]
        if not due:
            return
        # Not the first: where steps are too few for all, the same ones would always be left.
        model = max(due, key=lambda item: files.get(item.table, (0, 0))[0])
        with leases.hold(family_lease(model.family)):
            more = maintenance.fold_rows(self._con, model, self._limit(model, numbers[model]))
        if not more:
            self._done[model.name] = numbers[model] // width

    def _limit(self, model: Model, number: int) -> int:
        """Rows that an outbox has yet to read stay as they are."""
        limits = [
            self._progress.cut(outbox.name).number
            for outbox in self._outboxes
            if outbox.writer == model.family
        ]
        return min([number, *limits])
