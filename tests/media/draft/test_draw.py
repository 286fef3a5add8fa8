"""What comes out of `draw`: exact sizes, the same bytes, different pictures, no user text."""

import itertools
import subprocess
import sys

import pytest
import pyvips

from tintype.media.draft.draw import REFERENCES_MAX, DrawingCanceled, draw, drawing
from tintype.media.draft.layout import arrange
from tintype.media.draft.light import light_for
from tintype.media.draft.reading import read_scene
from tintype.media.draft.scene import seeded
from tintype.media.draft.settings.backdrop import horizon, where
from tintype.media.draft.stage import SHORT_SIDE, Stage
from tintype.media.draft.subjects import SUBJECTS, Brush


def decoded(data):
    return pyvips.Image.new_from_buffer(data, "")


def picture(prompt, *, side=160, seed=7, **more):
    return decoded(draw(prompt, width=side, height=side, seed=seed, **more))


def difference(one, two):
    """Mean absolute difference of two pictures, 0 to 255."""
    return (one - two).abs().avg()


def mean_color(image, left, top, width, height):
    box = image.crop(left, top, width, height)
    return [box.extract_band(band).avg() for band in range(3)]


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (256, 256),
        (336, 144),
        (144, 336),
        (160, 90),
        (90, 160),
        (125, 100),
        (101, 67),
        (16, 16),
        (640, 40),
    ],
)
def test_the_size_is_exact(width, height):
    image = decoded(draw("a cat on a sofa", width=width, height=height, seed=1))
    assert (image.width, image.height, image.bands) == (width, height, 3)


def test_sixteen_megapixels_are_drawn():
    image = decoded(draw("an eagle over mountains", width=4096, height=4096, seed=1))
    assert (image.width, image.height) == (4096, 4096)


@pytest.mark.parametrize(
    ("width", "height"), [(0, 100), (100, 15), (9000, 100), (4097, 4096), (1000, 62)]
)
def test_other_sizes_are_refused(width, height):
    with pytest.raises(ValueError, match="pixels"):
        draw("a cat", width=width, height=height, seed=1)


def test_the_same_arguments_give_the_same_bytes_in_another_process():
    script = (
        "import hashlib; from tintype.media.draft.draw import draw; "
        "print(hashlib.sha256(draw('two cats, rain', width=200, height=120, seed=5)).hexdigest())"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", script],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": salt},
        ).stdout
        for salt in ("1", "2")
    }
    assert len(answers) == 1


@pytest.mark.parametrize(
    "prompt", ["a fox in the forest", "mountains", "zorp blint", "", "a watch"]
)
def test_seeds_differ(prompt):
    pictures = [picture(prompt, seed=seed) for seed in range(4)]
    for one, two in itertools.combinations(pictures, 2):
        assert difference(one, two) > 1.5


def subject_alone(name):
    subject = SUBJECTS[name]
    brush = Brush(seeded("alone", name), subject.colors[0], subject.accents[0])
    scale = 64 / max(subject.width, subject.height)
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">'
        f'<g transform="scale({scale})">{subject.draw(brush)}</g></svg>'
    )
    return pyvips.Image.svgload_buffer(svg.encode()).flatten(background=[255, 255, 255])


def test_every_subject_is_a_drawing_of_its_own():
    alone = {name: subject_alone(name) for name in SUBJECTS}
    blank = pyvips.Image.black(64, 64, bands=3) + 255
    for name, image in alone.items():
        assert difference(image, blank) > 8, name
    for one, two in itertools.combinations(alone, 2):
        assert difference(alone[one], alone[two]) > 6, (one, two)


@pytest.mark.parametrize("name", sorted(SUBJECTS))
def test_naming_a_subject_puts_it_into_the_scene(name):
    words = {"orange_fruit": "lemon", "ice_cream": "ice cream", "coffee": "cup of coffee"}
    prompt = f"{words.get(name, name)} in a meadow"
    with_it = picture(prompt, side=128)
    without = picture(prompt, side=128, negative_prompt=words.get(name, name))
    assert difference(with_it, without) > 2


@pytest.mark.parametrize(
    "place",
    [
        "mountains",
        "sea",
        "forest",
        "city",
        "road",
        "room",
        "studio",
        "desert",
        "field",
        "snow",
        "space",
        "underwater",
        "lake",
        "beach",
    ],
)
def test_every_setting_looks_different_from_the_others(place):
    others = {"mountains", "sea", "room", "space", "desert", "forest"} - {place}
    here = picture(f"a robot, {place}, day")
    for other in others:
        assert difference(here, picture(f"a robot, {other}, day")) > 6, other


@pytest.mark.parametrize("time", ["night", "sunset", "dawn"])
def test_the_time_of_day_changes_the_light(time):
    day, then = picture("mountains at noon"), picture(f"mountains at {time}")
    assert difference(day, then) > 10
    if time == "night":
        assert then.avg() < day.avg() * 0.6


@pytest.mark.parametrize("word", ["rain", "snowing", "fog", "storm"])
def test_weather_shows(word):
    assert difference(picture("a house, noon"), picture(f"a house, noon, {word}")) > 4


@pytest.mark.parametrize(
    "style", ["vintage", "monochrome", "pastel", "neon", "sketch", "watercolor", "dark"]
)
def test_styles_show(style):
    assert difference(picture("a castle, noon"), picture(f"{style} castle, noon")) > 6


def test_monochrome_has_hardly_any_colour():
    image = picture("monochrome, a red car")
    red, _, blue = mean_color(image, 0, 0, 160, 160)
    assert abs(red - blue) < 8


def test_colours_reach_the_subject_and_the_setting_they_were_said_of():
    red_on_yellow = picture("a red truck on a yellow road, noon", side=320)
    yellow_on_red = picture("a yellow truck on a red road, noon", side=320)
    # The strip of road at the lower border, below the truck.
    strips = [mean_color(image, 0, 292, 320, 12) for image in (red_on_yellow, yellow_on_red)]
    assert strips[0][1] > strips[1][1] + 25
    markup = [
        drawing(prompt, width=320, height=320, seed=7)
        for prompt in ("a red apple on a white background", "a green apple on a white background")
    ]
    assert "#d8433f" in markup[0]
    assert "#d8433f" not in markup[1]
    assert "#4c9a5c" in markup[1]


@pytest.mark.parametrize(
    "prompts",
    [
        (
            "a red truck on a mountain road at night",
            "красный грузовик на горной дороге ночью",
            "夜里山路上的红色卡车",
            "ein roter Lastwagen auf der Bergstraße bei Nacht",
        ),
        (
            "a white sailboat at sea at sunset",
            "белый парусник в море на закате",
            "日落时海上的白色帆船",
            "ein weißes Segelboot auf dem Meer bei Sonnenuntergang",
            "un velero blanco en el mar al atardecer",
            "un voilier blanc en mer au coucher du soleil",
        ),
        (
            "two black cats on a sofa",
            "две чёрные кошки на диване",
            "两只黑色的猫在沙发上",
            "zwei schwarze Katzen auf dem Sofa",
            "dos gatos negros en el sofá",
            "deux chats noirs sur le canapé",
        ),
        (
            "an astronaut riding a horse on the moon",
            "космонавт верхом на лошади на луне",
            "一个宇航员在月球上骑马",
            "ein Astronaut reitet ein Pferd auf dem Mond",
            "un astronauta montando a caballo en la luna",
            "un astronaute à cheval sur la lune",
        ),
        (
            "a man riding a bicycle",
            "мужчина едет на велосипеде",
            "一个男人骑自行车",
            "ein Mann fährt Fahrrad",
            "un hombre en bicicleta",
            "un homme à vélo",
        ),
        (
            "a dancing woman",
            "танцующая женщина",
            "跳舞的女人",
            "eine tanzende Frau",
            "una mujer bailando",
            "une femme qui danse",
        ),
        (
            "portrait of a woman with a hat",
            "портрет женщины в шляпе",
            "戴帽子的女人的肖像",
            "Porträt einer Frau mit Hut",
            "retrato de una mujer con sombrero",
            "portrait d'une femme au chapeau",
        ),
        (
            "a red fox by a mountain lake at sunset",
            "рыжая лиса у горного озера на закате",
            "日落时山湖边的红狐狸",
            "ein roter Fuchs an einem Bergsee bei Sonnenuntergang",
            "un zorro rojo junto a un lago de montaña al atardecer",
            "un renard roux au bord d'un lac de montagne au coucher du soleil",
        ),
        (
            "a dog in front of a house",
            "собака перед домом",
            "狗在房子前面",
            "ein Hund vor einem Haus",
            "un perro delante de una casa",
            "un chien devant une maison",
        ),
    ],
)
def test_the_same_words_in_another_language_give_the_same_picture(prompts):
    assert len({draw(p, width=120, height=120, seed=3) for p in prompts}) == 1


def test_the_negative_prompt_moves_nothing_but_what_it_names():
    with_cat = picture("a cat and a dog in the park, noon")
    without = picture("a cat and a dog in the park, noon", negative_prompt="clouds, birds")
    top = difference(with_cat.crop(0, 0, 160, 40), without.crop(0, 0, 160, 40))
    low = difference(with_cat.crop(0, 110, 160, 40), without.crop(0, 110, 160, 40))
    assert top > 0
    assert top > low


def test_unknown_words_give_a_composed_scene_that_the_words_decide():
    one, two = picture("flumquat vexing zorbification"), picture("grizzled mumblecore")
    for image in (one, two):
        assert image.deviate() > 20
        # Neither noise nor a flat card: neighbours are alike, the whole is not.
        assert difference(image.crop(0, 0, 159, 160), image.crop(1, 0, 159, 160)) < 12
    scenes = {drawing(f"word{n}", width=64, height=64, seed=1).count("<") for n in range(12)}
    assert len(scenes) > 3


HOSTILE = [
    '<svg onload="alert(1)"><image href="file:///etc/passwd"/></svg>',
    "</svg><script>fox</script>",
    "&xxe; <!ENTITY xxe SYSTEM 'file:///etc/passwd'> %s {0} \\N{BULLET}",
    "😀" * 4000,
    "\u202eتخت بجانب البحر\u202c قطة",
    "a cat\x00\x01\x02\x7f\ud800",
    "猫" * 4000,
    "a " * 2000,
    "'\"`]]>-->",
]


@pytest.mark.parametrize("prompt", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_prompts_are_drawn_and_never_reach_the_markup(prompt):
    assert picture(prompt, side=64, negative_prompt=prompt).width == 64
    markup = drawing(prompt, width=64, height=64, seed=1)
    for forbidden in ("script", "passwd", "ENTITY", "<text", "onload", "😀"):
        assert forbidden not in markup


def test_references_are_shown_each_with_its_own_colours():
    colors = [(255, 0, 255), (0, 255, 0), (0, 0, 255)]
    cards = [
        (pyvips.Image.black(60, 40 + 20 * n, bands=3) + list(color))
        .cast("uchar")
        .write_to_buffer(".png")
        for n, color in enumerate(colors)
    ]
    for prompt in ("a cat on a sofa", "a fox in the forest", "a perfume bottle", "", "mountains"):
        image = picture(prompt, side=300, references=cards)
        for color in colors:
            close = sum((image.extract_band(b) - c).abs() for b, c in enumerate(color)) < 40
            assert close.avg() / 255 > 0.004, (prompt, color)


def test_sixteen_references_fit_and_a_seventeenth_is_refused():
    card = draw("a cat", width=32, height=32, seed=1)
    assert picture("a fox", references=[card] * REFERENCES_MAX).width == 160
    with pytest.raises(ValueError, match="references"):
        draw("a fox", width=64, height=64, seed=1, references=[card] * (REFERENCES_MAX + 1))


@pytest.mark.parametrize(
    "data",
    [b"", b"not a picture", b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"],
)
def test_a_reference_that_is_no_raster_picture_is_refused(data):
    with pytest.raises(ValueError, match="reference"):
        draw("a fox", width=64, height=64, seed=1, references=[data])


def test_the_test_mark_is_seen():
    plain, marked = picture("mountains"), picture("mountains", test_mark=True)
    assert difference(plain, marked) > 2
    red, green, _ = mean_color(marked, 140, 4, 12, 12)
    assert red > green + 25


def test_progress_rises_to_one_and_a_wish_to_stop_is_heeded():
    heard = []
    draw("a cat", width=400, height=400, seed=1, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    with pytest.raises(DrawingCanceled):
        draw("a cat", width=400, height=400, seed=1, canceled=lambda: True)
    asked = itertools.count()
    with pytest.raises(DrawingCanceled):
        draw("a cat", width=2048, height=2048, seed=1, canceled=lambda: next(asked) > 2)


@pytest.mark.parametrize(
    ("prompt", "below"),
    [
        ("a red fox by a mountain lake at sunset", "shore"),
        ("a dog near a river", "shore"),
        ("a horse on the shore of a lake", "shore"),
        ("a dog by the sea", "coast"),
        ("a sailboat on a lake", "lake"),
        ("a dog on a sailboat at sea", "sea"),
        ("an eagle over a lake", "lake"),
    ],
)
def test_only_what_cannot_swim_brings_a_bank(prompt, below):
    assert where(read_scene(prompt)).below == below


@pytest.mark.parametrize("side", [(1408, 792), (792, 1408), (1024, 1024)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_land_animals_by_a_lake_stand_on_its_bank(side, seed):
    scene = read_scene("a red fox by a mountain lake at sunset")
    place = where(scene)
    unit = SHORT_SIDE / min(side)
    w, h = side[0] * unit, side[1] * unit
    light = light_for(scene, seeded("light", seed))
    st = Stage(scene, light, seeded("layout", seed), w, h, horizon(place, w, h))
    (fox,) = arrange(st, place)
    assert fox.shadow == "ground"
    assert fox.foot > st.horizon + 0.8 * (h - st.horizon)
    assert fox.height < 0.45 * h
    assert 0 < fox.x - fox.width / 2 < fox.x + fox.width / 2 < w


def test_a_red_fox_has_the_coat_of_a_fox_and_a_red_truck_is_red():
    assert "#d8433f" not in drawing("a red fox, noon", width=64, height=64, seed=1)
    assert "#d8433f" in drawing("a red truck, white background", width=64, height=64, seed=1)


def test_furniture_is_indoors_whatever_the_weather_which_shows_through_the_window():
    assert where(read_scene("two cats on a sofa, rainy evening")).enclosed == "room"
    assert where(read_scene("a cat in the rain")).enclosed == ""
    dry, wet = picture("a sofa, noon", side=300), picture("a sofa, noon, rain", side=300)
    assert difference(dry, wet) > 1


def test_a_portrait_fills_the_frame_on_a_plain_backdrop():
    assert where(read_scene("portrait of a woman")).enclosed == "portrait"
    assert where(read_scene("portrait of a woman in the forest")).behind == ("forest",)
    image = picture("portrait of a woman", side=200)
    assert image.crop(0, 0, 40, 40).extract_band(0).deviate() < 12
    bare = picture("portrait of a man, noon", side=200)
    assert difference(bare, picture("portrait of a man with a blue hat, noon", side=200)) > 2


def test_one_reference_outdoors_leaves_most_of_the_place_in_sight():
    card = pyvips.Image.black(80, 60).new_from_image([255, 0, 255]).cast("uchar")
    data = card.write_to_buffer(".png")
    spots = set()
    for seed in range(4):
        image = picture("a poster in a city street", side=200, seed=seed, references=[data])
        hit = sum((image.extract_band(b) - c).abs() for b, c in enumerate((255, 0, 255))) < 60
        assert 0.03 < hit.avg() / 255 < 0.3
        spots.add(tuple(round(v / 10) for v in hit.find_trim(background=[0], threshold=10)))
    assert len(spots) > 2
