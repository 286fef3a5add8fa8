"""Reels: asked for, found, canceled, deleted. The work itself is a generation of kind `video`."""

from datetime import timedelta
from functools import partial
from typing import Any

from tintype.accounts.models import require_feature
from tintype.addresses import Network, check_url
from tintype.billing.quotes import Terms
from tintype.core.caller import Caller
from tintype.db.pool import Row, Transaction
from tintype.generations import operations as generations
from tintype.generations.models import TERMINAL
from tintype.generations.staging import FEATURES, staged
from tintype.generations.submit import Created, submit
from tintype.reels.models import CreateVideo
from tintype.reels.sounds import StoredSound
from tintype.reels.storyboard import lasting, planned
from tintype.videos import operations as videos
from tintype.webhooks.targets import hook


async def create(
    tx: Transaction,
    caller: Caller,
    ask: CreateVideo,
    *,
    spoken: float,
    sound: StoredSound | None,
    bytes_max: int,
    allow_networks: list[Network],
    cancel_after: timedelta | None,
) -> Created:
    """Accept a reel; its video is there from now on. Raises Quoted for a `dry_run`.

    `spoken` is how many seconds the voice speaks, as `storyboard.tried` found out, and `sound` the
    file that came with the request.
    """
    require_feature(caller, FEATURES["video"])
    board = await planned(tx, caller, ask, bytes_max=bytes_max)
    order = staged(board.model, {
        "kind": "video", "project_id": board.project_id, "prompt": "", "negative_prompt": None,
        "aspect_ratio": board.aspect_ratio, "resolution": ask.resolution, "seed": ask.seed,
        "duration_seconds": lasting(ask, board, spoken), "variants": 1,
        "sources": [{"image_id": picture_id} for picture_id in board.picture_ids],
        "recipe": board.recipe(ask, _background(ask, sound, allow_networks)),
        "meta": ask.meta, "cancel_at": cancel_after,
        "webhook_url": hook(ask.webhook_url, allow_networks),
    })  # fmt: skip
    terms = Terms(ask.dry_run, ask.quote_id)
    return await submit(tx, caller, order, terms, beside=partial(videos.reserve, tx))


def _background(
    ask: CreateVideo, sound: StoredSound | None, allow_networks: list[Network]
) -> dict[str, Any] | None:
    """What lies under the film, as its work keeps it."""
    asked = ask.background
    if asked is None:
        return None
    audio_url = asked.audio_url
    if audio_url is not None:
        audio_url = check_url(audio_url, "background.audio_url", allow_networks=allow_networks)
    return {
        "mood": asked.mood, "audio_url": audio_url,
        "audio_sha256": sound and sound.sha256, "sound_key": sound and sound.object_key,
    }  # fmt: skip


async def cancel(tx: Transaction, caller: Caller, video_id: str) -> Row:
    """End the work on a film early; Conflict where it has ended already. The film as it is then."""
    row = await videos.find(tx, caller, video_id)
    await generations.cancel(tx, caller, row["generation_id"])
    return await videos.find(tx, caller, video_id)


async def delete(tx: Transaction, caller: Caller, video_id: str) -> None:
    """Soft: its URLs end, work on it is canceled. The generation stays in the history."""
    row = await videos.find(tx, caller, video_id)
    work = await generations.lock(tx, caller, row["generation_id"])
    if work["status"] not in TERMINAL:
        await generations.cancel(tx, caller, work["id"])
    await videos.forget_of_generation(tx, caller.organization_id, work["id"])
