"""GET over real servers on loopback. `allow_networks` plays the public internet: 127.0.0.2 is
"outside", 127.0.0.1 is "our own network". Addresses and names: `test_dialling.py`."""

import asyncio
import gzip
import zlib

import pytest
from aiohttp import web

from support.fetching import OUTSIDE, answering, redirecting, refused
from support.loopback import raw_serving, serving
from tintype.fetch import Fetcher, FetchFailed

MIB = 1024 * 1024


@pytest.fixture
async def fetcher():
    async with Fetcher(OUTSIDE) as fetcher:
        yield fetcher


async def test_a_picture_comes_with_its_claimed_type_and_final_url(fetcher):
    answer = answering(b"\x89PNG", content_type="image/PNG; charset=x")
    async with serving(answer) as server:
        found = await fetcher.get(server.url("/a.png#top"), bytes_max=10)
    assert found.data == b"\x89PNG"
    assert found.media_type_claimed == "image/png"
    assert found.final_url == server.url("/a.png")


async def test_a_missing_type_is_none_and_an_empty_body_is_empty(fetcher):
    async with raw_serving(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as server:
        found = await fetcher.get(server.url(), bytes_max=10)
    assert (found.data, found.media_type_claimed) == (b"", None)


async def test_the_request_carries_no_cookie_credential_or_referrer(fetcher):
    async def answer(request):
        if request.path == "/first":
            headers = {"Location": "/second", "Set-Cookie": "session=1"}
            return web.Response(status=302, headers=headers)
        return web.Response(body=b"x", headers={"Set-Cookie": "session=2"})

    async with serving(answer) as server:
        await fetcher.get(server.url("/first"), bytes_max=10)
        await fetcher.get(server.url("/third"), bytes_max=10)
    for request in server.asked:
        sent = {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}
        assert set(request.headers) == sent


async def test_the_path_and_query_keep_their_bytes(fetcher):
    async with serving(answering()) as server:
        await fetcher.get(server.url("/a%2Fb%7E/../c?X-Sig=a%2Bb+c%3D&d"), bytes_max=10)
    assert server.asked[0].raw_path == "/a%2Fb%7E/../c?X-Sig=a%2Bb+c%3D&d"


async def test_the_environments_proxy_is_not_used(monkeypatch):
    async with serving(answering(), "127.0.0.1") as proxy, serving(answering()) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        async with Fetcher(OUTSIDE) as fetcher:
            await fetcher.get(server.url(), bytes_max=10)
    assert not proxy.asked


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(fetcher, status):
    async with serving(redirecting("../b.png?x=1", status=status)) as server:
        found = await fetcher.get(server.url("/one/two/a.png"), bytes_max=10)
    assert found.data == b"picture"
    assert found.final_url == server.url("/one/b.png?x=1")


async def test_three_redirects_are_followed_and_a_fourth_is_not(fetcher):
    async with serving(redirecting("/1", "/2", "/3")) as server:
        assert (await fetcher.get(server.url(), bytes_max=10)).data == b"picture"
    async with serving(redirecting("/1", "/2", "/3", "/4")) as server:
        await refused(fetcher, server.url(), "too_many_redirects")
        assert len(server.asked) == 4


async def test_a_redirect_loop_ends(fetcher):
    async with serving(redirecting(*["/"] * 50)) as server:
        await refused(fetcher, server.url(), "too_many_redirects")
        assert len(server.asked) == 4


@pytest.mark.parametrize("spelling", ["{address}", "127.1", "2130706433", "localhost", "0"])
async def test_a_redirect_into_our_own_network_is_refused(fetcher, spelling):
    async with serving(answering(), "127.0.0.1") as inside:
        target = inside.url(host=spelling.format(address=inside.address))
        async with serving(redirecting(target)) as server:
            await refused(fetcher, server.url(), "refused")
    assert not inside.asked


@pytest.mark.parametrize(
    "target",
    ["file:///etc/passwd", "ftp://127.0.0.2/", "data:image/png,x", "//user@127.0.0.2/",
     "http://169.254.169.254/latest/meta-data/", "gopher://127.0.0.2/", "http://127.0.0.2:0/"],
)  # fmt: skip
async def test_a_redirect_to_anything_but_plain_http_is_refused(fetcher, target):
    async with serving(redirecting(target)) as server:
        await refused(fetcher, server.url(), "refused")
        assert len(server.asked) == 1


@pytest.mark.parametrize("location", [b"", b"Location: \r\n", b"Location: http://[\r\n"])
async def test_a_redirect_that_leads_nowhere_is_refused(fetcher, location):
    async with raw_serving(
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n" + location + b"\r\n"
    ) as server:
        await refused(fetcher, server.url(), "bad_answer")


# Answers


@pytest.mark.parametrize("status", [201, 202, 204, 206, 300, 304, 400, 401, 404, 410])
async def test_only_a_200_is_taken(fetcher, status):
    async with serving(answering(None, status)) as server:
        fault = await refused(fetcher, server.url(), "bad_status")
    assert str(status) in fault.reason
    assert not fault.retryable


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_passing_status_may_be_tried_again(fetcher, status):
    async with serving(answering(b"", status)) as server:
        assert (await refused(fetcher, server.url(), "bad_status")).retryable


async def test_the_cap_holds_to_the_byte(fetcher):
    async with serving(answering(b"x" * 100_000)) as server:
        assert len((await fetcher.get(server.url(), bytes_max=100_000)).data) == 100_000
        await refused(fetcher, server.url(), "too_large", bytes_max=99_999)


async def test_a_claimed_length_over_the_cap_is_refused_unread(fetcher):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    # Who waited for the bytes would run out of time: none ever comes.
    async with raw_serving(head, b"", endless=True, pause_seconds=1) as server:
        await refused(fetcher, server.url(), "too_large", seconds_max=20)


@pytest.mark.parametrize("framing", ["close", "chunked"])
async def test_an_endless_body_is_cut_at_the_cap(fetcher, framing):
    if framing == "close":
        pieces = (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)
    else:
        pieces = (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"10000\r\n" + b"x" * 65536 + b"\r\n",
        )
    async with raw_serving(*pieces, endless=True) as server:
        await refused(fetcher, server.url(), "too_large", bytes_max=3 * MIB)


@pytest.mark.parametrize(
    "pieces",
    [
        (b"",),
        (b"HTTP/1.1 200 OK\r\n", b"X-Slow: a\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
        (b"HTTP/1.1 100 Continue\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    ],
)
async def test_a_drip_is_cut_at_the_deadline(fetcher, pieces):
    # Without a limit for the whole it would drip on: no single byte is late.
    async with raw_serving(*pieces, endless=True, pause_seconds=0.05) as server:
        await refused(fetcher, server.url(), "timed_out", seconds_max=0.5)


async def test_the_deadline_is_for_all_hops_together(fetcher):
    async def answer(request):
        await asyncio.sleep(0.25)
        return web.Response(status=302, headers={"Location": "/again"})

    async with serving(answer) as server:
        await refused(fetcher, server.url(), "timed_out", seconds_max=0.6)
    assert len(server.asked) <= 3


def gzipped_zeros(mebibytes):
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(mebibytes)) + packer.flush()


async def test_a_packed_body_is_unpacked_within_the_cap(fetcher):
    async with serving(answering(gzip.compress(b"x" * 1000), content_encoding="gzip")) as server:
        assert (await fetcher.get(server.url(), bytes_max=1000)).data == b"x" * 1000
        await refused(fetcher, server.url(), "too_large", bytes_max=999)


async def test_a_gzip_bomb_is_cut_at_the_cap_of_the_unpacked_bytes(fetcher):
    bomb = gzipped_zeros(128)
    assert len(bomb) < MIB
    async with serving(answering(bomb, content_encoding="gzip")) as server:
        await refused(fetcher, server.url(), "too_large", bytes_max=4 * MIB)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip at all",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut off",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc",
    ],
)
async def test_a_damaged_answer_is_a_fault_and_never_a_part(fetcher, answer):
    async with raw_serving(answer) as server:
        await refused(fetcher, server.url(), "bad_answer")


async def test_a_server_that_hangs_up_at_once_may_be_tried_again(fetcher):
    async with raw_serving() as server:
        assert (await refused(fetcher, server.url(), "could_not_connect")).retryable


# Bodies too large for memory


async def taken(pieces):
    return [len(piece) async for piece in pieces]


async def test_a_body_is_taken_in_pieces_as_it_comes(fetcher):
    async with serving(answering(bytes(3 * MIB))) as server:
        lengths = await fetcher.take(
            server.url(), taken, bytes_max=3 * MIB, seconds_max=10, field="source_url"
        )
    assert sum(lengths) == 3 * MIB
    assert max(lengths) <= 64 * 1024


@pytest.mark.parametrize(
    ("status", "size", "fault"), [(404, 10, "bad_status"), (200, 2 * MIB, "too_large")]
)
async def test_what_is_no_such_body_is_refused(fetcher, status, size, fault):
    async with serving(answering(bytes(size), status)) as server:
        with pytest.raises(FetchFailed, match=r"^source_url: ") as caught:
            await fetcher.take(
                server.url(), taken, bytes_max=MIB, seconds_max=10, field="source_url"
            )
    assert caught.value.fault == fault


async def test_a_taken_body_without_a_declared_length_is_cut_at_the_limit(fetcher):
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    async with raw_serving(head, bytes(MIB), endless=True) as server:
        with pytest.raises(FetchFailed) as caught:
            await fetcher.take(
                server.url(), taken, bytes_max=2 * MIB, seconds_max=20, field="source_url"
            )
    assert caught.value.fault == "too_large"


async def test_the_takers_own_fault_comes_through(fetcher):
    async def choosy(pieces):
        async for _ in pieces:
            raise LookupError("not this one")

    async with serving(answering(bytes(MIB))) as server:
        with pytest.raises(LookupError, match="not this one"):
            await fetcher.take(
                server.url(), choosy, bytes_max=MIB, seconds_max=10, field="source_url"
            )


async def test_a_taken_body_that_stalls_ends_in_time(fetcher):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    async with raw_serving(head, b"", pause_seconds=0.05, endless=True) as server:
        with pytest.raises(FetchFailed) as caught:
            await fetcher.take(
                server.url(), taken, bytes_max=MIB, seconds_max=0.3, field="source_url"
            )
    assert caught.value.fault == "timed_out"
    assert caught.value.retryable
