"""Upkeep of the lake in small steps: few live files, folded rows, no leftovers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import duckdb

from proptech_pipelines.lake.connection import LAKE, catalog_tables, scalar
from proptech_pipelines.lake.tables import KEPT_IN_CATALOG
from proptech_pipelines.lake.transactions import transaction
from proptech_pipelines.models.fold import fold_of
from proptech_pipelines.models.model import COMMIT_COLUMN, SIGN_COLUMN, Model

KEEP_HOURS = 1
"""Files and snapshots are kept this long after they were replaced: the longest that one query may take."""
MOST_IN_CATALOG = 10_000
"""So many rows of a table in the catalog cost 7 ms whenever it is read, 100,000 of them 100 ms."""
FOLD_RANGES = (8, 64, 512, 4_096, 32_768, 262_144)
"""Rows of so many transactions are folded into one, in aligned ranges, so that a repeated fold finds nothing to do.

At most seven files a width remain: 42 below two million transactions. Each file holds one range, so that folding
drops whole files.
"""


@dataclass(frozen=True)
class Tier:
    """Files of [low_bytes, high_bytes) of a table are merged when there are at least `files` of them."""

    low_bytes: int
    high_bytes: int
    files: int
    at_once: int


TIERS = (
    Tier(0, 256 << 10, 16, 64),
    Tier(256 << 10, 4 << 20, 8, 8),
    Tier(4 << 20, 32 << 20, 6, 6),
)


def live_files(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Number of live files of each table, and their bytes."""
    rows = con.execute(
        f"select table_name, file_count, file_size_bytes from ducklake_table_info('{LAKE}')"
    ).fetchall()
    return {name: (count, total_bytes) for name, count, total_bytes in rows}


def merge_files(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, tuple[int, int]], folded: Collection[str] = ()
) -> str | None:
    """Merge the small files of that of `tables` (see `live_files`) which needs it most; its name, None if none does.

    The tables in `folded` are left alone: folding their rows keeps their files few.
    """
    sizes: list[tuple[str, int]] = []
    for name, (count, total_bytes) in tables.items():
        # Listing files costs 4 ms a table, so only where a tier can be over its limit at all.
        is_candidate = any(
            count >= tier.files and total_bytes >= tier.files * tier.low_bytes for tier in TIERS
        )
        if is_candidate and name not in folded:
            files = con.execute(
                f"select data_file_size_bytes from ducklake_list_files('{LAKE}', '{name}')"
            ).fetchall()
            sizes += [(str(name), int(size)) for (size,) in files]
    found = most_fragmented(sizes)
    if found is None:
        return None
    table, tier = found
    with transaction(con, takes_turn=False):
        con.execute(
            f"call ducklake_merge_adjacent_files('{LAKE}', '{table}', max_compacted_files => {tier.at_once}, "
            f"min_file_size => {tier.low_bytes}, max_file_size => {tier.high_bytes})"
        ).fetchall()
    return table


def most_fragmented(sizes: list[tuple[str, int]]) -> tuple[str, Tier] | None:
    """The table and tier with the most files beyond the tier's limit, of (table, file size in bytes)."""
    best: tuple[int, str, Tier] | None = None
    for tier in TIERS:
        counts: dict[str, int] = {}
        for table, size in sizes:
            if tier.low_bytes <= size < tier.high_bytes:
                counts[table] = counts.get(table, 0) + 1
        for table, count in counts.items():
            excess = count - tier.files
            if excess >= 0 and (best is None or excess > best[0]):
                best = (excess, table, tier)
    return (best[1], best[2]) if best else None


def fold_rows(con: duckdb.DuckDBPyConnection, model: Model, up_to: int) -> bool:
    """Fold the rows of one range of transactions of `model`, all at most `up_to`; whether there was one.

    What readers see does not change. Hold the family's lease: an insert beside it would fail.
    """
    table = f"{LAKE}.{model.table}"
    commits = [
        int(row[0])
        for row in con.execute(
            f"select distinct {COMMIT_COLUMN} from {table} where {COMMIT_COLUMN} <= {up_to} order by 1"
        ).fetchall()
    ]
    found = range_to_fold(commits, up_to)
    if found is None:
        return False
    low, high = found
    source = f"{table} where {COMMIT_COLUMN} > {low} and {COMMIT_COLUMN} <= {high}"
    columns = ", ".join(model.column_names)
    if model.kind == "fold":
        rows = f"select {high} as {COMMIT_COLUMN}, {columns} from ({fold_of(model).merged(source)})"
    else:
        rows = (
            f"select {high} as {COMMIT_COLUMN}, cast(sum({SIGN_COLUMN}) as integer) as {SIGN_COLUMN}, {columns} "
            f"from {source} group by {columns} having sum({SIGN_COLUMN}) <> 0"
        )
    with transaction(con, takes_turn=False):
        con.execute(f"create or replace temporary table folded_rows as {rows}")
        con.execute(f"delete from {source}")
        con.execute(f"insert into {table} select * from folded_rows")
    return True


def range_to_fold(commits: list[int], up_to: int) -> tuple[int, int] | None:
    """The first whole aligned range (low, high] that holds rows of more than one transaction, the widest first."""
    for width in reversed(FOLD_RANGES):
        counts: dict[int, int] = {}
        for commit in commits:
            counts[(commit - 1) // width] = counts.get((commit - 1) // width, 0) + 1
        for number, count in sorted(counts.items()):
            if count > 1 and (number + 1) * width <= up_to:
                return number * width, (number + 1) * width
    return None


def remove_leftovers(con: duckdb.DuckDBPyConnection) -> None:
    """Forget snapshots, and remove files and rows that nothing refers to any more, all older than `KEEP_HOURS`."""
    older = f"now() - interval '{KEEP_HOURS} hour'"
    con.execute(f"call ducklake_expire_snapshots('{LAKE}', older_than => {older})").fetchall()
    con.execute(f"call ducklake_cleanup_old_files('{LAKE}', older_than => {older})").fetchall()
    oldest = f"(select min(snapshot_id) from {catalog_tables(con)}.ducklake_snapshot)"
    for _, table in in_catalog(con):
        # DuckLake leaves them: each move of a head is one, and all are read whenever the head is.
        con.execute(f"delete from {table} where end_snapshot <= {oldest}")


def write_to_files(con: duckdb.DuckDBPyConnection) -> None:
    """Write long tables that are kept in the catalog to files, of which a reader leaves out what it does not need."""
    for name, table in in_catalog(con):
        if name in KEPT_IN_CATALOG and scalar(con, f"select count(*) from {table}") > MOST_IN_CATALOG:
            with transaction(con):
                con.execute(f"call ducklake_flush_inlined_data('{LAKE}', table_name => '{name}')").fetchall()


def in_catalog(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """The tables whose rows are kept in the catalog, each with the table there that holds them."""
    catalog = catalog_tables(con)
    rows = con.execute(
        f"select t.table_name, d.table_name from {catalog}.ducklake_inlined_data_tables as d "
        f"inner join {catalog}.ducklake_table as t using (table_id) where t.end_snapshot is null"
    ).fetchall()
    return [(name, f"{catalog}.{table}") for name, table in rows]
