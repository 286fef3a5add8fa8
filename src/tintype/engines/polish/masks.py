"""What no correction may touch: links, tags, handles, placeholders, code, numbers, names.

A mask is recognized by its look, generously: a word that is left alone by mistake keeps its fault,
one that is changed by mistake breaks a link or a program.
"""

import re
from bisect import bisect_left, bisect_right
from typing import Final

Span = tuple[int, int]

# None is a word that a sentence begins with: "recieve.txt" is a file, "ended.it was" is not.
_ENDINGS: Final = (
    "avif|bmp|com|css|csv|docx?|eps|exe|gif|gz|heic|html?|io|jpe?g|js|json|md|mov|mp3|mp4|net|org|"
    "otf|pdf|php|png|pptx?|psd|py|svg|tar|tiff?|toml|tsx?|ttf|txt|wav|webm|webp|woff2?|xlsx?|xml|"
    "ya?ml|zip"
)
# Each is linear: possessive, or bounded by what can't be in it. The order is no precedence.
_KINDS: Final = (
    r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s<>\"]++",  # links
    r"(?:mailto|tel|data|sms):[^\s<>\"]++",
    r"www\.[^\s<>\"]++",
    r"[\w.+-]{1,64}@[\w-]++(?:\.[\w-]++)+",  # e-mail addresses
    r"[@#＠＃][\w.·-]++",  # handles and hashtags
    r"</?[A-Za-z!][^<>]{0,2000}+>",  # tags, over several lines too
    r"&(?:[A-Za-z]{2,12}|#\d{1,7}|#x[0-9A-Fa-f]{1,6});",  # entities
    r"```[^`]{0,9000}```",  # code
    r"`[^`\n]{1,500}`",
    r"\{\{[^{}\n]{0,200}\}\}",  # placeholders
    r"\{%[^%\n]{0,200}%\}",
    r"\$?\{[^{}\n]{0,200}\}",
    r"\[\[[^\[\]\n]{1,200}\]\]",
    r"\[[A-Z][A-Z0-9_ ]{1,40}\]",
    r"<<[^<>\n]{1,80}>>",
    r"%\([A-Za-z_]\w{0,40}\)[#0+ -]?\d{0,3}(?:\.\d{1,3})?[sdifrxXgGeEaAc]",
    r"%(?:\d{1,2}\$)?[#0+-]?\d{0,3}(?:\.\d{1,3})?[sdifxXgGeEuco@](?!\w)",
    r"%[A-Za-z_]\w{0,40}%",
    r"\$[A-Za-z_]\w*+",
    rf"(?<![\w-])[\w-]{{1,80}}+\.(?:{_ENDINGS})(?!\w)",  # files and hosts
    r":[a-z_]\w{1,40}:",  # :emoji_names:
    r"(?<!\w)::?[A-Za-z_]\w*+",  # :placeholders
    r"\\\w++",
    r"(?:[A-Za-z]:)?(?:[~.]{1,2})?(?:[/\\][\w.@~-]++)+[/\\]?",  # paths
)
# A run of non-blanks is left alone as a whole when it has any of these in it.
_TELLING: Final = re.compile(
    r"\d"  # SKUs, prices, sizes, versions, dates
    r"|[_=@#$%^*~|\\<>{}\[\]€£¥₹§°®™©+]"
    r"|\w\.\w"  # file and host names, method.calls, initials
    r"|\w/\w"
    r"|\w&\w"
    r"|[a-z][A-Z]"  # iPhone, camelCase
    r"|[A-Z][A-Z][a-z]"  # LEDs, SaaS
    r"|\w[:;]\w"
)
_SENTENCES_MET: Final = re.compile(r"[a-z]{2,}[.!?,][A-Za-z][a-z']*+[.,!?;:]*+")
_RUN: Final = re.compile(r"\S++")
_MASK: Final = re.compile("|".join(f"(?:{kind})" for kind in _KINDS))
# What stands around a word without belonging to it.
_AROUND: Final = "\"'()“”‘’«»„.,;:!?…-–—"
# A character that isn't a letter and yet is one with its neighbours: joiners, variation selectors.
_UNSEEN: Final = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\U000e0020-\U000e007f]"
)


def links(text: str) -> list[Span]:
    """Links, tags, handles, placeholders and code, in order and apart from each other."""
    return united([match.span() for match in _MASK.finditer(text)])


def masks(text: str) -> list[Span]:
    """All places that no correction may touch, in order and apart from each other."""
    found = links(text)
    for run in _RUN.finditer(text):
        word = run[0]
        core = word.strip(_AROUND)
        telling = _TELLING.search(core)
        if core and telling and not _SENTENCES_MET.fullmatch(core):
            start = run.start() + word.index(core)
            found.append((start, start + len(core)))
        elif _UNSEEN.search(word):
            found.append(run.span())
    return united(found)


def united(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def touches(spans: list[Span], start: int, end: int) -> bool:
    """Whether a change of `start` to `end` would change or lengthen one of the spans.

    `spans` are as `united` gives them. An insertion, which has no extent, may not even stand at
    the edge of one.
    """
    # The last span that begins early enough is the one that reaches furthest.
    behind = (
        bisect_right(spans, start, key=_start)
        if start == end
        else bisect_left(spans, end, key=_start)
    )
    if behind == 0:
        return False
    reaches = spans[behind - 1][1]
    return start <= reaches if start == end else start < reaches


def _start(span: Span) -> int:
    return span[0]
