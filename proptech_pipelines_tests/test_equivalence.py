"""G3: any batching, any interleaving, any restarts give the tables of one replay, and those of the reference."""

from contextlib import closing

import pytest

from proptech_pipelines_tests.any_way import Lakes, Run, Step, Subject, assert_any_way_gives_the_reference
from proptech_pipelines_tests.equivalence import (
    FAMILIES,
    assert_staged_and_dead_equal_reference,
    tables_of,
)
from proptech_pipelines_tests.logs import logs, traffic

pytestmark = pytest.mark.long

EXAMPLES = 300
MARKET = Subject(FAMILIES, tables_of(FAMILIES), assert_staged_and_dead_equal_reference)


@pytest.mark.timeout(1200)
def test_g3_any_way_to_the_end_of_a_log_gives_the_reference_and_one_replay(tmp_path, monkeypatch):
    assert_any_way_gives_the_reference(
        MARKET, logs(broken=True, undated=True), EXAMPLES, tmp_path, monkeypatch
    )


@pytest.mark.timeout(1200)
def test_g3_holds_on_a_large_log(empty_lake, tmp_path):
    log = traffic(2024, 100_000)
    parts = [log[start : start + 12_345] for start in range(0, len(log), 12_345)]
    steps = [
        Step(part, number % 2 == 1, frozenset(FAMILIES[number % 2 :]), frozenset(), restart=number == 3)
        for number, part in enumerate(parts)
    ]
    with closing(Lakes(MARKET, tmp_path, empty_lake)) as lakes:
        lakes.check(Run(log, steps, "at once"))
