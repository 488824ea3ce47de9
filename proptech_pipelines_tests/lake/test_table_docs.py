"""The page of tables says what the code says."""

from proptech_pipelines_tests.lake.write_table_docs import PAGE, rendered


def test_page_of_tables_is_what_the_code_gives(tmp_path):
    """If not: run `python -m proptech_pipelines_tests.lake.write_table_docs`."""
    assert PAGE.read_text() == rendered(tmp_path)


def test_every_column_has_a_meaning():
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    assert [line for line in rows if line.split(" | ")[2].strip(" |") == ""] == []
