"""`proptech plan`, `rollback` and `purge`: a lake of former models is led to this installation and back."""

import re
from dataclasses import replace

import pytest

from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.testing import PipelineDriver, make_template
from proptech_pipelines_tests.patching import graph_with, refused_checkout

pytestmark = pytest.mark.usefixtures("wide_screen")


@pytest.fixture(scope="module")
def former(tmp_path_factory):
    """An empty lake whose alerts begin at 1 % instead of 5 %."""
    graph = graph_with(
        checkout_graph(), "price_change_rates", "20 * abs(change_sum)", "100 * abs(change_sum)"
    )
    return make_template(tmp_path_factory.mktemp("former"), graph)


@pytest.fixture
def home(tmp_path, former):
    """A home folder without servers."""
    with PipelineDriver(tmp_path / "home", former) as driver:
        # A registry that does not answer is asked another time.
        replace(driver.settings, schema_registry_url="http://127.0.0.1:9").store()
    return tmp_path / "home"


@pytest.fixture
def refused(monkeypatch):
    """Call it, and this installation has a model that is refused."""
    return lambda: monkeypatch.setattr("proptech_pipelines.pipeline.wanted.checkout_graph", refused_checkout)


def test_a_plan_is_shown_approved_carried_out_and_taken_back(run, home, refused):
    def proptech(*words):
        return run(*words, "--home", home)

    shown = proptech("plan", "show").out
    plan_id = re.match(r"([0-9a-f]{8}) breaking, proposed: \d+ tables, 0 rows", shown)[1]
    assert "price_change_rates" in shown
    early = proptech("plan", "run", plan_id)
    assert (early.code != 0, "approve" in early.err + early.out) == (True, True)
    assert proptech("plan", "approve", plan_id).out.startswith(f"Plan {plan_id} is approved")
    done = proptech("plan", "run", plan_id)
    assert done.code == 0
    assert f"{plan_id} breaking, swapped" in done.out
    assert "nothing is to be built" in proptech("plan", "show").out

    refused()
    shown = proptech("plan", "show")
    assert (shown.code != 0, "HAVING does not add up" in shown.err + shown.out) == (True, True)
    back = proptech("rollback", "price_change_windows")
    assert (back.code, "Swapped:" in back.out, '"price_change_windows": [2, 1]' in back.out) == (
        0,
        True,
        True,
    )
    gone = proptech("purge", "price_change_windows")
    assert (gone.code, "Dropped:" in gone.out, "price_change_windows__2" in gone.out) == (0, True, True)


def test_a_plan_that_is_none_is_an_error_that_says_where_to_look(run, home):
    ended = run("plan", "run", "12345678", "--home", home)
    assert ended.code != 0
    assert "proptech plan show" in ended.err + ended.out
