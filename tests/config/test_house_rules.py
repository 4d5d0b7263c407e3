"""What no linter knows of how code looks here."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("config", "verify", "tenants", "licensing", "billing", "dashboard")
TOP_LEVEL = {
    *("manage.py", "pyproject.toml", "README.md", "licensing", "tenants", "billing", "dashboard", "templates"),
    *("tests", "docker", "config", "verify", "benchmarks", "docs", "Makefile", "requirements", "CHANGELOG.md", ".ci"),
    ".gitignore",
}
JUNK_DRAWERS = {"utils", "helpers", "common", "core", "base", "misc", "services", "managers", "constants"}
MOST_LINES, MOST_FUNCTION_LINES, MOST_ENTRIES = 400, 40, 14
MEDIAN_LINES = 100


def tracked(*suffixes: str) -> list[Path]:
    """Files of the checkout, whether committed yet or not."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    paths = [ROOT / name for name in listed if (ROOT / name).is_file()]
    return [path for path in paths if not suffixes or path.suffix in suffixes]


def sources() -> list[Path]:
    """Our own Python, without migrations and tests."""
    return [
        path
        for path in tracked(".py")
        if path.relative_to(ROOT).parts[0] in APPS and "migrations" not in path.relative_to(ROOT).parts
    ]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_the_top_level_is_the_design_card() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= TOP_LEVEL


def test_no_file_is_longer_than_400_lines_and_half_are_under_100() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in tracked(".py", ".css", ".js", ".html")
    }
    assert [name for name, length in lengths.items() if length > MOST_LINES and "migrations" not in name] == []
    ours = sorted(len(path.read_text().splitlines()) for path in sources())
    assert ours[len(ours) // 2] <= MEDIAN_LINES


def test_every_function_fits_on_a_screen() -> None:
    long = [name for path in sources() for name, length in functions(path) if length > MOST_FUNCTION_LINES]
    assert long == []


def test_nothing_is_named_like_a_junk_drawer() -> None:
    names = {part for path in sources() for part in (path.stem, *path.relative_to(ROOT).parent.parts)}
    assert names & JUNK_DRAWERS == set()


def test_no_folder_needs_scrolling() -> None:
    folders: dict[Path, set[str]] = {}
    for path in tracked():
        for parent in path.relative_to(ROOT).parents:
            child = path.relative_to(ROOT).relative_to(parent).parts[0]
            folders.setdefault(parent, set()).add(child)
    crowded = {
        str(folder): len(found) for folder, found in folders.items() if len(found) > MOST_ENTRIES and str(folder) != "."
    }
    assert crowded == {}


def test_every_module_opens_with_a_sentence() -> None:
    silent = []
    for path in sources():
        text = path.read_text()
        docstring = ast.get_docstring(ast.parse(text))
        is_marker = path.name == "__init__.py" and not text.strip()
        if not is_marker and (docstring is None or not docstring.split("\n\n")[0].rstrip().endswith((".", ":"))):
            silent.append(str(path.relative_to(ROOT)))
    assert silent == []


def test_the_tests_mirror_the_source() -> None:
    """Those of a tool that lives in tests/ itself stand beside it: tests/<tool>/tests/api is of tests/<tool>/api."""
    strays = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        folder = path.parent.relative_to(ROOT / "tests")
        tool, _, inside = str(folder).partition("/tests")
        mirrored = ROOT / "tests" / tool / inside.lstrip("/") if "/tests" in str(folder) else ROOT / folder
        if folder != Path() and not mirrored.is_dir():
            strays.append(str(path.relative_to(ROOT)))
    assert strays == []


def test_the_verify_service_starts_without_django() -> None:
    question = "import sys, verify.service.app; print({'django', 'celery', 'redis'} & set(sys.modules))"
    told = subprocess.run(
        [sys.executable, "-c", question], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert told.stdout.strip() == "set()"


def test_only_decide_gives_a_verdict() -> None:
    """One decision: nothing else makes a Verdict or walks the rules."""
    elsewhere = re.compile(r"\bVerdict\(|\bRULES\b")
    found = [str(path.relative_to(ROOT)) for path in sources() if elsewhere.search(path.read_text())]
    assert found == ["verify/decision.py"]


def test_rows_are_written_in_actions_alone() -> None:
    """`insert`, `save` and bulk writes stand in actions and in the outbox they all go through."""
    writes = re.compile(r"\.(insert|bulk_create|bulk_update|update_or_create|get_or_create)\(|\.save\(|_and_tell\(")
    rooms = ("/actions/", "/publishing/", "tenants/tenancy.py", "tenants/models/user.py")
    found = [
        str(path.relative_to(ROOT))
        for path in sources()
        if writes.search(path.read_text()) and not any(room in f"/{path.relative_to(ROOT)}" for room in rooms)
    ]
    assert [name for name in found if not name.startswith("config/")] == []


def test_every_deny_reason_has_its_line_in_the_docs() -> None:
    from verify.reasons import Reason, WarningCode  # noqa: PLC0415 - beside its only use

    lines = (ROOT / "docs" / "verify.md").read_text().splitlines()
    told = [line for line in lines if line.startswith("| `")]
    for code in (*Reason, *WarningCode):
        assert len([line for line in told if line.startswith(f"| `{code}`")]) == 1, code


def test_the_styles_have_no_ids_and_no_important() -> None:
    for path in tracked(".css"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        assert "!important" not in text, path
        selectors = re.findall(r"(?:^|[}{;])\s*([^{};@]+)\{", text)
        assert [selector for selector in selectors if re.search(r"#[A-Za-z]", selector)] == [], path


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_nothing_is_left_for_later_in_the_code(word: str) -> None:
    assert [str(path) for path in sources() if re.search(rf"#.*\b{word}\b", path.read_text())] == []


def test_every_ignore_says_why() -> None:
    bare = re.compile(r"#\s*(noqa|type: ignore)(?![^#\n]*(?: - |\]  # ))")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked(".py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if bare.search(line) and path != Path(__file__)
    ]
    assert found == []
