"""Posting to strangers: as `test_fetch.py`, 127.0.0.2 is "outside", 127.0.0.1 "our own network"."""

import asyncio
import gzip
import struct
from ipaddress import ip_network

import pytest
from aiohttp import web

from support.loopback import raw_serving, resolver_of, serving
from tintype.fetch import ANSWER_BYTES_MAX, HEAD_BYTES, Fetcher, FetchFailed

OUTSIDE = [ip_network("127.0.0.2/32")]


def answering(body=b"ok", status=200, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(_):
        return web.Response(body=body, status=status, headers=names)

    return answer


@pytest.fixture
async def fetcher():
    async with Fetcher(OUTSIDE) as fetcher:
        yield fetcher


async def refused(fetcher, url, fault, **limits):
    with pytest.raises(FetchFailed) as caught:
        await fetcher.post(url, b"{}", {}, **limits)
    assert caught.value.fault == fault, caught.value.reason
    assert "127.0.0" not in caught.value.reason
    return caught.value


async def test_the_bytes_and_headers_are_sent_as_they_stand(fetcher):
    got = []

    async def answer(request):
        got.append(await request.read())
        return web.Response(text="thanks", headers={"Retry-After": "7"})

    async with serving(answer) as server:
        posted = await fetcher.post(server.url("/a%2Fb?c=1"), b'{"\xc3\xa4": 1}', {"x-one": "two"})
    (request,) = server.asked
    assert (request.method, request.raw_path, got) == ("POST", "/a%2Fb?c=1", [b'{"\xc3\xa4": 1}'])
    assert request.headers["x-one"] == "two"
    assert request.headers["Accept-Encoding"] == "identity"
    assert (posted.status, posted.head, posted.retry_after) == (200, b"thanks", "7")
    assert 0 <= posted.milliseconds < 10_000


@pytest.mark.parametrize("status", [204, 301, 302, 307, 308, 404, 410, 500])
async def test_any_status_is_an_answer_and_no_redirect_is_followed(fetcher, status):
    async with (
        serving(answering(), "127.0.0.1") as inside,
        serving(answering(b"", status, Location=inside.url("/in"))) as server,
    ):
        assert (await fetcher.post(server.url(), b"{}", {})).status == status
    assert len(server.asked) == 1
    assert not inside.asked


async def test_a_connection_is_kept_and_carries_no_cookie_back(fetcher):
    ports = []

    async def answer(request):
        ports.append(request.transport.get_extra_info("peername")[1])
        return web.Response(headers={"Set-Cookie": "session=1"})

    async with serving(answer) as server:
        for _ in range(3):
            await fetcher.post(server.url(), b"{}", {})
    assert len(set(ports)) == 1
    assert all("Cookie" not in request.headers for request in server.asked)


async def test_a_name_that_turns_to_our_own_network_is_not_dialled_again():
    """The kept connection leads where it was judged to lead; a new one is judged anew."""
    resolve = resolver_of({"hooks.internal": [["127.0.0.2"], ["127.0.0.1"]]})
    async with (
        serving(answering(), "127.0.0.1") as inside,
        serving(answering(Connection="close")) as server,
        Fetcher(OUTSIDE, resolve=resolve) as fetcher,
    ):
        url = server.url(host="hooks.internal")
        assert (await fetcher.post(url, b"{}", {})).status == 200
        await refused(fetcher, url, "refused")
    assert not inside.asked
    assert len(server.asked) == 1


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["127.0.0.2", "127.0.0.1"], ["10.0.0.1"]])
async def test_a_name_with_any_special_address_is_refused(addresses):
    resolve = resolver_of({"hooks.internal": addresses})
    async with serving(answering()) as server, Fetcher(OUTSIDE, resolve=resolve) as fetcher:
        await refused(fetcher, server.url(host="hooks.internal"), "refused")
    assert not server.asked


async def test_plain_http_goes_to_allowed_networks_only():
    """A public address is refused before a socket is made: nothing signed goes in the clear."""
    async with Fetcher(OUTSIDE, resolve=resolver_of({"hooks.example": ["8.8.8.8"]})) as fetcher:
        await refused(fetcher, "http://hooks.example/", "refused")
        await refused(fetcher, "http://8.8.8.8/", "refused")


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "file:///etc/passwd", "https://[::1]/", "x"])
async def test_what_may_not_be_asked_for_is_refused(fetcher, url):
    await refused(fetcher, url, "refused")


async def test_an_answer_is_read_to_64_kb_and_no_further(fetcher):
    async with serving(answering(b"x" * ANSWER_BYTES_MAX)) as server:
        posted = await fetcher.post(server.url(), b"{}", {})
        assert posted.head == b"x" * HEAD_BYTES
    async with serving(answering(b"x" * (ANSWER_BYTES_MAX + 1))) as server:
        await refused(fetcher, server.url(), "too_large")


async def test_an_endless_answer_is_left(fetcher):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
    async with raw_serving(head, b"x" * 65_536, endless=True) as server:
        await refused(fetcher, server.url(), "too_large")


async def test_an_answer_that_drips_is_cut_off(fetcher):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    # Without a limit for the whole it would drip on: no single byte is late.
    async with raw_serving(head, b"1\r\nx\r\n", endless=True, pause_seconds=0.02) as server:
        await refused(fetcher, server.url(), "timed_out", seconds_max=0.3)


@pytest.mark.parametrize(
    "pieces",
    [(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",), (b"HTTP/1.1 banana\r\n\r\n",), (b"",),
     (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",),
     (b"HTTP/1.1 200 OK\r\n" + b"X-Y: " + b"a" * 100_000 + b"\r\n\r\n",)],
)  # fmt: skip
async def test_a_lying_or_broken_answer_is_a_failure(fetcher, pieces):
    async with raw_serving(*pieces) as server:
        with pytest.raises(FetchFailed) as caught:
            await fetcher.post(server.url(), b"{}", {}, seconds_max=2)
    assert caught.value.fault in {"bad_answer", "could_not_connect"}


async def test_a_compressed_bomb_is_not_unpacked(fetcher):
    bomb = gzip.compress(b"0" * 10_000_000)
    async with serving(answering(bomb, Content_Encoding="gzip")) as server:
        posted = await fetcher.post(server.url(), b"{}", {})
    assert posted.head == bomb[:HEAD_BYTES]


async def until_asked(server, count):
    for _ in range(3000):
        if len(server.asked) == count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{len(server.asked)} came")


async def test_a_hanging_server_keeps_nobody_elses_place(fetcher):
    """More of them than any bound on connections that a client library has by itself."""

    over = asyncio.Event()

    async def hang(_):
        await over.wait()
        return web.Response()

    async with serving(hang) as slow, serving(answering()) as quick:
        hanging = [
            asyncio.create_task(fetcher.post(slow.url(), b"{}", {}, seconds_max=60))
            for _ in range(150)
        ]
        await until_asked(slow, 150)
        assert (await fetcher.post(quick.url(), b"{}", {})).status == 200
        assert not any(it.done() for it in hanging)
        over.set()
        assert {it.status for it in await asyncio.gather(*hanging)} == {200}


class _Names(asyncio.DatagramProtocol):
    """A name server: silent for what begins with "slow", 127.0.0.2 for all else."""

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, asked, sender):
        end = asked.index(b"\0", 12) + 5
        if asked[13:].startswith(b"slow"):
            return
        is_v4 = asked[end - 4 : end - 2] == b"\0\1"
        counts = struct.pack(">4H", 1, is_v4, 0, 0)
        answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + bytes([127, 0, 0, 2])
        flags = b"\x81\x80"
        packet = asked[:2] + flags + counts + asked[12:end] + (answer if is_v4 else b"")
        self.transport.sendto(packet, sender)


@pytest.fixture
async def name_server():
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(_Names, ("127.0.0.1", 0))
    yield "127.0.0.1:{}".format(transport.get_extra_info("sockname")[1])
    transport.close()


async def test_names_that_are_never_found_hold_nobody_else_up(name_server):
    async with (
        serving(answering()) as server,
        Fetcher(OUTSIDE, name_servers=[name_server]) as fetcher,
    ):
        slow = [
            asyncio.create_task(fetcher.post(f"http://slow-{number}.example/", b"", {}))
            for number in range(200)
        ] + [
            asyncio.create_task(fetcher.get(f"http://slow-{number}.example/", bytes_max=9))
            for number in range(50)
        ]
        await asyncio.sleep(0.2)
        assert (await fetcher.post(server.url(host="a.example"), b"", {})).status == 200
        assert (await fetcher.get(server.url(host="b.example"), bytes_max=9)).data == b"ok"
        # Not one of the slow look-ups has ended yet: nobody waited for any of them.
        assert not any(it.done() for it in slow)
        faults = await asyncio.gather(*slow, return_exceptions=True)
    assert {(it.fault, it.retryable) for it in faults} == {("could_not_connect", True)}


async def test_localhost_is_what_the_hosts_file_says():
    async with (
        serving(answering(), "127.0.0.1") as server,
        Fetcher([ip_network("127.0.0.0/8")]) as fetcher,
    ):
        assert (await fetcher.post(server.url(host="localhost"), b"", {})).status == 200
