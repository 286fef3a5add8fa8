"""Reels of many pictures as a player sees them: every one here is decoded again."""

import io
import threading

import av
import numpy as np
import pytest
import pyvips

from tintype.core.errors import PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from tintype.media.finish.frame import opened
from tintype.media.reel.bounds import SCENES_MAX, TRANSITIONS
from tintype.media.reel.captions import overlay
from tintype.media.reel.colour import to_rgb
from tintype.media.reel.film import planes_of
from tintype.media.reel.montage import Scene, montage
from tintype.media.reel.transitions import timeline
from tintype.media.reel.wording import Words
from tintype.media.stopping import Stopped

COLOURS = [(200, 40, 40), (40, 160, 60), (50, 70, 200), (220, 200, 60), (120, 60, 160)]


def picture(colour, wide=400, high=300):
    pixels = np.full((high, wide, 3), colour, np.uint8)
    image = pyvips.Image.new_from_memory(pixels.data, wide, high, 3, "uchar")
    return image.copy(interpretation="srgb").pngsave_buffer()


def busy(seed, wide=400, high=300):
    pixels = np.random.default_rng(seed).integers(0, 255, (high // 10, wide // 10, 3), np.uint8)
    pixels = np.ascontiguousarray(np.kron(pixels, np.ones((10, 10, 1), np.uint8)))
    image = pyvips.Image.new_from_memory(pixels.data, wide, high, 3, "uchar")
    return image.copy(interpretation="srgb").pngsave_buffer()


def scenes(count=3, **more):
    return [Scene(picture(COLOURS[number % len(COLOURS)]), **more) for number in range(count)]


def made(given=None, **more):
    asked = {
        "title": None, "transition": "cut", "width": 320, "height": 180, "fps": 12,
        "duration_seconds": 3.0, "seed": 4,
    } | more  # fmt: skip
    return montage(given or scenes(), **asked)


def frames(reel):
    with av.open(io.BytesIO(reel.video)) as film:
        return [to_rgb(planes_of(frame)).astype(int) for frame in film.decode(video=0)]


def tone(seconds, block=4_800):
    """A tone in blocks, and a list of how many were asked for so far."""
    asked = []

    def blocks():
        for start in range(0, round(seconds * 48_000), block):
            asked.append(start)
            wave = 0.4 * np.sin(2 * np.pi * 440 * np.arange(start, start + block) / 48_000)
            yield np.repeat(wave.astype(np.float32)[:, None], 2, axis=1)

    return blocks(), asked


@pytest.mark.parametrize("transition", TRANSITIONS)
@pytest.mark.parametrize(
    ("width", "height", "fps", "seconds"),
    [(320, 180, 24, 2.0), (180, 320, 30, 1.5), (256, 256, 12, 2.04), (64, 64, 25, 1.5)],
)
def test_size_and_duration_are_exact_whatever_the_transition(
    width, height, fps, seconds, transition
):
    reel = made(
        width=width, height=height, fps=fps, duration_seconds=seconds, transition=transition
    )
    count = round(seconds * fps)
    assert (reel.frames, reel.duration_seconds) == (count, count / fps)
    with av.open(io.BytesIO(reel.video)) as film:
        (stream,) = film.streams
        assert (stream.width, stream.height, stream.pix_fmt) == (width, height, "yuv420p")
        assert stream.codec_context.name == "h264"
        assert float(stream.duration * stream.time_base) == pytest.approx(count / fps)
        times = [frame.time for frame in film.decode(stream)]
    assert times == pytest.approx([number / fps for number in range(count)])
    poster = opened(reel.poster).pixels
    assert poster.shape == (height, width, 3)
    assert reel.video.index(b"moov") < reel.video.index(b"mdat")


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_each_picture_has_its_share_in_its_order(transition):
    given = scenes(5)
    reel = made(given, transition=transition, duration_seconds=5.0)
    seen = frames(reel)
    for span, colour in zip(timeline(60, 5, 12, transition), COLOURS, strict=True):
        for frame in seen[span.alone : span.leaving]:
            assert abs(frame - colour).max() <= 12
        assert span.leaving - span.alone >= 6


def test_a_cut_is_a_frame_coded_by_itself():
    reel = made([Scene(busy(seed)) for seed in range(4)], duration_seconds=4.0)
    with av.open(io.BytesIO(reel.video)) as film:
        keys = [number for number, frame in enumerate(film.decode(video=0)) if frame.key_frame]
    assert set(keys) >= {0, 12, 24, 36}


def test_the_camera_moves_over_every_picture_for_as_long_as_it_is_seen():
    reel = made([Scene(busy(seed)) for seed in range(3)], transition="fade", duration_seconds=6.0)
    seen = frames(reel)
    for span in timeline(72, 3, 12, "fade"):
        middle = range(span.alone, span.leaving - 1)
        steps = [abs(seen[number + 1] - seen[number]).mean() for number in middle]
        assert np.median(steps) > 0.5


def test_neighbours_move_differently_unless_told_otherwise():
    wide = busy(1, 640, 360)

    def ways(**more):
        seen = frames(made([Scene(wide, **more)] * 2, duration_seconds=2.0))
        return abs(seen[11] - seen[23]).mean()

    assert ways(move="push_in") < 0.3 * ways()


def test_a_caption_is_seen_in_its_share_only_and_comes_and_goes_softly():
    given = [
        Scene(picture((60, 60, 60)), caption=caption)
        for caption in ("Living room", None, "Garden with a terrace")
    ]
    reel = made(given, duration_seconds=6.0, transition="fade", width=640, height=360)
    seen = frames(reel)
    bright = np.array([(frame[180:] > 180).sum() for frame in seen])
    darkest = np.array([frame[330:, 0].mean() for frame in seen])
    first, second, third = timeline(72, 3, 12, "fade")
    assert bright[second.begin : second.over].max() == 0
    for span in (first, third):
        shown = bright[span.begin + 6 : span.over - 6]
        assert shown.min() > 0.5 * shown.max() > 100
    assert bright[first.begin] < bright[10]
    assert bright[-1] > 100
    assert (np.diff(darkest[:5]) <= 1).all()
    assert abs(np.diff(darkest)).max() < 20


def test_the_poster_is_the_first_picture_with_title_and_caption():
    given = scenes(3, caption="Garden")
    poster = opened(made(given, title="House", width=640, height=360).poster).pixels.astype(int)
    words = overlay(Words("House", "Garden"), 0, 640, 360)
    assert abs(poster[: words.top] - COLOURS[0]).max() <= 12
    assert (poster[words.top :] > 230).all(axis=2).sum() > 100
    without = opened(made(given, width=640, height=360).poster).pixels.astype(int)
    assert abs(poster - without)[: words.top].max() <= 12
    assert abs(poster - without)[words.top :].max() > 100


def test_the_title_is_over_the_first_picture_alone():
    given = scenes(2)
    plain, titled = frames(made(given)), frames(made(given, title="House"))
    assert abs(plain[9] - titled[9]).max() > 100
    assert abs(plain[22] - titled[22]).max() <= 12


@pytest.mark.parametrize("seconds", [0.4, 3.0, 9.0])
def test_sound_is_of_the_films_very_length(seconds):
    blocks, _ = tone(seconds)
    reel = made(soundtrack=blocks, duration_seconds=2.5, fps=30)
    with av.open(io.BytesIO(reel.video)) as film:
        (sound,) = film.streams.audio
        assert (sound.codec_context.name, sound.rate, sound.channels) == ("aac", 48_000, 2)
        assert round(float(sound.duration * sound.time_base) * 48_000) == 120_000
        assert film.duration == pytest.approx(2.5e6, abs=1000)
        parts = [frame.to_ndarray() for frame in film.decode(sound)]
    heard = np.concatenate(parts, axis=1)
    loud = min(seconds, 2.5)
    assert np.sqrt((heard[:, 4_800 : round((loud - 0.1) * 48_000)] ** 2).mean()) == pytest.approx(
        0.4 / np.sqrt(2), rel=0.05
    )
    assert abs(heard[:, round((loud + 0.1) * 48_000) : 118_000]).max(initial=0) < 0.001


def test_sound_is_asked_for_as_the_frames_need_it():
    blocks, asked = tone(10)
    ahead = []
    made(
        soundtrack=blocks, duration_seconds=4.0,
        progress=lambda done: ahead.append(len(asked) * 0.1 - done / 0.97 * 4.0),
    )  # fmt: skip
    assert len(asked) <= 42
    assert max(ahead[:-1]) < 0.5
    assert min(ahead[:-1]) > -0.5


@pytest.mark.parametrize("shape", [(480,), (480, 1), (480, 6)])
def test_sound_of_another_form_is_refused(shape):
    with pytest.raises(ValueError, match="two channels"):
        made(soundtrack=iter([np.zeros(shape, np.float32)]))


def test_the_same_asked_again_gives_the_same_bytes():
    given = [Scene(busy(seed), caption="Garden") for seed in range(3)]
    one, same, other = (
        made(given, transition="fade", title="House", soundtrack=tone(3)[0], seed=seed)
        for seed in (1, 1, 2)
    )
    assert (one.video, one.poster) == (same.video, same.poster)
    assert one.video != other.video


def test_progress_rises_to_1_with_the_frames():
    heard = []
    reel = made(progress=heard.append, transition="push")
    assert heard == sorted(heard)
    assert len(heard) == reel.frames + 1
    assert heard[-1] == 1.0


@pytest.mark.parametrize("transition", ["cut", "fade"])
@pytest.mark.parametrize("after", [0, 1, 10, 20])
def test_a_cancellation_stops_before_the_next_frame(after, transition):
    heard = []
    with pytest.raises(Stopped):
        made(transition=transition, progress=heard.append, canceled=lambda: len(heard) >= after)
    assert len(heard) == after
    assert not [it for it in threading.enumerate() if it.name.startswith("opening")]


def test_a_picture_is_opened_when_its_time_comes():
    """One that is damaged past its header stops the film there, and is named."""
    sound = busy(3, 1200, 900)
    heard = []
    with pytest.raises(ValidationFailed, match="picture 3: ") as caught:
        made(
            [Scene(busy(1)), Scene(busy(2)), Scene(sound[: len(sound) // 2]), Scene(busy(4))],
            duration_seconds=4.0, progress=heard.append,
        )  # fmt: skip
    assert caught.value.details[0]["field"] == "pictures"
    assert heard


def test_what_is_no_picture_is_named_before_anything_is_filmed():
    heard = []
    with pytest.raises(UnsupportedMediaType, match="picture 2: "):
        made([Scene(busy(1)), Scene(b"no picture")], progress=heard.append)
    with pytest.raises(ValueError, match=r"picture 1: .* 16 pixels"):
        made([Scene(picture((1, 2, 3), 8, 300))], progress=heard.append)
    with pytest.raises(ValueError, match="picture 2: a focal point"):
        made([Scene(busy(1)), Scene(busy(1), focal_point=(0.5, 1.2))], progress=heard.append)
    bomb = bytearray(picture((1, 2, 3)))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises((PayloadTooLarge, ValidationFailed), match="picture 1: "):
        made([Scene(bytes(bomb))], progress=heard.append)
    assert heard == []


def test_words_that_cannot_be_drawn_are_refused_before_anything_is_filmed():
    heard = []
    given = [*scenes(2), Scene(picture((1, 2, 3)), caption="a\x00b")]
    with pytest.raises(ValidationFailed, match="caption 3: has the control character"):
        made(given, progress=heard.append)
    with pytest.raises(ValidationFailed, match=r"^title: has 10000 characters"):
        made(title="n" * 10_000, progress=heard.append)
    assert heard == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"width": 321}, "even"),
        ({"width": 32}, "64 to"),
        ({"height": 4000}, "to 3840"),
        ({"fps": 5}, "frames a second"),
        ({"duration_seconds": 0.5}, "1 to 120 seconds"),
        ({"duration_seconds": 121.0}, "1 to 120 seconds"),
        ({"duration_seconds": float("nan")}, "1 to 120 seconds"),
        ({"duration_seconds": 1.2}, "at least 1.5 seconds"),
        ({"transition": "spin"}, "cut, fade, slide, push"),
        ({"accent": "red"}, "#rrggbb"),
        ({"accent": "#12345g"}, "#rrggbb"),
    ],
)
def test_values_outside_the_limits_are_refused(more, words):
    with pytest.raises(ValueError, match=words):
        made(**more)


def test_a_reel_has_1_to_40_pictures():
    one = picture((9, 9, 9), 64, 64)
    with pytest.raises(ValueError, match="1 to 40 pictures"):
        montage(
            [],
            title=None,
            transition="cut",
            width=64,
            height=64,
            fps=12,
            duration_seconds=2,
            seed=1,
        )
    with pytest.raises(ValueError, match="1 to 40 pictures"):
        made([Scene(one)] * (SCENES_MAX + 1), duration_seconds=60.0)
    assert made([Scene(one)] * SCENES_MAX, width=64, height=64, duration_seconds=20.0).frames == 240
    assert made([Scene(one)], width=64, height=64, duration_seconds=1.0).frames == 12
