"""Every wrong variant is noticed by the comparison with the reference; the right one never is."""

import re
from collections.abc import Callable
from datetime import date

import pytest

from proptech_pipelines.errors import ModelError
from proptech_pipelines.kafka.records import Fetched
from proptech_pipelines.lake import maintenance
from proptech_pipelines.lake.generations import checkout_graph, public_view
from proptech_pipelines.lake.lease import Leases
from proptech_pipelines.lake.transactions import head
from proptech_pipelines.models.fold import fold_of
from proptech_pipelines.models.model import Model
from proptech_pipelines.pipeline.rebuild import rebuild_days
from proptech_pipelines.testing import Record, encode
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.equivalence import (
    FAMILIES,
    assert_staged_and_dead_equal_reference,
    tables_of,
)
from proptech_pipelines_tests.patching import edited, patch_definition, put_models
from proptech_pipelines_tests.reference import TABLES, Event, Log, Row
from proptech_pipelines_tests.table_equality import assert_same_rows
from proptech_pipelines_tests.tampering import DAY_COLUMNS, on_days, one_day, tamper
from proptech_pipelines_tests.wrong_variants import WRONG_VARIANTS, WrongVariant

pytestmark = pytest.mark.long

Compare = Callable[[], None]
SECOND_DAY = {"price_change_analysis": date(2024, 5, 2), "market_index": date(2020, 2, 1)}
CONSERVES = re.compile(r"\n\[conserves\]\n(\w+ = .+\n)+")


@pytest.fixture(scope="module")
def views():
    """The statements that made the views of the empty lake."""
    return {model.name: public_view(model) for model in checkout_graph().market}


@pytest.fixture(autouse=True)
def nothing_remembered():
    """What was worked out with an edit in place is of no use without it."""
    yield
    fold_of.cache_clear()


@pytest.mark.parametrize("variant", WRONG_VARIANTS, ids=str)
def test_wrong_variant_is_noticed(variant, engine, views, monkeypatch):
    prepare(variant, engine, views, monkeypatch)
    compare = brought(variant, engine, monkeypatch)
    with pytest.raises(AssertionError):
        compare()


@pytest.mark.parametrize("variant", {(item.log, item.way): item for item in WRONG_VARIANTS}.values(), ids=str)
def test_what_shows_a_wrong_variant_passes_without_it(variant, engine, monkeypatch):
    brought(variant, engine, monkeypatch)()


def test_wrong_variants_are_many_and_have_names_of_their_own():
    names = [variant.name for variant in WRONG_VARIANTS]
    assert len(names) == len(set(names)) >= 60


@pytest.mark.parametrize("name", ["late rows folded too", "late rows lost"])
def test_engine_itself_refuses_rows_that_are_neither_folded_nor_late(name, engine, views, monkeypatch):
    variant = next(item for item in WRONG_VARIANTS if item.name == name)
    put_models(engine.pipeline, lambda model: with_edit(variant, model), views)
    with pytest.raises(ModelError, match="mend the models"):
        brought(variant, engine, monkeypatch)


def prepare(
    variant: WrongVariant, engine: EngineDriver, views: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put the edit in place. The engine's own check that no row is lost is taken away: it would stop some."""
    fold_of.cache_clear()
    if variant.file.endswith(".py"):
        patch_definition(monkeypatch, variant.file, variant.find, variant.replace)
    if not variant.is_conserving:
        put_models(engine.pipeline, lambda model: CONSERVES.sub("\n", with_edit(variant, model)), views)


def with_edit(variant: WrongVariant, model: Model) -> str:
    """The model's text, edited if it is the variant's."""
    if not variant.file.endswith(f"/{model.name}.sql"):
        return model.text
    return edited(variant.file, variant.find, variant.replace)


def brought(variant: WrongVariant, engine: EngineDriver, monkeypatch: pytest.MonkeyPatch) -> Compare:
    """Bring the engine to the end of the variant's log in its way; the result compares it with the reference."""
    monkeypatch.setattr(maintenance, "FOLD_RANGES", (2,))
    log: Log = [entry for batch in variant.log() for entry in batch]
    if variant.way != "made again":
        engine.know(log)
    for batch in variant.log():
        if variant.way == "made again":
            take_made_again(engine, [entry for entry in batch if isinstance(entry, Event)])
        else:
            engine.pipe(batch)
        for family in concerned(engine, variant, {entry.topic for entry in batch}):
            engine.advance(family)
        if variant.way == "fold":
            fold(engine)
    if variant.way == "rebuild":
        return rebuilt(engine, log)

    def compare() -> None:
        for name, rows in tables_of(variant.families).items():
            assert_same_rows(engine.table(name), rows(log), name)
        if variant.way != "made again" and variant.families == FAMILIES:
            assert_staged_and_dead_equal_reference(engine, log)

    return compare


def concerned(engine: EngineDriver, variant: WrongVariant, topics: set[str]) -> list[str]:
    """The variant's families that consume one of `topics`."""
    graph = engine.pipeline.graph
    return [
        family for family in variant.families if topics & {model.topic for model in graph.staging_of(family)}
    ]


def fold(engine: EngineDriver) -> None:
    """Fold a range of transactions of each table that has a whole one."""
    pipeline = engine.pipeline
    for model in pipeline.graph.models.values():
        if model.kind in {"fold", "recompute"}:
            maintenance.fold_rows(pipeline.con, model, head(pipeline.con, model.family))


def take_made_again(engine: EngineDriver, events: list[Event]) -> None:
    """Take in each event; one of a partition from 100 on is of the topic that was made again."""
    for event in events:
        made_again, partition = divmod(event.partition, 100)
        record = Record(event.topic, partition, event.offset, event.kafka_timestamp_ms, event.value)
        topic_id = f"id {made_again} of {event.topic}"
        part = Fetched(event.topic, topic_id, partition, event.offset, event.offset)
        part.append(event.offset, (1, event.kafka_timestamp_ms), None, encode(record), None)
        engine.pipeline.ingest.take([part])


def rebuilt(engine: EngineDriver, log: Log) -> Compare:
    """Spoil three days and derive the second one again: that one becomes right, the others stay as they are."""
    pipeline = engine.pipeline
    tamper(engine, *(date(2024, 5, day) for day in (1, 2, 3)), *(date(2020, month, 1) for month in (1, 2, 3)))
    before = {name: engine.table(name) for name in DAY_COLUMNS}
    with Leases(pipeline.settings) as leases:
        for family, day in SECOND_DAY.items():
            rebuild_days(pipeline.con, leases, pipeline.graph, family, one_day(day))

    def compare() -> None:
        for name, column in DAY_COLUMNS.items():
            days = one_day(SECOND_DAY[pipeline.graph[name].family])
            after, expected = engine.table(name), TABLES[name](log)
            same_rows(
                on_days(after, column, days, inside=True), on_days(expected, column, days, inside=True), name
            )
            same_rows(
                on_days(after, column, days, inside=False),
                on_days(before[name], column, days, inside=False),
                name,
            )

    return compare


def same_rows(actual: list[Row], expected: list[Row], what: str) -> None:
    """Compare rows, of which there must be some for the comparison to mean anything."""
    assert expected
    assert_same_rows(actual, expected, what)
