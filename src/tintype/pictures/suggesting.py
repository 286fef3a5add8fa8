"""/pictures/{id}/suggestion, and what else a request needs to look at a picture for the agent."""

from litestar import get
from litestar.params import FromPath

from tintype.accounts.models import require_feature
from tintype.agent import operations as agent
from tintype.agent.models import Suggestion
from tintype.api.guard import caller_of, needs
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, NotReady
from tintype.db.pool import Row, Transaction
from tintype.images import operations as images
from tintype.images import pictures
from tintype.images.intake import limits_of
from tintype.media.retouch.profile import Profile
from tintype.pictures.teaching import subject_of, tones

_OFF = "The agent is off for this picture: it says so in its mode, scene_types or project_ids."


@get(
    "/pictures/{picture_id:str}/suggestion",
    guards=[needs("images:read")],
    opt={"errors": [NotReady, Conflict]},
)
async def get_suggestion(request: AnyRequest, picture_id: FromPath[str]) -> Answer[Suggestion]:
    """What the agent would do with the picture and why, or why it isn't sure of anything."""
    caller = caller_of(request)
    require_feature(caller, "agent")
    async with parts(request).database.reading() as tx:
        row = await pictures.find(tx, caller, picture_id)
    images.require_completed(row)
    look = await look_at(request, row["object_key"])
    async with parts(request).database.snapshot() as tx:
        return Answer(await _suggestion(tx, caller, row, look))


async def suggested(
    tx: Transaction, caller: Caller, picture_id: str, look: Profile | None
) -> Suggestion:
    """The same for a picture that is to be enhanced so; raises NotReady and Conflict."""
    require_feature(caller, "agent")
    row = await pictures.find(tx, caller, picture_id)
    images.require_completed(row)
    return await _suggestion(tx, caller, row, look)


async def _suggestion(
    tx: Transaction, caller: Caller, row: Row, look: Profile | None
) -> Suggestion:
    """For a picture of the caller's; not sure, and saying why, where the agent is off."""
    settings = await agent.settings_of(tx, caller.organization_id)
    if not settings.applies(row["scene_type"], row["project_id"]):
        return agent.nothing(subject_of(row, look), _OFF)
    return await agent.suggest(
        tx, caller.organization_id, subject_of(row, look), settings, only_project=caller.project_id
    )


async def look_if_on(request: AnyRequest, caller: Caller, picture_id: str) -> Profile | None:
    """How a picture looks; None where the agent is off or the picture isn't ready.

    Raises NotFound.
    """
    async with parts(request).database.reading() as tx:
        if (await agent.settings_of(tx, caller.organization_id)).mode == "off":
            return None
        row = await pictures.find(tx, caller, picture_id)
    return await look_at(request, row["object_key"]) if row["object_key"] else None


async def look_at(request: AnyRequest, object_key: str) -> Profile | None:
    limits = limits_of(parts(request).settings.media)
    return await tones(parts(request).storage, parts(request).pixels, object_key, limits)


ROUTES = [get_suggestion]
