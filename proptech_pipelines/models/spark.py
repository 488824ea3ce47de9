"""A model's SQL as Spark reads it: the seam for an engine on Spark.

sqlglot turns DuckDB's dialect into Spark's. Where its answer would give an error or other values, a rule changes the
syntax tree first, so that Spark gives the rows that DuckDB gives. What the rules suppose: the session's time zone
is UTC, and timestamps of the lake are read as TIMESTAMP_NTZ, as Spark does by default with DuckDB's Parquet files.

| DuckDB | in sqlglot's Spark | by the rule |
|---|---|---|
| `hugeint` | INT128, which Spark does not know | DECIMAL(38, 0) |
| `a // b`, where `a` is made of a `hugeint` | `a DIV b`, a BIGINT: wrong beyond it | `(a - a % b) / b`, exact |
| `a // b`, `a % b`, where `b` is 0 | an error | null: `nullif(b, 0)` |
| `a / b` | of two decimals a decimal of 6 places | of two doubles |
| `sum(a)` within a cast to `decimal(38, 0)` | of integers a BIGINT: an error beyond it | a sum of decimals |
| `epoch_ms(a)`, `make_timestamp(a)`, `date_trunc(a, b)` | a TIMESTAMP, which is shown in a time zone | TIMESTAMP_NTZ |
| `epoch_us(a)` | EPOCH_US, which Spark does not know | UNIX_MICROS of a TIMESTAMP |
| `rank()`, `row_number()` | an INT | BIGINT |

Integer division and `%` truncate toward zero in both.
"""

from sqlglot import exp

from proptech_pipelines.models.model import Model, parse_select

_WIDE = exp.DataType.build("decimal(38, 0)", dialect="duckdb")


def spark_sql(model: Model) -> str:
    """The SELECT of `model` in Spark's dialect, over inputs of the same names, without comments."""
    tree = parse_select(model.name, model.sql)
    # Inner expressions first, so that an outer one takes up what has become of them.
    for node in reversed(list(tree.walk())):
        _rewrite(node)
    for wide in tree.find_all(exp.DataType):
        if wide.this == exp.DType.INT128:
            wide.replace(_WIDE.copy())
    return tree.sql(dialect="spark", comments=False)


def _rewrite(node: exp.Expr) -> None:
    """Put what the table above says in the place of `node`, if it says anything."""
    if isinstance(node, exp.IntDiv):
        node.replace(_integer_division(node))
    elif isinstance(node, exp.Mod):
        node.set("expression", _null_for_zero(node.expression))
    elif isinstance(node, exp.Div):
        node.set("this", _cast(node.this, "double"))
        node.set("expression", _cast(node.expression, "double"))
    elif isinstance(node, exp.Cast) and node.to == _WIDE:
        for total in node.find_all(exp.Sum):
            total.set("this", exp.Cast(this=total.this, to=_WIDE.copy()))
    elif isinstance(node, exp.UnixToTime | exp.TimestampTrunc | exp.DateTrunc):
        node.replace(_cast(node, "timestamp"))
    elif isinstance(node, exp.Anonymous) and node.name.lower() == "epoch_us":
        node.replace(exp.UnixMicros(this=_cast(node.expressions[0], "timestamptz")))
    elif isinstance(node, exp.Window) and isinstance(node.this, exp.Rank | exp.RowNumber):
        node.replace(_cast(node, "bigint"))


def _integer_division(node: exp.IntDiv) -> exp.Expr:
    dividend, divisor = node.this, _null_for_zero(node.expression)
    if not any(part.this == exp.DType.INT128 for part in dividend.find_all(exp.DataType)):
        node.set("expression", divisor)
        return exp.paren(node.copy(), copy=False)
    remainder = exp.Mod(this=dividend.copy(), expression=divisor.copy())
    exact = exp.paren(exp.Sub(this=dividend.copy(), expression=remainder), copy=False)
    return exp.paren(exp.Div(this=exact, expression=divisor), copy=False)


def _null_for_zero(divisor: exp.Expr) -> exp.Expr:
    if isinstance(divisor, exp.Literal):
        return divisor
    return exp.Nullif(this=divisor.copy(), expression=exp.Literal.number(0))


def _cast(value: exp.Expr, to: str) -> exp.Cast:
    return exp.Cast(this=value.copy(), to=exp.DataType.build(to, dialect="duckdb"))
