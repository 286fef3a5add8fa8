"""Films as a player sees them: every one here is decoded again."""

import io
import itertools
import subprocess
import sys
import tempfile

import av
import cv2
import numpy as np
import pytest
import pyvips

from tintype.core.errors import UnsupportedMediaType, ValidationFailed
from tintype.media.finish.frame import opened
from tintype.media.reel.colour import to_rgb
from tintype.media.reel.film import blank, planes_of
from tintype.media.reel.moves import MOVES, path_of
from tintype.media.reel.path import Path, Window
from tintype.media.reel.plate import plate, source
from tintype.media.reel.reel import Shot, reel
from tintype.media.stopping import Stopped

W, H = 320, 180


def png(pixels):
    pixels = np.ascontiguousarray(pixels)
    high, wide, bands = pixels.shape
    image = pyvips.Image.new_from_memory(pixels.data, wide, high, bands, "uchar")
    return image.copy(interpretation="srgb").pngsave_buffer()


def flat(wide, high, colour=(200, 200, 200)):
    return png(np.full((high, wide, 3), colour, np.uint8))


def textured(wide, high, seed=1):
    """Soft shapes of all sizes, with a little grain."""
    dice = np.random.default_rng(seed)
    light = np.zeros((high, wide, 3), np.float32)
    for cell in (64, 32, 16, 8):
        small = dice.normal(0, 24, (high // cell + 2, wide // cell + 2, 3)).astype(np.float32)
        light += cv2.resize(small, (wide, high), interpolation=cv2.INTER_CUBIC)
    return png(np.clip(light + 128 + dice.normal(0, 2, light.shape), 0, 255).astype(np.uint8))


def blob(wide, high, x, y, size):
    """A soft bright spot on grey, whose centre can be measured to a hundredth of a pixel."""
    across, along = np.arange(wide) + 0.5 - x * wide, np.arange(high) + 0.5 - y * high
    light = np.exp(-(across[None, :] ** 2 + along[:, None] ** 2) / (2 * size**2))
    return png(np.repeat((60 + 180 * light)[..., None], 3, axis=2).round().astype(np.uint8))


def filmed(*pictures, move="push_in", focal=(0.5, 0.5), **more):
    asked = {"width": W, "height": H, "fps": 24, "duration_seconds": 1.0, "seed": 5} | more
    return reel([Shot(picture, focal, move) for picture in pictures], **asked)


def frames(made):
    with av.open(io.BytesIO(made.video)) as film:
        return [planes_of(frame) for frame in film.decode(video=0)]


def lumas(made):
    return [planes[0] for planes in frames(made)]


def atoms(data):
    """(name, content) of the file's boxes, the outermost only."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        assert size >= 8
        yield data[at + 4 : at + 8].decode("latin-1"), data[at + 8 : at + size]
        at += size


@pytest.mark.parametrize(
    ("width", "height", "fps", "seconds"),
    [
        (320, 180, 24, 1.0),
        (180, 320, 30, 1.5),
        (64, 64, 12, 2.04),
        (202, 130, 25, 1.0),
        (256, 256, 60, 1.01),
    ],
)
def test_size_frames_and_duration_are_exact(width, height, fps, seconds):
    made = filmed(textured(400, 300), width=width, height=height, fps=fps, duration_seconds=seconds)
    count = round(seconds * fps)
    assert (made.frames, made.duration_seconds) == (count, count / fps)
    with av.open(io.BytesIO(made.video)) as film:
        (stream,) = film.streams
        assert (stream.codec_context.name, stream.profile) == ("h264", "High")
        assert (stream.width, stream.height) == (width, height)
        assert stream.pix_fmt == "yuv420p"
        assert stream.average_rate == fps
        assert float(stream.duration * stream.time_base) == pytest.approx(count / fps)
        assert film.duration == pytest.approx(count / fps * 1_000_000, abs=1000)  # In whole ms.
        times = [frame.time for frame in film.decode(stream)]
    assert times == pytest.approx([number / fps for number in range(count)])


def test_a_film_can_begin_before_it_is_whole():
    names = [name for name, _ in atoms(filmed(textured(400, 300)).video)]
    assert names[0] == "ftyp"
    assert names.index("moov") < names.index("mdat")


def test_colours_are_told_in_the_stream_and_in_the_container():
    made = filmed(textured(400, 300))
    with av.open(io.BytesIO(made.video)) as film:
        frame = next(film.decode(video=0))
    assert (frame.colorspace, frame.color_primaries, frame.color_trc) == (1, 1, 1)
    assert frame.color_range == 1
    # `colr` of kind `nclx`: BT.709 three times, not full range.
    assert b"colrnclx\x00\x01\x00\x01\x00\x01\x00" in made.video


@pytest.mark.parametrize(
    "colour", [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 120, 40)]
)
def test_colours_stay_what_they_are(colour):
    made = filmed(flat(W, H, colour))
    for planes in frames(made)[::8]:
        assert np.abs(to_rgb(planes).astype(int) - colour).max() <= 3
    poster = opened(made.poster).pixels.astype(int)
    assert np.abs(poster - colour).max() <= 3


def test_the_first_frame_is_the_picture_itself():
    picture = textured(W, H)
    first = to_rgb(frames(filmed(picture))[0]).astype(float)
    wanted = opened(picture).pixels
    loss = 10 * np.log10(255**2 / ((first - wanted) ** 2).mean())
    assert loss > 33


def test_see_through_parts_are_white():
    clear = png(np.zeros((H, W, 4), np.uint8))
    assert lumas(filmed(clear))[0].min() >= 233


@pytest.mark.parametrize("move", sorted(MOVES))
@pytest.mark.parametrize("focal", [(0.0, 0.0), (1.0, 1.0), (0.5, 0.5)])
def test_no_frame_shows_anything_beside_the_picture(move, focal):
    for wide, high in ((W, H), (150, 600), (20, 16)):
        made = filmed(flat(wide, high, (255, 255, 255)), move=move, focal=focal, fps=12)
        assert min(luma.min() for luma in lumas(made)) >= 233


def centre(luma):
    """Where the light of a spot on grey has its centre, in pixels of the frame."""
    light = np.clip(luma.astype(float) - 90, 0, None)
    across, along = np.arange(W) + 0.5, np.arange(H)[:, None] + 0.5
    return np.array([np.sum(light * across), np.sum(light * along)]) / light.sum()


@pytest.mark.parametrize("move", sorted(MOVES))
def test_the_motion_is_smooth_to_a_fraction_of_a_pixel(move):
    """The measured centre of a spot follows the path; windows of whole pixels would be 0.5 off."""
    wide, high, x, y = 1280, 720, 0.45, 0.55
    picture = blob(wide, high, x, y, 36)
    path = path_of(
        move, picture=(wide, high), frame=(W, H), focal=(x, y), held=True, seconds=2, seed=5
    )
    scene = plate(source(picture), path.swept(), path.closest(), (W, H), lambda: False)
    made = filmed(picture, move=move, focal=(x, y), duration_seconds=2.0)
    wanted, drawn = [], []
    for number in range(made.frames):
        window = path.at(number / (made.frames - 1))
        scale = W / window.width
        wanted.append(((x * wide - window.left) * scale, (y * high - window.top) * scale))
        frame = blank(W, H)
        scene.draw(window, planes_of(frame))
        drawn.append(centre(planes_of(frame)[0]))
    seen = np.array([centre(luma) for luma in lumas(made)])
    wanted, drawn = np.array(wanted), np.array(drawn)
    jerks = np.diff(drawn, 2, axis=0) - np.diff(wanted, 2, axis=0)
    assert np.abs(drawn - wanted).max() < 0.03
    assert np.abs(jerks).max() < 0.1
    # What the encoder rounds away comes on top.
    assert np.abs(seen - wanted).max() < 0.35


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "turned jpeg"])
@pytest.mark.parametrize("wide", [200, 500, 1000, 2560])
def test_a_picture_of_any_size_and_format_lies_where_it_should(kind, wide):
    """Decoders that shrink and filters that enlarge must not shift it."""
    high = wide * 9 // 16
    image = pyvips.Image.new_from_buffer(blob(wide, high, 0.4, 0.45, wide / 16), "")
    if kind == "turned jpeg":
        image = image.rot270().copy()
        image.set_type(pyvips.GValue.gint_type, "orientation", 6)
    data = image.write_to_buffer(f".{kind.split()[-1]}" + ("[Q=95]" if kind != "png" else ""))
    where = source(data)
    assert where.size == (wide, high)
    whole = Window(0, 0, wide, wide * 9 / 16)
    scene = plate(where, whole, wide / 1.3, (W, H), lambda: False)
    frame = blank(W, H)
    scene.draw(whole, planes_of(frame))
    expected = 0.4 * W, 0.45 * high / wide * W
    assert np.abs(centre(planes_of(frame)[0]) - expected).max() < 0.08


def test_colour_moves_with_brightness():
    """U and V lie where a player expects them: their spot has the same centre as that of Y.

    Their rounding to whole numbers moves it by some hundredths; a wrong place would by half.
    """
    pixels = opened(blob(W, H, 0.5, 0.5, 14)).pixels.copy()
    pixels[..., 1:] = 60
    path = Path((Window(0, 0, W, H), Window(10, 10, W / 2, H / 2)))
    scene = plate(source(png(pixels)), path.swept(), path.closest(), (W, H), lambda: False)
    frame = blank(W, H)
    scene.draw(path.at(0), planes_of(frame))
    red = to_rgb(planes_of(frame))[..., 0]
    assert np.abs(centre(red) - (W / 2, H / 2)).max() < 0.05
    light = planes_of(frame)[2].astype(float) - 128
    assert np.sum(light * np.arange(W // 2)) / light.sum() * 2 + 0.5 == pytest.approx(
        W / 2, abs=0.1
    )


@pytest.mark.parametrize("focal", list(itertools.product((0.1, 0.9), (0.1, 0.9))))
def test_an_extreme_focal_point_is_in_every_frame(focal):
    for move in ("push_in", "pan_left", "orbit"):
        for luma in lumas(filmed(blob(640, 640, *focal, 12), move=move, focal=focal))[::6]:
            assert luma.max() > 190


def test_the_focal_point_is_looked_for_when_none_is_given():
    pixels = np.full((600, 600, 3), 110, np.uint8)
    cv2.circle(pixels, (90, 500), 40, (230, 30, 30), -1)
    last = frames(filmed(png(pixels), focal=None, move="push_in"))[-1]
    assert last[2].max() > 200


def test_the_poster_is_the_moves_key_view_in_full_sharpness():
    picture = textured(640, 360)
    for move, number in (("push_in", 0), ("pull_out", -1), ("pan_left", None)):
        made = filmed(picture, move=move, fps=25, duration_seconds=1.0)
        poster = opened(made.poster)
        assert (poster.width, poster.height, poster.format) == (W, H, "jpeg")
        shown = to_rgb(frames(made)[12 if number is None else number]).astype(float)
        assert np.abs(shown - poster.pixels).mean() < 5


def test_the_same_seed_gives_the_same_bytes_and_another_another_film():
    picture = textured(400, 300)
    one, same, other = (filmed(picture, move=None, seed=seed) for seed in (3, 3, 4))
    assert (one.video, one.poster) == (same.video, same.poster)
    assert one.video != other.video


def test_shots_follow_one_another_by_cuts_with_equal_shares():
    made = filmed(flat(W, H, (255, 0, 0)), flat(W, H, (0, 255, 0)), flat(W, H, (0, 0, 255)))
    seen = [int(np.argmax(to_rgb(planes)[H // 2, W // 2])) for planes in frames(made)]
    assert seen == [0] * 8 + [1] * 8 + [2] * 8


def test_progress_rises_with_every_frame():
    heard = []
    made = filmed(flat(W, H), progress=heard.append)
    assert len(heard) == made.frames + 1
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


@pytest.mark.parametrize("questions", [0, 1, 3, 10, 24])
def test_a_cancellation_stops_between_frames_and_leaves_nothing_behind(
    questions, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    asked, heard = itertools.count(), []

    def canceled():
        return next(asked) >= questions

    with pytest.raises(Stopped):
        filmed(textured(400, 300), canceled=canceled, progress=heard.append)
    assert len(heard) <= questions
    assert list(tmp_path.iterdir()) == []


def test_a_finished_film_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    filmed(flat(W, H))
    with pytest.raises(ValidationFailed):
        filmed(flat(W, H), textured(400, 300)[:20_000])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"width": 321}, "even"),
        ({"width": 62}, "A side"),
        ({"height": 4000}, "A side"),
        ({"width": 3840, "height": 2162}, "pixels"),
        ({"width": 1000, "height": 64}, "long side"),
        ({"fps": 11}, "frames a second"),
        ({"fps": 61}, "frames a second"),
        ({"duration_seconds": 0.9}, "seconds"),
        ({"duration_seconds": 60.5}, "seconds"),
        ({"duration_seconds": float("nan")}, "seconds"),
        ({"focal": (0.5, 1.1)}, "focal point"),
        ({"focal": (float("nan"), 0.5)}, "focal point"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(asked, words):
    with pytest.raises(ValueError, match=words):
        filmed(flat(W, H), **asked)


def test_what_is_no_picture_is_refused():
    with pytest.raises(UnsupportedMediaType):
        filmed(b"no picture")
    with pytest.raises(ValueError, match="16 pixels"):
        filmed(flat(15, 400))
    with pytest.raises(ValueError, match="shots"):
        filmed()


_FULL = """
import resource, sys, tempfile
from pathlib import Path
from tintype.media.draft.draw import draw
from tintype.media.reel.reel import Shot, reel
shot = Shot(draw("a fox", width=640, height=360, seed=1))
tempfile.tempdir = sys.argv[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    reel([shot], width=640, height=360, fps=30, duration_seconds=4, seed=1)
except RuntimeError as fault:
    print(fault, list(Path(sys.argv[1]).iterdir()))
"""


def test_a_full_disk_is_nobodys_invalid_request(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _FULL, tmp_path], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "The film could not be encoded or written. []"


_MEASURED = """
import resource, sys
from tintype.media.draft.draw import draw
from tintype.media.reel.reel import Shot, reel
shot = Shot(draw("a fox", width=640, height=360, seed=1), (0.5, 0.5), "orbit")
reel([shot], width=320, height=180, fps=30, duration_seconds=float(sys.argv[1]), seed=1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_is_flat_in_the_duration():
    short, long = (
        int(
            subprocess.run(
                [sys.executable, "-c", _MEASURED, seconds], capture_output=True, check=True
            ).stdout
        )
        for seconds in ("3", "20")
    )
    # In kB; 510 frames more would be 44 MB, were they kept.
    assert long - short < 12_000
