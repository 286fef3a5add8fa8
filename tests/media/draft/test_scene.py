"""Colours, counts, relations and negations end up where the prompt put them."""

import pytest

from tintype.media.draft.reading import COUNT_MAX, ITEMS_MAX, read_scene


def test_colours_belong_to_the_noun_after_them():
    scene = read_scene("a red truck on a yellow road under a pink sky")
    assert scene.items[0].name == "truck"
    assert scene.items[0].colors == ("red",)
    assert scene.setting_colors == {"road": "yellow", "sky": "pink"}
    assert scene.tint is None


@pytest.mark.parametrize(
    "prompt", ["un camión rojo y un coche azul", "un camion rouge et une voiture bleue"]
)
def test_in_spanish_and_french_they_belong_to_the_noun_before(prompt):
    assert [(i.name, i.colors) for i in read_scene(prompt).items] == [
        ("truck", ("red",)),
        ("car", ("blue",)),
    ]


def test_a_colour_said_afterwards_goes_back_to_its_noun():
    assert read_scene("a truck that is green").items[0].colors == ("green",)


def test_a_colour_without_a_noun_tints_the_picture():
    assert read_scene("purple, mountains").tint == "purple"


def test_black_and_white_is_two_colours_of_a_noun_or_a_style_of_the_picture():
    assert read_scene("a black and white cat").items[0].colors == ("black", "white")
    assert not read_scene("a black and white cat").styles
    assert read_scene("a cat, black and white").styles == {"monochrome"}
    assert read_scene("black and white").tint is None


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("two cats", 2),
        ("три кота", 3),
        ("cats", 3),
        ("a cat", 1),
        ("5 cats", 5),
        ("两只猫", 2),
        ("99 cats", COUNT_MAX),
        ("0 cats", 1),
    ],
)
def test_counts(prompt, count):
    assert read_scene(prompt).items[0].count == count


@pytest.mark.parametrize(
    "prompt",
    [
        "a cat on a sofa",
        "кот на диване",
        "猫在沙发上",
        "沙发上的猫",
        "eine Katze auf dem Sofa",
        "un gato sobre el sofá",
        "un chat sur le canapé",
    ],
)
def test_one_thing_on_another_in_each_language(prompt):
    items = read_scene(prompt).items
    cat = next(i for i in items if i.name == "cat")
    assert (cat.rel, items[cat.other].name) == ("on", "sofa")


def test_nouns_that_make_one_figure_are_one():
    assert [i.name for i in read_scene("a woman in a red dress").items] == ["woman"]
    assert read_scene("a woman in a red dress").items[0].colors == ("red",)
    assert [i.name for i in read_scene("a bouquet of pink flowers").items] == ["bouquet"]


def test_what_is_negated_stays_away():
    assert "clouds" in read_scene("a house with no clouds").without
    assert not read_scene("a beach without people").items
    assert not read_scene("лодка без людей и без птиц").shows("birds")
    assert read_scene("a cat and a dog", "dog").items[0].name == "cat"
    assert len(read_scene("a cat and a dog", "dog").items) == 1
    assert read_scene("a red car", "red").items[0].colors == ()
    assert not read_scene("a man and a truck", "people, vehicles").items


def test_the_same_thing_named_twice_is_one():
    assert len(read_scene("a cat, a very fluffy cat").items) == 1


def test_a_crowded_prompt_is_thinned():
    assert len(read_scene("cat dog fox bear owl lion horse whale").items) == ITEMS_MAX


@pytest.mark.parametrize(
    "prompt",
    [
        "an astronaut riding a horse",
        "an astronaut riding on a horse",
        "an astronaut on horseback",
        "космонавт едет на лошади",
        "космонавт скачет верхом на лошади",
        "一个宇航员骑马",
        "骑着马的宇航员",
        "骑在马上的宇航员",
        "ein Astronaut reitet auf einem Pferd",
        "ein Astronaut, der ein Pferd reitet",
        "un astronauta cabalgando un caballo",
        "un astronauta a caballo",
        "un astronaute qui monte un cheval",
        "un astronaute à cheval",
    ],
)
def test_riders_are_on_their_mounts_in_each_language(prompt):
    items = read_scene(prompt).items
    rider = next(i for i in items if i.name == "astronaut")
    assert (rider.rel, items[rider.other].name) == ("on", "horse")


def test_riding_past_something_seats_nobody_on_it():
    assert all(i.rel == "" for i in read_scene("ein Auto fährt an einem Haus vorbei").items)


def test_what_is_named_together_is_on_the_table_together_but_people_are_not():
    items = read_scene("an owl reading a book on a table").items
    assert [(i.name, i.rel) for i in items] == [("owl", "on"), ("book", "on"), ("table", "")]
    assert read_scene("a man reading a book on a table").items[0].rel == ""
    assert read_scene("an owl, a book on a table").items[0].rel == ""


def test_a_hat_keeps_its_colour_to_itself():
    woman = read_scene("a woman in a blue dress with a red hat").items[0]
    assert (woman.colors, woman.hat) == (("blue",), "red")
