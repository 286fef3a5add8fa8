"""A short storm over a whole house: everything at once, by one seed, then the five checks.

`TINTYPE_SOAK_SECONDS` makes it longer, `TINTYPE_SOAK_SEED` repeats one.
"""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import asyncpg
import pytest

from support.checks import check_everything
from support.house import House, Tenant, opened, settings_for
from support.workers import Worker, ending, until_idle
from tintype.storage import open_storage

SECONDS = float(os.environ.get("TINTYPE_SOAK_SECONDS", "15"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(SECONDS + 400)]

# Mostly plain work: what blocks or kills a worker takes its neighbours' time as well.
PROMPTS = (
    *["a fox {n}"] * 16, "an owl {n} [wait 0.5]", "a hen {n} [wait 2]",
    "[once] [raise] {n}", "[once] [busy] {n}", "[refused] {n}", "[raise] {n}",
    "[once] [die after] {n}", "[once] [deaf 2] {n}", "[once] [block 2.5] {n}",
)  # fmt: skip
STATUSES = {
    "create": {202, 402}, "cancel": {200, 202, 409, 404}, "retry": {202, 409, 404, 402},
    "delete": {204, 404}, "flow": {204, 404},
}  # fmt: skip


class Storm:
    def __init__(self, house: House, chance: random.Random, workers: list[Worker]) -> None:
        self.house = house
        self.chance = chance
        self.workers = workers
        self.works: list[tuple[Tenant, str]] = []
        self.flows: list[tuple[Tenant, str]] = []
        self.did: Counter[str] = Counter()

    async def ask(
        self, kind: str, method: str, path: str, tenant: Tenant, **more: object
    ) -> object:
        reply = await self.house.ask(method, path, key=tenant, **more)  # type: ignore[arg-type]
        # Busy rows may answer 503; what is never right is a 500.
        assert reply.status in STATUSES[kind] | {503}, (kind, reply.status, reply.body)
        self.did[f"{kind} {reply.status}"] += 1
        return reply.json if reply.status == 202 else None

    async def client(self, tenants: list[Tenant]) -> None:
        n = 0
        while True:
            n += 1
            kind = self.chance.choices(
                ["create", "cancel", "retry", "delete", "flow"], [10, 2, 2, 1, 1]
            )[0]
            await self.step(kind, self.chance.choice(tenants), n)
            await asyncio.sleep(self.chance.uniform(0.1, 0.6))

    async def step(self, kind: str, tenant: Tenant, n: int) -> None:
        if kind == "create":
            body = {
                "prompt": self.chance.choice(PROMPTS).format(n=n), "seed": n % 5,
                "variants": self.chance.choice([1, 1, 2]), "alias": f"@name{n % 3}",
            }  # fmt: skip
            if self.chance.random() < 0.3:
                body["flow_alias"] = "@hero"
            headers = {"Cancel-After": "3s"} if self.chance.random() < 0.1 else {}
            made = await self.ask(
                "create", "POST", "/v1/generations", tenant, json=body, headers=headers
            )
            self.note(tenant, made)
        elif kind == "flow":
            if self.flows:
                owner, flow = self.flows.pop(self.chance.randrange(len(self.flows)))
                await self.ask("flow", "DELETE", f"/v1/flows/{flow}", owner)
        elif self.works:
            owner, work = self.chance.choice(self.works)
            path = f"/v1/generations/{work}"
            if kind == "delete":
                await self.ask("delete", "DELETE", path, owner)
            else:
                made = await self.ask(kind, "POST", f"{path}/{kind}", owner, json={})
                if kind == "retry":
                    self.note(owner, made)

    def note(self, tenant: Tenant, made: object) -> None:
        if isinstance(made, dict):
            self.works.append((tenant, made["id"]))
            if made["flow_id"]:
                self.flows.append((tenant, made["flow_id"]))

    async def trouble(self) -> None:
        while True:
            await asyncio.sleep(self.chance.uniform(0.5, 2.5))
            kind = self.chance.choice(["kill", "freeze", "stop", "listeners", "rings"])
            self.did[kind] += 1
            number = self.chance.randrange(len(self.workers))
            victim = self.workers[number]
            if kind == "kill":
                victim.send(signal.SIGKILL)
            elif kind == "stop":
                victim.send(signal.SIGTERM)
            elif kind == "freeze":
                victim.send(signal.SIGSTOP)
                await asyncio.sleep(self.chance.uniform(1, 3.5))
                victim.send(signal.SIGCONT)
            elif kind == "listeners":
                await self.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'tintype-listen' AND datname = current_database()"
                )
            else:
                await self.execute("DELETE FROM pgqueuer WHERE random() < 0.3")

    async def execute(self, statement: str) -> None:
        admin = await asyncpg.connect(self.house.settings.database.url)
        try:
            await admin.execute(statement)
        finally:
            await admin.close()

    async def supervise(self) -> None:
        """Start again what died, as the supervisor does."""
        while True:
            for number, it in enumerate(self.workers):
                if it.dead:
                    self.workers[number] = Worker(self.house.settings)
                    self.did["worker start"] += 1
            await asyncio.sleep(0.2)


async def test_a_storm_of_everything(database_url: str, tmp_path: Path) -> None:
    seed = int(os.environ.get("TINTYPE_SOAK_SEED", random.randrange(10**6)))
    print(f"TINTYPE_SOAK_SEED={seed}")
    worker = {"lease_seconds": 2, "grace_seconds": 1, "concurrency": 3}
    settings = settings_for(database_url, tmp_path, worker=worker)
    async with opened(settings, with_worker=False) as house:
        tenants = [await house.tenant(grant=300) for _ in range(2)]
        tenants.append(
            await house.tenant(organization_id=tenants[0].organization_id, livemode=False)
        )
        workers = [Worker(settings), Worker(settings)]
        storm = Storm(house, random.Random(seed), workers)
        try:
            supervising = asyncio.create_task(storm.supervise())
            raging = [asyncio.create_task(storm.client(tenants)) for _ in range(3)]
            raging.append(asyncio.create_task(storm.trouble()))
            done, _ = await asyncio.wait(
                raging, timeout=SECONDS, return_when=asyncio.FIRST_EXCEPTION
            )
            for task in raging:
                task.cancel()
            for task in done:
                task.result()
            await asyncio.gather(*raging, return_exceptions=True)
            for it in storm.workers:
                it.send(signal.SIGCONT)
            begun = time.monotonic()
            await until_idle(house, 120)
            await asyncio.sleep(2.5)  # Whoever was frozen wakes up and finds its lease gone.
            settled = time.monotonic() - begun
        finally:
            supervising.cancel()
            with ending(*storm.workers):
                pass
        states = await check_everything(
            house.database, open_storage(settings.storage_url), runs_cut_short=True
        )
        async with house.database.reading() as tx:
            attempts = await tx.fetchval("SELECT sum(attempts) FROM generations")
    works = sum(states.values())
    print(f"{works} works: {dict(states)}; {attempts} attempts; all ended {settled:.1f} s after")
    print(dict(sorted(storm.did.items())))
    assert states["completed"] > 0
    assert works / SECONDS * 60 > 20
