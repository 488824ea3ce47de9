"""Recompute: rows of groups that differ in the key do not meet."""

import pytest

from proptech_pipelines_tests.models.small_models import RECOMPUTE, problems, totals

BY_HOUR = RECOMPUTE.replace('["zip_code"]', '["zip_code", "day"]')


@pytest.mark.parametrize(
    ("header", "sql", "words"),
    [
        (
            BY_HOUR,
            "select a.zip_code, a.day from totals as a left join totals as b "
            "on a.zip_code = b.zip_code and b.day = a.day - interval 1 day",
            "JOIN lacks the key zip_code, day",
        ),
        (
            BY_HOUR,
            "select a.zip_code, a.day from totals as a left join totals as b "
            "on a.zip_code = b.zip_code and (b.day = a.day or b.sales > 1)",
            "JOIN lacks the key zip_code, day",
        ),
        (
            BY_HOUR,
            "select zip_code, day, sum(sales) over (partition by zip_code, date_trunc('month', day)) as n from totals",
            "PARTITION BY lacks the key zip_code, day",
        ),
        (
            BY_HOUR,
            "select zip_code, max(day) as day from totals group by zip_code, date_trunc('month', day)",
            "GROUP BY lacks the key zip_code, day",
        ),
        (
            RECOMPUTE,
            "select a.zip_code, a.day from totals as a inner join totals as b on a.zip_code = lower(b.zip_code)",
            "JOIN lacks the key zip_code",
        ),
        (
            RECOMPUTE + '\nreads = ["zip_code", "lower(zip_code)"]',
            "select a.zip_code, a.day from totals as a inner join totals as b on b.zip_code = lower(a.zip_code)",
            "",
        ),
        (
            BY_HOUR,
            "select a.zip_code, a.day from totals as a inner join totals as b "
            "on a.zip_code = b.zip_code and a.day is not distinct from b.day and a.sales < b.sales",
            "",
        ),
        (
            BY_HOUR,
            "select a.zip_code, a.day from totals as a inner join totals as b "
            "on ((a.zip_code = b.zip_code and (a.day = b.day)) and a.sales < b.sales) and true",
            "",
        ),
    ],
)
def test_rows_that_differ_in_the_key_do_not_meet_by_a_part_of_it(header, sql, words):
    found = problems(header, sql, totals())
    assert words in found if words else not found
