"""What the agent does with a new picture by itself, in the transaction that makes the picture."""

from typing import Final

import msgspec

from tintype.accounts import operations as accounts
from tintype.accounts.models import require_feature, terms
from tintype.agent import operations as agent
from tintype.agent.models import Suggestion
from tintype.core import log
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, TintypeError
from tintype.db.pool import LockNotAvailable, Row, Transaction
from tintype.images.links import Links
from tintype.media.retouch.profile import Profile
from tintype.pictures import enhancing
from tintype.pictures.models import CreateEnhancement, EnhancementInstruction
from tintype.pictures.teaching import subject_of

_log: Final = log.get("tintype.pictures")


async def is_looking(tx: Transaction, organization_id: str) -> bool:
    """Whether it enhances new pictures, and so wants to see them."""
    return (await agent.settings_of(tx, organization_id)).mode == "auto"


async def enhance(
    tx: Transaction, caller: Caller, links: Links, row: Row, look: Profile | None
) -> None:
    """Enhance a completed upload with what the agent is sure of, within what it may spend.

    It acts for the organization: no key pays for it or is counted. Whatever is in the way (no
    credits, the cap, a plan without it, a fault of ours), the picture stays as it came and its
    upload succeeds, as long as its own transaction stands.
    """
    if row["source"] != "uploaded" or row["version"] or row["status"] != "completed":
        return  # What is made here, by itself above all, is no upload.
    settings = await agent.settings_of(tx, row["organization_id"])
    if settings.mode != "auto" or not settings.applies(row["scene_type"], row["project_id"]):
        return
    own = msgspec.structs.replace(caller, key_id=None, user_id=None, project_id=None, capped=False)
    try:
        # A savepoint: of work that is refused after all nothing may stay, but the picture does.
        async with tx.transaction():
            wanted = await agent.suggest(tx, own.organization_id, subject_of(row, look), settings)
            if wanted.sure:
                require_feature(own, "agent")
                await _enhance(tx, own, links, row, wanted, settings.variants)
    except (TintypeError, LockNotAvailable) as fault:
        _log.info("not enhanced by the agent", picture=row["id"], why=type(fault).__name__)
    except Exception as fault:  # A taste that can't be worked out is no fault of the picture.
        if tx.is_closed():
            raise
        # This fails in its turn where the savepoint could not be gone back to.
        await tx.execute("SELECT")
        _log.error("not enhanced by the agent", picture=row["id"], exc_info=fault)


async def _enhance(
    tx: Transaction, caller: Caller, links: Links, row: Row, wanted: Suggestion, variants: int
) -> None:
    left = await agent.room(tx, caller.organization_id, row["id"])
    if left is None:
        return
    ask = CreateEnhancement(
        instruction=EnhancementInstruction(source="agent"), variants=variants
    )  # fmt: skip
    given = {"source": "agent", "actions": wanted.actions}
    made = await enhancing.create(
        tx, caller, links, row["id"], ask, given,
        wanted=wanted, allow_networks=[], cancel_after=None,
    )  # fmt: skip
    cost = made.generation.credits_reserved
    if cost > left:
        raise Conflict(f"The agent may spend {left} more credits today, and this costs {cost}.")
    await agent.done(tx, caller.organization_id, row["id"], made.generation.id, cost)


async def caller_for(tx: Transaction, organization_id: str) -> Caller:
    """The organization itself, where no request is at hand."""
    found = await accounts.organization(tx, organization_id)
    return Caller(
        organization_id=found.id, scopes=frozenset(), livemode=found.sandbox_of is None,
        source="api", **terms(found.plan, msgspec.structs.asdict(found)),
        private_media=found.private_media,
        signing_secret=await accounts.signing_secret(tx, found.id),
    )  # fmt: skip
