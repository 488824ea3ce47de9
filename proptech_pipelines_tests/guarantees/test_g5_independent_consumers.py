"""G5, independent consumers: a family that fails is halted alone and catches up when it is mended."""

from proptech_pipelines.engines.duckdb import DuckDBEngine
from proptech_pipelines.errors import FamilyHalted
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.pipeline.advance import family_position
from proptech_pipelines.pipeline.stream import StreamRun
from proptech_pipelines.simulator import Options, produce
from proptech_pipelines_tests.guarantees.judge import assert_lake_is_whole
from proptech_pipelines_tests.guarantees.lakes import fresh_lake


def test_g5_a_poisoned_family_halts_alone_and_catches_up_when_mended(stack, tmp_path, monkeypatch):
    settings = fresh_lake(stack, tmp_path / "lake")
    produce(settings, 2_000, options=Options(broken=0.01))
    whole = DuckDBEngine.compute

    def poisoned(engine, family, part, number):
        if family == "market_index":
            raise ZeroDivisionError("poison")
        return whole(engine, family, part, number)

    monkeypatch.setattr(DuckDBEngine, "compute", poisoned)
    summary = StreamRun(settings).run(lambda: False, drain=True)
    assert list(summary.halted) == ["market_index"]
    halted = summary.halted["market_index"]
    assert isinstance(halted, FamilyHalted)
    assert "poison" in str(halted)
    con = connect(settings, read_only=True)
    ingested = con.execute("select b from head_ingest").fetchone()[0]
    assert family_position(con, "price_change_analysis").input_commit == ingested
    assert family_position(con, "market_index").input_commit == 0
    con.close()

    monkeypatch.undo()
    assert StreamRun(settings).run(lambda: False, drain=True).halted == {}
    assert assert_lake_is_whole(settings) >= 2_000
    con = connect(settings, read_only=True)
    assert con.execute("select count(*) > 0 from market_index").fetchone() == (True,)
    con.close()
