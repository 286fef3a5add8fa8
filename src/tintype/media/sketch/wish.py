"""What a prompt says about the thing that was drawn: colours, materials, light, backdrop.

The words are found by the drawings' own reader, which knows six languages, their colours, times
of day and prepositions; `words.toml` adds what matters to a thing in a studio. One walk binds
colours and materials to the noun they stand with: the thing, one of its parts, or the ground.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Final

from tintype.media.draft.words import LANGUAGES, Language, Mention, folded, mentions

Kinds = Mapping[str, str]

_ENDING_MAX: Final = 3
_ENDING_MAX_RU: Final = 4
_STEM_MIN: Final = 4
_FOREIGN_MIN: Final = 5
_NEGATION_REACH: Final = 3
_AND: Final = frozenset({"and", "и", "und", "y", "et", "和", "与"})
_AFTER: Final = frozenset({"es", "fr"})
"""Languages whose adjectives follow their noun."""
_STANDS: Final = frozenset({"table", "floor"})
_TWO_TONE: Final = ("black", "white")
_COLORED_METAL: Final = frozenset({"gold", "silver"})


@dataclass(frozen=True, slots=True)
class Look:
    """How one part should look; colours are names of `materials.py`'s table, "" is no word."""

    colors: tuple[str, ...] = ()
    material: str = ""
    part: str = ""
    finish: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """The whole prompt. `main` is the thing's own look, `parts` those of parts it names.

    `thing` is what it is called (see `words.toml`), `ground` how what it stands on or before
    looks, and `stand` is "table" or "floor" where that is said to be one.
    """

    main: Look = Look()
    parts: tuple[Look, ...] = ()
    ground: Look = Look()
    stand: str = ""
    setting: str = ""
    thing: str = ""
    liquid: str = ""
    lights: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    styles: frozenset[str] = frozenset()


def read_wish(prompt: str) -> Wish:
    """Never fails: what isn't understood is left to the defaults of the thing."""
    reader = _Reader()
    for mention in _joined(mentions(prompt)):
        for word in _words(mention):
            reader.read(word)
    reader.close()
    return reader.wish


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    concepts: frozenset[str]
    language: Language | None
    kinds: Kinds

    def drafted(self, kind: str) -> list[str]:
        return [c.split(".", 1)[1] for c in sorted(self.concepts) if c.startswith(f"{kind}.")]


@dataclass(slots=True)
class _Reader:
    """One walk over a prompt; `pending` waits for its noun, `noun` is the last one's place.

    `two_tone`: "black and white" came; `alone`: nothing else came since the last comma.
    """

    wish: Wish = Wish()
    pending: Look = Look()
    noun: str = ""
    negated: int = 0
    two_tone: bool = False
    alone: bool = True
    looks: dict[str, Look] = field(default_factory=dict)

    def read(self, word: _Word) -> None:
        if word.text and not word.text[0].isalnum():
            self.flush()
            self.negated, self.alone = 0, True
            return
        if "negation.no" in word.concepts:
            self.flush()
            self.negated = _NEGATION_REACH
            return
        if self.negated:
            self.negated -= 1
            return
        self._mood(word)
        self._adjectives(word)
        self.alone &= "style.monochrome" in word.concepts
        if noun := _noun(word):
            self._noun(noun, word)
        elif any(c.startswith("relation.") for c in word.concepts) and not (
            word.text in _AND and self.pending.colors and not self.noun
        ):
            self.flush()

    def _mood(self, word: _Word) -> None:
        lights = (word.kinds["light"],) if "light" in word.kinds else ()
        styles = set(word.drafted("style"))
        if " " in word.text and "monochrome" in styles:
            styles.discard("monochrome")
            self.two_tone = True
        self.wish = replace(
            self.wish,
            lights=self.wish.lights + lights,
            times=(*self.wish.times, *word.drafted("time")),
            styles=self.wish.styles | styles,
            liquid=self.wish.liquid or word.kinds.get("liquid", ""),
        )

    def _adjectives(self, word: _Word) -> None:
        shade = (word.kinds["shade"],) if "shade" in word.kinds else ()
        colors = shade or tuple(word.drafted("color")[:1])
        if self.two_tone and " " in word.text:
            colors = _TWO_TONE
        self.pending = Look(
            colors=(self.pending.colors + colors)[:3],
            material=self.pending.material or word.kinds.get("material", ""),
            finish=self.pending.finish or word.kinds.get("finish", ""),
        )

    def _noun(self, noun: str, word: _Word) -> None:
        if self.noun and word.language in _AFTER:
            self.flush()
        if noun == "thing" and not self.wish.thing:
            self.wish = replace(self.wish, thing=word.kinds.get("thing", ""))
        if noun == "ground" and (setting := word.drafted("setting")):
            self.wish = replace(self.wish, setting=setting[0])
        if noun == "ground" and word.kinds.get("ground") in _STANDS and not self.wish.stand:
            self.wish = replace(self.wish, stand=word.kinds["ground"])
        self.noun = noun
        if word.language not in _AFTER or noun != "ground":
            self._bind(noun)

    def flush(self) -> None:
        """What found no noun goes to the one before, else to the thing itself."""
        if self.pending.colors == _TWO_TONE and self.two_tone and self.alone and self.looks:
            self.wish = replace(self.wish, styles=self.wish.styles | {"monochrome"})
            self.pending = Look()
        if self.pending != Look():
            self._bind(self.noun or "thing")
        self.noun = ""

    def _bind(self, noun: str) -> None:
        had = self.looks.get(noun, Look())
        self.looks[noun] = Look(
            colors=tuple(dict.fromkeys(had.colors + self.pending.colors))[:3],
            material=had.material or self.pending.material,
            finish=had.finish or self.pending.finish,
            part=noun.removeprefix("part:") if noun.startswith("part:") else "",
        )
        self.pending = Look()

    def close(self) -> None:
        self.flush()
        main = self.looks.get("thing", Look())
        colored = set(main.colors[:1]) & _COLORED_METAL
        if colored and not main.material and self.wish.thing in {"", "ring", "watch"}:
            main = replace(main, material="metal")
        if self.two_tone and set(main.colors) == set(_TWO_TONE) and not self.wish.thing:
            self.wish = replace(self.wish, styles=self.wish.styles | {"monochrome"})
        self.wish = replace(
            self.wish,
            main=main,
            parts=tuple(look for noun, look in self.looks.items() if noun.startswith("part:")),
            ground=self.looks.get("ground", Look()),
        )


def _noun(word: _Word) -> str:
    """The place that a noun's adjectives go to; "" for a word that is no noun we know."""
    if "ground" in word.kinds:
        return "ground"
    if "part" in word.kinds:
        return f"part:{word.kinds['part']}"
    # Oak is a tree in a drawing, and what a chair is made of here.
    if "thing" in word.kinds or (word.drafted("subject") and "material" not in word.kinds):
        return "thing"
    if word.drafted("setting") and "material" not in word.kinds:
        return "ground"
    return ""


def _joined(read: Iterable[Mention]) -> Iterator[Mention]:
    """Chinese has no spaces: signs that mean nothing by themselves are read as one word."""
    signs = ""
    for mention in read:
        if mention.language == "zh" and not mention.concepts and mention.text.isalnum():
            signs += mention.text
            continue
        if signs:
            yield Mention(signs, frozenset(), "zh")
            signs = ""
        yield mention
    if signs:
        yield Mention(signs, frozenset(), "zh")


def _words(mention: Mention) -> Iterator[_Word]:
    """A mention with what our own list says of it."""
    if not mention.text:
        return
    pieces = mention.text.split() if mention.language != "zh" else [mention.text]
    if any(c.startswith("style.") for c in mention.concepts) and len(pieces) > 1:
        pieces = [mention.text]
    for i, piece in enumerate(pieces):
        last = i == len(pieces) - 1
        concepts = mention.concepts if last else frozenset[str]()
        yield _Word(piece, concepts, mention.language, _kinds(piece, mention.language))


@cache
def _entries() -> Mapping[Language, tuple[tuple[str, str, str], ...]]:
    """(kind, name, stem) by language; the file never changes while the program runs."""
    text = files("tintype.media.sketch").joinpath("words.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    return {
        language: tuple(
            (kind, name, folded(stem).replace("_", " "))
            for kind, names in raw.items()
            for name, by_language in names.items()
            for stem in by_language.get(language, "").split()
        )
        for language in LANGUAGES
    }


def _kinds(word: str, language: Language | None) -> Kinds:
    """What the word means by our list, at most one name of each kind."""
    if language == "zh":
        # Marble's word has stone's in it: the longest counts.
        stems = sorted(_entries()["zh"], key=lambda entry: len(entry[2]))
        return {kind: name for kind, name, stem in stems if stem in word}
    if language is None:
        return {}
    found = dict(_matches(word, language))
    if not found and language not in {"en", "ru"}:
        found = dict(_matches(word, "en"))
    if not found and language != "ru" and len(word) >= _FOREIGN_MIN:
        for other in LANGUAGES:
            if other not in {"zh", "ru", language} and not found:
                found = dict(_matches(word, other))
    return found


def _matches(word: str, language: Language) -> Iterator[tuple[str, str]]:
    ending_max = _ENDING_MAX_RU if language == "ru" else _ENDING_MAX
    for kind, name, stem in reversed(_entries()[language]):
        if (
            word == stem
            or (
                len(stem) >= _STEM_MIN
                and word.startswith(stem)
                and len(word) - len(stem) <= ending_max
            )
            or (language == "de" and _is_built(word, kind, stem))
        ):
            yield kind, name


def _is_built(word: str, kind: str, stem: str) -> bool:
    """German builds words: "Ledertasche" is a bag of leather."""
    if len(stem) < _STEM_MIN or len(word) <= len(stem):
        return False
    if kind in {"material", "liquid"}:
        return word.startswith(stem)
    return kind in {"thing", "ground", "part"} and word.endswith(stem)
