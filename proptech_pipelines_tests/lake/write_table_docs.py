"""Writes docs/tables.md: `python -m proptech_pipelines_tests.lake.write_table_docs`, from the checkout."""

import tempfile
from pathlib import Path

from proptech_pipelines.lake.table_docs import render
from proptech_pipelines.testing import PipelineDriver

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"


def rendered(folder: Path) -> str:
    """The page, from an empty lake made in `folder`."""
    with PipelineDriver(folder) as driver:
        return render(driver.con, driver.graph)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        PAGE.write_text(rendered(Path(made)))
