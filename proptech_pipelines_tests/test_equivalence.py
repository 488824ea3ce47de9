"""G3: any batching, any interleaving, any restarts give the tables of one replay, and those of the reference.

A run takes about 0.9 s of one core, nearly all of it DuckLake's dealings with its catalog over some 200
statements. So DuckDB is opened once, a lake is a copy of an empty one, and two runs are made at a time.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from proptech_pipelines.lake import maintenance
from proptech_pipelines.lake.maintenance import fold_rows
from proptech_pipelines.lake.transactions import head
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.equivalence import (
    assert_equals_reference,
    assert_replay_differs_nowhere,
    assert_staged_and_dead_equal_reference,
    cut,
    tables,
)
from proptech_pipelines_tests.logs import logs, splits, traffic
from proptech_pipelines_tests.reference import Entry
from proptech_pipelines_tests.table_equality import assert_same_rows

EXAMPLES = 300
WORKERS = 2
"""DuckDB works outside the interpreter's lock, so two threads use two cores."""
FAMILIES = ("market_index", "price_change_analysis")
SOME_FAMILIES = tuple(frozenset(names) for names in (FAMILIES, FAMILIES[:1], FAMILIES[1:], ()))


@dataclass(frozen=True)
class Step:
    """A micro-batch and what happens after it: the families that advance, those whose rows are folded, a restart."""

    batch: list[Entry]
    advance: frozenset[str]
    fold: frozenset[str]
    restart: bool


@dataclass(frozen=True)
class Run:
    """A log, and the way in which the stream comes to its end."""

    log: list[Entry]
    steps: list[Step]
    is_replayed: bool
    """Whether a second lake takes the log in at once, too."""


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Any log, cut anyhow into micro-batches, with families that lag behind the ingest as they like."""
    log = draw(logs(broken=True, undated=True))
    some, seldom = st.sampled_from(SOME_FAMILIES), st.sampled_from((False, False, True))
    steps = [
        Step(batch, draw(some), draw(some) if draw(seldom) else frozenset(), draw(seldom))
        for batch in draw(splits(log))
    ]
    return Run(log, steps, draw(st.sampled_from((False, False, False, False, True))))


class Lakes:
    """A streamed lake and one that sees the whole log at once, made anew for each run."""

    def __init__(self, folder: Path, template: Path) -> None:
        self._template = template
        self._stream = EngineDriver(folder / "stream", template)
        self._replay = EngineDriver(folder / "replay", template)

    def check(self, run: Run) -> None:
        """Bring both lakes to the end of the log and compare them with each other and with the reference."""
        stream, replay = self._stream, self._replay
        stream.pipeline.renew(self._template)
        for step in run.steps:
            take(stream, step)
        stream.advance()
        found = tables(stream)
        assert_equals_reference(found, run.log)
        assert_staged_and_dead_equal_reference(stream, run.log)
        assert_replay_differs_nowhere(stream)
        if not run.is_replayed:
            return
        replay.pipeline.renew(self._template)
        replay.pipe(run.log)
        replay.advance()
        assert cut(replay) == cut(stream)
        for name, rows in tables(replay).items():
            assert_same_rows(rows, found[name], name)

    def close(self) -> None:
        """Let go of both lakes."""
        for driver in (self._stream, self._replay):
            driver.close()


def take(driver: EngineDriver, step: Step) -> None:
    """Make one step of a run."""
    driver.pipe(step.batch)
    if step.restart:
        driver.pipeline.restart()
    for family in sorted(step.advance):
        driver.advance(family)
    graph = driver.pipeline.graph
    for model in [model for family in sorted(step.fold) for model in graph.stored(family)]:
        if model.kind != "append":
            fold_rows(driver.pipeline.con, model, head(driver.pipeline.con, model.family))


def drawn(count: int) -> list[Run]:
    """The first `count` runs that hypothesis draws, the same ones every time."""
    found: list[Run] = []

    @given(runs())
    @settings(max_examples=count, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    def draw(run: Run) -> None:
        found.append(run)

    draw()
    return found


@pytest.mark.timeout(1200)
def test_g3_any_way_to_the_end_of_a_log_gives_the_reference_and_one_replay(empty_lake, tmp_path, monkeypatch):
    # Compaction, too, must change nothing; a range of 64 transactions would never fill up here.
    monkeypatch.setattr(maintenance, "FOLD_RANGES", (2, 4))
    failures: list[tuple[Run, BaseException]] = []
    found = drawn(EXAMPLES)
    assert len(found) >= EXAMPLES
    waiting = iter(found)

    def work(number: int) -> None:
        lakes = Lakes(tmp_path / str(number), empty_lake)
        with closing(lakes):
            while not failures and (run := next(waiting, None)):
                try:
                    lakes.check(run)
                except Exception as error:
                    failures.append((run, error))

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    for run, error in failures:
        pytest.fail(f"{error!r} on {run}")


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_g3_holds_on_a_large_log(empty_lake, tmp_path):
    log = traffic(2024, 100_000)
    parts = [log[start : start + 12_345] for start in range(0, len(log), 12_345)]
    steps = [
        Step(part, frozenset(FAMILIES[number % 2 :]), frozenset(), restart=number == 3)
        for number, part in enumerate(parts)
    ]
    with closing(Lakes(tmp_path, empty_lake)) as lakes:
        lakes.check(Run(log, steps, is_replayed=True))
