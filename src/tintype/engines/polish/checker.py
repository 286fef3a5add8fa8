"""Harper, the English checker: what it finds in a text, as places with wordings to choose from.

One `Checker` belongs to one thread. The dictionary is loaded with the first one of the process
(half a second, 140 MB); a further dialect or thread costs some milliseconds.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

from tintype.engines.polish.words import listed

Dialect = Literal["American", "British", "Australian", "Canadian", "Indian"]
SPELLING: Final = "SpellCheck"
_REMEMBERED: Final = 2048
_NO_PROSE: Final = re.compile(r"[^\W_]{40,}+|[^\w\s]{10,}+|_{10,}+|[^\S\n]{40,}+")
_SILENT: Final = listed("silent")
_SILENT_PREFIXES: Final = ("Expand", "Redundant")
_TRADE_WORDS: Final = sorted(listed("trade"))


@dataclass(frozen=True, slots=True)
class Finding:
    """`options` are wordings for the whole place, best first."""

    start: int
    end: int
    rule: str
    kind: str
    options: tuple[str, ...]


def _readable(text: str) -> str:
    """`text` with blanks for what is no prose, all else in its place.

    Harper's time grows with the square of such runs.
    """
    return _NO_PROSE.sub(lambda run: " " * len(run[0]), text)


class CheckerFailed(Exception):
    """The checker gave up on a text; it says nothing about the text."""


class Checker:
    """`check` and `knows` for the dialects that were asked for so far."""

    def __init__(self) -> None:
        # Loaded with the first text: a server that never polishes must not hold the dictionary.
        import harper  # noqa: PLC0415

        self._harper = harper
        self._linters: dict[Dialect, Any] = {}
        # Compounds are asked for half by half, and a text repeats its words.
        self.knows = lru_cache(_REMEMBERED)(self._knows)

    def check(self, text: str, dialect: Dialect) -> list[Finding]:
        """Everything that is found, by place. Raises CheckerFailed.

        The time goes by the number of different unknown words that `looked_up` hasn't met.
        """
        lints = self._lints(text, dialect)
        findings = [self._finding(rule, lint) for rule, found in lints.items() for lint in found]
        return sorted(findings, key=lambda found: (found.start, found.end))

    def looked_up(self, piece: str, dialect: Dialect) -> set[str]:
        """The words of a piece of text that `check` will look up; it is quick with them then."""
        return {lint.problem_text for lint in self._lints(piece, dialect).get(SPELLING, ())}

    def _knows(self, words: str, dialect: Dialect) -> bool:
        """Whether the dictionary has all of the words, at most seven, in any case and English."""
        linter = self._linter(dialect)
        with self._guarded():
            return bool(linter.is_likely_english(words))

    def _lints(self, text: str, dialect: Dialect) -> dict[str, list[Any]]:
        linter = self._linter(dialect)
        with self._guarded():
            found: dict[str, list[Any]] = linter.organized_lints(
                _readable(text), language="plaintext"
            )
        return found

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn a fault inside the library into CheckerFailed: it is no `Exception`."""
        try:
            yield
        except BaseException as fault:
            if isinstance(fault, (KeyboardInterrupt, SystemExit)):
                raise
            self._linters.clear()  # One of them may be left half done.
            raise CheckerFailed("The checker failed on this text.") from fault

    def _linter(self, dialect: Dialect) -> Any:
        linter = self._linters.get(dialect)
        if linter is None:
            linter = self._harper.Linter(self._harper.Dialect[dialect.upper()])
            config = linter.get_lint_config()
            silent = {
                name for name in config
                if name != SPELLING and (name in _SILENT or name.startswith(_SILENT_PREFIXES))
            }  # fmt: skip
            linter.set_lint_config(config | dict.fromkeys(silent, False))
            linter.import_words(_TRADE_WORDS)
            self._linters[dialect] = linter
        return linter

    def _finding(self, rule: str, lint: Any) -> Finding:
        before = lint.problem_text
        options = dict.fromkeys(self._wording(before, item) for item in lint.suggestions)
        options.pop(before, None)
        return Finding(lint.span.start, lint.span.end, rule, lint.lint_kind, tuple(options))

    def _wording(self, before: str, suggestion: Any) -> str:
        kinds = self._harper.SuggestionKind
        if suggestion.kind == kinds.REMOVE:
            return ""
        text = str(suggestion.replacement_text)
        return before + text if suggestion.kind == kinds.INSERT_AFTER else text
