"""What counts as one live request, and that a signature covers every parameter."""

import time
import unicodedata
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tintype.accounts import operations as accounts
from tintype.aliases import operations as aliases
from tintype.api.bodies import query_of
from tintype.core import ids
from tintype.core.caller import SCOPES, Caller
from tintype.core.errors import Forbidden, ValidationFailed
from tintype.db.pool import Database
from tintype.images import operations as images
from tintype.images.intake import StoredPicture
from tintype.images.links import Links
from tintype.live import operations as live
from tintype.live import signing
from tintype.live.models import CreateLiveUrl, LiveQuery

LINKS = Links("http://localhost", None)
SECRET = b"s" * 32
PICTURE = StoredPicture("masters/x", None, "png", False, 8, 8, 99, "0" * 64, "hash")


async def caller_of(database: Database) -> Caller:
    async with database.transaction() as tx:
        owner = (await accounts.create_organization(tx, name="Live", plan="pro")).id
    return Caller(owner, "pro", frozenset(SCOPES), livemode=True, source="live")


async def digest(database: Database, caller: Caller, query: str) -> bytes:
    async with database.reading() as tx:
        asked = query_of(query.encode(), LiveQuery)
        return (await live.normalize(tx, caller, LINKS, asked, [])).digest


async def test_spellings_of_one_request_are_one_entry(database: Database) -> None:
    caller = await caller_of(database)
    nfd = unicodedata.normalize("NFD", "Größe café")
    nfc = unicodedata.normalize("NFC", nfd)
    assert nfc != nfd
    same = [
        f"prompt={nfc}&aspect_ratio=16:9&seed=7",
        f"prompt={nfd}&aspect_ratio=16:9&seed=7",
        f"seed=7&aspectRatio=16:9&prompt={nfc}",
        f"prompt=%20{nfc.replace(' ', '%20%0A%09 ')}%20&aspect_ratio=16%3A9&seed=7",
        f"prompt={nfc}&aspect_ratio=16:9&seed=7&model=builtin/draft&resolution=1K",
        f"prompt={nfc}&aspect_ratio=16:9&seed=7&w=100&format=png",
        f"prompt={nfc}&aspect_ratio=16:9&seed=7&auto_enhance=false&reference_images=",
    ]
    assert len({await digest(database, caller, query) for query in same}) == 1


async def test_what_changes_the_picture_changes_the_entry(database: Database) -> None:
    caller = await caller_of(database)
    different = [
        "prompt=a fox", "prompt=A fox", "prompt=a fox&aspect_ratio=16:9", "prompt=a fox&seed=0",
        "prompt=a fox&seed=1", "prompt=a fox&resolution=2K", "prompt=a fox&auto_enhance=true",
        "prompt=a fox&reference_images=https://example.com/a.png",
        "prompt=a fox&reference_images=https://example.com/a.png,https://example.com/b.png",
        "prompt=a fox&reference_images=https://example.com/b.png,https://example.com/a.png",
    ]  # fmt: skip
    found = [await digest(database, caller, query) for query in different]
    assert len(set(found)) == len(different)


async def test_references_count_as_the_images_that_their_names_mean_now(
    database: Database,
) -> None:
    caller = await caller_of(database)
    fields = {"source": "uploaded", "livemode": True, "project_id": None, "flow_id": None,
              "generation_id": None, "variant": 0, "prompt": None, "meta": {}}  # fmt: skip
    async with database.transaction() as tx:
        first, second = [
            (await images.add_generated(tx, caller.organization_id, PICTURE, fields))["id"]
            for _ in range(2)
        ]
        await aliases.assign(tx, caller.organization_id, "", "@hero", first)
    listed = "prompt=a fox&reference_images=%20@hero, "
    before = [await digest(database, caller, query) for query in (listed, "prompt=see @hero")]
    assert before[0] == await digest(database, caller, f"prompt=a fox&reference_images={first}")
    async with database.transaction() as tx:
        await aliases.assign(tx, caller.organization_id, "", "@hero", second)
    after = [await digest(database, caller, query) for query in (listed, "prompt=see @hero")]
    assert not set(before) & set(after)
    for bad in ("@nobody", ids.new("img"), "nonsense"):
        with pytest.raises(ValidationFailed) as refused:
            await digest(database, caller, f"prompt=x&reference_images={bad}")
        assert refused.value.param == "reference_images[0]"


async def test_without_a_seed_the_request_itself_is_the_seed(database: Database) -> None:
    caller = await caller_of(database)
    async with database.reading() as tx:
        seeds = [
            (await live.normalize(tx, caller, LINKS, LiveQuery(prompt=text), [])).ask.seed
            for text in ("a fox", "a  fox", "a hare")
        ]
    assert seeds[0] == seeds[1] != seeds[2]


async def test_the_digest_is_pinned(database: Database) -> None:
    """A change here makes and charges every cached picture anew."""
    caller = await caller_of(database)
    found = await digest(database, caller, "prompt=a fox&aspect_ratio=16:9&seed=7")
    assert found.hex() == "73f9f7c8281e5a1603f1812deb3fa907a7330010d87a398441f6157c6266695d"


ASKS = st.builds(
    CreateLiveUrl,
    prompt=st.text(min_size=1, max_size=40).filter(lambda text: "\x00" not in text),
    aspect_ratio=st.sampled_from(["1:1", "16:9"]),
    resolution=st.sampled_from(["1K", "2K"]),
    model=st.sampled_from([None, "builtin/draft"]),
    seed=st.one_of(st.none(), st.integers(0, 2**63 - 1)),
    reference_images=st.lists(
        st.sampled_from(["@a", "https://example.com/x?y=1&z=%2C"]), max_size=2
    ),
    auto_enhance=st.booleans(),
    w=st.one_of(st.none(), st.integers(1, 4096)),
    format=st.sampled_from([None, "png", "auto"]),
    expires_in=st.one_of(st.none(), st.integers(1, 31_536_000)),
)
OWNER = ids.new("org")
KEY = ids.new("key")


def signed(ask: CreateLiveUrl) -> dict[str, str]:
    url, _ = signing.sign("http://localhost:3000", OWNER, SECRET, ask, KEY)
    return dict(parse_qsl(url.partition("?")[2], keep_blank_values=True))


def check(parameters: dict[str, str], secret: bytes = SECRET) -> None:
    signing.check(secret, query_of(urlencode(parameters).encode(), LiveQuery))


@given(ASKS)
def test_a_signed_url_says_what_was_asked_and_is_accepted(ask: CreateLiveUrl) -> None:
    parameters = signed(ask)
    check(parameters)
    query = query_of(urlencode(parameters).encode(), LiveQuery)
    assert (query.prompt, query.seed, query.w) == (ask.prompt, ask.seed, ask.w)
    assert (query.auto_enhance, query.key) == (ask.auto_enhance, KEY)
    with pytest.raises(Forbidden):
        check(parameters, b"t" * 32)


OTHERS = {
    "prompt": "another", "aspect_ratio": "4:5", "resolution": "4K", "model": "other", "seed": "12345",
    "project_id": ids.new("prj"), "reference_images": "@z", "w": "77", "format": "webp",
    "org": ids.new("org"), "exp": "99999999999", "sig": "A" * 43,
}  # fmt: skip


@given(ASKS, st.sampled_from(sorted(OTHERS)))
def test_no_parameter_can_be_added_changed_or_left_out(ask: CreateLiveUrl, name: str) -> None:
    parameters = signed(ask)
    with pytest.raises(Forbidden):
        check(parameters | {name: OTHERS[name]})
    for left_out in parameters.keys() - {"prompt", "sig"}:
        with pytest.raises(Forbidden):
            check({key: value for key, value in parameters.items() if key != left_out})
    flipped = "false" if ask.auto_enhance else "true"
    with pytest.raises(Forbidden):
        check(parameters | {"auto_enhance": flipped})


def test_an_expired_url_is_refused() -> None:
    ask = CreateLiveUrl(prompt="a fox")
    for seconds, works in ((-2, False), (60, True)):
        query = LiveQuery(prompt=ask.prompt, org=OWNER, exp=int(time.time()) + seconds)
        query.sig = signing._signature(SECRET, query)
        if works:
            signing.check(SECRET, query)
            continue
        with pytest.raises(Forbidden, match="expired"):
            signing.check(SECRET, query)


def test_a_reference_with_a_comma_is_refused_when_signing() -> None:
    ask = msgspec.structs.replace(
        CreateLiveUrl(prompt="x"), reference_images=["@a", "https://example.com/a,b.png"]
    )
    with pytest.raises(ValidationFailed) as refused:
        signed(ask)
    assert refused.value.param == "reference_images[1]"
