"""Every query on a tenant's table names the organization; the exceptions are listed with reasons."""

import ast
import functools
import re
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "tintype"
TENANT_TABLES = (
    "users", "projects", "api_keys", "credit_accounts", "ledger_entries", "events",
    "idempotency_keys", "flows", "generations", "images", "image_aliases", "live_entries",
    "sessions", "audit_entries", "key_usage", "personas", "custom_models", "batches",
    "agent_settings", "agent_judgements", "agent_works",
    "publications", "quick_actions", "quotes", "videos", "webhook_endpoints", "webhook_secrets", "webhook_deliveries",
)  # fmt: skip
# Functions whose SQL is the server's own and crosses tenants on purpose.
EXCEPTIONS = {
    "accounts/queries.py": {
        "external_user": "finds the user of an issuer's subject",
        "was_deleted": "an address and a subject are one user's over all organizations",
    },
    "billing/queries.py": {"prune_quotes": "forgets old quotes of all tenants"},
    "sessions/queries.py": {
        "touch": "notes uses of sessions of all tenants",
        "prune": "forgets old sessions of all tenants",
    },
    "keys/queries.py": {
        "authenticate": "finds the tenant of a key",
        "touch": "notes uses of keys of all tenants",
    },
    "images/queries.py": {
        "deliverable": "an image's id is its public address",
        "referenced_keys": "the sweeper",
        "existing": "the sweeper",
    },
    "videos/queries.py": {
        "deliverable": "a video's id is its public address",
        "referenced_keys": "the sweeper",
    },
    "models/queries.py": {"needed": "the sweeper"},
    "pictures/run_queries.py": {
        "*": "a fetch starts from an id that the queue rang with; a lease guards every write"
    },
    "models/run_queries.py": {
        "*": "a fetch starts from an id that the queue rang with; a lease guards every write"
    },
    "generations/run_queries.py": {
        "*": "runs start from an id that the queue rang with; a lease guards every write",
    },
    "webhooks/run_queries.py": {
        "*": "the worker reads the log of all tenants; a claim guards every write of a run"
    },
    "api/queries.py": {"prune": "forgets old answers of all tenants"},
    "cli/database.py": {"_after_restore": "counts what a whole dump brought back"},
    "cli/queries.py": {"*": "the doctor looks over all organizations at once"},
}


def constants(path: Path) -> dict[str, str]:
    """Module-level texts by name."""
    return {
        target.id: node.value.value
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }


@functools.cache
def statements() -> list[tuple[str, str, str]]:
    """(file, function, SQL) of every function that holds SQL on a tenant's table."""
    found = []
    touching = re.compile(rf"\b(?:FROM|JOIN|INTO|UPDATE)\s+({'|'.join(TENANT_TABLES)})\b")
    for path in SOURCE.rglob("*.py"):
        shared = constants(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            texts = [
                part.value
                for part in ast.walk(node)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            ]
            docstring = ast.get_docstring(node, clean=False)
            sql = "\n".join(text for text in texts if text != docstring)
            # A shared condition, such as `_FILTER`, is part of the statement that names it.
            named = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in shared}
            sql += "".join(shared[name] for name in sorted(named))
            if touching.search(sql):
                found.append((str(path.relative_to(SOURCE)), node.name, sql))
    return found


def test_every_query_on_a_tenants_table_names_the_organization() -> None:
    unscoped = []
    for file, function, sql in statements():
        allowed = EXCEPTIONS.get(file, {})
        if "organization_id" not in sql and function not in allowed and "*" not in allowed:
            unscoped.append(f"{file}: {function}")
    assert unscoped == []


def test_the_search_finds_the_queries_it_is_about() -> None:
    found = {(file, function) for file, function, _ in statements()}
    assert ("generations/queries.py", "find") in found
    assert ("images/queries.py", "deliverable") in found
    assert len(found) > 40


def test_the_exceptions_still_exist() -> None:
    found = {(file, function) for file, function, _ in statements()}
    for file, functions in EXCEPTIONS.items():
        for function in functions:
            assert function == "*" or (file, function) in found, (file, function)
