"""What a text may cost: any of them little work, told to stop at once, and few that wait."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from tintype.engines.base import EngineFault, Job
from tintype.engines.polish.checker import Checker
from tintype.engines.polish.edits import Edits
from tintype.engines.polish.engine import MODEL, PolishEngine
from tintype.engines.polish.proofread import Proof, proofread
from tintype.engines.polish.reading import LOOKED_UP_MAX
from tintype.engines.polish.shorten import TooShort, shortened
from tintype.engines.polish.stopping import Stopped

LONGEST = 10_000
# Twice what is promised: on a busy machine two threads share a core, and both count its time.
CPU_SECONDS_MAX = 4.0
STEP_SECONDS_MAX = 0.4
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ENGLISH = ("the", "a", "of", "is", "and", "to", "for", "with", "our", "we", "it", "was")


def made_of(make: Callable[[random.Random], str]) -> str:
    """The longest text of pieces made by chance, the same each time."""
    chance, text = random.Random(7), ""
    while len(text) < LONGEST:
        text += make(chance)
    return text[:LONGEST]


def unknown_words(letters: int, *, english: int) -> str:
    """Different words of no language, each with some English ones behind it."""

    def make(chance: random.Random) -> str:
        word = "".join(chance.choices(_LETTERS, k=letters))
        return " ".join([word, *chance.choices(_ENGLISH, k=english), ""])

    return made_of(make)


TEXTS = (
    "(" * 10_000, "a " * 5_000, "the " * 2_500, "{" * 10_000, "<a" * 5_000, "a,b" * 3_333,
    "@" * 10_000, "a.b" * 3_333, "!?" * 5_000, "'" * 10_000, "I'm " * 2_500, "A" * 10_000,
    "AB " * 3_333, "é" * 10_000, "👩‍" * 5_000, "recieve " * 1_250, "\n" * 10_000, " " * 9_999 + "a",
    "Ã©" * 5_000, "/a" * 5_000, "%%%" * 3_333, "http://" * 1_428, "a-" * 5_000, "&amp" * 2_500,
    "[A" * 5_000, "`a" * 5_000, ":a" * 5_000, "<a\n" * 3_333, "a_" * 5_000, "e\u0301" * 5_000,
    "dont " * 2_000, "Its a " * 1_666, "a.md" * 2_500, "We recieve it. " * 666,
    *(unknown_words(letters, english=2) for letters in (4, 7, 24, 38)),
    *(unknown_words(letters, english=0) for letters in (9, 39)),
    made_of(lambda chance: f"the{chance.randrange(10**6)}cat of our "),
    made_of(lambda chance: chance.choice(("london", "paris", "anna", "tuesday", "colour", "nato"))
            + chance.choice(("-", "_", "’", ".", "/", " is the ")) + chance.choice(_LETTERS)),
)  # fmt: skip


@pytest.fixture(scope="module")
def checker() -> Checker:
    """With all loaded that it loads with its first texts."""
    made = Checker()
    read(made, unknown_words(6, english=2))
    return made


def read(checker: Checker, text: str, stopped: Callable[[], bool] = lambda: False) -> Proof:
    return proofread(text, checker, "American", "professional", variants=True, stopped=stopped)


def steps(asked: list[float]) -> Iterator[float]:
    """The work between two questions, in CPU seconds of this thread."""
    return (after - before for before, after in pairwise(asked))


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:9]))
def test_no_text_takes_long_nor_any_step_of_it(checker: Checker, text: str) -> None:
    asked = [time.thread_time()]

    def stopped() -> bool:
        asked.append(time.thread_time())
        return False

    found = read(checker, text, stopped)
    asked.append(time.thread_time())
    assert asked[-1] - asked[0] < CPU_SECONDS_MAX
    assert max(steps(asked)) < STEP_SECONDS_MAX
    for length in (1, 5_000):
        cut_within(found.edits, length)
    assert time.thread_time() - asked[0] < CPU_SECONDS_MAX


def cut_within(edits: Edits, length: int) -> None:
    try:
        assert len(shortened(edits, length).text) <= length
    except TooShort:
        assert len(edits.text) > length


@pytest.mark.parametrize("questions", [0, 1, 40, 400, 2_000])
def test_it_stops_wherever_it_is_told_to(checker: Checker, questions: int) -> None:
    left = iter([False] * questions)
    with pytest.raises(Stopped):
        read(checker, unknown_words(8, english=3), lambda: next(left, True))


def test_words_beyond_those_looked_up_are_left_and_the_rest_is_mended(checker: Checker) -> None:
    known = "We recieve it, dont worry. It is definately better then ever. "
    strange = unknown_words(6, english=6)[: LOOKED_UP_MAX * 40]
    text = known + strange + "\nWe liked an bag alot. It has a tihng that is acommodated."
    found = read(checker, text).edits.text
    assert found.startswith("We receive it, do not worry. It is definitely better than")
    assert found.endswith("We liked a bag a lot. It has a tihng that is acommodated.")


def test_words_of_other_languages_use_nothing_up(checker: Checker) -> None:
    polish = "Nowa kolekcja już dostępna we wszystkich sklepach, a takżę w " + " ".join(
        f"{word}owego" for word in unknown_words(6, english=0).split()[:200]
    )
    assert read(checker, f"{polish}.\nIt is accomodated here.").edits.text.endswith(
        "It is accommodated here."
    )


def test_a_list_of_names_in_small_letters_is_no_prose(checker: Checker) -> None:
    names = made_of(lambda chance: f"the {chance.choice(_LETTERS)}{chance.randrange(10**5)}x is ")
    assert read(checker, names).edits.text == names


async def test_past_its_deadline_a_text_lets_go_of_its_thread() -> None:
    engine = PolishEngine(threads=1)
    await engine.open()
    await engine.run(Job("polish_text", MODEL, prompt=unknown_words(6, english=2)), _Watch())
    text = "".join(reversed(unknown_words(15, english=2)))
    with pytest.raises(EngineFault) as caught:
        await engine.run(Job("polish_text", MODEL, prompt=text, deadline_seconds=0.05), _Watch())
    # A thread that had gone on to its end would have answered.
    assert caught.value.code == "TIMEOUT"
    await engine.run(Job("polish_text", MODEL, prompt="Its a bag"), _Watch())
    await engine.close()


async def test_of_many_texts_at_once_some_wait_and_the_rest_are_told_when_to_ask_again() -> None:
    engine = PolishEngine(threads=1)
    await engine.open()
    jobs = [Job("polish_text", MODEL, prompt="We recieve it") for _ in range(40)]
    answers = await asyncio.gather(
        *(engine.run(job, _Watch()) for job in jobs), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, EngineFault)]
    assert 0 < len(refused) < len(jobs)
    assert {(fault.code, fault.retryable) for fault in refused} == {("RATE_LIMITED", True)}
    assert all(fault.retry_after_seconds for fault in refused)
    assert (await engine.run(jobs[0], _Watch())).text == "We receive it", "there is room again"
    await engine.close()


class _Watch:
    def canceled(self) -> bool:
        return False

    def progress(self, done: float) -> None:
        assert 0 <= done <= 1
