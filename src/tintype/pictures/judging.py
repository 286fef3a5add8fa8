"""Approval: who said what of a picture, when, and which one of its line is published."""

from typing import Final

from tintype.accounts.models import require_feature
from tintype.core.caller import Caller
from tintype.db.pool import Transaction
from tintype.images import operations as images
from tintype.images import pictures
from tintype.images.links import Links
from tintype.images.models import Approval
from tintype.media.retouch.profile import Profile
from tintype.pictures import views
from tintype.pictures.models import Picture
from tintype.pictures.teaching import teach

EVENTS: Final[dict[Approval, str]] = {
    "approved": "picture.approved", "rejected": "picture.rejected",
}  # fmt: skip


async def judge(
    tx: Transaction,
    caller: Caller,
    links: Links,
    picture_id: str,
    approval: Approval,
    feedback: str | None,
    look: Profile | None,
) -> Picture:
    """Approve or reject a completed picture; raises NotReady and Conflict for another.

    Approving makes it its line's published one. Rejecting the published one leaves that to the one
    approved last of the others. Saying the same again changes nothing; feedback that is left out
    stays where the verdict does. The agent learns from it; `look` is the picture's, where known.
    """
    require_feature(caller, "projects")
    row = await pictures.find(tx, caller, picture_id, lock=True)
    images.require_completed(row)
    same = row["approval"] == approval
    said = None if feedback is None else feedback.strip() or None
    if same and feedback is None:
        said = row["feedback"]
    published = approval == "approved"
    if same and said == row["feedback"] and row["selected"] == published:
        return views.to_picture(row, links)
    judged_by = caller.key_id or caller.user_id
    await pictures.judge(tx, row, approval, said, judged_by)
    await teach(tx, row, approval, judged_by, look)
    new = await pictures.find(tx, caller, picture_id)
    if not same or row["selected"] != published:
        await pictures.publish(tx, EVENTS[approval], new, links)
    return views.to_picture(new, links)
