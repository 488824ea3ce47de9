"""A model of the installation that is refused stops nothing: Dagster loads with the models of the lake."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dbt_like_sql
from proptech_pipelines.defs.keys import GRAPH
from proptech_pipelines_tests.guarantees.lakes import fresh_lake
from proptech_pipelines_tests.patching import edited

pytestmark = pytest.mark.long

WINDOWS, STAGING = "market/price_change_windows.sql", "staging/stg_property_price_changes.sql"
REFUSED = [
    (WINDOWS, "group by zip_code, window_start", "group by zip_code, window_start having count(*) > 1"),
    (WINDOWS, "min(state_code)", "min('state_code)"),
    (WINDOWS, "min(state_code)", "min(statecode)"),
    (WINDOWS, "from price_change_rows", "from price_change_row"),
    (WINDOWS, "reach_days = 1", "reach_days = '1'"),
    (WINDOWS, "cast(sum(change_ppb) as decimal(38, 0))", "sum(cast(change_ppb as double))"),
    (WINDOWS, 'day_of = "window_start"', 'day_of = "window"'),
    (WINDOWS, "min(state_code)", f"{'(' * 1000}min(state_code){')' * 1000}"),
    (WINDOWS, "reach_days = 1", f"reach_days = {'9' * 5000}"),
    (STAGING, 'topic = "property-price-changes"', 'topic = "property-price-change"'),
    (STAGING, "propertyId as property_id", "propertyID_ as property_id"),
]
LIST_ASSETS = (
    "from proptech_pipelines.definitions import defs\n"
    "print(*('/'.join(spec.key.path) for spec in defs().resolve_all_asset_specs()))"
)


def assets(folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """The assets that a new process loads whose models are those in `folder`."""
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-c", LIST_ASSETS],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PROPTECH_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def home(stack, tmp_path_factory):
    """The home folder of a lake that has models."""
    return fresh_lake(stack, tmp_path_factory.mktemp("refused") / "lake").home


@pytest.mark.parametrize(("file", "find", "put"), REFUSED, ids=range(len(REFUSED)))
def test_dagster_loads_with_the_models_of_the_lake(file, find, put, home, tmp_path):
    models = tmp_path / "dbt_like_sql"
    shutil.copytree(Path(dbt_like_sql.__file__).parent, models)
    (models / file).write_text(edited(f"dbt_like_sql/{file}", find, put))
    loaded = assets(tmp_path, home)
    assert loaded.returncode == 0, loaded.stderr
    assert set(GRAPH.models) <= set(loaded.stdout.split())
    assert "Until then the models of the lake stay." in loaded.stderr
    without = assets(tmp_path, tmp_path / "nowhere")
    assert "ModelError" in without.stderr
    assert without.returncode != 0
