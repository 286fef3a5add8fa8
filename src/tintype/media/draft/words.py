"""From a prompt to the concepts it names, in six languages.

`vocabulary.toml` lists, for each concept, its words per language. Latin and Cyrillic text is split
into words and matched whole, with the endings of its language allowed after a listed stem, so
"cats" and "кота" are found while "category" and "который" are not. Chinese has no spaces: runs of
Han characters are cut by the longest listed word. Accents are ignored on both sides.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

Language = Literal["en", "ru", "zh", "de", "es", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

WORDS_MAX = 800  # A prompt has 4,000 characters at most; beyond this many words nothing is read.
_ENDINGS: Mapping[Language, frozenset[str]] = {
    "en": frozenset(["", "s", "es"]),
    # Written as they are once accents are folded away: "ой" is "ои" here, "ий" is "ии".
    "ru": frozenset(
        [
            "",
            "а",
            "я",
            "о",
            "е",
            "ы",
            "и",
            "у",
            "ю",
            "ь",
            "ои",
            "еи",
            "ою",
            "ею",
            "ом",
            "ем",
            "ам",
            "ям",
            "ами",
            "ями",
            "ах",
            "ях",
            "ов",
            "ев",
            "ью",
            "ия",
            "ию",
            "ии",
            "ыи",
            "ое",
            "ее",
            "ая",
            "яя",
            "ую",
            "юю",
            "ые",
            "ие",
            "ого",
            "его",
            "ому",
            "ему",
            "ым",
            "им",
            "ых",
            "их",
            "ыми",
            "ими",
        ]
    ),
    "de": frozenset(["", "e", "en", "er", "n", "s", "es", "em", "ern"]),
    "es": frozenset(["", "s", "es", "o", "a", "os", "as"]),
    "fr": frozenset(["", "s", "x", "e", "es"]),
}
_TOKEN = re.compile(r"[㐀-䶿一-鿿豈-﫿]+|@?\w+|[,.;:!?，。；、！？]")
_HAN = re.compile(r"[㐀-䶿一-鿿豈-﫿]")
_CYRILLIC = re.compile(r"[Ѐ-ӿ]")
_PHRASE_WORDS_MAX = 4
_NOT_INFLECTED = frozenset(["домои"])  # "Homewards", though it looks like a case of "house".
_COMPOUND_TAIL_MIN = 5  # German builds words: "Bergstrasse" ends with one we list.


@dataclass(frozen=True, slots=True)
class Mention:
    """A word or phrase of the prompt: the concepts it stands for, none when it isn't listed."""

    text: str
    concepts: frozenset[str]  # "subject.cat", "color.red", "number.2", "relation.on", ...
    language: Language | None
    plural: bool = False

    def all_of(self, kind: str) -> list[str]:
        """Every concept of that kind, without its prefix, by name."""
        return [c.split(".", 1)[1] for c in sorted(self.concepts) if c.startswith(f"{kind}.")]

    def of(self, kind: str) -> str | None:
        """The concept of that kind, without its prefix; the first by name where there are two."""
        return next(iter(self.all_of(kind)), None)


@dataclass(frozen=True, slots=True)
class Table:
    """The index of one language: phrases (tuples of words) to concepts."""

    phrases: Mapping[tuple[str, ...], frozenset[str]]
    filler: frozenset[str]


def folded(text: str) -> str:
    """Compatible, caseless, without accents; what is compared everywhere here."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(c for c in text if not unicodedata.combining(c))


@cache
def tables() -> Mapping[Language, Table]:
    """The vocabulary file as one index per language; it never changes while the program runs."""
    raw = tomllib.loads(
        files("tintype.media.draft").joinpath("vocabulary.toml").read_text(encoding="utf-8")
    )
    filler = raw.pop("filler")
    phrases: dict[Language, dict[tuple[str, ...], frozenset[str]]] = {k: {} for k in LANGUAGES}
    for kind, concepts in raw.items():
        for name, by_language in concepts.items():
            for language in LANGUAGES:
                for word in by_language.get(language, "").split():
                    key = tuple(folded(part) for part in word.split("_"))
                    known = phrases[language].get(key, frozenset())
                    phrases[language][key] = known | {f"{kind}.{name}"}
    return {
        language: Table(phrases[language], frozenset(map(folded, filler[language].split())))
        for language in LANGUAGES
    }


def tokens(text: str) -> list[str]:
    """Words, runs of Han characters and punctuation; `@aliases` are names, not words."""
    found = (t for t in _TOKEN.findall(folded(text)) if not t.startswith("@"))
    return [t for t, _ in zip(found, range(WORDS_MAX), strict=False)]


def _stems(word: str, language: Language) -> Iterator[str]:
    """The listed forms that `word` may be an inflection of, the longest first."""
    if language == "en" and word.endswith("ies"):
        yield word[:-3] + "y"
    for cut in range(len(word) + 1):
        stem, ending = word[: len(word) - cut], word[len(word) - cut :]
        if len(ending) > 3 or len(stem) < 2:
            return
        if ending in _ENDINGS[language]:
            yield stem


@cache
def _singles(language: Language) -> Mapping[str, frozenset[str]]:
    return {key[0]: value for key, value in tables()[language].phrases.items() if len(key) == 1}


@cache
def _starts(language: Language) -> frozenset[str]:
    return frozenset(key[0][:2] for key in tables()[language].phrases if len(key) > 1)


def _word(word: str, language: Language) -> tuple[frozenset[str], bool]:
    singles = _singles(language)
    if word in _NOT_INFLECTED:
        return frozenset(), False
    found = [stem for stem in _stems(word, language) if stem in singles]
    if found:
        plural = language in {"en", "es", "fr"} and word.endswith(("s", "x"))
        return frozenset().union(*(singles[s] for s in found)), plural and found[-1] != word
    if language == "de":
        for cut in range(3, len(word) - _COMPOUND_TAIL_MIN + 1):
            for stem in _stems(word[cut:], language):
                if len(stem) >= _COMPOUND_TAIL_MIN and stem in singles:
                    head = next(
                        (singles[s] for s in _stems(word[:cut], language) if s in singles),
                        frozenset[str](),
                    )
                    return singles[stem] | head, False
    return frozenset(), False


def _phrase(words: list[str], language: Language) -> tuple[int, frozenset[str], bool]:
    """The longest listed phrase at the start of `words`: its length, concepts, plural."""
    phrases = tables()[language].phrases
    if words[0][:2] in _starts(language):
        for length in range(min(_PHRASE_WORDS_MAX, len(words)), 1, -1):
            for key, concepts in phrases.items():
                if len(key) == length and all(
                    part in _stems(word, language) or part == word
                    for part, word in zip(key, words[:length], strict=True)
                ):
                    last = words[length - 1]
                    return length, concepts, last != key[-1] and last.endswith("s")
    concepts, plural = _word(words[0], language)
    return 1, concepts, plural


def _han(run: str) -> Iterator[Mention]:
    singles = _singles("zh")
    longest = max(map(len, singles))
    at = 0
    while at < len(run):
        for length in range(min(longest, len(run) - at), 0, -1):
            piece = run[at : at + length]
            if piece in singles:
                break
        yield Mention(piece, singles.get(piece, frozenset()), "zh")
        at += len(piece)


def _is_filler(word: str) -> bool:
    return any(word in table.filler for table in tables().values())


def latin_language(words: list[str]) -> Language:
    """Which of the languages in Latin script the words are in: the one that knows the most."""
    best: Language = "en"
    score = -1.0
    for language in LANGUAGES:
        if language in {"ru", "zh"}:
            continue
        points = sum(1.0 for w in words if w in tables()[language].filler)
        # "The" is no tea, however French it may look.
        points += sum(1.5 for w in words if not _is_filler(w) and _word(w, language)[0])
        if points > score + (0.4 if best == "en" else 0):
            best, score = language, points
    return best


def mentions(text: str) -> list[Mention]:
    """Every word of `text` in order, with what it stands for."""
    found = tokens(text)
    latin = latin_language([t for t in found if not _HAN.match(t) and not _CYRILLIC.match(t)])
    out: list[Mention] = []
    at = 0
    while at < len(found):
        word = found[at]
        if _HAN.match(word):
            out.extend(_han(word))
            at += 1
            continue
        language: Language = "ru" if _CYRILLIC.match(word) else latin
        length, concepts, plural = _phrase(found[at : at + _PHRASE_WORDS_MAX], language)
        if not concepts and word.isdecimal() and len(word) <= 2:
            concepts = frozenset({f"number.{int(word)}"})
        if not concepts and language not in {"en", "ru"} and word not in tables()[language].filler:
            # Loan words and mixed prompts: English is known everywhere.
            length, concepts, plural = _phrase(found[at : at + _PHRASE_WORDS_MAX], "en")
        out.append(Mention(" ".join(found[at : at + length]), concepts, language, plural))
        at += length
    return out


def language_of(text: str) -> Language:
    """The language that most of the prompt is written in."""
    found = tokens(text)
    han = sum(len(t) for t in found if _HAN.match(t))
    cyrillic = sum(1 for t in found if _CYRILLIC.match(t))
    latin = [t for t in found if t.isalpha() and not _HAN.match(t) and not _CYRILLIC.match(t)]
    if han and han >= max(cyrillic, len(latin)):
        return "zh"
    if cyrillic > len(latin):
        return "ru"
    return latin_language(latin)
