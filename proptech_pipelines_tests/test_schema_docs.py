"""The schemas in docs/schemas.md get the answers that stand there."""

import re

import pytest

from proptech_pipelines_tests.cli.conftest import run  # noqa: F401 - a fixture
from proptech_pipelines_tests.test_docs import ROOT

PAGE = (ROOT / "docs" / "schemas.md").read_text()
EXAMPLES = re.findall(r"^```json\n(.*?)^```.*?^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_there_are_examples():
    assert len(EXAMPLES) == PAGE.count("```json") == PAGE.count("```text") == 2


@pytest.mark.parametrize(("schema", "answer"), EXAMPLES)
def test_a_schema_in_the_page_gets_its_answer(schema, answer, run, tmp_path):  # noqa: F811
    file = tmp_path / "next.avsc"
    file.write_text(schema)
    ended = run("schema", "check", file, "--home", tmp_path)
    assert ended.out.startswith(answer)
    assert ended.code == ("Refused" in answer)
