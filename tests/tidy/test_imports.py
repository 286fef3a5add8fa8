"""What the import contract can't see: slices keep out of each other's inner files."""

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "tintype"
SLICES = {
    "accounts", "agent", "aliases", "audit", "auth", "batches", "billing", "bulk", "catalog", "credits",
    "events", "flows",
    "generations", "images", "keys", "live", "models", "personas", "pictures",
    "projects", "publishing", "quick_actions", "sessions", "webhooks",
}  # fmt: skip
INNER = {
    "queries",
    "run_queries",
    "batch_queries",
    "picture_queries",
    "picture_reads",
    "http",
    "jobs",
}


def imports_of(path: Path) -> list[tuple[str, int, bool]]:
    """(module, line, inside a function) for every import of our own code."""
    found = []
    tree = ast.parse(path.read_text())
    nested = {
        id(node)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tintype"):
            for name in node.names:
                found.append((f"{node.module}.{name.name}", node.lineno, id(node) in nested))
    return found


def test_no_slice_reads_anothers_queries_http_or_jobs() -> None:
    wrong = []
    for path in SOURCE.rglob("*.py"):
        mine = path.relative_to(SOURCE).parts[0]
        if mine in {"server.py", "worker.py"}:
            continue
        for module, line, _ in imports_of(path):
            parts = module.split(".")[1:]
            if len(parts) > 1 and parts[0] in SLICES - {mine} and parts[1] in INNER:
                wrong.append(f"{path.relative_to(SOURCE)}:{line} {module}")
    assert wrong == []


def test_no_import_of_our_own_code_hides_in_a_function_or_behind_type_checking() -> None:
    hidden = []
    for path in SOURCE.rglob("*.py"):
        if "TYPE_CHECKING" in path.read_text():
            hidden.append(str(path))
        hidden += [f"{path}:{line}" for _, line, inside in imports_of(path) if inside]
    assert hidden == []


def test_no_file_is_too_long() -> None:
    long = {
        str(path): lines
        for path in SOURCE.rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 500
    }
    assert long == {}
