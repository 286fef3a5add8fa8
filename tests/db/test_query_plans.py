"""Hot queries go by their indexes, in a database with enough rows that it matters."""

import json
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tintype.agent import queries as agent_queries
from tintype.events import queries as event_queries
from tintype.generations import queries, run_queries
from tintype.images import picture_queries, picture_reads
from tintype.images import queries as image_queries
from tintype.keys import queries as key_queries
from tintype.pictures import run_queries as fetch_queries

pytestmark = pytest.mark.slow

# One organization has nearly everything; org_3 is a small one beside it.
_FILL = """
INSERT INTO organizations (id, name, plan, signing_secret)
    SELECT 'org_' || n, 'o', 'free', '\\x00' FROM generate_series(1, 2000) n;
INSERT INTO generations (id, organization_id, source, livemode, kind, status, prompt, model, engine,
    fidelity, aspect_ratio, resolution, width, height, seed, variants, credits_reserved, lease,
    lease_until, cancel_at)
SELECT 'gen_' || lpad(n::text, 8, '0'), 'org_' || greatest(n % 200, 181) - 180, 'api', false, 'text_to_image',
    s, 'a prompt of some length', 'm', 'e', 'preview', '1:1', '1K', 64, 64, 1, 1, 0,
    CASE s WHEN 'processing' THEN gen_random_uuid() END,
    CASE s WHEN 'processing' THEN now() + interval '10 s' END,
    CASE WHEN n % 50 = 0 THEN now() END
FROM (SELECT n, CASE WHEN n % 1000 = 1 THEN 'processing' WHEN n % 100 = 2 THEN 'queued'
    ELSE 'completed' END AS s FROM generate_series(1, 40000) n) made;
INSERT INTO events (id, organization_id, type, subject_id, livemode, data)
    SELECT 'evt_' || lpad(n::text, 8, '0'), 'org_' || greatest(n % 200, 181) - 180, 'generation.queued',
    'gen_' || lpad((n / 3)::text, 8, '0'), true, '{}' FROM generate_series(1, 40000) n;
INSERT INTO projects (id, organization_id, name)
    SELECT 'prj_' || n, 'org_' || n % 20 + 1, 'p' FROM generate_series(1, 2000) n;
INSERT INTO api_keys (id, organization_id, name, prefix, secret_sha256, scopes)
    SELECT 'key_' || n, 'org_' || n % 20 + 1, 'k', 'p', sha256(n::text::bytea), '{}'
    FROM generate_series(1, 5000) n;
"""


class Explaining:
    """Stands where a query function expects a transaction, and explains instead of answering."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.plan = ""

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        rows = await self._connection.fetch(f"EXPLAIN (FORMAT JSON) {query}", *values)
        self.plan = json.dumps(json.loads(rows[0][0]))
        return []

    async def fetchrow(self, query: str, *values: Any) -> None:
        await self.fetch(query, *values)

    async def fetchval(self, query: str, *values: Any) -> None:
        await self.fetch(query, *values)


@pytest.fixture
async def filled(database_url: str) -> Any:
    connection = await asyncpg.connect(database_url)
    await connection.execute(_FILL)
    await connection.execute("ANALYZE")
    yield Explaining(connection)
    await connection.close()


def read_whole(plan: str) -> set[str]:
    """Tables that are read row by row. The queue is empty here, so nothing else would do for it."""
    found = re.findall(r'"Node Type": "Seq Scan".*?"Relation Name": "(\w+)"', plan)
    return set(found) - {"pgqueuer"}


async def test_hot_queries_go_by_their_indexes(filled: Any) -> None:
    gen, after = "gen_00020000", {"after": "gen_00020000"}
    lease = UUID(int=1)
    cases = {
        "a page": (lambda: queries.page(filled, "org_3", {}, offset=0, limit=21), "generations_page"),
        "a page further on": (lambda: queries.page(filled, "org_3", after, offset=0, limit=21), "generations_page",
        ),
        "a page of a rare state": (lambda: queries.page(filled, "org_3", {"status": "processing"}, offset=0, limit=21),
            "generations_status",
        ),
        "one": (lambda: queries.find(filled, "org_3", gen, None), "generations_pkey"),
        "events": (lambda: event_queries.page(filled, "org_3", after="evt_00020183", type_=None, project_id=None, limit=100),
            "events_page",
        ),
        "an object's events": (lambda: event_queries.of_subject(filled, "org_3", gen, None), "events_subject",
        ),
        "a key": (lambda: key_queries.authenticate(filled, b"\0" * 32), "api_keys_secret_sha256_key"),
        "claim": (lambda: run_queries.claim(filled, gen, lease, 15, 3, "{}", alone=False), "generations_pkey",
        ),
        "places": (lambda: run_queries.places(filled, gen, "{}"), "generations_pkey"),
        "unpark": (lambda: run_queries.unpark(filled, "org_3", 4, 500), "generations_parked"),
        "the head of the queue": (lambda: queries.next_turn(filled, "org_3", "builtin", 24), "generations_head"),
        "the longest in the queue": (lambda: queries.next_turn(filled, "org_3", "builtin", 24), "generations_waiting"),
        "one's last in the queue": (lambda: queries.next_turn(filled, "org_3", "builtin", 24), "generations_turn"),
        "one's last of all": (lambda: queries.next_turn(filled, "org_3", "builtin", 24), "generations_page"),
        "renew": (lambda: run_queries.renew(filled, gen, lease, 15, 0.5), "generations_pkey"),
        "expired leases": (lambda: run_queries.expired(filled, 500), "generations_open"),
        "waiting for long": (lambda: run_queries.waiting(filled, 10, 500), "generations_rung"),
        "overdue": (lambda: run_queries.overdue(filled, 500), "generations_cancel_at"),
    }  # fmt: skip
    for name, (asking, index) in cases.items():
        await asking()
        assert f'"Index Name": "{index}"' in filled.plan, f"{name}: {filled.plan}"
        assert not read_whole(filled.plan), f"{name}: {filled.plan}"


_FILL_LIBRARY = """
INSERT INTO images (id, organization_id, source, livemode, object_key, format, width, height, bytes,
    sha256, thumbhash, has_alpha, prompt)
SELECT 'img_' || lpad(n::text, 8, '0'), 'org_' || n % 20 + 1, 'uploaded', true, 'k' || n, 'png', 1, 1, 1, 's', 't',
    false, 'a prompt of some length' FROM generate_series(1, 40000) n;
INSERT INTO image_aliases (organization_id, scope_id, alias, image_id)
SELECT 'org_' || n % 20 + 1, 'flw_' || n % 400, '@a' || n / 400, 'img_' || lpad(n::text, 8, '0')
    FROM generate_series(1, 40000) n;
ANALYZE;
"""


async def test_the_pictures_of_an_alias_are_found_by_its_index(filled: Any) -> None:
    await filled._connection.execute(_FILL_LIBRARY)
    await image_queries.page(filled, "org_3", {"alias": "@a3", "q": None}, offset=0, limit=21)
    used = re.findall(r'"Index Name": "(\w+)"', filled.plan)
    assert "image_aliases_pkey" in used, used
    assert '"Node Type": "Seq Scan"' not in filled.plan, filled.plan
    # Nothing is looked at that was not asked for.
    assert "prompt" not in filled.plan


_FILL_LINES = """
INSERT INTO images (id, organization_id, source, livemode, object_key, format, width, height, bytes,
    sha256, thumbhash, has_alpha, project_id, generation_id, variant, root_id, parent_id, version)
SELECT 'img_' || lpad(n::text, 8, '0'), 'org_1', 'uploaded', true, 'k' || n, 'png', 1, 1, 1, 's',
    't', false, 'prj_20', made, n % 8, root, root, CASE WHEN root IS NULL THEN 0 ELSE 1 END
FROM (SELECT n, CASE WHEN n % 8 > 0 THEN 'img_' || lpad((n / 8 * 8)::text, 8, '0') END AS root,
    CASE WHEN n % 8 > 0 THEN 'gen_' || lpad(n::text, 8, '0') END AS made
    FROM generate_series(8, 39999) n) line;
ANALYZE;
"""


async def test_lines_of_pictures_go_by_their_indexes(filled: Any) -> None:
    class Executing(Explaining):
        async def execute(self, query: str, *values: Any) -> str:
            await self.fetch(query, *values)
            return ""

    asking: Any = Executing(filled._connection)
    await filled._connection.execute(_FILL_LINES)
    one, work, org, prj = "img_00000808", "gen_00000809", "org_1", "prj_20"
    for name, ask in {
        "what is made of it": lambda: picture_queries.open_works(asking, org, one),
        "its line": lambda: picture_reads.versions(asking, org, one, 200),
        "its line, held": lambda: picture_queries.lock_line(asking, org, one),
        "its works, held": lambda: image_queries.lock_of_generation(asking, org, work),
        "its end": lambda: picture_queries.end_of_work(asking, org, work, None, "canceled", None),
        "the next published": lambda: picture_queries.unselect(asking, org, one),
        "a page": lambda: picture_reads.page(asking, org, prj, {}, offset=0, limit=21),
        "a page of what it became": lambda: picture_reads.page(
            asking, org, prj, {"parent_id": one}, offset=0, limit=21
        ),
        "a page of a line": lambda: picture_reads.page(
            asking, org, prj, {"root_id": one}, offset=0, limit=21
        ),
        "the published ones": lambda: picture_reads.selected(asking, org, prj),
        "what is to be fetched": lambda: fetch_queries.waiting(asking, 200),
    }.items():
        await ask()
        # Nothing has a name here.
        assert not read_whole(asking.plan) - {"image_aliases"}, f"{name}: {asking.plan}"


async def test_putting_back_goes_by_the_key(filled: Any) -> None:
    class Executing(Explaining):
        async def execute(self, query: str, *values: Any) -> str:
            await self.fetch(query, *values)
            return ""

    asking = Executing(filled._connection)
    await run_queries.put_back(
        asking,
        "gen_1",
        UUID(int=1),
        timedelta(0),
        None,
        uncounted=False,  # type: ignore[arg-type]
    )
    assert "generations_pkey" in asking.plan


async def test_what_an_agent_learns_from_is_found_by_index(filled: Any) -> None:
    """However many older verdicts there are."""
    await filled._connection.execute(_FILL_LIBRARY)
    await filled._connection.execute(
        """
        INSERT INTO agent_judgements (organization_id, picture_id, enhancement_id, project_id,
            scene_type, actions, strengths, approved)
        SELECT 'org_3', id, id, 'prj_2', CASE WHEN id LIKE '%7' THEN 'exterior' END, '{x}', '{100}',
            true FROM images;
        ANALYZE agent_judgements;
        """
    )
    for name, ask in {
        "trials": lambda: agent_queries.trials(filled, "org_3"),
        "profiles": lambda: agent_queries.profiles(filled, "org_3", "exterior", 400),
        "behind": lambda: agent_queries.behind(filled, "org_3", "exterior", ["x"], None, 10),
    }.items():
        await ask()
        assert '"Index Name": "agent_judgements_newest"' in filled.plan, f"{name}: {filled.plan}"
        assert not read_whole(filled.plan), f"{name}: {filled.plan}"
