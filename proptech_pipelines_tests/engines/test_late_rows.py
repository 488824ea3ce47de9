"""Late rows are looked for only in slices that have some."""

import pytest

from proptech_pipelines.engines.duckdb import DuckDBEngine
from proptech_pipelines.errors import ModelError
from proptech_pipelines_tests.reference.building import price_change

FAMILY, LATE = "price_change_analysis", "price_change_late"


@pytest.fixture
def computed(monkeypatch):
    """The names of the models that were computed, in order."""
    names: list[str] = []
    compute = DuckDBEngine._compute_delta

    def noted(self, model, part):
        names.append(model.name)
        compute(self, model, part)

    monkeypatch.setattr(DuckDBEngine, "_compute_delta", noted)
    return names


def stored(engine) -> list[tuple[int, str]]:
    return engine.pipeline.con.execute(
        f"select kafka_offset, zip_code from {LATE} order by kafka_offset"
    ).fetchall()


def test_a_slice_without_late_rows_is_not_searched_for_them(engine, computed):
    engine.pipe(
        [price_change(0, "2024-05-01T10:00:00", 100, 120), price_change(1, "2024-05-01T11:00:00", 100, 90)]
    )
    engine.advance(FAMILY)
    assert "price_change_windows" in computed
    assert LATE not in computed
    assert stored(engine) == []
    engine.pipe(
        [
            price_change(2, "2024-05-03T10:00:00", 100, 120),
            price_change(3, "2024-05-01T10:00:00", 100, 130),
            price_change(4, "2024-05-03T10:00:00", 100, 130),
        ]
    )
    engine.advance(FAMILY)
    assert LATE in computed
    assert [offset for offset, _ in stored(engine)] == [3]


def test_a_fold_that_loses_rows_is_still_found_out(engine, computed, monkeypatch):
    monkeypatch.setattr(DuckDBEngine, "_applied", lambda self, model: 0)
    engine.pipe([price_change(0, "2024-05-01T10:00:00", 100, 120)])
    with pytest.raises(ModelError, match="1 assignments, but 0 applied and 0 late"):
        engine.advance(FAMILY)
    assert LATE in computed
