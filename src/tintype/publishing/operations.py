"""Publishing: a project's approved pictures and finished films, shown to everybody.

A publish writes a snapshot that never changes, and points to it in the same transaction: a page and
its manifest are rendered from one revision, the old one or the new one. What is deleted from the
library leaves the page at once; everything else waits for the next publish.
"""

import re
import secrets
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET

from tintype.accounts.models import require_feature
from tintype.api.tags import etag_of
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import NotFound
from tintype.db.pool import Transaction
from tintype.events import operations as events
from tintype.images import pictures as lines
from tintype.projects import operations as projects
from tintype.projects.models import Project
from tintype.publishing import queries, snapshots
from tintype.publishing.models import Published, PublishProject, Snapshot

_RANDOM: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_RANDOM_CHARACTERS: Final = 12
_WORDS_CHARACTERS_MAX: Final = 40
_REVISION_MAX: Final = 2**31 - 1
_SLUG: Final = re.compile(r"[a-z0-9-]{1,60}")
# Letters that Unicode doesn't take apart.
_PLAIN: Final = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i"}
)


async def publish(
    tx: Transaction,
    caller: Caller,
    base_url: str,
    project_id: str,
    ask: PublishProject,
    *,
    placeholders: Mapping[str, str],
) -> Project:
    """Show the project as it is now; where nothing has changed since it was, nothing is done.

    Raises Conflict for a project with nothing to show. `placeholders` as in `snapshots.taken`.
    """
    require_feature(caller, "projects")
    project = await projects.lock(tx, caller, base_url, project_id)
    last = await queries.last(tx, caller.organization_id, project.id)
    before = None if last is None else msgspec.convert(last["snapshot"], Snapshot)
    description, noindex = ask.description, ask.noindex
    if description is UNSET:
        description = before.description if before else None
    if noindex is UNSET:
        noindex = before.noindex if before else False
    snapshot = await snapshots.taken(
        tx, caller.organization_id, project,
        description=description, noindex=noindex, placeholders=placeholders,
    )  # fmt: skip
    if project.status == "published" and snapshot == before:
        return project
    publication_id = ids.new("pub")
    await queries.insert(
        tx, publication_id, caller.organization_id, project.id,
        1 if last is None else last["revision"] + 1,
        msgspec.to_builtins(snapshot), snapshot.media_ids(),
    )  # fmt: skip
    shown = await projects.show(
        tx, caller, base_url, project.id,
        publication_id=publication_id, slug=new_slug(project.name),
    )  # fmt: skip
    await queries.supersede(tx, caller.organization_id, project.id, publication_id)
    await _tell(tx, caller, "project.published", shown)
    return shown


async def unpublish(tx: Transaction, caller: Caller, base_url: str, project_id: str) -> Project:
    """Take page, manifest and the media that open only there away; a draft stays as it is."""
    project = await projects.lock(tx, caller, base_url, project_id)
    if project.status == "draft":
        return project
    hidden = await projects.hide(tx, caller, base_url, project.id)
    await queries.withdraw(tx, caller.organization_id, project.id)
    await _tell(tx, caller, "project.unpublished", hidden)
    return hidden


async def thumbhashes(
    tx: Transaction, caller: Caller, project_id: str
) -> list[tuple[str, int, int]]:
    """ThumbHash and size of each picture that a publish would show now; raises NotFound."""
    wanted = await projects.require(tx, caller, project_id)
    rows = await lines.selected(tx, caller.organization_id, wanted)
    return [(row["thumbhash"], row["width"], row["height"]) for row in rows]


async def published(tx: Transaction, base_url: str, slug: str, revision: int | None) -> Published:
    """What an address shows now, or a revision that it showed just now. Raises NotFound."""
    row = await queries.shown(tx, slug, revision) if _may_be(slug, revision) else None
    if row is None:
        raise NotFound("There is no such page, or it is not public any more.")
    snapshot = _living(msgspec.convert(row["snapshot"], Snapshot), set(row["living"]))
    gone = sorted(set(row["media_ids"]) - set(row["living"]))
    return Published(
        project_id=row["project_id"], slug=row["slug"], revision=row["revision"],
        published_at=row["published_at"], private=row["private_media"],
        noindex=snapshot.noindex or row["sandbox"], snapshot=snapshot,
        etag=etag_of([row["id"], gone, row["private_media"], row["sandbox"], base_url]),
    )  # fmt: skip


async def require_loadable(tx: Transaction, slug: str, revision: int, media_id: str) -> None:
    """Raise NotFound unless a page that is shown has this image or video, or had it just now."""
    if not _may_be(slug, revision) or not await queries.loads(tx, slug, revision, media_id):
        raise NotFound("There is nothing at this path.")


def _may_be(slug: str, revision: int | None) -> bool:
    """Whether a stranger's path could be an address of ours, so that it is worth a query."""
    return bool(_SLUG.fullmatch(slug)) and (revision is None or 0 < revision <= _REVISION_MAX)


def new_slug(name: str) -> str:
    """An address for a page: the name's Latin letters and digits, and something unguessable."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_PLAIN))
    words = re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode())
    start = words[:_WORDS_CHARACTERS_MAX].strip("-")
    end = "".join(secrets.choice(_RANDOM) for _ in range(_RANDOM_CHARACTERS))
    return f"{start}-{end}" if start else end


def _living(snapshot: Snapshot, living: set[str]) -> Snapshot:
    """Without the pictures, originals, films and the logo that were deleted since."""
    pictures = [
        msgspec.structs.replace(
            it, before=it.before if it.before and it.before.id in living else None
        )
        for it in snapshot.pictures if it.image.id in living
    ]  # fmt: skip
    logo = snapshot.brand.logo
    brand = msgspec.structs.replace(
        snapshot.brand, logo=logo if logo and logo.id in living else None
    )
    videos = [it for it in snapshot.videos if it.id in living]
    return msgspec.structs.replace(snapshot, pictures=pictures, brand=brand, videos=videos)


async def _tell(tx: Transaction, caller: Caller, type_: str, project: Any) -> None:
    await events.publish(
        tx, caller.organization_id, type_, project.id, livemode=caller.livemode, data=project
    )
