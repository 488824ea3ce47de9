"""The models and the tests that stand in docs/windows.md, each below a line with its file's name."""

import re
from pathlib import Path

from proptech_pipelines.lake.generations import checkout_models
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import parse_model
from proptech_pipelines.models.supported import check_model
from proptech_pipelines_tests.models_yaml import Case, load

PAGE = Path(__file__).parents[2] / "docs" / "windows.md"


def graph() -> Graph:
    """The models of the page among those of the checkout. Raises ModelError for one that its kind cannot keep right."""
    whole = Graph.of(
        [*checkout_models(), *(parse_model(name, "trends", text) for name, text in models().items())]
    )
    for name in models():
        check_model(whole[name], whole)
    return whole


def page_graph() -> Graph:
    """The models of the page and the staging that they read, alone."""
    whole = graph()
    wanted = {item.name: item for name in models() for item in (*whole.upstream(name), whole[name])}
    return Graph.of(wanted.values())


def models() -> dict[str, str]:
    """Texts of the models by name."""
    return _blocks("sql", r"(\w+)\.sql")


def cases(folder: Path) -> list[Case]:
    """The tests, which are put into `folder` as files."""
    found: list[Case] = []
    for name, text in _blocks("yaml", r"tests/(\w+)\.yaml").items():
        (folder / f"{name}.yaml").write_text(text)
        found += load(folder / f"{name}.yaml")
    return found


def _blocks(language: str, name: str) -> dict[str, str]:
    pattern = rf"^`{name}`\n\n```{language}\n(.*?)^```"
    found = re.findall(pattern, PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(found) == PAGE.read_text().count(f"```{language}\n"), "a block has no name above it"
    return dict(found)
