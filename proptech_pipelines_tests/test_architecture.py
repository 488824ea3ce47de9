"""The shape of the code: what may import what, how large a file grows, that every module says what it is."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
PACKAGE = ROOT / "proptech_pipelines"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 300
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run()"

ONLY_UNDER = {
    "dagster": ("defs/", "definitions.py"),
    "confluent_kafka": ("kafka/", "contracts/", "simulator/", "services/", "publishing/"),
    "duckdb": ("lake/", "engines/", "testing.py"),
}


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(), str(path))


def imported(path: Path) -> Iterator[str]:
    """The full names of what a file imports, wherever in the file; `from a import b` gives `a.b`."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def names(paths: list[Path]) -> list[str]:
    """Paths as they stand in the package, for a readable failure."""
    return [str(path.relative_to(PACKAGE)) for path in paths]


def test_no_module_grows_beyond_300_lines():
    assert names([path for path in MODULES if len(path.read_text().splitlines()) > MAX_LINES]) == []


def test_every_module_says_what_it_is():
    assert names([path for path in MODULES if not ast.get_docstring(parsed(path))]) == []


def test_every_folder_of_modules_is_a_package():
    """Without `__init__.py` the import contract does not see it."""
    folders = {path.parent for path in MODULES}
    assert names(sorted(folder for folder in folders if not (folder / "__init__.py").exists())) == []


@pytest.mark.parametrize("library", ONLY_UNDER)
def test_library_is_imported_only_where_it_belongs(library):
    """Its companions (`dagster_postgres`, ...) count as the library."""
    users = [path for path in MODULES if any(name.startswith(library) for name in imported(path))]
    assert [path for path in names(users) if not path.startswith(ONLY_UNDER[library])] == []


def test_only_settings_read_the_environment():
    def reads(path: Path) -> bool:
        looked_up = {
            node.attr
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
        }
        return bool(looked_up & {"environ", "getenv", "putenv"}) or bool(
            {"os.environ", "os.getenv", "os.putenv"} & set(imported(path))
        )

    assert names([path for path in MODULES if reads(path)]) == ["settings.py"]


def test_dagster_can_read_the_annotations_under_defs():
    """Dagster refuses annotations that are left as text."""
    defs = [path for path in MODULES if path.relative_to(PACKAGE).parts[0] == "defs"]
    assert names([path for path in defs if "__future__.annotations" in imported(path)]) == []


def test_reference_knows_nothing_but_the_standard_library_and_itself():
    for path in sorted((TESTS / "reference").glob("*.py")):
        is_test = path.name.startswith("test_")
        for name in imported(path):
            is_own = name.startswith("proptech_pipelines_tests.reference")
            is_standard = name.split(".")[0] in sys.stdlib_module_names
            is_for_tests = is_test and name in {"pytest", "proptech_pipelines_tests.reference"}
            assert is_own or is_standard or is_for_tests, f"{path.name} imports {name}"


def test_generated_logs_know_nothing_of_the_package():
    for path in sorted((TESTS / "logs").glob("*.py")):
        assert "proptech_pipelines" not in {name.split(".")[0] for name in imported(path)}, path.name


def test_imports_point_one_way():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tests_of_a_file_run_in_one_process(request):
    """Else each process makes the fixtures of each module, and tests that follow one another do not."""
    assert not hasattr(request.config, "workerinput") or request.node.nodeid.endswith(f"@{__file__}")
