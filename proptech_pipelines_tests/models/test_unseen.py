"""Views below a recompute: none may leave out a group that a slice changes."""

import pytest

from proptech_pipelines_tests.models.small_models import RECOMPUTE, VIEW, model, problems, totals

DEAR = "select * from stg_sales where price > 9"


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ("select * from totals where sales > 2", "a condition on sales may leave out"),
        ("select * from totals where day > date '2024-01-01'", ""),
        (
            "select zip_code, day, sum(sales) as n from totals group by zip_code, day having sum(sales) > 2",
            "sales",
        ),
        ("select zip_code, day from stg_sales where price > 2", ""),
        ("select zip_code, day, count(*) as n from stg_sales where price > 2 group by zip_code, day", ""),
        (
            "select zip_code, max(day) as day from stg_sales group by zip_code having count(*) > 2 and max(price) > 1",
            "a condition on COUNT(*), MAX(price) may leave out",
        ),
        (
            "select zip_code, max(day) as day, count(*) as n from stg_sales group by zip_code having n > 2",
            "a condition on n may leave out",
        ),
        (
            "select zip_code, day, count(*) over (partition by zip_code) as n from stg_sales qualify n > 2",
            "a condition on n may leave out",
        ),
        (
            "select zip_code, day from stg_sales qualify count(*) over (partition by zip_code) > 2",
            "a condition on COUNT(*)",
        ),
        (
            "select zip_code, max(day) as day, max(price) as price from stg_sales where price > 2 group by zip_code",
            "",
        ),
        (
            "select zip_code, day, max(price) as p from stg_sales group by zip_code, day having zip_code > '5'",
            "",
        ),
        (
            "select * from (select zip_code, day, max(price) as p from stg_sales group by zip_code, day) as s "
            "where day > date '2024-01-01'",
            "",
        ),
        ("with t as (select * from totals) select * from t where day > date '2024-01-01'", ""),
        (
            "with t as (select *, sales * 2 as twice from totals) select * from t where twice > 4",
            "a condition on twice",
        ),
        (
            "select * from (select zip_code, day, sales from totals) as t where sales > 4",
            "a condition on sales",
        ),
        (
            "select a.zip_code, a.day from stg_sales as a left join totals as b on a.zip_code = b.zip_code "
            "where a.price > 5",
            "",
        ),
        ("select zip_code, day from totals cross join (values (1), (2)) as x (v) where v > 1", ""),
        (
            "select zip_code, day from "
            "(select zip_code, day from stg_sales union all select zip_code, day from totals) as u",
            "",
        ),
        (
            "with totals as (select * from stg_sales), stg_sales as (select * from totals) select * from stg_sales",
            "",
        ),
        (
            "select * from (select zip_code, day from stg_sales intersect select zip_code, day from stg_sales) as u",
            "INTERSECT of stg_sales with itself",
        ),
        (
            "select * from (select zip_code, max(day) as day, count(*) as n from stg_sales group by zip_code) as s "
            "where n > 2",
            "a condition on n may leave out",
        ),
        (
            "with s as (select zip_code, max(day) as day, count(*) as n from stg_sales group by zip_code) "
            "select * from s where n > 2",
            "a condition on n may leave out",
        ),
        (
            "with stg_sales as (select * from stg_sales where price > 1) select * from stg_sales where price > 2",
            "",
        ),
        (
            "select * from (select zip_code, day, row_number() over (partition by zip_code order by price, "
            "topic_epoch, kafka_partition, kafka_offset) as n from stg_sales) as s where n = 1",
            "a condition on n may leave out",
        ),
        (
            "select a.zip_code, a.day from stg_sales as a left join totals as b on a.zip_code = b.zip_code "
            "where b.sales is null",
            "a condition on sales may leave out",
        ),
        (
            "select a.zip_code, a.day from stg_sales as a inner join totals as b "
            "on a.zip_code = b.zip_code and a.price < b.sales",
            "a condition on sales may leave out",
        ),
        (
            "select a.zip_code, a.day from stg_sales as a inner join dear_sales as b "
            "on (a.zip_code = b.zip_code)",
            "a join of stg_sales with itself sees new rows alone",
        ),
        (
            "select a.zip_code, a.day from stg_sales as a inner join stg_sales as b "
            "on a.zip_code = b.zip_code and a.price < b.price where b.price > 5",
            "a join of stg_sales with itself sees new rows alone",
        ),
        (
            "select a.* from stg_sales as a anti join totals as b on a.zip_code = b.zip_code",
            "ANTI JOIN leaves out",
        ),
        (
            "select * from (select zip_code, day from stg_sales except select zip_code, day from totals) as s",
            "EXCEPT",
        ),
    ],
)
def test_a_view_below_a_recompute_leaves_out_no_group_that_a_slice_changes(view, words):
    halfway, dear = model("halfway", VIEW, view), model("dear_sales", VIEW, DEAR)
    found = problems(RECOMPUTE, "select zip_code, day from halfway", totals(), dear, halfway)
    assert words in found if words else not found
