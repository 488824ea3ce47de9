"""Each rule of `models/spark.py` is needed, and gives on Spark the value and the type that DuckDB gives."""

import duckdb
import pytest
import sqlglot
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from sqlglot import exp

from proptech_pipelines.models.model import parse_model
from proptech_pipelines.models.spark import spark_sql

HEADER = '/*\nkind = "view"\nfamily = "f"\ndescription = "d"\nday_of = "d"\n*/\n'
RULES = [
    ("cast(cast(a as hugeint) * 1000000000 // b as decimal(38, 0))", (-999_000_000_001, 7)),
    ("cast(cast(a as hugeint) * 1000000000 // b as decimal(38, 0))", (999_999_999_999, 10**12)),
    ("a // b", (5, 0)),
    ("a % b", (5, 0)),
    ("cast(a as decimal(38, 0)) / b", (1, 3)),
    ("cast(sum(a + b) as decimal(38, 0))", (8 * 10**18, 10**18)),
    ("cast(coalesce(sum(a + b), 0) as decimal(38, 0))", (8 * 10**18, 10**18)),
    ("epoch_ms(a + b)", (1_714_521_600_000, 1)),
    ("make_timestamp(a + b)", (1_714_521_600_000_000, 1)),
    ("epoch_us(make_timestamp(a + b))", (1_714_521_600_000_000, 1)),
    ("date_trunc('hour', epoch_ms(a + b))", (1_714_521_600_000, 3_600_001)),
    ("rank() over (order by a, b)", (1, 2)),
    ("row_number() over (order by a, b)", (1, 2)),
]
BOTH_ALIKE = [
    ("a // b", (-7, 2)),
    ("a % b", (-7, 2)),
    (
        "date_diff('millisecond', timestamp '2024-05-01 00:00:00', timestamp '2024-04-30 23:59:59.999')",
        (0, 0),
    ),
    ("a * 10 // b * 10", (7, 4)),
    ("md5(concat('a', cast(a as varchar)))", (-7, 2)),
    ("timestamp '2024-05-01 00:00:00' - a * interval 1 minute", (11, 0)),
]


def select(expression, numbers):
    """A SELECT of `expression` over two rows, both with these 64-bit numbers as a and b."""
    row = f"(cast({numbers[0]} as bigint), cast({numbers[1]} as bigint))"
    return f"select {expression} as value from (values {row}, {row}) as numbers (a, b)"


def on_duckdb(sql):
    with duckdb.connect() as con:
        found = con.execute(sql)
        kind = exp.DataType.build(str(found.description[0][1]), dialect="duckdb").sql("spark")
        return kind.lower().replace(" ", ""), sorted(found.fetchall(), key=str)


def on_spark(spark, sql):
    try:
        frame = spark.sql(sql)
        return frame.dtypes[0][1], sorted((tuple(row) for row in frame.collect()), key=str)
    except (PySparkException, Py4JJavaError):
        return "error"


@pytest.mark.parametrize(("expression", "numbers"), RULES + BOTH_ALIKE)
def test_spark_gives_the_value_and_the_type_that_duckdb_gives(expression, numbers, spark):
    sql = select(expression, numbers)
    model = parse_model("m", "f", HEADER + sql)
    assert on_spark(spark, spark_sql(model)) == on_duckdb(sql)


@pytest.mark.parametrize(("expression", "numbers"), RULES)
def test_without_the_rule_spark_gives_an_error_another_value_or_another_type(expression, numbers, spark):
    sql = select(expression, numbers)
    [transpiled] = sqlglot.transpile(sql, read="duckdb", write="spark")
    assert on_spark(spark, transpiled) != on_duckdb(sql)
