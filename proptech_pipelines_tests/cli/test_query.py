"""`proptech query`: a table to look at, all rows for programs, no way to change anything."""

import json

SQL = "select 1 as a, null as b, [1, 2] as c, date '2000-01-31' as d, 1.50 as e, '[x]' as f"


def test_a_table_for_the_eye(run, lake_home):
    ended = run("query", "--home", lake_home, SQL)
    assert ended.code == 0
    assert [line.split() for line in ended.out.splitlines()][1::2] == [
        ["┃", "a", "┃", "b", "┃", "c", "┃", "d", "┃", "e", "┃", "f", "┃"],
        ["│", "1", "│", "│", "[1,", "2]", "│", "2000-01-31", "│", "1.50", "│", "[x]", "│"],
    ]


def test_csv_and_json_for_programs(run, lake_home):
    assert run("query", "--home", lake_home, "--format", "csv", SQL).out == (
        'a,b,c,d,e,f\n1,,"[1, 2]",2000-01-31,1.50,[x]\n'
    )
    assert json.loads(run("query", "--home", lake_home, "--format", "json", SQL).out) == [
        {"a": 1, "b": None, "c": [1, 2], "d": "2000-01-31", "e": "1.50", "f": "[x]"}
    ]
    assert run("query", "--home", lake_home, "--format", "json", "select 1 limit 0").out == "[]\n"


def test_a_long_table_is_cut_and_says_so_while_csv_is_whole(run, lake_home):
    table = run("query", "--home", lake_home, "from range(201)").out
    assert table.splitlines()[-1] == "The first 200 rows; --format csv or json prints all."
    assert ("│ 199   │" in table, "│ 200   │" in table) == (True, False)
    assert "first" not in run("query", "--home", lake_home, "from range(200)").out
    assert (
        len(run("query", "--home", lake_home, "--format", "csv", "from range(30000)").out.split()) == 30_001
    )


def test_the_lake_s_tables_are_there_by_name(run, lake_home):
    ended = run("query", "--home", lake_home, "--format", "csv", "select count(*) as n from event_log")
    assert ended.out == "n\n0\n"


def test_bad_sql_is_an_error_panel(run, lake_home):
    ended = run("query", "--home", lake_home, "select x from nowhere")
    assert (ended.code, ended.out) == (1, "")
    assert "The query failed: Catalog Error: Table with name nowhere does not exist!" in ended.err
    assert "Do: mend the SQL." in ended.err


def test_an_empty_query_says_so(run, lake_home):
    ended = run("query", "--home", lake_home, " ")
    assert (ended.code, ended.out) == (1, "")
    assert "The query is empty." in ended.err


def test_data_is_shown_as_it_is(run, lake_home):
    out = run("query", "--home", lake_home, "select '[/b] :x:' as \"[red]:smile:[/red]\"").out
    assert "[red]:smile:[/red]" in out
    assert "[/b] :x:" in out


def test_nothing_can_be_changed(run, lake_home):
    ended = run("query", "--home", lake_home, "delete from head_ingest")
    assert ended.code == 1
    assert "read-only" in ended.err
    assert (
        run("query", "--home", lake_home, "--format", "csv", "select b from head_ingest").out == "b\n0\n7\n"
    )


def test_a_home_without_a_lake_says_how_to_begin(run, tmp_path):
    ended = run("query", "--home", tmp_path, "select 1")
    assert ended.code == 1
    assert "run `proptech up` first" in ended.err
