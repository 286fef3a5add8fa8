"""The form of a key: what scanners and mistyped characters meet."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tintype.keys import secrets

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@given(st.booleans())
def test_every_key_made_is_well_formed_and_says_its_mode(livemode: bool) -> None:
    secret = secrets.make(livemode=livemode)
    kind = "live" if livemode else "test"
    assert re.fullmatch(rf"tt_{kind}_[0-9A-Za-z]{{36}}", secret)
    assert secrets.is_well_formed(secret)
    assert secrets.prefix(secret) == secret[:12]
    assert len(secrets.digest(secret)) == 32


@given(st.booleans(), st.data())
def test_one_changed_character_is_always_noticed(livemode: bool, data: st.DataObject) -> None:
    """A CRC-32 finds every change within four bytes."""
    secret = secrets.make(livemode=livemode)
    at = data.draw(st.integers(8, len(secret) - 1))
    other = data.draw(st.sampled_from(ALPHABET).filter(lambda c: c != secret[at]))
    assert not secrets.is_well_formed(secret[:at] + other + secret[at + 1 :])


@given(st.data())
def test_two_neighbours_swapped_are_noticed(data: st.DataObject) -> None:
    secret = secrets.make(livemode=True)
    at = data.draw(st.integers(8, len(secret) - 2))
    swapped = secret[:at] + secret[at + 1] + secret[at] + secret[at + 2 :]
    assert swapped == secret or not secrets.is_well_formed(swapped)


@given(st.text(max_size=60))
def test_other_text_is_no_key(text: str) -> None:
    assert not secrets.is_well_formed(text)
    assert not secrets.is_well_formed("tt_live_" + text)


def test_the_checksum_covers_the_mode_and_has_a_fixed_form() -> None:
    secret = secrets.make(livemode=True)
    assert not secrets.is_well_formed(secret.replace("live", "test"))
    assert not secrets.is_well_formed(secret + "\n")
    # A pinned example: keys that exist must stay well formed for ever.
    assert secrets.is_well_formed("tt_live_" + "0" * 30 + "4WgNeR")
    assert secrets.is_well_formed("tt_test_" + "z" * 30 + "2P4xyt")
