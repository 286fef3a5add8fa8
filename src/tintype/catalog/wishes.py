"""Free English words into actions, for an engine that reads none itself.

No language model: each action lists the phrases that ask for it (`words`) and what it takes away
(`against`). The longest phrases are found first; the small words before them, back to the last
phrase or the clause's beginning, say whether they are wanted, refused or what is wrong ("no
noise", "too dark", "less contrast"), and how much. What is not understood is told, not guessed at.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from tintype.catalog import small_words as small
from tintype.catalog.actions import Action, actions
from tintype.media.retouch.steps import STEPS, Number

EXAMPLES: Final = "brighter, slightly warmer, straighten, blue sky, remove the noise, japandi"
"""Words that are understood, for the sentence that tells that none were."""
_SLIGHTLY: Final = 0.5
_STRONGLY: Final = 1.5
_NOT_TOO: Final = 0.6
_PHRASE_WORDS_MAX: Final = 6
_TOKEN: Final = re.compile(r"b&w|[^\W_]+(?:['’][^\W_]+)*|[^\w\s]|\n", re.IGNORECASE)
_HYPHEN: Final = re.compile(r"(?<=\w)[-‐‑–_](?=\w)")
_TAKING: Final = small.LESS | small.REMOVE | small.NO
_MODIFIERS: Final = (
    _TAKING | small.MEND | small.DENY | small.TOO | small.ARE | small.LACK | small.BUILD
    | small.SLIGHT | small.STRONG
)  # fmt: skip
_GONE: Final = {"away", "off", "out"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood: actions in the order of the words, each as strong as they ask for.

    `unknown` are the parts of the text that were not, as they were written, and such as exclude
    what was asked for before them.
    """

    actions: list[Action]
    unknown: list[str]


@dataclass(frozen=True, slots=True)
class _Item:
    """A word of the prompt at `start` to `end`, or a phrase that some action knows.

    `wanted` is the action that the phrase asks for, `against` the one that takes it away.
    """

    text: str
    start: int
    end: int
    wanted: str = ""
    against: str = ""

    @property
    def known(self) -> bool:
        return bool(self.wanted or self.against)

    @property
    def strange(self) -> bool:
        return not self.known and self.text not in small.PLAIN and self.text not in _MODIFIERS


@dataclass(frozen=True, slots=True)
class _Wish:
    """An action wanted or (`denied`) refused; `strength` multiplies its amounts."""

    action: str
    strength: float = 1.0
    denied: bool = False
    tempered: bool = False


def from_words(prompt: str) -> Reading:
    """The actions that a prompt asks for; none where it asks for nothing that is known."""
    wishes: list[tuple[_Wish, str]] = []
    unknown: list[str] = []
    before = None
    for separator, clause in _clauses(prompt):
        run: list[_Item] = []
        found = False
        for number, item in enumerate(clause):
            behind = clause[number + 1 :]
            wish = _wish(item, run, behind, before, separator) if item.known else None
            if wish is None:
                run.append(item)
                continue
            wishes.append((wish, prompt[item.start : item.end]))
            unknown += _told(prompt, run)
            run, before, found = [], (item, wish), True
        unknown += _told(prompt, run, alone=not found)
        before = before if found else None
    return _reading(wishes, unknown)


def _wish(
    item: _Item,
    run: Sequence[_Item],
    behind: Sequence[_Item],
    before: tuple[_Item, _Wish] | None,
    separator: str,
) -> _Wish | None:
    """What a phrase asks for by the words before it; None where that is not understood."""
    said = {it.text for it in run if not it.known}
    if "bring" in said:
        said.discard("out")
    if not any(it.known for it in behind):
        after = {it.text for it in behind}
        said |= after & (small.SLIGHT | small.STRONG)
        if after & _GONE:
            said.add("remove")
    if {"too", "little"} <= said or "enough" in said or said & small.LACK:
        # What there is too little of is wanted.
        said -= small.TOO | small.SLIGHT | small.DENY | small.ARE
    if any(it.strange or it.known for it in run) and said & (small.REMOVE | small.BUILD):
        return None
    carried = None
    if before is not None and not said & _MODIFIERS:
        carried = _carried(item, *before, separator)
    return carried or _judged(item, said)


def _judged(item: _Item, said: set[str]) -> _Wish | None:
    strength = _strength(said)
    opposites = {action.id: action.opposite for action in actions().by_id.values()}
    if said & small.DENY and said & small.TOO:
        return _Wish(item.wanted or opposites[item.against], tempered=True)
    fault = small.TOO | _TAKING
    if not item.wanted:
        fault = fault | small.MEND | small.ARE | small.DENY
    if item.against and said & fault:
        denied = bool(said & small.DENY and said & (_TAKING | small.MEND))
        return _Wish(item.against, strength, denied=denied)
    if not item.wanted or said & small.REMOVE:
        return None
    if said & (small.DENY | small.NO):
        return _Wish(item.wanted, denied=True)
    if said & (small.LESS | small.TOO):
        opposite = opposites[item.wanted]
        return _Wish(opposite, strength) if opposite else None
    return _Wish(item.wanted, strength)


def _carried(item: _Item, last: _Item, wish: _Wish, separator: str) -> _Wish | None:
    """As the phrase before it was meant: "remove the noise and haze", "no vignette or glow"."""
    if item.against and not item.wanted and wish.action == last.against:
        return replace(wish, action=item.against)
    if wish.denied and separator in small.EITHER and item.wanted:
        return replace(wish, action=item.wanted)
    return None


def _strength(said: set[str]) -> float:
    if said & small.SLIGHT:
        return _SLIGHTLY
    # "Too much contrast" is not much too much.
    strong = said & small.STRONG - ({"much"} if said & small.TOO else set())
    return _STRONGLY if strong else 1.0


def _told(prompt: str, run: Sequence[_Item], *, alone: bool = False) -> list[str]:
    """The part of the text between known phrases that was not understood, if there is any.

    Small words are told where they stand `alone` in their clause: "remove the sky" asks for
    something, "please" doesn't.
    """
    telling = [it for it in run if it.known or it.text not in small.PLAIN]
    if alone and telling:
        return [prompt[telling[0].start : run[-1].end]]
    strange = [it for it in telling if it.strange or it.known]
    return [prompt[telling[0].start : strange[-1].end]] if strange else []


def _reading(wishes: Sequence[tuple[_Wish, str]], unknown: list[str]) -> Reading:
    known = actions().by_id
    denied = {wish.action for wish, _ in wishes if wish.denied}
    tempered = {wish.action for wish, _ in wishes if wish.tempered}
    kept: dict[str, Action] = {}
    for wish, text in wishes:
        if wish.denied or wish.tempered or wish.action in denied or wish.action in kept:
            continue
        action = known[wish.action]
        if any(set(action.slots) & set(other.slots) for other in kept.values()):
            unknown.append(text)
            continue
        factor = wish.strength * (_NOT_TOO if action.id in tempered else 1.0)
        kept[action.id] = _scaled(action, factor)
    return Reading(list(kept.values()), unknown)


def _scaled(action: Action, factor: float) -> Action:
    if factor == 1:
        return action
    steps = [_scaled_step(step, factor) for step in action.steps]
    return msgspec.structs.replace(action, steps=steps)


def _scaled_step(step: dict[str, Any], factor: float) -> dict[str, Any]:
    """The step with its numbers multiplied, each kept in its range."""
    scaled = dict(step)
    for name, parameter in STEPS[step["step"]].items():
        if isinstance(parameter, Number) and isinstance(step.get(name), int | float):
            value = min(parameter.high, max(parameter.low, step[name] * factor))
            scaled[name] = round(value, 4)
    return scaled


def _clauses(prompt: str) -> Iterator[tuple[str, list[_Item]]]:
    """Words and phrases between punctuation and words like "and", each with what parted it."""
    clause: list[_Item] = []
    separator = ""
    for item in _items(prompt):
        if not item.known and (item.text in small.SPLIT or not item.text.isalnum()):
            if clause:
                yield separator, clause
                clause = []
            separator = item.text
        else:
            clause.append(item)
    if clause:
        yield separator, clause


def _items(prompt: str) -> Iterator[_Item]:
    words = _words(prompt)
    known = phrases()
    at = 0
    while at < len(words):
        for count in range(min(_PHRASE_WORDS_MAX, len(words) - at), 0, -1):
            text = " ".join(word.text for word in words[at : at + count])
            if text in known or count == 1:
                wanted, against = known.get(text, ("", ""))
                yield _Item(text, words[at].start, words[at + count - 1].end, wanted, against)
                at += count
                break


def _words(text: str) -> list[_Item]:
    """Words and signs, each where it stands; hyphens part words as spaces do."""
    plain = _HYPHEN.sub(" ", text)
    found = []
    for match in _TOKEN.finditer(plain):
        word = match[0].replace("'", "").replace("’", "").casefold()
        found.append(_Item(small.SPELLING.get(word, word), match.start(), match.end()))
    return found


@functools.cache
def phrases() -> dict[str, tuple[str, str]]:
    """Each phrase's action that it asks for, and the one that takes it away."""
    found: dict[str, tuple[str, str]] = {}
    for action in actions().by_id.values():
        for phrase in action.words:
            found[_plain(phrase)] = (action.id, "")
    for action in actions().by_id.values():
        for phrase in action.against:
            key = _plain(phrase)
            found[key] = (found.get(key, ("", ""))[0], action.id)
    return found


def _plain(phrase: str) -> str:
    return " ".join(word.text for word in _words(phrase))
