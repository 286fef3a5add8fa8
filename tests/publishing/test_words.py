"""The parts of a page that need no server: addresses, colours, words, placeholders, cards."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import images
from tintype.media.placeholder import placeholder
from tintype.media.share_card import share_card
from tintype.media.thumb import thumbhash
from tintype.media.vips import Image, sniff
from tintype.publishing.colors import contrast, readable
from tintype.publishing.manifest import manifest
from tintype.publishing.models import Brand, PagePicture, Published, Shown, Snapshot
from tintype.publishing.operations import new_slug
from tintype.publishing.page import counts, render

COLORS = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("Gdynia apartment campaign", "gdynia-apartment-campaign-"),
        ("Świętojańska 42, Łódź", "swietojanska-42-lodz-"),
        ("  -- Straße / Ærø --  ", "strasse-aero-"),
        ("李さんの家", ""),
        ("x" * 100, "x" * 40 + "-"),
        ("a" * 39 + " bcd", "a" * 39 + "-"),
    ],
)
def test_an_address_begins_with_the_name_and_can_not_be_guessed(name: str, start: str) -> None:
    slug = new_slug(name)
    assert slug.startswith(start)
    assert re.fullmatch(r"[a-hj-km-np-z2-9]{12}", slug.removeprefix(start))
    assert re.fullmatch(r"[a-z0-9-]{1,60}", slug)
    assert new_slug(name) != slug


@given(st.text(max_size=200))
def test_every_name_gives_an_address(name: str) -> None:
    assert re.fullmatch(r"(?:[a-z0-9]+-)*[a-z0-9]+", new_slug(name))


@given(COLORS, st.sampled_from(["#fbfaf8", "#131313", "#ffffff", "#000000", "#808080"]))
def test_every_colour_becomes_readable_with_its_own_hue_where_it_can(color, ground) -> None:
    made = readable(color, ground)
    assert contrast(made, ground) >= 4.5
    if contrast(color, ground) >= 4.5:
        assert made == color


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#336699", "#336699") == 1


def shown(number: int = 0, **more) -> Shown:
    fields = {"width": 1600, "height": 900, "format": "jpeg", "bytes": 5, "thumbhash": "x"} | more
    return Shown(id=f"img_{number}", **fields)


def published(*, private: bool = False, **more) -> Published:
    fields = {
        "name": "Villa", "output": "picture", "noindex": False, "brand": Brand(), "pictures": [],
        "videos": [],
    }  # fmt: skip
    return Published(
        project_id="prj_1", slug="villa-1", revision=3, published_at=datetime(2026, 5, 6, tzinfo=UTC),
        private=private, noindex=False, snapshot=Snapshot(**(fields | more)), etag='"x"',
    )  # fmt: skip


def picture(**more) -> PagePicture:
    return PagePicture(**({"image": shown(), "alt": "A", "version": 0, "enhanced": False} | more))


def test_one_picture_and_one_film_are_counted_in_words() -> None:
    assert counts(published(pictures=[picture()]).snapshot) == "1 picture"
    assert counts(published(pictures=[picture(), picture()]).snapshot) == "2 pictures"
    assert counts(published().snapshot) == ""


def test_an_original_is_cut_to_the_shape_of_what_was_made_of_it() -> None:
    same = picture(before=shown(1, width=800, height=450))
    cut = picture(before=shown(2, width=1000, height=1000))
    text = render("https://x.example", published(pictures=[same, cut])).body.decode()
    assert "/media/images/img_1.jpg?w=640 640w" in text
    assert "/media/images/img_2.jpg?w=640&amp;h=360 640w" in text


def test_a_logo_keeps_what_is_transparent() -> None:
    text = render("https://x.example", published(brand=Brand(logo=shown(9)))).body.decode()
    assert 'src="/media/images/img_9.webp?w=480"' in text


def test_a_server_below_a_path_gives_addresses_below_it() -> None:
    page = published(pictures=[picture(image=shown(width=2000))])
    text = render("https://x.example/studio", page).body.decode()
    assert 'src="/studio/media/images/img_0.jpg?w=960"' in text
    assert 'rel="canonical" href="https://x.example/studio/p/villa-1"' in text
    assert 'content="https://x.example/studio/p/villa-1/3/card.jpg"' in text
    told = manifest("https://x.example/studio", page)
    assert told["pictures"][0]["url"] == "https://x.example/studio/media/images/img_0.jpg"
    hidden = manifest("https://x.example", published(private=True, pictures=[picture()]))
    assert hidden["pictures"][0]["url"] == "https://x.example/p/villa-1/3/images/img_0.jpg"


def test_a_brands_colours_are_readable_in_the_light_and_in_the_dark() -> None:
    brand = Brand(name="N", primary="#ffff00", accent="#000001")
    text = render("https://x.example", published(brand=brand)).body.decode()
    found = dict(re.findall(r"\(prefers-color-scheme:(\w+)\)\{:root\{--primary:(#\w{6})", text))
    assert contrast(found["light"], "#fbfaf8") >= 4.5
    assert found["dark"] == "#ffff00"
    accents = re.findall(r"--accent:(#\w{6})\}", text)
    assert contrast(accents[1], "#131313") >= 3


def evening(width: int, height: int):
    """A picture whose colours go from blue above to orange below, lighter to the right."""
    place = Image.xyz(width, height)
    across, down = place[0] / width, place[1] / height
    bands = [60 + 180 * down, 90 + 60 * across, 220 - 170 * down]
    return bands[0].bandjoin(bands[1:]).cast("uchar").copy(interpretation="srgb")


def test_a_placeholder_has_the_shape_and_the_colours_of_its_picture() -> None:
    for width, height, wide, high in (
        (320, 180, 24, 14), (90, 240, 9, 24), (64, 64, 24, 24), (900, 300, 24, 8),
    ):  # fmt: skip
        source = evening(width, height)
        drawn = Image.new_from_buffer(placeholder(thumbhash(source), width, height), "")
        assert (drawn.width, drawn.height) == (wide, high)
        small = source.thumbnail_image(wide, height=high, size="force")
        assert (small - drawn).abs().avg() < 16
    assert len(placeholder(thumbhash(source), 10, 10)) < 400
    line = Image.new_from_buffer(placeholder(thumbhash(evening(4000, 3)), 4000, 3), "")
    assert (line.width, line.height) == (24, 1)
    for broken in ("", "AAAA", "AAAAAAA=", "#"):
        with pytest.raises(ValueError, match=r"."):
            placeholder(broken, 10, 10)


@pytest.mark.parametrize(
    "title",
    [
        "Villa",
        "Ł" * 300,
        "word " * 60,
        "",
        "  ",
        "<b>&amp;</b>",
        "a\x07b",
        "\ufdd0",
        "שלום",
        "مرحبا",
    ],
)
def test_a_card_is_made_whatever_the_name(title: str) -> None:
    for kind, width, height in (("png", 40, 40), ("jpeg", 3000, 300)):
        made = share_card(
            images.file(kind, width, height), (0.1, 0.9), title=title, line=title, accent="#ff0000"
        )
        picture = Image.new_from_buffer(made, "")
        assert (sniff(made), picture.width, picture.height, picture.bands) == ("jpeg", 1200, 630, 3)


def test_a_cards_words_stand_out_from_a_white_picture() -> None:
    white = Image.black(1200, 630, bands=3).invert().cast("uchar").pngsave_buffer()
    plain = share_card(white, None, title="", line="", accent=None)
    named = share_card(white, None, title="Villa Rosa", line="6 pictures", accent=None)
    assert Image.new_from_buffer(plain, "").avg() > 250
    foot = Image.new_from_buffer(named, "").crop(700, 560, 400, 60)
    assert foot.avg() < 80, "dark behind the letters"
    head = Image.new_from_buffer(named, "").crop(0, 0, 1200, 200)
    assert head.avg() > 250


def test_a_card_leaves_out_single_letters_and_not_the_name() -> None:
    white = Image.black(1200, 630, bands=3).invert().cast("uchar").pngsave_buffer()

    def card(title: str) -> bytes:
        return share_card(white, None, title=title, line="", accent=None)

    assert card("\ue000 Villa\ufdd0 Rosa\x07") == card("Villa Rosa")
    # Persian parts words by a sign that leaves no ink.
    assert card("خانه\u200cهای نو") not in (card(""), card("خانههای نو"))
