"""What people read is true: examples run, commands exist, links lead somewhere, every error is in the runbook."""

import inspect
import os
import re
import shlex
import subprocess
from pathlib import Path

import duckdb
import pytest
import typer
from typer.core import TyperGroup

from proptech_pipelines import errors
from proptech_pipelines.cli.app import app
from proptech_pipelines.cli.query import query
from proptech_pipelines.lake.connection import connect
from proptech_pipelines.lake.generations import checkout_models
from proptech_pipelines.models.graph import Graph
from proptech_pipelines.models.model import parse_model
from proptech_pipelines.models.supported import check_model
from proptech_pipelines.settings import Settings
from proptech_pipelines.testing import PipelineDriver, make_template
from proptech_pipelines_tests.engine_driver import EngineDriver
from proptech_pipelines_tests.models_yaml import load, run

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docker/*.md")])
PROSE = {page: re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL) for page in PAGES}


def blocks(language: str) -> list:
    """Blocks of code in all pages, each with a name for a failure."""
    return [
        pytest.param(match.group(1), id=f"{page.relative_to(ROOT)}:{number}")
        for page in PAGES
        if page.name != "windows.md"  # its models and tests are one lake: windows_page/test_windows_page.py
        for number, match in enumerate(
            re.finditer(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE), 1
        )
    ]


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """An empty lake to copy."""
    return make_template(tmp_path_factory.mktemp("docs") / "template")


@pytest.fixture(scope="module")
def home(tmp_path_factory, template) -> Path:
    """A home folder with an empty lake."""
    folder = tmp_path_factory.mktemp("docs-home")
    with PipelineDriver(folder, template) as driver:
        driver.settings.store()
    return folder


@pytest.fixture(scope="module")
def lake(home) -> duckdb.DuckDBPyConnection:
    con = connect(Settings.load(home), read_only=True)
    yield con
    con.close()


def commands() -> list:
    """Every command line with `proptech` in it: blocks of shell in all pages, and inline code that begins so."""
    lines = [line for block in blocks("sh") for line in block.values[0].splitlines()]
    lines += [text for prose in PROSE.values() for text in re.findall(r"`(proptech [^`]+)`", prose)]
    words = [shlex.split(line) for line in lines if re.search(r"(^|[ /])proptech ", line)]
    found = [
        line[next(i for i, word in enumerate(line) if word.endswith("proptech")) + 1 :] for line in words
    ]
    return [list(line) for line in sorted({tuple(line) for line in found if line})]


@pytest.mark.parametrize("sql", blocks("sql"))
def test_sql_in_the_pages_runs_on_an_empty_lake(sql, lake):
    lake.execute(sql)


@pytest.mark.parametrize("text", [block for block in blocks("sql") if block.values[0].startswith("/*")])
def test_models_in_the_pages_are_supported(text):
    model = parse_model("example", "market", text)
    check_model(model, Graph.of([*checkout_models(), model]))


@pytest.mark.parametrize("text", blocks("yaml"))
def test_yaml_tests_in_the_pages_pass_on_the_engine(text, template, tmp_path):
    (tmp_path / "price_change_windows.yaml").write_text(text)
    (case,) = load(tmp_path / "price_change_windows.yaml")
    with EngineDriver(tmp_path / "lake", template) as driver:
        run(case, driver)


@pytest.mark.parametrize("code", blocks("python"))
def test_python_in_the_pages_runs(code, home, monkeypatch):
    monkeypatch.setenv("PROPTECH_HOME", str(home))
    namespace: dict[str, object] = {}
    exec(compile(code, "example", "exec"), namespace)
    namespace["lake"].close()


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_in_the_pages_exist_with_their_options(words, lake):
    """Parsed as the command line would parse them, without running: unknown words and options are errors."""
    command = typer.main.get_command(app)
    words = [word for word in words if word not in {"--debug", "<command>"}] or ["status"]
    while isinstance(command, TyperGroup):
        assert words[0] in command.commands
        command, words = command.commands[words[0]], words[1:]
    parsed = command.make_context(command.name, words)
    if command.name == query.__name__ and parsed.params["sql"] != "SELECT ...":
        lake.execute(parsed.params["sql"])


@pytest.mark.parametrize(
    ("page", "link"),
    [
        pytest.param(page, link, id=f"{page.relative_to(ROOT)} -> {link}")
        for page, prose in PROSE.items()
        for link in re.findall(r"\]\(([^)]+)\)", prose)
        if not link.startswith(("http://", "https://"))
    ],
)
def test_links_lead_to_files_and_headings(page, link):
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    assert target.exists()
    if anchor:
        headings = re.findall(r"^#+ (.+)$", PROSE[target], re.MULTILINE)
        assert anchor in [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_every_error_is_in_the_runbook():
    runbook = (ROOT / "docs" / "operations.md").read_text()
    names = [
        name
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, errors.ProptechError)
    ]
    assert len(names) > 10
    assert [name for name in names if f"| `{name}` |" not in runbook] == []


def test_every_setting_is_in_the_runbook():
    runbook = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name in Settings.__dataclass_fields__ if f"| `{name}` |" not in runbook] == []


def test_ci_finds_its_command_in_the_readme(tmp_path):
    """Up to the `eval`: that would run all tests."""
    script = (ROOT / ".ci" / "run").read_text()
    assert script.rstrip().endswith('eval "$command"')
    copy = tmp_path / ".ci" / "run"
    copy.parent.mkdir()
    copy.write_text(script.replace('eval "$command"', 'echo "$command"'))
    (tmp_path / "README.md").write_text((ROOT / "README.md").read_text())
    done = subprocess.run(
        ["bash", str(copy)], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.startswith("python3 -m venv .venv && ")
    assert done.stdout.rstrip().endswith("&& .venv/bin/proptech check")
    assert len(done.stdout.splitlines()) == 1
