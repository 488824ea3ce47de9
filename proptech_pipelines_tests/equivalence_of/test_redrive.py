"""G3 with redrives: whenever letters are redriven, and however often, tables are the reference's and a replay's."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from proptech_pipelines.pipeline.checks import ledger_is_gapless, records_are_conserved
from proptech_pipelines.testing import make_template
from proptech_pipelines_tests.any_way import models_of
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.equivalence import (
    FAMILIES,
    assert_equals_reference,
    assert_replay_differs_nowhere,
    assert_staged_and_dead_equal_reference,
    tables,
)
from proptech_pipelines_tests.logs import logs, splits
from proptech_pipelines_tests.logs.hourly import trends
from proptech_pipelines_tests.reference import Entry, Event

pytestmark = pytest.mark.long

SETTLED = ("trending_neighborhoods",)
EXAMPLES = 15


@dataclass(frozen=True)
class Step:
    """A micro-batch, whether letters are redriven after it, and the families that advance then."""

    batch: list[Entry]
    redrives: bool
    advance: frozenset[str]


@st.composite
def ways(draw: st.DrawFn, found: st.SearchStrategy[list[Entry]], families: tuple[str, ...]) -> list[Step]:
    """A log some records of which come under a schema that is known later, and a way to its end."""
    log = [
        replace(entry, is_redriven=draw(st.sampled_from((False, False, True))))
        if isinstance(entry, Event) and entry.value is not None
        else entry
        for entry in draw(found)
    ]
    some = st.frozensets(st.sampled_from(families))
    return [Step(batch, draw(st.booleans()), draw(some)) for batch in draw(splits(log))]


def drive(driver: EngineDriver, steps: list[Step]) -> list[Entry]:
    """Go the way and redrive at its end; the log."""
    for step in steps:
        driver.pipe(step.batch)
        if step.redrives:
            driver.redrive()
        for family in sorted(step.advance):
            driver.advance(family)
    driver.redrive()
    for check in (ledger_is_gapless, records_are_conserved):
        result = check(driver.pipeline.con)
        assert result.passed, (check.__name__, result)
    driver.advance()
    return [entry for step in steps for entry in step.batch]


def try_ways(folder, found, families, judge: Callable[[EngineDriver, list[Entry]], None]) -> None:
    """Judge a lake at the end of each of `EXAMPLES` ways."""
    template = make_template(folder / "template", models_of(families))
    with closing(EngineDriver(folder / "lake", template)) as driver:

        @given(ways(found, families))
        @settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate]
        )
        def try_way(steps):
            driver.pipeline.renew(template)
            judge(driver, drive(driver, steps))

        try_way()


@pytest.mark.timeout(600)
def test_g3_however_letters_are_redriven_tables_are_the_reference_s_and_a_replay_s(tmp_path):
    def judge(driver, log):
        assert_staged_and_dead_equal_reference(driver, log)
        assert_equals_reference(tables(driver), log)
        assert_replay_differs_nowhere(driver)

    try_ways(tmp_path, logs(broken=True, undated=True), FAMILIES, judge)


@pytest.mark.timeout(600)
def test_g3_what_a_settled_table_decided_stays_decided_and_a_redriven_record_is_late_for_it(tmp_path):
    def judge(driver, _):
        assert_replay_differs_nowhere(driver)

    try_ways(tmp_path, trends(), SETTLED, judge)
