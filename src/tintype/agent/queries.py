"""SQL of the agent: its settings, the verdicts it learns from, what it did by itself."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tintype.db.filters import asked_for
from tintype.db.pool import Row, Transaction

_SETTINGS: Final = (
    "mode, minimum_judgements, minimum_rate, variants, credits_cap_day, scene_types, project_ids,"
    " updated_at"
)
_CONDITIONS: Final = {
    "project_id": "project_id = {0}",
    "scene_type": "scene_type = {0}",
    "scene_location": "scene_location = {0}",
    "action": "actions @> ARRAY[{0}]::text[]",
}
NEWEST: Final = 2_000
"""It learns from the verdicts on so many of the newest pictures of a scene type.

What an upload waits for is so bounded. By picture, and not by when it was judged, so that the order
of verdicts plays no part.
"""
# What organization $1's agent learns from, as `newest`: one type after the other, by index alone.
_NEWEST: Final = f"""
    WITH RECURSIVE kinds (kind) AS (
        SELECT min(coalesce(scene_type, '')) FROM agent_judgements WHERE organization_id = $1
        UNION ALL
        SELECT (SELECT min(coalesce(scene_type, '')) FROM agent_judgements
                WHERE organization_id = $1 AND coalesce(scene_type, '') > kind)
        FROM kinds WHERE kind IS NOT NULL),
    newest AS (
        SELECT of_kind.* FROM kinds, LATERAL (
            SELECT * FROM agent_judgements
            WHERE organization_id = $1 AND coalesce(scene_type, '') = kind
            ORDER BY picture_id DESC LIMIT {NEWEST}) of_kind)
"""  # noqa: S608
# The same of one type, $2.
_NEWEST_OF_TYPE: Final = f"""
    WITH newest AS (
        SELECT * FROM agent_judgements
        WHERE organization_id = $1 AND coalesce(scene_type, '') = coalesce($2, '')
        ORDER BY picture_id DESC LIMIT {NEWEST})
"""  # noqa: S608


async def settings(tx: Transaction, organization_id: str, *, lock: bool = False) -> Row | None:
    """None where nobody said anything: then it is off. Locked, others wait for this one's end."""
    return await tx.fetchrow(
        f"""
        SELECT {_SETTINGS} FROM agent_settings WHERE organization_id = $1
        {"FOR UPDATE" if lock else ""}
        """,  # noqa: S608
        organization_id,
    )


async def change(tx: Transaction, organization_id: str, fields: Mapping[str, Any]) -> Row:
    row = await tx.fetchrow(
        f"""
        UPDATE agent_settings SET mode = $2, minimum_judgements = $3, minimum_rate = $4,
            variants = $5, credits_cap_day = $6, scene_types = $7, project_ids = $8,
            updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
        WHERE organization_id = $1 RETURNING {_SETTINGS}
        """,  # noqa: S608
        organization_id, fields["mode"], fields["minimum_judgements"], fields["minimum_rate"],
        fields["variants"], fields["credits_cap_day"], fields["scene_types"],
        fields["project_ids"],
    )  # fmt: skip
    assert row is not None
    return row


async def begin(tx: Transaction, organization_id: str, fields: Mapping[str, Any]) -> None:
    """The row of an organization that has none yet."""
    await tx.execute(
        """
        INSERT INTO agent_settings (organization_id, mode, minimum_judgements, minimum_rate,
            variants, credits_cap_day)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organization_id) DO NOTHING
        """,
        organization_id, fields["mode"], fields["minimum_judgements"], fields["minimum_rate"],
        fields["variants"], fields["credits_cap_day"],
    )  # fmt: skip


async def known_projects(
    tx: Transaction, organization_id: str, project_ids: Sequence[str]
) -> set[str]:
    rows = await tx.fetch(
        """
        SELECT id FROM projects
        WHERE organization_id = $1 AND id = ANY ($2) AND deleted_at IS NULL
        """,
        organization_id, project_ids,
    )  # fmt: skip
    return {row["id"] for row in rows}


async def judge(tx: Transaction, organization_id: str, fields: Mapping[str, Any]) -> None:
    """The verdict that stands; an earlier one on the same picture is no more."""
    await tx.execute(
        """
        INSERT INTO agent_judgements (organization_id, picture_id, enhancement_id, project_id,
            scene_type, scene_location, actions, strengths, profile, approved, judged_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (organization_id, picture_id) DO UPDATE SET
            enhancement_id = excluded.enhancement_id, project_id = excluded.project_id,
            scene_type = excluded.scene_type, scene_location = excluded.scene_location,
            actions = excluded.actions, strengths = excluded.strengths,
            profile = excluded.profile, approved = excluded.approved,
            judged_by = excluded.judged_by, judged_at = now()
        """,
        organization_id, fields["picture_id"], fields["enhancement_id"], fields["project_id"],
        fields["scene_type"], fields["scene_location"], fields["actions"], fields["strengths"],
        fields["profile"], fields["approved"], fields["judged_by"],
    )  # fmt: skip


async def unlearn(tx: Transaction, organization_id: str, picture_id: str) -> None:
    await tx.execute(
        "DELETE FROM agent_judgements WHERE organization_id = $1 AND picture_id = $2",
        organization_id, picture_id,
    )  # fmt: skip


async def describe(
    tx: Transaction,
    organization_id: str,
    picture_id: str,
    scene_type: str | None,
    scene_location: str | None,
) -> None:
    await tx.execute(
        """
        UPDATE agent_judgements SET scene_type = $3, scene_location = $4
        WHERE organization_id = $1 AND picture_id = $2
        """,
        organization_id, picture_id, scene_type, scene_location,
    )  # fmt: skip


async def forget(tx: Transaction, organization_id: str, filters: Mapping[str, Any]) -> int:
    """Delete the verdicts that all of `filters` are true of; how many they were."""
    where, values = asked_for(_CONDITIONS, filters, 2)
    status: str = await tx.execute(
        f"DELETE FROM agent_judgements WHERE organization_id = $1 {where}",  # noqa: S608
        organization_id, *values,
    )  # fmt: skip
    return int(status.rpartition(" ")[2])


async def forget_preference(
    tx: Transaction,
    organization_id: str,
    scene_type: str | None,
    scene_location: str | None,
    action: str,
) -> int:
    """Delete the verdicts on pictures of exactly this scene that had the action."""
    status: str = await tx.execute(
        """
        DELETE FROM agent_judgements
        WHERE organization_id = $1 AND scene_type IS NOT DISTINCT FROM $2
          AND scene_location IS NOT DISTINCT FROM $3 AND actions @> ARRAY[$4]::text[]
        """,
        organization_id, scene_type, scene_location, action,
    )  # fmt: skip
    return int(status.rpartition(" ")[2])


async def counts(tx: Transaction, organization_id: str) -> list[Row]:
    """Verdicts by scene, on pictures."""
    rows: list[Row] = await tx.fetch(
        """
        SELECT scene_type, scene_location, count(*) FILTER (WHERE approved) AS approved,
            count(*) FILTER (WHERE NOT approved) AS rejected
        FROM agent_judgements WHERE organization_id = $1
        GROUP BY 1, 2 ORDER BY 1 NULLS FIRST, 2 NULLS FIRST
        """,
        organization_id,
    )
    return rows


async def trials(tx: Transaction, organization_id: str) -> list[Row]:
    """How often each set of actions was approved and rejected, by scene.

    An enhancement is one trial: who approves one of its variants wanted what was done.
    """
    rows: list[Row] = await tx.fetch(
        f"""
        {_NEWEST}
        SELECT scene_type, scene_location, actions, count(*) FILTER (WHERE liked) AS approved,
            count(*) FILTER (WHERE NOT liked) AS rejected
        FROM (
            SELECT scene_type, scene_location, actions, bool_or(approved) AS liked
            FROM newest WHERE organization_id = $1 AND actions <> '{{}}'
            GROUP BY enhancement_id, scene_type, scene_location, actions) made
        GROUP BY 1, 2, 3 ORDER BY 1 NULLS FIRST, 2 NULLS FIRST, 3
        """,  # noqa: S608
        organization_id,
    )
    return rows


async def profiles(
    tx: Transaction, organization_id: str, scene_type: str | None, most: int
) -> list[Row]:
    """The newest pictures of a scene type that have a verdict, with their tones."""
    rows: list[Row] = await tx.fetch(
        f"""
        {_NEWEST_OF_TYPE}
        SELECT scene_location, approved, profile FROM newest
        WHERE organization_id = $1 AND profile IS NOT NULL
        ORDER BY picture_id DESC LIMIT $3
        """,  # noqa: S608
        organization_id, scene_type, most,
    )  # fmt: skip
    return rows


async def behind(
    tx: Transaction,
    organization_id: str,
    scene_type: str | None,
    actions: Sequence[str],
    project_id: str | None,
    most: int,
) -> list[Row]:
    """Of each action in a scene type, by location: newest pictures, and approved strengths summed.

    Pictures of `project_id` alone are named, where it is given.
    """
    rows: list[Row] = await tx.fetch(
        f"""
        {_NEWEST_OF_TYPE}
        SELECT scene_location, action, array_agg(picture_id ORDER BY picture_id DESC)
                FILTER (WHERE shown AND place <= $5) AS pictures,
            coalesce(sum(strength) FILTER (WHERE approved), 0) AS strengths,
            count(*) FILTER (WHERE approved) AS approved
        FROM (
            SELECT j.scene_location, done.action, done.strength, j.picture_id, j.approved,
                $4::text IS NULL OR j.project_id = $4 AS shown,
                row_number() OVER (
                    PARTITION BY j.scene_location, done.action,
                        ($4::text IS NULL OR j.project_id = $4)
                    ORDER BY j.picture_id DESC) AS place
            FROM newest j, unnest(j.actions, j.strengths) AS done (action, strength)
            WHERE j.organization_id = $1 AND j.actions && $3 AND done.action = ANY ($3)) named
        GROUP BY 1, 2 ORDER BY 1 NULLS FIRST, 2
        """,  # noqa: S608
        organization_id, scene_type, actions, project_id, most,
    )  # fmt: skip
    return rows


async def spent_today(tx: Transaction, organization_id: str) -> int:
    """Credits of what the agent began by itself today, in UTC."""
    spent: int = await tx.fetchval(
        """
        SELECT coalesce(sum(credits), 0)::bigint FROM agent_works
        WHERE organization_id = $1 AND day = (now() AT TIME ZONE 'UTC')::date
        """,
        organization_id,
    )
    return spent


async def was_done(tx: Transaction, organization_id: str, picture_id: str) -> bool:
    found: bool = await tx.fetchval(
        """
        SELECT EXISTS (SELECT FROM agent_works WHERE organization_id = $1 AND picture_id = $2)
        """,
        organization_id, picture_id,
    )  # fmt: skip
    return found


async def note_work(
    tx: Transaction, organization_id: str, picture_id: str, generation_id: str, credits: int
) -> None:
    await tx.execute(
        """
        INSERT INTO agent_works (organization_id, picture_id, generation_id, credits, day)
        VALUES ($1, $2, $3, $4, (now() AT TIME ZONE 'UTC')::date)
        """,
        organization_id, picture_id, generation_id, credits,
    )  # fmt: skip
