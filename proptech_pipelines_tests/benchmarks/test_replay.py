"""A replay says whether what it derived is what is stored."""

from dataclasses import replace

import pytest

from proptech_pipelines.benchmarks.replay import replay_raw, replay_typed
from proptech_pipelines.settings import Settings
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.reference.building import price_change
from proptech_pipelines_tests.reference.log import PRICE_CHANGES

CHANGES = [price_change(offset, f"2024-05-01T10:0{offset}:00", 100, 101 + offset) for offset in range(4)]
DEAD = [
    replace(CHANGES[1], value={**CHANGES[1].value, "propertyId": "home {DATA_PATH}"}),
    replace(CHANGES[2], value={**CHANGES[2].value, "oldPrice": 0}),
    replace(CHANGES[2], value=b"\0\0"),
]


@pytest.fixture
def replayed(tmp_path, empty_lake):
    """Both replays of a lake with these records, on which these statements were executed."""

    def replay(entries, *statements):
        with EngineDriver(tmp_path / "lake", empty_lake) as driver:
            driver.pipe(entries)
            driver.advance()
            for statement in statements:
                driver.pipeline.con.execute(statement)
            settings = driver.pipeline.settings
        return replay_typed(settings), replay_raw(settings, lambda text: None)

    return replay


def test_every_table_of_three_days_is_derived_again(three_days_lake):
    settings = Settings(home=three_days_lake, catalog=f"sqlite:{three_days_lake}/catalog.sqlite")
    typed, raw = replay_typed(settings), replay_raw(settings, lambda text: None)
    assert {name for name, item in {**typed, **raw}.items() if not item.equal} == set()
    assert typed["price_change_analysis"].events > 0
    assert raw[PRICE_CHANGES].events > 0


@pytest.mark.parametrize("dead", DEAD, ids=["unstorable", "out of range", "broken"])
def test_a_dead_letter_is_no_row_again(replayed, dead):
    entries = [dead if entry.offset == dead.offset else entry for entry in CHANGES]
    typed, raw = replayed(entries)
    assert (raw[PRICE_CHANGES].events, raw[PRICE_CHANGES].equal) == (4, True)
    assert (typed["price_change_analysis"].events, typed["price_change_analysis"].equal) == (3, True)


def test_a_row_that_is_missing_is_noticed(replayed):
    typed, raw = replayed(CHANGES, "delete from stg_property_price_changes where kafka_offset = 3")
    assert not raw[PRICE_CHANGES].equal
    assert not typed["price_change_analysis"].equal
