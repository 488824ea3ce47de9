"""Makes one edit of a file count while the tests run: of a model in a lake, or of a definition in a module."""

import ast
import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from proptech_pipelines.errors import ModelError
from proptech_pipelines.lake import generations
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import Model, parse_model
from proptech_pipelines.testing import PipelineDriver

ROOT = Path(__file__).parent.parent


def edited(file: str, find: str, replace: str) -> str:
    """The text of `file`, a path below the root, after the edit; `find` must stand there exactly once."""
    text = (ROOT / file).read_text()
    assert text.count(find) == 1, f"{file} holds {text.count(find)} times: {find}"
    return text.replace(find, replace)


def graph_with(graph: Graph, name: str, find: str, put: str) -> Graph:
    """`graph` with one model of another text; `find` must stand there."""
    model = graph[name]
    assert find in model.text
    changed = parse_model(name, model.folder, model.text.replace(find, put))
    return Graph.of({**graph.models, name: changed}.values())


def refused_checkout() -> Graph:
    """In the place of `checkout_graph`: this installation has a model that is refused."""
    raise ModelError("price_change_windows: HAVING does not add up over slices.", "put it into a view above.")


def patch_definition(monkeypatch: pytest.MonkeyPatch, file: str, find: str, replace: str) -> None:
    """Define anew what `find` is a part of, and put it wherever the package had taken the former definition."""
    source = edited(file, find, replace)
    start = source[: (ROOT / file).read_text().index(find)].count("\n") + 1
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    node = max((item for item in ast.parse(source).body if _first_line(item) <= start), key=_first_line)
    defined: dict[str, object] = {}
    code = ast.Module([node], [])
    exec(compile(code, file, "exec"), module.__dict__, defined)  # the edit is this repository's own
    for name, value in defined.items():
        former = getattr(module, name)
        for user in _package():
            if getattr(user, name, None) is former:
                monkeypatch.setattr(user, name, value)


def put_models(pipeline: PipelineDriver, edit: Callable[[Model], str], views: Mapping[str, str]) -> None:
    """Give the lake other texts of its models, with their views, as if it had been made with them.

    `views` are the statements, by name, that made the views of the lake.
    """
    for model in pipeline.graph.models.values():
        text = edit(model)
        if text != model.text:
            pipeline.con.execute("update generations set model = ? where table_name = ?", [text, model.name])
    pipeline.restart()
    for model in pipeline.graph.market:
        view = generations.public_view(model)
        if view != views[model.name]:
            pipeline.con.execute(f"drop view {model.name}")
            pipeline.con.execute(view)


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(item.lineno for item in decorators)])


def _package() -> list[ModuleType]:
    return [module for name, module in sys.modules.items() if name.startswith("proptech_pipelines.")]
