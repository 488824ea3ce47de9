"""Averages and limits of a window whose sums 64 bits do not hold, which no log of a test brings."""

import pytest
import sqlglot

from proptech_pipelines.models.spark import spark_sql
from proptech_pipelines_tests.models.test_price_change_rates import CHANGES, COLUMNS, MODEL, expected, window

pytestmark = pytest.mark.long


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_rates_are_exact_on_spark(changes, spark):
    session = spark.newSession()
    (windows,) = sqlglot.transpile(window(changes), read="duckdb", write="spark")
    session.sql(windows).createOrReplaceTempView("price_change_windows")
    rows = session.sql(f"select {COLUMNS} from ({spark_sql(MODEL)})").collect()
    assert [tuple(row) for row in rows] == [expected(changes)]
