"""What one who advances a family remembers from step to step, so that a step reads only what is new."""

from collections.abc import Collection, Mapping, Sequence

from proptech_pipelines.lake.connection import Connection
from proptech_pipelines.lake.readmission_tables import readmissions_by_fold
from proptech_pipelines.lake.stream_times import PassedStreamTime, redrives_of_passed


class Memory:
    """Answers of the log, which stay true: what an ingest transaction wrote never changes."""

    def __init__(self) -> None:
        self._control_number = -1
        self._redrives: Mapping[str, Mapping[int, int]] | None = None
        self._readmissions: Mapping[str, Sequence[int]] | None = None
        self._passed: dict[tuple[str, ...], PassedStreamTime] = {}

    def know(self, control_number: int) -> None:
        """The control log ends at `control_number` at the cut that is worked on: other entries are read anew."""
        if control_number != self._control_number:
            self._control_number, self._redrives, self._readmissions = control_number, None, None

    def redrives(self, con: Connection) -> Mapping[str, Mapping[int, int]]:
        """As `redrives_of_passed`."""
        if self._redrives is None:
            self._redrives = redrives_of_passed(con)
        return self._redrives

    def readmissions(self, con: Connection) -> Mapping[str, Sequence[int]]:
        """As `readmissions_by_fold`."""
        if self._readmissions is None:
            self._readmissions = readmissions_by_fold(con)
        return self._readmissions

    def passed_stream_time_ms(
        self, con: Connection, topics: Collection[str], input_commit: int
    ) -> int | None:
        """As `lake.stream_times.passed_stream_time_ms`."""
        names = tuple(sorted(topics))
        passed = self._passed.setdefault(names, PassedStreamTime(names))
        return passed.at(con, input_commit)
