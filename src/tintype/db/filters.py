"""Conditions of lists, of which a request asks for some."""

from collections.abc import Mapping
from typing import Any


def asked_for(
    conditions: Mapping[str, str], filters: Mapping[str, Any], first: int
) -> tuple[str, list[Any]]:
    """The SQL of the filters that have a value, beginning with AND, and those values.

    Only what is asked for stands in the query, so that each plan is of the simplest one:
    `$n IS NULL OR …` would keep the planner from the indexes. `conditions` are SQL with `{0}` in
    the place of the value; the first value is parameter `$first`.
    """
    clauses = []
    values = []
    for name, value in filters.items():
        if value is not None:
            values.append(value)
            clauses.append("AND " + conditions[name].replace("{0}", f"${first + len(values) - 1}"))
    return " ".join(clauses), values
