"""Enhancing keeps the words, adds what is missing, and is done after one pass."""

import pytest

from tintype.media.draft.enhance import CHARACTERS_MAX, enhance
from tintype.media.draft.reading import read_scene

PROMPTS = [
    "a cat",
    "A majestic eagle soaring over snow-capped mountains",
    "грузовик едет по горной дороге",
    "рыжий кот ночью",
    "一只猫在沙发上",
    "山",
    "ein Haus am See bei Nacht",
    "un camión rojo en la carretera",
    "un chat noir sur un canapé",
    "Lighthouse in the rain.",
    "blorptik znarf",
    "two dogs and a horse,",
    "@hero riding a horse next to @castle-2, oil painting",
    "...",
    "",
    "x" * 5000,
    "a cat " * 700,
    "猫" * 3990,
]


@pytest.mark.parametrize("prompt", PROMPTS, ids=range(len(PROMPTS)))
def test_a_second_pass_changes_nothing_and_the_limit_holds(prompt):
    once = enhance(prompt)
    assert enhance(once) == once
    assert len(once) <= CHARACTERS_MAX


@pytest.mark.parametrize("prompt", [p for p in PROMPTS if 2 < len(p) < 4000 and p != "..."])
def test_the_words_are_kept_and_something_is_added(prompt):
    words = prompt.strip().rstrip(".,")
    assert enhance(prompt).startswith(words)
    if len(prompt) < 1000:
        assert len(enhance(prompt)) > len(prompt)


@pytest.mark.parametrize("prompt", [p for p in PROMPTS if len(p) < 200])
def test_an_enhanced_prompt_asks_for_the_same_scene(prompt):
    before, after = read_scene(prompt), read_scene(enhance(prompt))
    assert (after.items, after.settings, after.times, after.tint) == (
        before.items,
        before.settings,
        before.times,
        before.tint,
    )


@pytest.mark.parametrize(
    ("prompt", "part"),
    [
        ("a cat", "soft natural light"),
        ("кот", "мягкий естественный свет"),
        ("一只猫", "柔和的自然光线"),
        ("der Hund und die Katze", "weiches natürliches Licht"),
        ("el perro y la gata", "luz natural suave"),
        ("le chien et la chatte", "lumière naturelle douce"),
        ("a city at night", "glowing points of light"),
        ("fog in the forest", "diffuse light"),
    ],
)
def test_light_is_added_in_the_prompt_s_language_and_suits_the_scene(prompt, part):
    assert part in enhance(prompt)


def test_what_is_there_already_is_not_added():
    text = enhance("a cat in candlelight, watercolor, symmetrical composition")
    assert "natural light" not in text
    assert "highly detailed" not in text
    assert "balanced composition" not in text


def test_aliases_stay_as_they_are():
    assert "@hero" in enhance("@hero on the beach")
    assert "@castle-2" in enhance("a dog in front of @castle-2")
