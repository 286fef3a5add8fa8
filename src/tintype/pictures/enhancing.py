"""Instructions into work: what presets, words, quick actions and a reference ask for."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import msgspec

from tintype.accounts.models import require_feature
from tintype.addresses import Network
from tintype.agent.models import Suggestion
from tintype.agent.tone import in_words
from tintype.billing.quotes import Terms
from tintype.catalog.actions import Action, chosen, fidelity_of, prompt_of, steps_of
from tintype.catalog.models import Model
from tintype.catalog.wishes import EXAMPLES, from_words
from tintype.core.caller import Caller
from tintype.core.errors import ValidationFailed
from tintype.db.pool import Row, Transaction
from tintype.generations import enhancing
from tintype.generations.enhancing import KIND, Recipe, reads, size_for
from tintype.generations.submit import Created
from tintype.images import operations as images
from tintype.images import pictures, references
from tintype.images.links import Links
from tintype.models import operations as models
from tintype.pictures.models import VARIANTS, CreateEnhancement, EnhancementInstruction
from tintype.projects import operations as projects
from tintype.projects.models import Defaults
from tintype.quick_actions import operations as quick_actions
from tintype.webhooks.targets import hook

_AT: Final = "instruction"
# The field in which each source of an instruction has what it needs; consistency may do without,
# and the agent needs nothing.
_OWN: Final = {
    "preset": "actions", "prompt": "prompt", "quick_action": "quick_action_id",
    "consistency": "reference_image_id",
}  # fmt: skip
_MATCH: Final = (
    "Match the tone, white balance, contrast and colour mood of the second picture. Keep everything"
    " that the first picture shows exactly as it is."
)
_SHOWN: Final = 60
_TOLD_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class _Meant:
    """`reference_id` is to be matched; `variants` are those of the quick action, if it has any."""

    recipe: Recipe
    reference_id: str | None = None
    variants: int | None = None


async def create(
    tx: Transaction,
    caller: Caller,
    links: Links,
    picture_id: str,
    ask: CreateEnhancement,
    given: Mapping[str, Any],
    *,
    wanted: Suggestion | None = None,
    allow_networks: list[Network],
    cancel_after: timedelta | None,
) -> Created:
    """Accept an enhancement; its pictures are there, in process, when it is.

    `given` is the instruction as it was sent, `wanted` what the agent suggests,
    for an instruction of its. Raises Quoted for a `dry_run`, NotReady and Conflict
    for a picture that isn't completed, ValidationFailed by name for what can't be done.
    """
    require_feature(caller, "projects")
    picture = await pictures.find(tx, caller, picture_id)
    images.require_completed(picture)
    model = await models.chosen(tx, caller, KIND, ask.model)
    own = await projects.defaults(tx, caller, picture["project_id"])
    meant = await _meant(tx, caller, links, ask.instruction, picture, model, own, wanted)
    variants = ask.variants or meant.variants or VARIANTS
    size = size_for(
        model, picture["width"], picture["height"],
        aspect_ratio=ask.aspect_ratio or own.aspect_ratio,
        resolution=ask.resolution or own.resolution, variants=variants,
    )  # fmt: skip
    fields = {
        "seed": ask.seed, "variants": variants, "meta": ask.meta,
        "webhook_url": hook(ask.webhook_url, allow_networks),
    }  # fmt: skip
    return await enhancing.create(
        tx, caller, model, picture, meant.recipe, instruction=given,
        reference_id=meant.reference_id, size=size, fields=fields,
        terms=Terms(ask.dry_run, ask.quote_id), cancel_after=cancel_after,
    )  # fmt: skip


async def _meant(
    tx: Transaction,
    caller: Caller,
    links: Links,
    instruction: EnhancementInstruction,
    picture: Row,
    model: Model,
    own: Defaults,
    wanted: Suggestion | None,
) -> _Meant:
    _check_fields(instruction)
    scene: str | None = picture["scene_type"]
    if instruction.source == "preset":
        return _Meant(of_actions(chosen(instruction.actions or []), scene))
    if instruction.source == "prompt":
        return _Meant(of_words(instruction.prompt or "", model, scene, f"{_AT}.prompt"))
    if instruction.source == "agent":
        return _Meant(of_suggestion(wanted, scene))
    if instruction.source == "consistency":
        return _Meant(_MATCHING, await _reference(tx, caller, links, instruction, picture, own))
    field = f"{_AT}.quick_action_id"
    action = await quick_actions.find(tx, caller, instruction.quick_action_id or "")
    actions = _still_known(action.actions, field)
    if action.prompt is None:
        return _Meant(of_actions(actions, scene), variants=action.variants)
    recipe = of_words(action.prompt, model, scene, field, besides=actions)
    return _Meant(recipe, variants=action.variants)


def of_actions(
    actions: Sequence[Action], scene_type: str | None, unknown: Sequence[str] = ()
) -> Recipe:
    """The recipe of actions of the catalogue, for a picture of such a scene.

    `unknown` are words that were to ask for more.
    """
    notes = []
    if unknown:
        told = "; ".join(f"“{part[:_SHOWN]}”" for part in unknown[:_TOLD_MAX])
        notes.append(f"not understood, and so not done: {told}")
    hinted = [action.label for action in actions if action.fidelity == "preview"]
    if hinted:
        notes.append(f"only hinted at, as it needs a generative engine: {', '.join(hinted)}")
    elsewhere = [
        action.label for action in actions
        if scene_type and action.scene_types and scene_type not in action.scene_types
    ]  # fmt: skip
    if elsewhere:
        notes.append(f"not made for scenes of type {scene_type}: {', '.join(elsewhere)}")
    return Recipe(
        actions=tuple(action.id for action in actions),
        steps=tuple(steps_of(actions)),
        prompt=prompt_of(actions),
        fidelity="preview" if unknown else fidelity_of(actions),
        notes=tuple(notes),
    )


def of_words(
    prompt: str,
    model: Model,
    scene_type: str | None,
    field: str,
    *,
    besides: Sequence[Action] = (),
) -> Recipe:
    """The recipe of free words, after that of actions `besides`.

    An engine that reads gets the words; one that goes by steps does what is understood of them.
    Raises ValidationFailed on `field` where that is nothing.
    """
    if not prompt.strip():
        raise ValidationFailed(field, "must say something")
    if len(prompt) > model.prompt_characters_max:
        most = model.prompt_characters_max
        raise ValidationFailed(field, f"may have at most {most} characters for {model.id}")
    reading = from_words(prompt)
    if not reading.actions and not besides and not reads(model):
        raise ValidationFailed(
            field,
            f"{model.id} has no language model and understands none of this; it knows words such"
            f" as: {EXAMPLES}",
        )
    taken = {slot for action in besides for slot in (action.id, *action.slots)}
    free = [it for it in reading.actions if taken.isdisjoint({it.id, *it.slots})]
    clashing = [it.label for it in reading.actions if it not in free]
    recipe = of_actions([*besides, *free], scene_type, [*reading.unknown, *clashing])
    words = " ".join(part for part in (prompt_of(besides), prompt.strip()) if part)
    return dataclasses.replace(recipe, prompt=words)


def of_suggestion(wanted: Suggestion | None, scene_type: str | None) -> Recipe:
    """What the agent is sure of, in the strengths that were approved, with the tones it wishes for.

    Raises ValidationFailed, in the agent's words, where it is not sure of anything.
    """
    if wanted is None or not wanted.sure:
        why = wanted.explanation if wanted else "no suggestion was asked for"
        raise ValidationFailed(f"{_AT}.source", f"the agent has nothing to suggest: {why}")
    recipe = of_actions(chosen(wanted.actions), scene_type) if wanted.actions else _NOTHING
    tones = [wish.words for wish in wanted.tone]
    words = f"Make the whole photo a little {in_words(tones)}." if tones else ""
    prompt = " ".join(part for part in (recipe.prompt, words) if part)
    return dataclasses.replace(recipe, steps=tuple(wanted.steps), prompt=prompt)


def _still_known(action_ids: Sequence[str], field: str) -> list[Action]:
    """A quick action's actions; raises ValidationFailed on `field` where one has left since."""
    if not action_ids:
        return []
    try:
        return chosen(action_ids)
    except ValidationFailed as fault:
        problem = "; ".join(str(one["problem"]) for one in fault.details)
        raise ValidationFailed(field, f"does not fit any more: {problem}") from fault


def _check_fields(instruction: EnhancementInstruction) -> None:
    """Raise ValidationFailed for a missing field, and for such as mean nothing to the source."""
    own = _OWN.get(instruction.source)
    for name, value in msgspec.structs.asdict(instruction).items():
        if name not in {"source", own} and value is not None:
            raise ValidationFailed(
                f"{_AT}.{name}", f"means nothing for source {instruction.source}; leave it out"
            )
    if own and getattr(instruction, own) is None and instruction.source != "consistency":
        raise ValidationFailed(f"{_AT}.{own}", f"is required for source {instruction.source}")


async def _reference(
    tx: Transaction,
    caller: Caller,
    links: Links,
    instruction: EnhancementInstruction,
    picture: Row,
    own: Defaults,
) -> str:
    """The picture to be matched: the instruction's own, else the project's.

    That of the project may lie in another one, also for a key that sees none but its own.
    """
    field = f"{_AT}.reference_image_id"
    if instruction.reference_image_id is None:
        reference_id = own.consistency_image_id
        if reference_id is None:
            problem = "is required, as the project has no consistency_image_id to match"
            raise ValidationFailed(field, problem)
        if await images.stored(tx, caller.organization_id, reference_id) is None:
            problem = "is required, as the project's consistency_image_id was deleted"
            raise ValidationFailed(field, problem)
    else:
        reference_id = await references.resolve_own(
            tx, caller, links, instruction.reference_image_id, field,
            project_id=picture["project_id"],
        )  # fmt: skip
    if reference_id == picture["id"]:
        raise ValidationFailed(field, "is the picture itself")
    return reference_id


_MATCHING: Final = Recipe(
    actions=(), steps=({"step": "match", "amount": 1.0},), prompt=_MATCH, fidelity="full"
)
"""A recipe that makes a picture look as the reference does."""
_NOTHING: Final = Recipe(actions=(), steps=(), prompt="", fidelity="full")
