"""Which published keys are used, and how long."""

import asyncio
import base64
from contextlib import asynccontextmanager
from ipaddress import ip_network

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from auth.issuing import publishing
from tintype.auth.jwks import JwkSet, usable
from tintype.core.errors import Unavailable
from tintype.fetch import Fetcher


@asynccontextmanager
async def watching(published_keys, **times):
    """(what is published, the server, the set that is read from it)."""
    async with (
        publishing(published_keys) as (published, server),
        Fetcher([ip_network("127.0.0.0/8")]) as fetcher,
    ):
        yield published, server, JwkSet(fetcher, server.url(), seconds_max=2, **times)


def named(*kids: str) -> list[ECKey]:
    return [ECKey.generate_key("P-256", {"kid": kid}) for kid in kids]


async def test_a_turned_over_key_is_found_once_the_pause_is_over() -> None:
    old, new = named("old", "new")
    async with watching([old], again_seconds=0.3) as (published, server, keys):
        assert (await keys.key("old")).kid == "old"
        published.keys = [new]
        assert await keys.key("new") is None
        await asyncio.sleep(0.35)
        found = await asyncio.gather(*(keys.key("new") for _ in range(10)))
        assert {key.kid for key in found} == {"new"}
        assert await keys.key("old") is None, "what was withdrawn is gone"
        assert len(server.asked) == 2


async def test_what_was_fetched_stays_good_while_the_issuer_is_away() -> None:
    (only,) = named("only")
    async with watching([only], again_seconds=0, old_seconds=0) as (published, server, keys):
        assert (await keys.key("only")).kid == "only"
        published.status = 503
        assert (await keys.key(None)).kid == "only"
        published.status, published.keys = 200, named("a", "b")
        assert await keys.key("only") is None
        assert await keys.key(None) is None, "of two, none is meant"
        assert len(server.asked) > 3


async def test_before_the_first_keys_nothing_can_be_said() -> None:
    async with watching([], again_seconds=60) as (published, server, keys):
        published.status = 500
        for _ in range(3):
            with pytest.raises(Unavailable):
                await keys.key("any")
        assert len(server.asked) == 1


def document(*found) -> dict:
    made = KeySet([key for key in found if not isinstance(key, dict)]).as_dict(private=False)
    made = msgspec.json.decode(msgspec.json.encode(made))
    return {"keys": [*made["keys"], *(key for key in found if isinstance(key, dict))]}


def test_only_strong_public_keys_for_signatures_are_used() -> None:
    good = ECKey.generate_key("P-256", {"kid": "good"})
    small = rsa.generate_private_key(65537, 1024).public_key().public_numbers()
    weak = {"kty": "RSA", "kid": "weak", "e": "AQAB", "n": base64.urlsafe_b64encode(
        small.n.to_bytes(128, "big")).decode().rstrip("=")}  # fmt: skip
    sealing = RSAKey.generate_key(2048, {"kid": "sealing", "use": "enc"})
    secret = OctKey.generate_key(256, {"kid": "secret"}).as_dict(private=True)
    odd = [{"kty": "AKP", "kid": "new"}, {"kid": "nothing"}, {"kty": "RSA", "n": 5}, {}]
    assert [key.kid for key in usable(document(good, weak, sealing, secret, *odd))] == ["good"]


@pytest.mark.parametrize("wrong", [None, [], {}, {"keys": None}, {"keys": {}}, "x"])
def test_what_is_no_set_of_keys_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match="JWK"):
        usable(wrong)
