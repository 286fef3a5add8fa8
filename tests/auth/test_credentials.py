import pytest
from litestar.datastructures import Headers

from tintype.api.client_address import client_address
from tintype.api.guard import needs
from tintype.auth.credentials import credential
from tintype.core.errors import BadRequest, Unauthorized
from tintype.keys import secrets


def headers(*pairs: tuple[str, str]) -> Headers:
    return Headers([(name.encode(), value.encode("latin-1")) for name, value in pairs])


@pytest.mark.parametrize("word", ["Bearer", "bearer", "BEARER"])
def test_either_header_carries_the_key(word: str) -> None:
    assert credential(headers(("authorization", f"{word} abc"))) == "abc"
    assert credential(headers(("x-api-key", "abc"))) == "abc"
    assert credential(headers(("x-api-key", "abc"), ("authorization", f"{word}  abc "))) == "abc"


def test_without_either_there_is_no_credential() -> None:
    assert credential(headers()) is None
    assert credential(headers(("cookie", "key=abc"))) is None


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic abc", "abc", "Token abc"])
def test_another_scheme_is_no_credential_even_beside_a_key(value: str) -> None:
    with pytest.raises(Unauthorized):
        credential(headers(("authorization", value), ("x-api-key", "abc")))


def test_two_that_differ_or_one_twice_are_refused() -> None:
    for pairs in (
        [("authorization", "Bearer abc"), ("x-api-key", "abd")],
        [("x-api-key", "abc"), ("x-api-key", "abc")],
        [("authorization", "Bearer abc"), ("authorization", "Bearer abc")],
    ):
        with pytest.raises(BadRequest):
            credential(headers(*pairs))


def test_a_key_with_any_one_character_changed_is_not_well_formed() -> None:
    key = secrets.make(livemode=True)
    assert secrets.is_well_formed(key)
    for place in range(len(key)):
        for other in "aZ5_-é\u0661":
            changed = key[:place] + other + key[place + 1 :]
            assert changed == key or not secrets.is_well_formed(changed)
    for wrong in (key[:-1], key + "0", key + "\n", " " + key, key.upper(), "", "tt_live_"):
        assert not secrets.is_well_formed(wrong)


def test_live_and_test_keys_can_not_be_turned_into_each_other() -> None:
    key = secrets.make(livemode=False)
    assert key.startswith("tt_test_")
    assert not secrets.is_well_formed(key.replace("tt_test_", "tt_live_"))


def test_a_guard_says_which_scope_it_wants() -> None:
    assert needs("images:read").scope == "images:read"


PROXIES = ["10.0.0.0/8", "192.0.2.7", "fd00::/8"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.1", "203.0.113.9", "198.51.100.1"),  # Nobody's proxy may say anything.
        ("10.1.2.3", "203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "1.1.1.1, 203.0.113.9, 192.0.2.7", "203.0.113.9"),
        ("10.1.2.3", "203.0.113.9, nonsense", "10.1.2.3"),
        ("10.1.2.3", "nonsense, 203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("10.1.2.3", "10.9.9.9", "10.9.9.9"),
        ("fd00::1", "2001:db8::5", "2001:db8::5"),
        ("10.1.2.3", "203.0.113.9:50123", "203.0.113.9"),
        ("10.1.2.3", "[2001:db8::5]:443, 192.0.2.7:80", "2001:db8::5"),
        ("10.1.2.3", "[2001:db8::5]", "2001:db8::5"),
        ("10.1.2.3", "203.0.113.9:port", "10.1.2.3"),
        ("unknown", "203.0.113.9", "unknown"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: str, client: str) -> None:
    assert client_address(peer, headers(("x-forwarded-for", forwarded)), PROXIES) == client
    assert client_address(peer, headers(("x-forwarded-for", forwarded)), []) == peer
