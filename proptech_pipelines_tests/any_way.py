"""G3 for some families: whatever way the stream takes to the end of a log, the tables are the reference's.

A run takes about 0.5 s of one core a family, nearly all of it DuckLake's dealings with its catalog. So DuckDB is
opened once, a lake is a copy of an empty one with the models of these families alone, and two runs are made at a time.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from proptech_pipelines.lake import maintenance
from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.lake.log_writer import INGEST
from proptech_pipelines.lake.maintenance import fold_rows
from proptech_pipelines.lake.transactions import head
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.pipeline import build
from proptech_pipelines.pipeline.build import build_family
from proptech_pipelines.testing import make_template
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.equivalence import assert_replay_differs_nowhere, cut
from proptech_pipelines_tests.logs import splits
from proptech_pipelines_tests.reference import Entry, Log, Row
from proptech_pipelines_tests.spoiling import rebuild_beside, spoil
from proptech_pipelines_tests.table_equality import assert_same_rows

WORKERS = 2
"""DuckDB works outside the interpreter's lock, so two threads use two cores."""


@dataclass(frozen=True)
class Subject:
    """Families, the reference's rows of their tables, and what else must hold at the end of a log."""

    families: tuple[str, ...]
    tables: Mapping[str, Callable[[Log], list[Row]]]
    also: Callable[[EngineDriver, Log], None] = lambda driver, log: None
    models: Callable[[], Graph] = checkout_graph
    """The graph that holds the families."""


@dataclass(frozen=True)
class Step:
    """A micro-batch and what happens after it: the families that advance, those whose rows are folded, a restart.

    Families that `reads_files` read what is new as they read a large slice. `spoil` are families whose tables are
    spoiled before it and derived again while it is taken in.
    """

    batch: list[Entry]
    reads_files: bool
    advance: frozenset[str]
    fold: frozenset[str]
    restart: bool
    spoil: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Run:
    """A log, and the way in which the stream comes to its end."""

    log: list[Entry]
    steps: list[Step]
    replay: str
    """Whether a second lake takes the log in, too: all `at once`, as it is built `in slices`, or `not`."""


@st.composite
def runs(draw: st.DrawFn, logs: st.SearchStrategy[list[Entry]], families: tuple[str, ...]) -> Run:
    """Any log, cut anyhow into micro-batches, with families that lag behind the ingest as they like."""
    log = draw(logs)
    some, seldom = st.frozensets(st.sampled_from(families)), st.sampled_from((False, False, True))
    steps = [
        Step(
            batch,
            draw(st.booleans()),
            draw(some),
            draw(some) if draw(seldom) else frozenset(),
            draw(seldom),
            draw(some) if draw(seldom) else frozenset(),
        )
        for batch in draw(splits(log))
    ]
    return Run(log, steps, draw(st.sampled_from((*["not"] * 7, "at once", "at once", "in slices"))))


class Lakes:
    """A streamed lake and one that sees the whole log at once, made anew for each run."""

    def __init__(self, subject: Subject, folder: Path, template: Path) -> None:
        self._subject = subject
        self._template = template
        self._stream = EngineDriver(folder / "stream", template)
        self._replay = EngineDriver(folder / "replay", template)

    def check(self, run: Run) -> None:
        """Bring both lakes to the end of the log and compare them with each other and with the reference."""
        stream, replay = self._stream, self._replay
        stream.pipeline.renew(self._template)
        stream.know(run.log)
        for step in run.steps:
            take(stream, step)
        stream.advance()
        found = {name: stream.table(name) for name in self._subject.tables}
        for name, rows in self._subject.tables.items():
            assert_same_rows(found[name], rows(run.log), name)
        # In the order in which it was taken in.
        self._subject.also(stream, [entry for step in run.steps for entry in step.batch])
        assert_replay_differs_nowhere(stream)
        if run.replay == "not":
            return
        replay.pipeline.renew(self._template)
        replay.know(run.log)
        if run.replay == "at once":
            replay.pipe(run.log)
            replay.advance()
        else:
            for step in run.steps:
                replay.pipe(step.batch)
            build_all(replay)
        assert cut(replay) == cut(stream)
        for name, rows in found.items():
            assert_same_rows(replay.table(name), rows, name)

    def close(self) -> None:
        """Let go of both lakes."""
        for driver in (self._stream, self._replay):
            driver.close()


def take(driver: EngineDriver, step: Step) -> None:
    """Make one step of a run."""
    if step.restart:
        driver.pipeline.restart()
    waiting = [step]

    def meanwhile() -> None:
        while waiting:
            go_on(driver, waiting.pop())

    for family in sorted(step.spoil):
        spoil(driver.pipeline, family)
        rebuild_beside(driver.pipeline, family, None, meanwhile)
    meanwhile()


def go_on(driver: EngineDriver, step: Step) -> None:
    """Take in what `step` brings."""
    driver.pipe(step.batch)
    driver.pipeline.reads_files = step.reads_files
    for family in sorted(step.advance):
        driver.advance(family)
    graph = driver.pipeline.graph
    for model in [model for family in sorted(step.fold) for model in graph.stored(family)]:
        if model.kind in ("fold", "recompute"):
            fold_rows(driver.pipeline.con, model, head(driver.pipeline.con, model.family))


def build_all(driver: EngineDriver) -> None:
    """Bring every family to the end of the log as the build of a generation does."""
    con, graph = driver.pipeline.con, driver.pipeline.graph
    for family in graph.families:
        assert list(build_family(con, graph, family, head(con, INGEST)))


def models_of(families: tuple[str, ...], whole: Graph | None = None) -> Graph:
    """The models of these families, and what they read, of those of `whole` or else of the checkout."""
    whole = whole or checkout_graph()
    wanted = {
        item.name: item
        for model in whole.market
        if model.family in families
        for item in (*whole.upstream(model.name), model)
    }
    return Graph.of(wanted.values())


def drawn(found_by: st.SearchStrategy[Run], count: int) -> list[Run]:
    """The first `count` runs that hypothesis draws, the same ones every time."""
    found: list[Run] = []

    @given(found_by)
    @settings(max_examples=count, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    def draw(run: Run) -> None:
        found.append(run)

    draw()
    return found


def assert_any_way_gives_the_reference(
    subject: Subject,
    logs: st.SearchStrategy[list[Entry]],
    examples: int,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Try `examples` runs over `logs`; fails with the first run that ends in other tables."""
    # Compaction, too, must change nothing; a range of 64 transactions would never fill up here.
    monkeypatch.setattr(maintenance, "FOLD_RANGES", (2, 4))
    # And so must the size of the slices in which a generation is built.
    monkeypatch.setattr(build, "max_slice_rows", lambda graph, family: 2)
    monkeypatch.setattr(build, "following_slice_rows", lambda graph, family, *given: 2)
    template = make_template(folder / "template", models_of(subject.families, subject.models()))
    failures: list[tuple[Run, BaseException]] = []
    found = drawn(runs(logs, subject.families), examples)
    assert len(found) >= examples
    # However few there are, the longest way is built in slices, too.
    longest = max(range(len(found)), key=lambda number: len(found[number].steps))
    found[longest] = replace(found[longest], replay="in slices")
    waiting = iter(found)

    def work(number: int) -> None:
        with closing(Lakes(subject, folder / str(number), template)) as lakes:
            while not failures and (run := next(waiting, None)):
                try:
                    lakes.check(run)
                except Exception as error:
                    failures.append((run, error))

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    for run, error in failures:
        pytest.fail(f"{error!r} on {run}")
