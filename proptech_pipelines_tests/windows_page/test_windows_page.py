"""The examples of docs/windows.md are right, found wrong when one thing in them is, and the same in any batching."""

from contextlib import closing

import pytest

from proptech_pipelines.lake.generations import public_view
from proptech_pipelines.testing import make_template
from proptech_pipelines_tests.any_way import Subject, assert_any_way_gives_the_reference
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.models_yaml import ReferenceDriver
from proptech_pipelines_tests.patching import put_models
from proptech_pipelines_tests.table_equality import assert_same_rows
from proptech_pipelines_tests.windows_page.logs import views
from proptech_pipelines_tests.windows_page.page import cases, graph, models, page_graph
from proptech_pipelines_tests.windows_page.reference import TABLES

FAMILIES = ("view_hours", "view_hops", "view_sessions")
EXAMPLES = 20


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """An empty lake of the page's models."""
    return make_template(tmp_path_factory.mktemp("windows") / "template", page_graph())


@pytest.fixture(scope="module")
def driver(template, tmp_path_factory):
    """One DuckDB for all lakes."""
    with closing(EngineDriver(tmp_path_factory.mktemp("windows") / "lake", template)) as driver:
        yield driver


def assert_tests_pass(driver, template, found, edit=lambda model: model.text):
    """Run the tests, each on a lake of its own, whose models have the texts that `edit` gives."""
    views = {model.name: public_view(model) for model in page_graph().market}
    for case in found:
        driver.pipeline.renew(template)
        put_models(driver.pipeline, edit, views)
        family = driver.pipeline.graph[case.model].family
        for batch in case.batches:
            driver.pipe(batch.entries)
            driver.advance(family)
            assert_same_rows(driver.table(case.model), batch.expected, str(case))


def test_tests_of_the_page_pass_on_the_engine(driver, template, tmp_path):
    assert_tests_pass(driver, template, cases(tmp_path))


def test_tests_of_the_page_pass_on_the_reference(tmp_path):
    for case in cases(tmp_path):
        reference = ReferenceDriver()
        for batch in case.batches:
            reference.pipe(batch.entries)
            assert_same_rows(TABLES[case.model](reference.log), batch.expected, str(case))


def test_each_case_has_several_batches_and_each_kind_of_window_is_tested(tmp_path):
    found = cases(tmp_path)
    assert [str(case) for case in found if len(case.batches) < 2] == []
    assert {case.model for case in found} >= set(FAMILIES) | {"view_hours_closed", "view_sessions_closed"}
    assert {graph()[name].family for name in models()} == set(FAMILIES)
    assert TABLES.keys() == models().keys() - {
        "view_hour_rows",
        "view_hop_rows",
        "view_session_rows",
        "view_session_parts",
    }


@pytest.mark.long
@pytest.mark.parametrize(
    ("model", "right", "wrong"),
    [
        ("view_hour_rows", "70 minutes <= epoch_ms", "70 minutes < epoch_ms"),
        ("view_hour_rows", "70 minutes <= epoch_ms", "60 minutes <= epoch_ms"),
        ("view_hours_late", "closes_at, epoch", "window_start, epoch"),
        ("view_hours_closed", "interval 1 hour - interval 1 millisecond", "interval 1 hour"),
        ("view_hours_closed", 'wait = "10 minutes"', 'wait = "0 minutes"'),
        ("view_hop_rows", ", (50)) as", ") as"),
        ("view_hop_rows", "70 minutes <= epoch_ms", "70 minutes < epoch_ms"),
        ("view_session_rows", "40 minutes <= epoch_ms", "40 minutes < epoch_ms"),
        ("view_session_rows", "40 minutes <= epoch_ms", "41 minutes <= epoch_ms"),
        ("view_session_rows", "% 30 * interval", "% 60 * interval"),
        ("view_session_parts", "max(event_time) as last_view", "min(event_time) as last_view"),
        ("view_sessions", ">= first_view - interval 30", "> first_view - interval 30"),
        ("view_sessions", ">= first_view - interval 30", ">= first_view - interval 31"),
        ("view_sessions", "lag(last_view)", "lag(first_view)"),
        ("view_sessions_closed", "interval 1 hour - interval 1 millisecond", "interval 1 hour"),
        ("view_sessions_closed", "interval 1 hour - interval 1 millisecond", "interval 30 minutes"),
        ("view_sessions_closed", 'wait = "10 minutes"', 'wait = "9 minutes"'),
    ],
)
def test_tests_of_the_page_notice_what_is_wrong(model, right, wrong, driver, template, tmp_path):
    whole = page_graph()
    assert whole[model].text.count(right) == 1
    concerned = [case for case in cases(tmp_path) if whole[case.model].family == whole[model].family]
    with pytest.raises(AssertionError):
        assert_tests_pass(
            driver,
            template,
            concerned,
            lambda item: item.text.replace(right, wrong) if item.name == model else item.text,
        )


@pytest.mark.long
@pytest.mark.timeout(600)
def test_g3_any_way_to_the_end_of_a_log_gives_the_reference_and_one_replay(tmp_path, monkeypatch):
    subject = Subject(FAMILIES, TABLES, models=graph)
    assert_any_way_gives_the_reference(subject, views(), EXAMPLES, tmp_path, monkeypatch)
