"""What a hypothesis state machine over PostgreSQL needs: a database and an event loop of its own."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tintype.db.pool import connect


@contextlib.contextmanager
def on_database(cluster: str, name: str, machine: type[Any]) -> Iterator[type[Any]]:
    """`machine` with `loop` and `database`, on a copy of the template that is dropped after."""
    loop = asyncio.new_event_loop()
    admin = loop.run_until_complete(asyncpg.connect(cluster.replace("/tintype?", "/postgres?")))
    copying = f"CREATE DATABASE {name} TEMPLATE tintype STRATEGY file_copy"
    loop.run_until_complete(admin.execute(copying))
    url = cluster.replace("/tintype?", f"/{name}?")
    database = loop.run_until_complete(connect(url, size=4, wait_seconds=5))
    try:
        yield type(machine.__name__, (machine,), {"loop": loop, "database": database})
    finally:
        loop.run_until_complete(database.close())
        loop.run_until_complete(admin.execute(f"DROP DATABASE {name} WITH (FORCE)"))
        loop.run_until_complete(admin.close())
        loop.close()


def run(machine: type[RuleBasedStateMachine], examples: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=30, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
