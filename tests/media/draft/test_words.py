"""Words are found whole, inflected, and in each language; look-alikes are not."""

import pytest

from tintype.media.draft.reading import read_scene
from tintype.media.draft.settings.backdrop import _GROUNDS
from tintype.media.draft.subjects import SUBJECTS
from tintype.media.draft.words import LANGUAGES, language_of, mentions, tables


def concepts(prompt):
    return set().union(*(m.concepts for m in mentions(prompt)), set())


@pytest.mark.parametrize(
    ("prompt", "concept"),
    [
        ("cats", "subject.cat"),
        ("two puppies", "subject.dog"),
        ("foxes", "subject.fox"),
        ("кота", "subject.cat"),
        ("с собакой", "subject.dog"),
        ("три лошади", "subject.horse"),
        ("Häuser", "subject.house"),
        ("Bäume", "subject.tree"),
        ("die Katzen", "subject.cat"),
        ("los gatos", "subject.cat"),
        ("les chevaux", "subject.horse"),
        ("一只小猫在睡觉", "subject.cat"),
        ("热气球", "subject.balloon"),
        ("hot-air balloon", "subject.balloon"),
        ("snow-capped", "weather.snowcap"),
        ("Gebirgsstrasse", "setting.road"),
    ],
)
def test_inflected_words_and_phrases_are_found(prompt, concept):
    assert concept in concepts(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "carpet category scarf catalogue careful",
        "который совет листок китай",
        "домой",
        "busy booking applet beardless",
        "@cat @hero",
    ],
)
def test_look_alikes_and_aliases_are_not_found(prompt):
    assert not {c for c in concepts(prompt) if c.startswith(("subject", "setting"))}


def test_the_longest_chinese_word_wins():
    assert concepts("熊猫") == {"subject.panda"}
    assert "subject.horse" not in concepts("马路")


@pytest.mark.parametrize(
    ("prompt", "language"),
    [
        ("a cat on the roof", "en"),
        ("кот на крыше", "ru"),
        ("一只猫", "zh"),
        ("der Hund und die Katze", "de"),
        ("un perro en la playa", "es"),
        ("un chien sur la plage", "fr"),
        ("", "en"),
    ],
)
def test_the_language_of_a_prompt_is_told(prompt, language):
    assert language_of(prompt) == language


def test_every_subject_has_words_in_every_language_and_every_listed_one_is_drawn():
    for language in LANGUAGES:
        named = {
            concept.split(".")[1]
            for found in tables()[language].phrases.values()
            for concept in found
            if concept.startswith("subject.")
        }
        assert named == set(SUBJECTS), language


def test_every_ground_can_be_asked_for():
    for ground in ("sea", "lake", "beach", "desert", "snowland", "city", "forest", "road", "field"):
        assert ground in _GROUNDS
        assert any(ground in read_scene(w).settings for w in (ground, "snow"))


def test_a_long_prompt_is_read_up_to_a_limit():
    assert len(mentions("cat " * 5000)) <= 800
