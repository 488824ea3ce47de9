"""What slices cannot keep right is refused, by name."""

import pytest

from proptech_pipelines.errors import ModelError
from proptech_pipelines.models.supported import check_model
from proptech_pipelines_tests.models.small_models import (
    APPEND,
    FOLD,
    RECOMPUTE,
    STAGING,
    VIEW,
    graph,
    model,
    problems,
    totals,
)

TOTALS = "zip_code, day, count(*) as sales"


@pytest.mark.parametrize(
    ("header", "sql", "words"),
    [
        (VIEW, "select now() as at from stg_sales", "now() is not a function of the log"),
        (VIEW, "select current_date as at from stg_sales", "current_date() is not a function of the log"),
        (VIEW, "select today() as at from stg_sales", "is not a function of the log"),
        (VIEW, "select price * random() as p from stg_sales", "rand() is not a function of the log"),
        (VIEW, "select version() as v from stg_sales", "current_version() is not a function of the log"),
        (VIEW, "select age(day) as a from stg_sales", "age() is not a function of the log"),
        (VIEW, "select ago(interval 1 day) as a from stg_sales", "ago() is not a function of the log"),
        (
            VIEW,
            "select current_setting('TimeZone') as z from stg_sales",
            "current_setting() is not a function",
        ),
        (VIEW, "select user as u from stg_sales", "is not a function of the log"),
        (APPEND, "select topic_id, now() as day from stg_sales", "now() is not a function of the log"),
        (
            FOLD,
            "select zip_code, max(now()) as day from stg_sales group by zip_code",
            "now() is not a function",
        ),
        (RECOMPUTE, "select zip_code, now() as day from totals", "now() is not a function of the log"),
        (STAGING, "select now() as at from decoded", "now() is not a function of the log"),
        (VIEW, "select * from stg_sales limit 3", "LIMIT picks rows by an order"),
        (VIEW, "select * from stg_sales offset 3", "OFFSET picks rows by an order"),
        (VIEW, "select * from stg_sales using sample 10", "SAMPLE picks rows by an order"),
        (VIEW, "select distinct on (zip_code) * from stg_sales", "DISTINCT ON picks rows by an order"),
        (VIEW, "select first(price) as p from stg_sales", "first() depends on the order of rows"),
        (VIEW, "select any_value(price) as p from stg_sales", "any_value() depends on the order of rows"),
        (VIEW, "select arg_max(price, day) as p from stg_sales", "arg_max() depends on the order of rows"),
        (VIEW, "select list(price) as p from stg_sales", "array_agg() depends on the order of rows"),
        (VIEW, "select string_agg(zip_code, ',') as p from stg_sales", "group_concat() depends on the order"),
        (VIEW, "select mode(price) as p from stg_sales", "mode() depends on the order of rows"),
        (
            VIEW,
            "select approx_count_distinct(price) as p from stg_sales",
            "depends on the order of rows or guesses",
        ),
        (
            VIEW,
            "select approx_quantile(price, 0.5) as p from stg_sales",
            "depends on the order of rows or guesses",
        ),
        (
            VIEW,
            "select row_number() over () as n from stg_sales",
            "row_number() depends on the order of rows",
        ),
        (
            VIEW,
            "select lag(price) over (partition by zip_code) as n from stg_sales",
            "lag() depends on the order",
        ),
        (
            VIEW,
            "select list(price) over (partition by zip_code) as n from stg_sales",
            "array_agg() depends on",
        ),
        (
            VIEW,
            "select row_number() over (order by price) as n from stg_sales",
            "has no total order: let it cover",
        ),
        (
            VIEW,
            "select rank() over (order by day, number) as n from "
            "(select day, row_number() over (order by price) as number from stg_sales) as numbered",
            "the window (ROW_NUMBER() OVER (ORDER BY price)) has no total order",
        ),
        (
            VIEW,
            "select rank() over (order by day, number) as n from (select day, "
            "row_number() over (partition by zip_code order by price, topic_epoch, kafka_partition, kafka_offset) "
            "as number from stg_sales) as numbered",
            "has no total order: let it cover",
        ),
        (
            VIEW,
            "select x, row_number() over (order by topic_epoch, kafka_partition, kafka_offset) as price "
            "from (select *, lag(zip_code) over (order by price) as x from stg_sales) as before",
            "has no total order: let it cover",
        ),
        (
            VIEW,
            "select lag(price) over (order by number) as p from (select price, row_number() over "
            "(w order by topic_epoch, kafka_partition, kafka_offset) as number from stg_sales "
            "window w as (partition by zip_code)) as numbered",
            "has no total order: let it cover",
        ),
        (
            VIEW,
            "select lag(price) over (order by number) as p from (select price, number // 10 as number from "
            "(select price, row_number() over (order by topic_epoch, kafka_partition, kafka_offset) as number "
            "from stg_sales) as numbered) as tens",
            "has no total order: let it cover",
        ),
        (
            VIEW,
            "select rank() over (partition by day order by sales) as n from totals",
            "let it cover day, zip_code",
        ),
        (
            APPEND,
            "select a.topic_id, a.day from stg_sales as a, totals as b",
            "reads exactly one input, here 2",
        ),
        (
            APPEND,
            "select a.topic_id, a.day from stg_sales as a join stg_sales as b using (day)",
            "a join needs rows",
        ),
        (APPEND, "select distinct topic_id, day from stg_sales", "DISTINCT does not add up over slices"),
        (APPEND, "select topic_id, day from (select * from stg_sales) as s", "a sub-query does not add up"),
        (
            APPEND,
            "with s as (select * from stg_sales) select topic_id, day from s",
            "a sub-query does not add up",
        ),
        (
            APPEND,
            "select topic_id, rank() over (order by day) as day from stg_sales",
            "a window function sees more",
        ),
        (
            APPEND,
            "select topic_id, max(day) as day from stg_sales group by topic_id",
            "an aggregate belongs in a fold",
        ),
        (APPEND, "select max(topic_id) as topic_id from stg_sales", "an aggregate belongs in a fold"),
        (
            APPEND,
            "select zip_code as topic_id, day from totals",
            "reads staging or append tables, not totals (fold)",
        ),
        (
            FOLD,
            f"select {TOTALS} from stg_sales group by zip_code, day having count(*) > 1",
            "HAVING does not add up",
        ),
        (
            FOLD,
            f"select {TOTALS} from totals group by zip_code, day",
            "reads staging or append tables, not totals",
        ),
        (
            FOLD,
            "select zip_code, day, avg(price) as a from stg_sales group by zip_code, day",
            "do not add up",
        ),
        (
            FOLD,
            "select zip_code, count(distinct price) as a from stg_sales group by zip_code",
            "do not add up",
        ),
        (RECOMPUTE, "select day, sales from totals", "the key zip_code is not among the columns"),
        (
            RECOMPUTE,
            "select max(zip_code) as zip_code, day from totals group by day",
            "GROUP BY lacks the key zip_code",
        ),
        (
            RECOMPUTE,
            "select zip_code, day, sum(sales) over (partition by day) as s from totals",
            "PARTITION BY lacks the key zip_code",
        ),
        (
            RECOMPUTE,
            "select a.zip_code, b.day from totals as a join totals as b using (day)",
            "JOIN lacks the key",
        ),
        (RECOMPUTE, "select a.zip_code, b.day from totals as a, totals as b", "JOIN lacks the key zip_code"),
        (
            RECOMPUTE,
            "select max(zip_code) as zip_code, max(day) as day from totals",
            "without GROUP BY spans groups",
        ),
        (
            RECOMPUTE,
            "select zip_code, day from totals where sales > (select avg(sales) from totals)",
            "a sub-query in a condition or column sees other groups",
        ),
        (
            RECOMPUTE,
            "select zip_code, day from totals where day in (select day from totals where sales > 5)",
            "a sub-query in a condition or column sees other groups",
        ),
        (
            RECOMPUTE,
            "select zip_code, day from totals where exists (select 1 from totals as o where o.sales > 5)",
            "a sub-query in a condition or column sees other groups",
        ),
        (
            FOLD,
            "select zip_code, day, try_cast(sum(price) as bigint) as a from stg_sales group by zip_code, day",
            "TRY_CAST of an aggregate gives null",
        ),
        (STAGING, "with d as (select * from decoded) select price from d", "staging begins with SELECT"),
        (STAGING, "select price from other", "staging is one projection FROM decoded"),
        (STAGING, "select price from decoded where price > 1", "staging is one projection FROM decoded"),
        (STAGING, "select max(price) as p from decoded", "staging is one projection FROM decoded"),
        (
            STAGING,
            "select rank() over (order by price) as p from decoded",
            "staging is one projection FROM decoded",
        ),
    ],
)
def test_what_slices_cannot_keep_right_is_refused(header, sql, words):
    used = [totals()] if " totals" in sql else []
    assert words in problems(header, sql, *used)


def test_several_problems_are_named_at_once():
    message = problems(VIEW, "select now() as at, first(price) as p from stg_sales limit 1")
    assert "now()" in message
    assert "LIMIT" in message
    assert "first()" in message


@pytest.mark.parametrize(
    ("view", "header", "sql", "words"),
    [
        (
            "select zip_code, day, count(*) as n from stg_sales group by zip_code, day",
            FOLD,
            "select zip_code, day, max(n) as most from halfway group by zip_code, day",
            "in halfway, through which it reads, an aggregate belongs in a fold",
        ),
        (
            "select distinct zip_code, topic_id, day from stg_sales",
            APPEND,
            "select topic_id, day from halfway",
            "in halfway, through which it reads, DISTINCT does not add up over slices",
        ),
        (
            "select day, max(zip_code) as zip_code from totals group by day",
            RECOMPUTE,
            "select zip_code, day from halfway",
            "in halfway, through which it reads, GROUP BY lacks the key zip_code",
        ),
        (
            "select * from totals cross join (select min(stream_time_ms) as ms from stream_times) as s",
            RECOMPUTE,
            "select zip_code, day from halfway where ms > 5",
            "stream_times changes without new rows",
        ),
    ],
)
def test_views_through_which_a_stored_model_reads_are_held_to_the_same(view, header, sql, words):
    halfway = model("halfway", VIEW, view)
    used = [totals()] if "totals" in view else []
    assert words in problems(header, sql, *used, halfway)


def test_reads_goes_with_a_key_of_one_column():
    header = RECOMPUTE.replace('["zip_code"]', '["zip_code", "day"]') + '\nreads = ["zip_code"]'
    assert "`reads` needs a key of one column" in problems(
        header, "select zip_code, day from totals", totals()
    )


def test_a_refusal_says_what_to_do():
    tried = model("tried", VIEW, "select now() as at from stg_sales")
    with pytest.raises(ModelError, match="Do: rewrite the model"):
        check_model(tried, graph(tried))
