"""A model: a SELECT with a small TOML header in its leading comment.

    /*
    kind = "fold"
    family = "price_change_analysis"
    description = "..."
    */
    select zip_code, -- Five-digit US zip code
    ...

The comment behind a column is its description. The file's stem is the table's name.
"""

from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from proptech_pipelines.errors import ModelError
from proptech_pipelines.models.header import Kind, read_header

STORED_KINDS = ("append", "fold", "recompute", "settled")
COMMIT_COLUMN = "commit_number"
COORDINATES = ("topic_id", "kafka_partition", "kafka_offset")
"""Columns that name a record; those of a driver row name the rows that are computed for it."""
SIGN_COLUMN = "sign"


@dataclass(frozen=True)
class Conserves:
    """What a fold or an append table must account for: the rows of view `rows` = its own + the rows of `late`.

    A fold counts its own in the column `count`; of an append table each row is one, and `count` is empty.
    """

    rows: str
    late: str
    count: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a model's result and what it says of it."""

    name: str
    description: str


@dataclass(frozen=True)
class Model:
    """A parsed model. `sql` is the definition as written, without the header; nothing rewrites it."""

    name: str
    kind: Kind
    sql: str
    description: str
    folder: str
    text: str
    """The whole file, from which `parse_model` gives this model again."""
    columns: tuple[Column, ...]
    inputs: tuple[str, ...]
    family: str = ""
    """The consumer that stores it; models of a family advance together, in one transaction."""
    topic: str = ""
    """Staging only: the topic whose decoded records it types."""
    key: tuple[str, ...] = ()
    """Recompute only: columns of the result and of every input that name a group."""
    reads: tuple[str, ...] = ()
    """Recompute only: for a one-column key, expressions of the input keys that a group depends on."""
    driver: str = ""
    """Recompute by driver row only: the input each of whose rows gives rows of its own, under its coordinates."""
    time: str = ""
    """Its event time, a column of every input: what is read at it lies within `back` and `ahead`."""
    back: str = ""
    """How far before the driver row's time the other inputs are read, as `10 minutes`; empty for no bound."""
    ahead: str = ""
    """How far after it, as `7 days`; empty for not at all."""
    moment: str = ""
    """Settled only: the column with the moment of a row, at which it is decided once."""
    wait: str = ""
    """Settled only: by how much the stream time of every partition must pass a moment, as `5 minutes`."""
    reach: tuple[tuple[str, str], ...] = ()
    """Settled only: inputs or staging tables behind them, and how far before a moment their rows can matter."""
    identity: tuple[str, ...] = ()
    """Columns whose values no two rows share."""
    day_of: str = ""
    """Column whose day is the row's partition in Dagster."""
    every_seconds: int = 0
    """At most so often the family takes in what came; of the models of a family the greatest counts."""
    reach_days: int = 0
    """How many days the event time of a record may lie from the day of its rows; 0 for no such bound."""
    conserves: Conserves | None = None
    generation: int = 1
    """Which making of its table this is. The tables of a family have one number; staging tables have their own."""
    reader_schema: str = ""
    """Staging only: the Avro schema by which its records are read; empty for the newest in this installation."""
    is_live: bool = True
    """False while its table is built beside the live one."""

    @property
    def table(self) -> str:
        """The table that holds its rows: a public view stands before it, except before a staging table."""
        if self.kind == "staging" and self.is_live:
            return self.name
        return f"{self.name}__{self.generation}"

    @property
    def is_stored(self) -> bool:
        """Whether its rows are kept (a view's are computed when read)."""
        return self.kind in STORED_KINDS

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the result's columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def unit(self) -> tuple[str, ...]:
        """The columns that tell apart what a recomputed model is computed for: driver rows, or groups."""
        return COORDINATES if self.driver else self.key

    @property
    def touched_columns(self) -> tuple[str, ...]:
        """The columns that say of a unit of a recomputed model what concerns it."""
        return (*COORDINATES, *self.key, self.time) if self.driver else self.key

    @property
    def stored_columns(self) -> tuple[str, ...]:
        """Names of the columns of the stored table without its transaction number, in order."""
        return ((SIGN_COLUMN,) if self.kind == "recompute" else ()) + self.column_names


@cache
def parse_model(name: str, folder: str, text: str) -> Model:
    """Read the file `name`.sql of `folder`.

    Raises ModelError for a header that `read_header` refuses, and for SQL that is not one SELECT.
    """
    header, sql = read_header(name, text)
    tree = parse_select(name, sql)
    return Model(
        name=name,
        kind=header["kind"],
        sql=sql,
        description=header["description"],
        folder=folder,
        text=text,
        columns=_columns(tree),
        inputs=() if header["kind"] == "staging" else _inputs(tree),
        family=header.get("family", ""),
        topic=header.get("topic", ""),
        key=tuple(header.get("key", ())),
        reads=tuple(header.get("reads", ())),
        driver=header.get("driver", ""),
        time=header.get("time", ""),
        back=header.get("back", ""),
        ahead=header.get("ahead", ""),
        moment=header.get("moment", ""),
        wait=header.get("wait", ""),
        reach=tuple(header.get("reach", {}).items()),
        identity=tuple(header.get("identity", ())),
        day_of=header.get("day_of", ""),
        every_seconds=header.get("every_seconds", 0),
        reach_days=header.get("reach_days", 0),
        conserves=Conserves(**header["conserves"]) if "conserves" in header else None,
    )


def parse_select(name: str, sql: str) -> exp.Select:
    """The syntax tree of `sql`. Raises ModelError unless it is one SELECT."""
    try:
        trees = sqlglot.parse(sql, read="duckdb")
    except SqlglotError as error:
        raise ModelError(f"{name}: {error}", "correct the SQL.") from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Select):
        raise ModelError(f"{name}: a model is one SELECT.", "split it into models, one a file.")
    return trees[0]


def _columns(tree: exp.Select) -> tuple[Column, ...]:
    found: list[Column] = []
    for projection in tree.expressions:
        # What stands behind the column describes it; what stands above it explains the expression.
        nodes = [projection] if projection.comments else projection.walk()
        comments = [comment.strip() for node in nodes for comment in node.comments or ()]
        found.append(Column(projection.alias_or_name, comments[-1] if comments else ""))
    return tuple(found)


def _inputs(tree: exp.Select) -> tuple[str, ...]:
    local = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    names = dict.fromkeys(table.name for table in tree.find_all(exp.Table))
    return tuple(name for name in names if name not in local)
