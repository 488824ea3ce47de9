"""Every model's SQL is Spark's too: it is read by Spark's own parser and gives there the rows of the lake."""

import pytest

from proptech_pipelines.lake.generations import checkout_graph
from proptech_pipelines.models.spark import spark_sql
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.spark.both import Both, all_cases
from proptech_pipelines_tests.table_equality import assert_same_rows

GRAPH = checkout_graph()
TABLES = [model.name for model in GRAPH.market]


@pytest.fixture(scope="module")
def both(spark, empty_lake, tmp_path_factory):
    """The records of all YAML tests in one lake, at its end, and on Spark."""
    folder = tmp_path_factory.mktemp("both")
    with EngineDriver(folder / "lake", empty_lake) as driver:
        driver.pipe(all_cases())
        driver.advance()
        yield Both(driver, spark, folder)


@pytest.mark.parametrize("name", GRAPH.models)
def test_sparks_own_parser_reads_the_model(name, spark):
    parser = spark._jsparkSession.sessionState().sqlParser()
    parser.parsePlan(spark_sql(GRAPH[name]))


@pytest.mark.parametrize("name", TABLES)
def test_model_gives_the_rows_of_the_lake_on_spark(name, both):
    on_spark = both.spark_rows(name)
    assert on_spark != []
    assert_same_rows(both.lake_rows(name), on_spark, name)
    assert both.frame(name).columns == list(both.lake_rows(name)[0])
