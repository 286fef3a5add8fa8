"""A prompt's words reach the thing, its parts, the ground and the lamps, in six languages."""

import pytest

from tintype.media.sketch.wish import Look, read_wish


@pytest.mark.parametrize(
    "prompt",
    [
        "a red leather handbag with a gold clasp on a blue background",
        "красная кожаная сумка с золотой застежкой на синем фоне",
        "蓝色背景上的红色皮革手提包，金色扣",
        "eine rote Ledertasche mit goldener Schnalle vor blauem Hintergrund",
        "bolso de cuero rojo con hebilla dorada sobre fondo azul",
        "sac en cuir rouge avec une boucle dorée sur fond bleu",
    ],
)
def test_colours_and_materials_go_to_their_noun_in_every_language(prompt):
    wish = read_wish(prompt)
    assert wish.thing == "bag"
    assert (wish.main.colors, wish.main.material) == (("red",), "leather")
    assert [(look.part, look.colors) for look in wish.parts] == [("nested", ("gold",))]
    assert wish.ground.colors == ("blue",)


@pytest.mark.parametrize(
    ("prompt", "material"),
    [
        ("a wooden chair", "wood"), ("стеклянная ваза", "glass"), ("шелковое платье", "silk"),
        ("陶瓷杯", "ceramic"), ("Holzstuhl", "wood"), ("Keramikvase", "ceramic"),
        ("tetera de acero", "metal"), ("table en marbre", "marble"), ("denim jacket", "denim"),
        ("knitted hat", "knit"), ("just a thing", ""),
    ],
)  # fmt: skip
def test_materials_are_read(prompt, material):
    wish = read_wish(prompt)
    assert (wish.main.material or wish.ground.material) == material


def test_a_part_has_its_own_material_and_finish():
    wish = read_wish("matte black steel kettle with a wooden handle")
    assert wish.main == Look(("black",), "metal", finish="matte")
    assert wish.parts == (Look((), "wood", "handle"),)


def test_two_colours_stay_in_their_order():
    assert read_wish("red and white sneaker").main.colors == ("red", "white")
    assert read_wish("a black and white dress").main.colors == ("black", "white")


def test_what_is_said_to_be_missing_is_not_there():
    wish = read_wish("a ceramic vase without red stripes")
    assert wish.main == Look((), "ceramic")


def test_light_time_and_drink_are_read():
    assert read_wish("a lamp, dramatic light").lights == ("hard",)
    assert read_wish("eine Tasse im Sonnenuntergang").times == ("sunset",)
    assert "neon" in read_wish("бутылка, неон").styles
    assert read_wish("a cup of coffee").liquid == "coffee"


def test_shades_are_finer_than_colours():
    assert read_wish("a navy dress").main.colors == ("navy",)
    assert read_wish("бордовое платье").main.colors == ("burgundy",)


@pytest.mark.parametrize("prompt", ["", "\x00\ud800", "😀" * 400, ",,,,", "the the the", "@hero"])
def test_anything_may_be_said(prompt):
    assert read_wish(prompt).main == Look()


def test_wood_named_by_its_tree_goes_to_the_part_it_is_said_of():
    wish = read_wish("straw lampshade on an oak stand, warm light")
    assert (wish.thing, wish.main.material) == ("lamp", "straw")
    assert wish.parts == (Look((), "wood", "bottom"),)


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        ("marble lamp, black and white", True), ("a lamp, black and white, soft light", True),
        ("a black and white lamp", False), ("vase, black and white porcelain", False),
    ],
)  # fmt: skip
def test_black_and_white_said_by_itself_is_the_pictures_style(prompt, style):
    wish = read_wish(prompt)
    assert ("monochrome" in wish.styles) is style
    assert (wish.main.colors == ("black", "white")) is not style
