"""Wrong about what an engine does with a slice, in compaction, and when days are derived again."""

from proptech_pipelines_tests.aimed_logs import alerts_that_vanish, figures, lateness, sums, three_days
from proptech_pipelines_tests.wrong_variants.variant import WrongVariant

SLICES = "proptech_pipelines/models/slices.py"
FOLD = "proptech_pipelines/models/fold.py"
ENGINE = "proptech_pipelines/engines/duckdb.py"
SESSION = "proptech_pipelines/engines/session.py"
GROUPS = "proptech_pipelines/engines/groups.py"
MAINTENANCE = "proptech_pipelines/lake/maintenance.py"
COMPARE = "proptech_pipelines/pipeline/compare.py"
REBUILD = "proptech_pipelines/pipeline/rebuild.py"

SLICING = (
    WrongVariant("rows of the slice before again", SLICES, "> {self.low} and", ">= {self.low} and", lateness),
    WrongVariant("last rows of the slice lost", SLICES, "<= {self.high}", "< {self.high}", lateness),
    WrongVariant(
        "no retractions",
        SLICES,
        "from {old} except select {names} from {new}",
        "from {old} except select {names} from {old}",
        alerts_that_vanish,
    ),
    WrongVariant(
        "vanished rows shown to readers",
        SLICES,
        "{table}{where} group by all having sum({SIGN_COLUMN}) > 0",
        "{table}{where} group by all",
        alerts_that_vanish,
    ),
    WrongVariant(
        "rows that others look back to stay as they are",
        SLICES,
        "where {tests} union select",
        "where false union select",
        figures,
    ),
    WrongVariant("counts merge as counts", FOLD, 'exp.Count: "sum"', 'exp.Count: "count"', sums),
    WrongVariant("least merges as largest", FOLD, 'exp.Min: "min"', 'exp.Min: "max"', sums),
    WrongVariant("highest key left out", GROUPS, "<= '{found[1]}'", "< '{found[1]}'", alerts_that_vanish),
    WrongVariant(
        "what a step adds unknown to the models above",
        SESSION,
        "if not self.pending.get(model.name):",
        "if True:",
        alerts_that_vanish,
    ),
    WrongVariant(
        "rows taken in twice",
        ENGINE,
        'select {commit_number}, {columns} from delta_{model.name}"',
        'select {commit_number}, {columns} from (from delta_{model.name} union all from delta_{model.name})"',
        sums,
    ),
)

UPKEEP = (
    WrongVariant("folded rows kept", MAINTENANCE, 'con.execute(f"delete from {source}")', "", sums, "fold"),
    WrongVariant(
        "folded rows lost",
        MAINTENANCE,
        'con.execute(f"insert into {table} select * from folded_rows")',
        "",
        sums,
        "fold",
    ),
    WrongVariant(
        "a folded row lost",
        MAINTENANCE,
        "select * from folded_rows",
        "select * from folded_rows order by all offset 1",
        sums,
        "fold",
    ),
    WrongVariant(
        "fold drops retractions",
        MAINTENANCE,
        "having sum({SIGN_COLUMN}) <> 0",
        "having sum({SIGN_COLUMN}) > 0",
        alerts_that_vanish,
        "fold",
    ),
    WrongVariant(
        "fold takes retractions for rows",
        MAINTENANCE,
        "cast(sum({SIGN_COLUMN}) as integer) as {SIGN_COLUMN}",
        "1 as {SIGN_COLUMN}",
        alerts_that_vanish,
        "fold",
    ),
)

REBUILDS = (
    WrongVariant(
        "the day after rebuilt, too",
        COMPARE,
        "{model.day_of} < timestamp '{days.end}'",
        "{model.day_of} < timestamp '{days.end}' + interval 1 day",
        three_days,
        "rebuild",
    ),
    WrongVariant(
        "the day before rebuilt, too",
        COMPARE,
        "{model.day_of} >= timestamp '{days.start}'",
        "{model.day_of} >= timestamp '{days.start}' - interval 1 day",
        three_days,
        "rebuild",
    ),
    WrongVariant(
        "recomputed tables left as they are",
        REBUILD,
        "engine.replace(model, keys, rows, near, number)",
        "pass",
        three_days,
        "rebuild",
    ),
    WrongVariant(
        "surplus rows left",
        REBUILD,
        "where rowid in (select row_id from gone_{model.name})",
        "where false",
        three_days,
        "rebuild",
    ),
    WrongVariant(
        "missing rows left",
        COMPARE,
        "return bool(self.missing or self.surplus)",
        "return bool(self.surplus)",
        three_days,
        "rebuild",
    ),
)
