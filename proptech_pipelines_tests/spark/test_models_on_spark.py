"""Every model's SQL is Spark's too: Spark's own parser reads it, and it gives there the rows of the lake."""

import pytest

from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.spark import spark_sql
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.spark.both import Both, rows_of, whole_log
from proptech_pipelines_tests.table_equality import assert_same_rows

pytestmark = pytest.mark.long

GRAPH = checkout_graph()
STAGING = [model.name for model in GRAPH.staging]
TABLES = [model.name for model in GRAPH.market]


@pytest.fixture(scope="module")
def both(spark, empty_lake, tmp_path_factory):
    """A lake at the end of a log on which every table has rows, and Spark beside it."""
    folder = tmp_path_factory.mktemp("both")
    with EngineDriver(folder / "lake", empty_lake) as driver:
        driver.pipe(whole_log())
        driver.advance()
        yield Both(driver, spark, folder)


@pytest.mark.parametrize("name", GRAPH.models)
def test_sparks_own_parser_reads_the_model(name, spark):
    parser = spark._jsparkSession.sessionState().sqlParser()
    parser.parsePlan(spark_sql(GRAPH[name]))


@pytest.mark.parametrize("name", STAGING)
def test_staging_model_gives_the_rows_of_the_lake_on_spark(name, both):
    on_spark = rows_of(both.staged(name))
    assert on_spark != []
    assert_same_rows(both.lake.table(name), on_spark, name)


@pytest.mark.parametrize("name", TABLES)
def test_table_has_the_columns_the_types_and_the_rows_of_the_lake_on_spark(name, both):
    frame = both.frame(name)
    assert dict(frame.dtypes) == both.lake_types(name)
    on_spark = rows_of(frame)
    assert on_spark != []
    assert_same_rows(both.lake.table(name), on_spark, name)
