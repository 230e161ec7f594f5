"""The rooms of the house: imports point down, there is no circle, and the page on architecture draws what is there."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import mfcheck

ROOT = Path(mfcheck.__file__).parent
ROOMS = (
    "pytest_plugin",
    "cli",
    "commands",
    "new",
    "report",
    "rocq",
    "lemma",
    "sweep",
    "run",
    "falsify",
    "catalog",
    "checks",
    "dynamics",
    "networks",
    "kernels",
    "constants",
    "gaussian",
    "rigor",
    "statistics",
    "points",
    "claims",
    "symbolic",
    "verify",
    "errors",
)
"""From top to bottom."""


def imports_of(path: Path) -> list[tuple[str, bool]]:
    """Return the modules of mfcheck that a file imports, and whether it does so as soon as it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    later = {
        id(node)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(outer)
    }
    typing_only = {
        id(node)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.If) and ast.unparse(outer.test).endswith("TYPE_CHECKING")
        for node in ast.walk(outer)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            own = [f"{node.module}.{a.name}" for a in node.names]
            names = own if node.module == "mfcheck" else [node.module, *own]
        found += [(n, id(node) not in later) for n in names if n.startswith("mfcheck.")]
    return found


def module_of(path: Path) -> str:
    """Return the dotted name of a file of mfcheck."""
    parts = ("mfcheck", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {
    module_of(path): path for path in sorted(ROOT.rglob("*.py")) if "template" not in path.parts
}


def room(module: str) -> str:
    """Return the room of a module."""
    return module.split(".")[1]


def test_every_room_is_named() -> None:
    found = {room(m) for m in FILES if m != "mfcheck"} - {"__main__", "_caches"}
    assert found == set(ROOMS)


def test_arrows_point_down() -> None:
    height = {name: -k for k, name in enumerate(ROOMS)}
    upward = sorted(
        f"{module} imports {name}"
        for module, path in FILES.items()
        for name, _ in imports_of(path)
        if module.count(".") and room(module) in height and room(name) in height
        if height[room(name)] > height[room(module)]
    )
    assert upward == []


def test_modules_have_no_circle() -> None:
    graph = {
        module: {
            name for name, first in imports_of(path) if first and name in FILES and name != module
        }
        for module, path in FILES.items()
    }
    # A package and its parts import each other by design: its front lists them.
    for module, names in graph.items():
        graph[module] = {n for n in names if not module.startswith(f"{n}.")}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise AssertionError(f"a circle: {' -> '.join(error.args[1])}") from None


def test_late_imports_close_one_circle_alone() -> None:
    """An expectation stands in a formula, and its integrand is a formula: that recursion is in the thing itself."""
    fronts = {module for module, path in FILES.items() if path.name == "__init__.py"}
    inner = set(FILES) - fronts
    graph = {m: {name for name, _ in imports_of(FILES[m]) if name in inner} for m in inner}
    circular = {m for m in inner if m in _reached(graph, m)}
    assert circular == {
        f"mfcheck.lemma.{name}" for name in ("evaluate", "expectations", "intervals")
    }


def _reached(graph: dict[str, set[str]], start: str) -> set[str]:
    todo, seen = list(graph[start]), set[str]()
    while todo:
        if (name := todo.pop()) not in seen:
            seen.add(name)
            todo += graph[name]
    return seen


def test_no_paper_is_imported() -> None:
    nodes = [
        node for path in FILES.values() for node in ast.walk(ast.parse(path.read_text("utf-8")))
    ]
    names = [n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)]
    names += [alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names]
    assert [name for name in names if name.startswith("mfcheck_proofs")] == []


def test_the_page_draws_these_rooms() -> None:
    page = (ROOT.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = [
        line.split()[0].rstrip("/").removesuffix(".py")
        for line in page.split("```")[1].splitlines()
        if line.strip()
    ]
    assert [name for name in drawn if name in ROOMS] == [name for name in ROOMS if name in drawn]
    assert set(ROOMS) - set(drawn) <= {"pytest_plugin", "cli", "new", "catalog"}
