"""What is the montage engine's own: pictures in, one film with words and sound out."""

import io
import wave

import av
import numpy as np
import pytest

from tintype.engines.base import Blob, EngineFault, Job
from tintype.engines.montage import CAPABILITIES, MODEL, MontageEngine
from tintype.engines.of_worker import configured
from tintype.media.draft.draw import draw
from tintype.media.finish.frame import opened
from tintype.media.sound.voice import available

SHORT = {"duration_seconds": 2.0, "fps": 12}


class Watch:
    def __init__(self, canceled_after=None):
        self.heard = []
        self.canceled_after = canceled_after

    def canceled(self):
        return self.canceled_after is not None and len(self.heard) >= self.canceled_after

    def progress(self, done):
        self.heard.append(done)


@pytest.fixture
async def engine():
    engine = MontageEngine(threads=1)
    await engine.open()
    yield engine
    await engine.close()


@pytest.fixture(scope="module")
def pictures():
    words = ("a red fox in the forest", "a lighthouse by the sea", "a house with a garden")
    return tuple(Blob(draw(it, width=400, height=300, seed=4), "image/png") for it in words)


def tune(seconds=1.0):
    """A WAV of one tone."""
    samples = 9_000 * np.sin(2 * np.pi * 500 * np.arange(round(seconds * 48_000)) / 48_000)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48_000)
        out.writeframes(samples.astype("<i2").tobytes())
    return Blob(file.getvalue(), "audio/wav")


def job(references, prompt="", extra=None, **more):
    asked = {"width": 192, "height": 108, "seed": 3} | more
    return Job(
        "reel", MODEL, prompt, references=tuple(references), extra=SHORT | (extra or {}), **asked
    )


async def made(engine, asked):
    film, poster = (await engine.run(asked, Watch())).media
    assert (film.media_type, poster.media_type) == ("video/mp4", "image/jpeg")
    return film.data


async def fault(engine, asked, watch=None):
    with pytest.raises(EngineFault) as caught:
        await engine.run(asked, watch or Watch())
    return caught.value


def shown(data):
    with av.open(io.BytesIO(data)) as film:
        return [frame.to_ndarray(format="gray").astype(int) for frame in film.decode(video=0)]


def heard(data):
    """The strength of the sound in every tenth of a second, or nothing without a track."""
    with av.open(io.BytesIO(data)) as film:
        if not film.streams.audio:
            return []
        samples = np.concatenate([frame.to_ndarray()[0] for frame in film.decode(audio=0)])
    tenths = samples[: len(samples) // 4_800 * 4_800].reshape(-1, 4_800)
    return np.sqrt((tenths**2).mean(axis=1)).tolist()


def test_it_says_what_it_does():
    assert configured(draw_threads=1).engine_for(MODEL).capabilities(MODEL) == CAPABILITIES
    assert CAPABILITIES.operations == {"reel"}
    assert (CAPABILITIES.fidelity, CAPABILITIES.cancel, CAPABILITIES.seed) == (
        "full", "step", "stable",
    )  # fmt: skip


async def test_all_that_can_be_asked_for_comes_in_one_film(engine, pictures):
    extra = {
        "title": "House", "captions": ["Forest", None, "Garden"], "transition": "push", "fps": 24,
        "focal_points": [[0.5, 0.4], None, (1, 0)], "moves": ["push_in", None, "drift"],
        "background": {"mood": "calm"}, "accent": "#e0a030", "voice": None, "duration_seconds": 3,
    }  # fmt: skip
    film, poster = (await engine.run(job(pictures, extra=extra), Watch())).media
    frames = shown(film.data)
    assert len(frames) == 72
    assert frames[0].shape == (108, 192)
    assert max(heard(film.data)) > 0.01
    still = opened(poster.data)
    assert (still.width, still.height) == (192, 108)


async def test_extras_left_out_have_defaults(engine, pictures):
    asked = Job("reel", MODEL, references=pictures, width=64, height=64, seed=1)
    data = await made(engine, asked)
    assert len(shown(data)) == 600
    assert heard(data) == []


@pytest.mark.parametrize(
    ("extra", "other"),
    [
        ({"title": "House"}, {}),
        ({"captions": ["Forest", None, None]}, {"captions": [None, "Forest", None]}),
        ({"transition": "cut"}, {"transition": "fade"}),
        ({"moves": ["push_in"] * 3}, {"moves": ["pull_out"] * 3}),
        ({"focal_points": [[0.1, 0.1]] * 3}, {"focal_points": [[0.9, 0.9]] * 3}),
        ({"title": "House", "accent": "#ff0000"}, {"title": "House"}),
        ({"background": {"mood": "calm"}}, {"background": {"mood": "upbeat"}}),
    ],
)
async def test_each_extra_counts(engine, pictures, extra, other):
    assert await made(engine, job(pictures, extra=extra)) != await made(
        engine, job(pictures, extra=other)
    )


async def test_the_order_of_the_references_is_that_of_the_film(engine, pictures):
    cut = {"transition": "cut"}
    forth = shown(await made(engine, job(pictures, extra=cut)))
    alone = [shown(await made(engine, job([it], extra=cut)))[0] for it in pictures]
    for number, still in enumerate(alone):
        near = [np.abs(forth[8 * number] - it).mean() for it in alone]
        assert near.index(min(near)) == number
        assert np.abs(forth[8 * number] - still).mean() < 40


@pytest.mark.parametrize("at", [0, 1, 3])
async def test_one_of_the_references_may_be_the_sound(engine, pictures, at):
    references = [*pictures[:at], tune(), *pictures[at:]]
    film = await made(engine, job(references, extra={"background": {"audio": at}}))
    strengths = heard(film)
    assert len(strengths) == 20
    assert strengths[3] > 0.01
    assert shown(film)[0].shape == (108, 192)


async def test_a_voice_is_heard_or_refused_by_name(engine, pictures):
    voice = {"voice": {"text": "A house by the sea.", "language": "en"}}
    asked = job(pictures, extra=voice | {"duration_seconds": 6.0})
    if available():
        strengths = heard(await made(engine, asked))
        assert max(strengths) > 0.05
        assert len(strengths) == 60
        silent = await fault(
            engine, job(pictures, extra={"voice": {"text": " ", "language": "en"}})
        )
        assert (silent.code, silent.retryable) == ("INVALID_REQUEST", False)
        assert "voice.text" in silent.message
    else:
        caught = await fault(engine, asked)
        assert (caught.code, caught.retryable) == ("UNSUPPORTED", False)
        assert "espeak-ng" in caught.message


async def test_progress_goes_by_frames(engine, pictures):
    for extra, more in (({}, 1), ({"background": {"mood": "calm"}}, 2)):
        watch = Watch()
        await engine.run(job(pictures, extra=extra), watch)
        assert len(watch.heard) == 24 + more
        assert watch.heard == sorted(watch.heard)
        assert watch.heard[-1] == 1.0


@pytest.mark.parametrize("after", [0, 1, 9, 15])
@pytest.mark.parametrize("extra", [{}, {"background": {"mood": "calm"}}])
async def test_a_cancellation_is_heeded_between_frames(engine, pictures, after, extra):
    watch = Watch(canceled_after=after)
    assert (await fault(engine, job(pictures, extra=extra), watch)).code == "CANCELED"
    assert len(watch.heard) == after


async def test_a_clients_own_pictures_carry_no_mark_in_the_sandbox(engine, pictures):
    live, sandbox = [await made(engine, job(pictures, livemode=mode)) for mode in (True, False)]
    assert live == sandbox


async def test_markers_force_failures_in_the_sandbox_only(engine, pictures):
    asked = job(pictures, "__rejected__", livemode=False)
    assert (await fault(engine, asked)).code == "CONTENT_REJECTED"
    assert await made(engine, job(pictures, "__rejected__"))


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"captions": ["one"]}, "captions: must have one entry for each picture"),
        ({"captions": "abc"}, "captions: must have one entry"),
        ({"captions": [1, None, None]}, "captions: each must be text"),
        ({"captions": [None, "a\x07", None]}, "caption 2: has the control character U+0007"),
        ({"captions": [None, None, "n" * 10_000]}, "caption 3: has 10000 characters"),
        ({"captions": ["\n".join("abcd"), None, None]}, "caption 1: needs 4 lines"),
        ({"captions": ["\u0378", None, None]}, "caption 1: U+0378"),
        ({"title": 5}, "title: must be text"),
        ({"title": "n" * 121}, "title: has 121 characters"),
        ({"focal_points": [[0.5], None, None]}, "focal_points: each must be two numbers"),
        ({"focal_points": [[True, 0], None, None]}, "focal_points: each must be two numbers"),
        ({"focal_points": [None, [0.5, 2], None]}, "picture 2: a focal point"),
        ({"moves": ["spin", None, None]}, "moves: each must be one of push_in"),
        ({"transition": "spin"}, "transition: must be one of cut, fade, slide, push"),
        ({"accent": "red"}, "#rrggbb"),
        ({"accent": 5}, "accent: must be text"),
        ({"duration_seconds": 121}, "1 to 120 seconds"),
        ({"duration_seconds": 1.0}, "3 pictures lasts at least 1.5 seconds"),
        ({"duration_seconds": "5"}, "duration_seconds: must be a number"),
        ({"duration_seconds": True}, "duration_seconds: must be a number"),
        ({"duration_seconds": float("nan")}, "1 to 120 seconds"),
        ({"fps": 30.0}, "fps: must be a whole number"),
        ({"fps": 5}, "12 to 60 frames"),
        ({"background": "calm"}, "background: must be"),
        ({"background": {"mood": "grim"}}, "grim"),
        ({"background": {"audio": 3}}, "background: must be"),
        ({"background": {"audio": -1}}, "background: must be"),
        ({"background": {"audio": True}}, "background: must be"),
        ({"background": {"audio": 0}}, "background"),
        ({"voice": "hello"}, "voice: must be a text and its language"),
        ({"voice": {"text": "hello"}}, "voice: must be a text and its language"),
    ],
)
async def test_what_cannot_be_made_is_refused_by_name(engine, pictures, extra, words):
    caught = await fault(engine, job(pictures, extra=extra))
    assert (caught.code, caught.retryable) == ("INVALID_REQUEST", False)
    assert words in caught.message


@pytest.mark.parametrize(
    "more", [{"width": 193}, {"width": 32}, {"width": 0}, {"width": 3840, "height": 3840}]
)
async def test_other_sizes_are_refused(engine, pictures, more):
    assert (await fault(engine, job(pictures, **more))).code == "INVALID_REQUEST"


async def test_a_reel_of_nothing_and_one_of_too_many_are_refused(engine, pictures):
    for references in ((), pictures * 14):
        caught = await fault(engine, job(references, extra={"duration_seconds": 60.0}))
        assert caught.code == "INVALID_REQUEST"
        assert "1 to 40 pictures" in caught.message


async def test_a_picture_that_is_none_is_named(engine, pictures):
    broken = Blob(b"no picture at all", "image/png")
    caught = await fault(engine, job([*pictures, broken]))
    assert caught.code == "INVALID_REQUEST"
    assert caught.message.startswith("picture 4: ")
