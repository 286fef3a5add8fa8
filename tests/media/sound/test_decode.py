import io
import struct
import tracemalloc
import wave

import numpy as np
import pytest

from support.sounds import RATE, silent_film, sound_file, strongest_hertz, tone
from tintype.core.errors import PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from tintype.media.sound.decode import BYTES_MAX, decode, sniff
from tintype.media.stopping import Stopped

FORMATS = {
    "wav": ("wav", "pcm_s16le"), "float wav": ("wav", "pcm_f32le"), "mp3": ("mp3", "libmp3lame"),
    "m4a": ("ipod", "aac"), "aac": ("adts", "aac"), "flac": ("flac", "flac"),
    "ogg opus": ("ogg", "libopus"),
}  # fmt: skip


def decoded(data, seconds=10.0, *, canceled=lambda: False, bytes_max=BYTES_MAX):
    return decode(data, seconds, canceled=canceled, field="background", bytes_max=bytes_max)


@pytest.mark.parametrize("name", FORMATS)
def test_every_accepted_format_gives_its_sound_in_stereo_at_our_rate(name):
    kind, codec = FORMATS[name]
    found = decoded(sound_file(tone(880, 2), kind, codec))
    assert found.dtype == np.int16
    assert found.shape[1] == 2
    assert len(found) == pytest.approx(2 * RATE, abs=RATE * 0.08)
    for side in (0, 1):
        assert strongest_hertz(found[4000:, side]) == pytest.approx(880, abs=2)


def test_another_rate_and_more_channels_become_ours():
    odd = sound_file(tone(500, 2, rate=22_050), rate=22_050, layout="5.1")
    found = decoded(odd)
    assert len(found) == pytest.approx(2 * RATE, abs=50)
    assert strongest_hertz(found[:, 0]) == pytest.approx(500, abs=2)


def test_no_more_is_decoded_than_is_wanted():
    long = sound_file(np.zeros(RATE * 90, np.float32), "flac", "flac")
    tracemalloc.start()
    try:
        assert len(decoded(long, 1.5)) == 72_000
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["m4a", "flac", "wav"])
def test_a_file_that_is_cut_off_is_refused(name):
    kind, codec = FORMATS[name]
    whole = sound_file(tone(300, 4) + tone(1234.5, 4), kind, codec)
    with pytest.raises(ValidationFailed, match="background") as refused:
        decoded(whole[: len(whole) // 2])
    assert refused.value.param == "background"


def test_a_cut_off_file_is_taken_as_far_as_it_is_needed():
    whole = sound_file(tone(300, 4))
    assert len(decoded(whole[: len(whole) // 2], 1.0)) == RATE


def test_a_header_that_claims_hours_is_not_believed():
    lying = bytearray(sound_file(tone(300, 1)))
    at = lying.index(b"data")
    lying[at + 4 : at + 8] = struct.pack("<I", 2_000_000_000)
    lying[4:8] = struct.pack("<I", 2_000_000_036)
    with pytest.raises(ValidationFailed, match="ends after"):
        decoded(bytes(lying))


def test_an_mp4_that_claims_endless_samples_is_refused_before_it_is_opened():
    lying = bytearray(sound_file(tone(300, 1), "ipod", "aac"))
    at = lying.index(b"stsz")
    lying[at + 8 : at + 16] = struct.pack(">II", 1, 170_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(ValidationFailed, match="170,000,000"):
            decoded(bytes(lying))
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_an_mp4_in_fragments_is_refused():
    with pytest.raises(UnsupportedMediaType, match="fragments"):
        decoded(b"\0\0\0\x10ftypM4A \0\0\0\0" + b"\0\0\0\x08moof")


def test_boxes_without_end_are_no_work():
    nested = b"\0\0\0\x10ftypM4A \0\0\0\0" + b"\0\0\0\0moov" * 20 + b"\0\0\0\x08free" * 9000
    with pytest.raises(ValidationFailed, match="damaged"):
        decoded(nested)


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + b"\0" * 400,
        b"<html>not found</html>",
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"#!EXTM3U\nfile:///etc/passwd",
        b"ffconcat version 1.0\nfile /etc/passwd",
        b"x",
    ],
)
def test_what_is_no_sound_is_refused_by_its_bytes(data):
    with pytest.raises(UnsupportedMediaType, match="MP3, M4A"):
        decoded(data)


@pytest.mark.parametrize(
    "head", [b"ID3\x04\0\0\0\0\0\0", b"fLaC", b"OggS", b"RIFF\0\0\0\0WAVE", b"\xff\xfb\x90\0"]
)
def test_a_signature_with_rubbish_behind_it_is_refused(head):
    rubbish = np.random.default_rng(5).bytes(30_000)
    with pytest.raises((ValidationFailed, UnsupportedMediaType)):
        decoded(head + rubbish)


def test_a_film_without_sound_is_refused():
    with pytest.raises(UnsupportedMediaType, match="holds no sound"):
        decoded(silent_film())


def test_no_samples_no_bytes_and_too_many_bytes_are_refused():
    empty = io.BytesIO()
    with wave.open(empty, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
    with pytest.raises(ValidationFailed, match="no samples"):
        decoded(empty.getvalue())
    with pytest.raises(ValidationFailed, match="empty"):
        decoded(b"")
    with pytest.raises(PayloadTooLarge):
        decoded(sound_file(tone(300, 1)), bytes_max=1000)


def test_a_rate_that_nobody_uses_is_refused():
    strange = bytearray(sound_file(tone(300, 1)))
    strange[24:28] = struct.pack("<I", 1)
    with pytest.raises((ValidationFailed, UnsupportedMediaType)):
        decoded(bytes(strange))


def test_numbers_that_are_none_become_sound_that_is_finite():
    broken = np.full(RATE, np.nan, np.float32)
    broken[::2] = np.inf
    found = decoded(sound_file(broken, "wav", "pcm_f32le"))
    assert np.abs(found.astype(np.int32)).max() <= 32768


def test_damage_anywhere_never_gives_another_error():
    rng = np.random.default_rng(11)
    for kind, codec in FORMATS.values():
        whole = sound_file(tone(440, 0.5), kind, codec)
        for _ in range(12):
            broken = bytearray(whole)
            for at in rng.integers(0, len(broken), 20):
                broken[at] = rng.integers(256)
            try:
                decoded(bytes(broken), 1.0)
            except (ValidationFailed, UnsupportedMediaType):
                continue


def test_a_canceled_decoding_stops():
    with pytest.raises(Stopped):
        decoded(sound_file(tone(300, 1)), canceled=lambda: True)


def test_signatures_are_told_apart():
    for name, (kind, codec) in FORMATS.items():
        expected = {"float wav": "wav", "m4a": "mp4", "ogg opus": "ogg"}.get(name, name)
        assert sniff(sound_file(tone(300, 0.3), kind, codec)) == expected
    assert sniff(b"") is None
