"""The catalogue of actions: what can be done to a picture, in words and as steps of retouching.

An action has a prompt for generative engines and a recipe of steps (`media/retouch/steps.py`) for
the built-in one. Two actions that share a slot work against each other and are refused together;
the actions of an exclusive group share the group's own.
"""

import functools
import itertools
import re
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from tintype.api.naming import suggestion
from tintype.catalog.merging import merged
from tintype.catalog.scenes import scenes
from tintype.core.data_file import Wrong, read
from tintype.core.errors import ValidationFailed
from tintype.core.settings import own_file
from tintype.media.retouch.steps import STEPS, Choice, checked

FILES: Final = (
    "interior_style", "interior_decoration", "declutter", "renovation", "light", "exterior", "sky",
    "dusk", "season", "straighten", "fashion", "product", "finishing",
)  # fmt: skip
ACTIONS_MAX: Final = 8
FIELD: Final = "instruction.actions"
_ID: Final = re.compile(r"(?=.{1,64}\Z)[a-z0-9]+(?:-[a-z0-9]+)*")
_SHOWN: Final = 80

Fidelity = Literal["preview", "full"]
Name = Annotated[str, Meta(min_length=1, max_length=60)]
Sentence = Annotated[str, Meta(min_length=1, max_length=400)]


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Of an exclusive group one action may be chosen.

    `keep` is said once to a generative engine, whatever number of the group's actions is chosen.
    """

    name: Name
    description: Sentence
    exclusive: bool
    keep: Annotated[str, Meta(max_length=200)] = ""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """`fidelity` "full": the built-in engine's steps do what the label says; else a preview.

    `words` ask for it in a sentence, `against` name what it takes away ("noise"). `opposite` is the
    action for less of it. No `scene_types` means every one.
    """

    id: str
    group: str
    label: Name
    description: Sentence
    prompt: Sentence
    fidelity: Fidelity
    steps: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    words: list[str] = []
    against: list[str] = []
    opposite: str = ""
    scene_types: list[str] = []
    slots: list[str] = []


class ActionFile(msgspec.Struct, frozen=True):
    groups: Annotated[dict[str, Group], Meta(min_length=1)]
    actions: Annotated[list[Action], Meta(min_length=1)]


class Actions(msgspec.Struct, frozen=True):
    """The catalogue as it is used: actions by id, their exclusive groups' slots added."""

    groups: dict[str, Group]
    by_id: dict[str, Action]


@functools.cache
def actions() -> Actions:
    """The operator's file (`catalog.actions_file`), or the shipped ones. Raises SettingsError."""
    setting, folder = "catalog.actions_file", resources.files("tintype.catalog").joinpath("actions")
    if own := own_file("catalog", "actions_file"):
        found = read(setting, own, folder, ActionFile, _check)
    else:
        parts = [read(setting, "", folder.joinpath(f"{name}.toml"), ActionFile) for name in FILES]
        groups = {name: group for part in parts for name, group in part.groups.items()}
        found = ActionFile(groups, [action for part in parts for action in part.actions])
        _check(found)
    by_id = {
        action.id: msgspec.structs.replace(action, slots=_slots(found, action))
        for action in found.actions
    }
    return Actions(found.groups, by_id)


def _slots(found: ActionFile, action: Action) -> list[str]:
    """Its own, after that of its group where it is exclusive."""
    return [*([action.group] if found.groups[action.group].exclusive else []), *action.slots]


def chosen(ids: Sequence[str]) -> list[Action]:
    """The actions of these ids, in this order.

    Raises ValidationFailed under `instruction.actions` for none or too many, for unknown or
    repeated ones, and for such as exclude each other, each by name.
    """
    known = actions().by_id
    if not 1 <= len(ids) <= ACTIONS_MAX:
        raise ValidationFailed(FIELD, f"must be 1 to {ACTIONS_MAX} actions, not {len(ids)}")
    faults = []
    for number, name in enumerate(ids):
        if name not in known:
            hint = _hint(name, known) or "; GET /catalog/actions lists them"
            faults.append((FIELD, f"there is no action {name[:_SHOWN]!r}{hint}"))
        elif name in ids[:number]:
            faults.append((FIELD, f"{name} is given twice"))
    found = [known[name] for name in ids if name in known]
    faults += [
        (FIELD, _conflict(one, other)) for one, other in itertools.combinations(found, 2)
        if one.id != other.id and set(one.slots) & set(other.slots)
    ]  # fmt: skip
    if faults:
        (field, problem), *more = faults
        raise ValidationFailed(field, problem, *more)
    return found


def _hint(name: str, known: Iterable[str]) -> str:
    """By the word that says most, the last one: who asks for `exterior-dusk` means a dusk."""
    last = name.rpartition("-")[2]
    alike = [it for it in known if last in it.split("-")]
    return suggestion(name, alike, least=0.0) or suggestion(name, known)


def _conflict(one: Action, other: Action) -> str:
    shared = next(slot for slot in one.slots if slot in other.slots)
    groups = actions().groups
    of = f" of {groups[shared].name}" if shared in groups else ""
    return f"{one.id} and {other.id} exclude each other: choose one{of}"


def conflicts_of(action: Action) -> list[str]:
    """The ids that may not be chosen beside it."""
    return [
        other.id for other in actions().by_id.values()
        if other.id != action.id and set(other.slots) & set(action.slots)
    ]  # fmt: skip


def steps_of(chosen_actions: Iterable[Action]) -> list[dict[str, Any]]:
    """One recipe of them all, each kind of step once, in the order of work."""
    return merged([step for action in chosen_actions for step in action.steps])


def prompt_of(chosen_actions: Iterable[Action]) -> str:
    """What a generative engine is told: each action's prompt, then once what has to stay."""
    those = list(chosen_actions)
    groups = actions().groups
    keeps = [groups[action.group].keep for action in those]
    return " ".join(dict.fromkeys([*(action.prompt for action in those), *filter(None, keeps)]))


def fidelity_of(chosen_actions: Iterable[Action]) -> Fidelity:
    """What the built-in engine makes of them: full only where each is."""
    return "full" if all(action.fidelity == "full" for action in chosen_actions) else "preview"


def _check(found: ActionFile) -> None:
    """What a type can't say. Raises Wrong."""
    _check_names(found)
    _check_words(found)
    for number, action in enumerate(found.actions):
        place = ("actions", number, "steps")
        if any(step.get("step") == "match" for step in action.steps):
            raise Wrong(place, "match needs a reference picture: that is what consistency is for")
        try:
            checked(action.steps)
        except ValueError as fault:
            raise Wrong(place, str(fault)) from fault
    _check_looks(found)


def _check_looks(found: ActionFile) -> None:
    """Of a step with a choice of looks a picture can have one only. Raises Wrong."""
    of_one_look = {
        name for name, parameters in STEPS.items()
        if any(isinstance(parameter, Choice) for parameter in parameters.values())
    }  # fmt: skip
    seen: list[tuple[str, set[str], str]] = []
    for number, action in enumerate(found.actions):
        slots = set(_slots(found, action))
        for name in sorted(of_one_look & {step["step"] for step in action.steps}):
            for earlier, others, of in seen:
                if of == name and not slots & others:
                    raise Wrong(
                        ("actions", number, "steps"),
                        f"{name} is in {earlier} too: the two must share a slot",
                    )
            seen.append((action.id, slots, name))


def _check_names(found: ActionFile) -> None:
    ids = [action.id for action in found.actions]
    for number, action in enumerate(found.actions):
        problems = {
            "id": None if _ID.fullmatch(action.id) else "must be 1 to 64 of a-z 0-9, joined by -",
            "group": None if action.group in found.groups else f"there is no [{action.group}]",
            "opposite": None if action.opposite in ["", *ids] else "there is no such action",
        }
        if action.id in ids[:number]:
            problems["id"] = f"there is another {action.id} before it"
        for name, problem in problems.items():
            if problem:
                raise Wrong(("actions", number, name), problem)
        if unknown := [name for name in action.scene_types if name not in scenes()]:
            raise Wrong(
                ("actions", number, "scene_types"),
                f"there is no {unknown[0]}; known are {', '.join(scenes())}",
            )


def _check_words(found: ActionFile) -> None:
    """A word asks for one action, or names what one action takes away."""
    for field in ("words", "against"):
        owners: dict[str, str] = {}
        for number, action in enumerate(found.actions):
            for word in getattr(action, field):
                if word in owners:
                    raise Wrong(("actions", number, field), f"{word!r} is {owners[word]}'s already")
                owners[word] = action.id
