"""Words as they are seen in a frame: legible, within the margins, in any script, or refused."""

import json
import os
import subprocess
import sys
import unicodedata

import numpy as np
import pytest

from tintype.core.errors import ValidationFailed
from tintype.media.reel.captions import overlay
from tintype.media.reel.colour import to_rgb
from tintype.media.reel.film import blank, planes_of
from tintype.media.reel.fonts import missing
from tintype.media.reel.wording import (
    CAPTION_MAX,
    FOOT_MARGIN,
    FOOT_MARGIN_TALL,
    LINES_MAX,
    TITLE_MAX,
    Words,
    check_words,
)

FRAMES = [(1920, 1080), (1080, 1080), (1080, 1920)]
WITH_US = {
    "Latin": "Façade, 120 m² — žluťoučký kůň, Đường phố",
    "Greek": "Ελληνικά",
    "Cyrillic": "Светлая гостиная",
    "Devanagari": "नमस्ते दुनिया",
    "Arabic": "مرحبا بكم في البيت",
    "Hebrew": "ברוכים הבאים",
    "Thai": "ยินดีต้อนรับ",
}
OTHERS = {
    "你好": "Chinese characters; install fonts-noto-cjk",
    "ひらがな": "Japanese; install fonts-noto-cjk",
    "한국어": "Korean; install fonts-noto-cjk",
    "ಕನ್ನಡ": "Kannada; install fonts-noto-core",
    "🏠": "emoji; install fonts-noto-color-emoji",
}
LONG = "A bright living room with a view of the garden and of the sea behind it"


def filled(width, height, light=128):
    planes = planes_of(blank(width, height))
    for plane, value in zip(planes, (light, 128, 128), strict=True):
        plane[:] = value
    return planes


def shown(words, width, height, light=128, share=1.0, number=0):
    """A frame of one light with the words on it, as RGB."""
    planes = filled(width, height, light)
    drawn = overlay(words, number, width, height)
    if drawn:
        drawn.draw(planes, share)
    return to_rgb(planes).astype(int)


def letters(words, width, height):
    """Which pixels are letters: nothing else is as bright on a black frame."""
    return shown(words, width, height, 16).min(axis=2) > 100


def box(mask):
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def lines_of(mask):
    """The rows of ink between which there are empty ones."""
    inked = np.concatenate([[0], mask.any(axis=1).astype(int), [0]])
    return list(
        zip(np.flatnonzero(np.diff(inked) > 0), np.flatnonzero(np.diff(inked) < 0), strict=True)
    )


def luminance(rgb):
    part = rgb / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def refused(field, text, width=1080, height=1080, **more):
    words = {"title": None, "captions": [None]} | more
    with pytest.raises(ValidationFailed) as caught:
        check_words(words["title"], words["captions"], width, height)
    (detail,) = caught.value.details
    assert detail["field"] == field
    assert text in detail["problem"]
    assert f"{field}:" not in detail["problem"], "the field is told before it, once"
    return detail["problem"]


@pytest.mark.parametrize(("width", "height"), FRAMES)
@pytest.mark.parametrize("light", [16, 90, 160, 235])
def test_letters_stand_out_from_any_picture(width, height, light):
    words = Words("Harbour View", LONG)
    mask, pixels = letters(words, width, height), shown(words, width, height, light)
    left, top, right, bottom = box(mask)
    around = np.zeros_like(mask)
    around[top - 4 : bottom + 4, left - 4 : right + 4] = True
    # A letter's soft edge is neither.
    near = np.zeros_like(mask)
    for x in (-2, 0, 2):
        for y in (-2, 0, 2):
            near |= np.roll(mask, (x, y), (0, 1))
    ground = luminance(pixels[around & ~near].max(axis=0))
    ink = np.median(luminance(pixels[mask]))
    assert (ink + 0.05) / (ground + 0.05) >= 4.5


@pytest.mark.parametrize(("width", "height"), FRAMES)
def test_words_keep_the_margins_and_the_middle(width, height):
    left, top, right, bottom = box(letters(Words("Harbour View 12", LONG), width, height))
    foot = FOOT_MARGIN_TALL if height > width else FOOT_MARGIN
    assert left >= 0.05 * width
    assert right <= 0.95 * width
    assert bottom <= (1 - foot) * height + 1
    assert bottom >= (1 - foot) * height - 0.03 * height
    assert top > 0.4 * height
    assert (left + right) / 2 == pytest.approx(width / 2, abs=0.01 * width)


def test_an_upright_film_leaves_more_room_below():
    assert FOOT_MARGIN_TALL * 1920 > 2 * FOOT_MARGIN * 1920
    assert FOOT_MARGIN >= 0.05


@pytest.mark.parametrize(("width", "height"), FRAMES)
def test_the_title_is_larger_and_stands_above_the_caption(width, height):
    title = lines_of(letters(Words("House"), width, height))
    both = lines_of(letters(Words("House", "House"), width, height))
    assert len(title) == 1
    (first, second) = both
    assert first[1] < second[0]
    assert first[1] - first[0] > 1.4 * (second[1] - second[0])


def test_letters_follow_the_size_of_the_frame():
    def high(width, height):
        ((top, bottom),) = lines_of(letters(Words(None, "HOUSE"), width, height))
        return bottom - top

    assert high(1920, 1080) == pytest.approx(1.5 * high(1280, 720), abs=2)
    assert high(1080, 1920) >= high(1920, 1080)


def test_captions_of_one_line_have_the_same_base_line():
    (one,) = lines_of(letters(Words(None, "House"), 1920, 1080))
    (other,) = lines_of(letters(Words(None, "nose"), 1920, 1080))
    assert abs(one[1] - other[1]) <= 1


def test_long_words_are_broken_into_lines_of_about_one_length():
    text = "Front garden with a terrace, an orchard and a shed for three bicycles"
    mask = letters(Words(None, text), 1080, 1080)
    wide = [box(mask[top:bottom])[2] - box(mask[top:bottom])[0] for top, bottom in lines_of(mask)]
    assert len(wide) == 2
    assert min(wide) > 0.7 * max(wide)


def test_a_line_can_be_ended_by_hand_and_a_word_without_end_is_broken():
    assert len(lines_of(letters(Words(None, "House\r\nsea"), 1080, 1080))) == 2
    left, _, right, _ = box(letters(Words(None, "n" * 70), 1080, 1080))
    assert left >= 0.05 * 1080
    assert right <= 0.95 * 1080


@pytest.mark.parametrize(("width", "height"), FRAMES)
def test_three_lines_fit_and_four_are_refused(width, height):
    three = "\n".join(["House"] * LINES_MAX)
    assert len(lines_of(letters(Words(None, three), width, height))) == LINES_MAX
    problem = refused("captions", "caption 2: needs 4 lines", width, height,
                      captions=[None, three + "\nHouse"])  # fmt: skip
    assert "at most 3" in problem
    refused("title", "needs 4 lines", width, height, title=three + "\nHouse")


@pytest.mark.parametrize("letter", ["\x00", "\x07", "\x1b", "\t", "\x7f", "\x85", "\ud800"])
def test_control_characters_are_refused_by_number(letter):
    number = f"U+{ord(letter):04X}"
    refused("captions", f"caption 1: has the control character {number}", captions=[f"a{letter}b"])
    refused("title", f"has the control character {number}", title=f"a{letter}b")


def test_too_many_characters_are_refused():
    problem = refused("captions", "caption 3: has 10000 characters",
                      captions=[None, None, "n" * 10_000])  # fmt: skip
    assert str(CAPTION_MAX) in problem
    assert str(TITLE_MAX) in refused("title", "has 10000", title="n " * 5_000)


def test_marks_heaped_on_a_letter_are_given_room_or_refused():
    heaped = box(letters(Words(None, "n" + "\u0301" * 20), 1080, 1080))
    assert heaped[3] - heaped[1] > 100
    refused("captions", "caption 1: has no room", 640, 360, captions=["n" + "\u0301" * 250])


@pytest.mark.parametrize(
    "text",
    [
        "<b>House</b>",
        "House & garden",
        "<span size='90000'>x</span>",
        "&amp;",
        "</span>",
        "<",
        "&#10;",
    ],
)
def test_markup_is_written_as_it_is(text):
    """As wide as its own letters, each of which is drawn: nothing of it is obeyed."""
    plain = text.translate(str.maketrans({"<": "+", ">": "+", "&": "8"}))
    seen, like = (letters(Words(None, it), 1920, 1080) for it in (text, plain))
    assert len(lines_of(seen)) == 1
    wide, other = (box(it)[2] - box(it)[0] for it in (seen, like))
    assert wide == pytest.approx(other, rel=0.35)
    assert seen.any(axis=1).sum() < 80


@pytest.mark.parametrize("script", WITH_US)
def test_these_scripts_are_drawn_on_every_machine(script):
    check_words(WITH_US[script], [WITH_US[script]], 1920, 1080)
    assert letters(Words(WITH_US[script], WITH_US[script]), 1920, 1080).sum() > 1_000


def test_arabic_is_joined_and_begins_on_the_right():
    joined = letters(Words(None, "سلسلة"), 1080, 1080)
    apart = letters(Words(None, "س ل س ل ة".replace(" ", "\u200c")), 1080, 1080)
    # Joiners keep the letters in their isolated shapes, which are wider.
    assert box(joined)[2] - box(joined)[0] < 0.9 * (box(apart)[2] - box(apart)[0])
    tall_first = letters(Words(None, "ل" + "ـ" * 8), 1080, 1080)
    left, top, right, bottom = box(tall_first)
    columns = np.flatnonzero(tall_first[top : (top + bottom) // 2].any(axis=0))
    assert columns.min() > (left + right) / 2


def test_hebrew_runs_from_right_to_left_around_a_number():
    text = "לללל 7"
    mask = letters(Words(None, text), 1080, 1080)
    left, _, right, _ = box(mask)
    seven = letters(Words(None, "7"), 1080, 1080)
    wide = box(seven)[2] - box(seven)[0]
    gap = ~mask[:, left : left + 3 * wide].any(axis=0)
    # Behind the first thing from the left, one digit wide, comes the space.
    assert np.flatnonzero(gap)[0] == pytest.approx(wide, abs=3)
    assert right - left > 3 * wide


def test_devanagari_is_shaped():
    """The sign that is written after its consonant is drawn before it, and conjuncts are narrow."""
    whole = letters(Words(None, "स्त"), 1080, 1080)
    apart = letters(Words(None, "सत"), 1080, 1080)
    assert box(whole)[2] - box(whole)[0] < box(apart)[2] - box(apart)[0]


@pytest.mark.parametrize("text", OTHERS)
def test_other_scripts_are_drawn_or_refused_by_name(text):
    """Which of both depends on the machine's fonts; boxes are never drawn."""
    reason = missing(text)
    if reason is None:
        assert (
            letters(Words(None, text), 1080, 1080).any()
            or shown(Words(None, text), 1080, 1080).std()
        )
    else:
        problem = refused("captions", OTHERS[text], captions=[None, text])
        assert problem.startswith("caption 2: this machine has no font for ")


def test_a_machine_without_fonts_draws_what_came_with_us_and_refuses_the_rest(tmp_path):
    nothing = tmp_path / "fonts.conf"
    nothing.write_text("<fontconfig></fontconfig>")
    ask = (
        "import json, sys; from tintype.media.reel.fonts import missing;"
        "print(json.dumps([missing(it) for it in json.load(sys.stdin)]))"
    )
    texts = [*WITH_US.values(), *OTHERS]
    done = subprocess.run(
        [sys.executable, "-c", ask],
        input=json.dumps(texts),
        env=os.environ | {"FONTCONFIG_FILE": str(nothing)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found[: len(WITH_US)] == [None] * len(WITH_US)
    wanted = [f"this machine has no font for {end}" for end in OTHERS.values()]
    assert found[len(WITH_US) :] == wanted


@pytest.mark.parametrize("letter", ["\u0378", "\ue000", "\U0010fffd"])
def test_what_is_no_letter_of_any_script_is_named(letter):
    assert unicodedata.category(letter) in {"Cn", "Co"}
    refused("captions", f"U+{ord(letter):04X} is no letter", captions=[f"House {letter}"])


@pytest.mark.parametrize(
    "text", ["👍🏽", "a\u200db", "A\ufe0f", "e\u0301", "\u200fשלום\u200e 7", "İı"]
)
def test_invisible_letters_are_no_missing_ones(text):
    reason = missing(unicodedata.normalize("NFC", text))
    assert reason is None or "emoji" in reason


@pytest.mark.parametrize(
    "words", [Words(), Words("", ""), Words("  ", "\n"), Words(None, None, "#ff0000")]
)
def test_nothing_to_write_is_no_overlay(words):
    assert overlay(words, 0, 1080, 1080) is None


def test_words_come_and_go_evenly():
    words = Words("House", LONG)
    mask = letters(words, 640, 360)
    light = [shown(words, 640, 360, 90, share)[mask].mean() for share in (0, 0.25, 0.5, 0.75, 1)]
    assert light == sorted(light)
    assert np.diff(light) == pytest.approx([np.diff(light).mean()] * 4, rel=0.15)
    assert light[0] == pytest.approx(to_rgb(filled(640, 360, 90)).mean(), abs=1)


def test_above_the_words_and_their_shade_the_picture_is_untouched():
    drawn = overlay(Words("House", "Garden"), 0, 1920, 1080)
    assert drawn.top % 2 == 0
    assert drawn.top > 0.4 * 1080
    bare, seen = filled(1920, 1080, 200), filled(1920, 1080, 200)
    drawn.draw(seen, 1.0)
    assert (seen[0][: drawn.top] == bare[0][: drawn.top]).all()
    # The shade sets in softly.
    rows = seen[0][:, 0].astype(int)
    assert abs(np.diff(rows)).max() <= 4
    assert rows[-1] < 110


def test_the_accent_is_a_bar_between_title_and_caption_and_only_with_a_title():
    def red(words):
        pixels = shown(words, 1080, 1080, 90)
        return (pixels[..., 0] - pixels[..., 1:].max(axis=2)) > 120

    mask = red(Words("House", "Garden", "#ff2020"))
    left, top, right, bottom = box(mask)
    title, caption = lines_of(letters(Words("House", "Garden"), 1080, 1080))
    assert right - left > 3 * (bottom - top)
    assert title[1] < top
    assert caption[0] < 1080
    assert not red(Words(None, "Garden", "#ff2020")).any()


def test_a_colour_of_a_letter_is_kept():
    if missing("🍎"):
        return
    pixels = shown(Words(None, "🍎"), 1080, 1080, 90)
    assert ((pixels[..., 0] - pixels[..., 1:].max(axis=2)) > 60).sum() > 100


def test_a_block_that_would_hide_the_picture_is_refused():
    three = "\n".join(["House"] * 3)
    refused("captions", "caption 1: has no room", 320, 80, title=three, captions=[three])
    refused("title", "has no room", 320, 80, title=three)
