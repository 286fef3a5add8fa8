"""Real servers on loopback. `allow_networks` plays the public internet: 127.0.0.2 is "outside",
127.0.0.1 is "our own network"."""

import asyncio
import gzip
import socket
import ssl
import zlib
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.loopback import raw_serving, resolver_of, serving
from tintype.fetch import Fetcher, FetchFailed

OUTSIDE = [ip_network("127.0.0.2/32")]
MIB = 1024 * 1024


def answering(body=b"picture", status=200, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(_):
        return web.Response(body=body, status=status, headers=names)

    return answer


def redirecting(*targets, status=302):
    """The first request goes to the first target, and so on; then a picture."""
    left = list(targets)

    async def answer(_):
        if left:
            return web.Response(status=status, headers={"Location": left.pop(0)})
        return web.Response(body=b"picture")

    return answer


@pytest.fixture
async def fetcher():
    async with Fetcher(OUTSIDE) as fetcher:
        yield fetcher


async def refused(fetcher, url, fault, **limits):
    with pytest.raises(FetchFailed) as caught:
        await fetcher.get(url, **{"bytes_max": MIB, "field": "image_url", **limits})
    assert caught.value.fault == fault, caught.value.reason
    assert caught.value.reason.startswith("image_url: ")
    assert "127.0.0" not in caught.value.reason
    return caught.value


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


async def test_a_literal_of_our_own_network_is_never_dialled(fetcher):
    async with serving(answering(), "127.0.0.1") as inside:
        fault = await refused(fetcher, inside.url(), "refused")
    assert not fault.retryable
    assert not inside.asked


async def test_a_socket_for_our_own_network_is_never_made():
    """The last judgement stands alone: here the one before it, `check_url`, is left out."""
    async with serving(answering(), "127.0.0.1") as inside, Fetcher(OUTSIDE) as fetcher:
        with pytest.raises(Exception, match=r"^$") as caught:
            await fetcher._session.get(inside.url())
        assert type(caught.value).__name__ == "_RefusedAddressError"
    assert not inside.asked


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"], ["8.8.8.8", "10.0.0.1"],
     ["127.0.0.2", "::1"], ["127.0.0.2", "fe80::1%lo"], ["::ffff:127.0.0.1"], ["169.254.169.254"]],
)  # fmt: skip
async def test_a_name_with_any_special_address_is_refused_before_dialling(addresses):
    resolve = resolver_of({"pictures.example": addresses})
    async with (
        serving(answering(), "127.0.0.1") as inside,
        serving(answering()) as outside,
        Fetcher(OUTSIDE, resolve=resolve) as fetcher,
    ):
        for server in (inside, outside):
            await refused(fetcher, server.url(host="pictures.example"), "refused")
    assert not inside.asked
    assert not outside.asked


async def test_a_name_is_dialled_by_its_judged_address_and_asked_by_its_name():
    resolve = resolver_of({"pictures.example": ["127.0.0.2"]})
    async with serving(answering()) as server, Fetcher(OUTSIDE, resolve=resolve) as fetcher:
        found = await fetcher.get(server.url(host="Pictures.Example"), bytes_max=10)
    assert found.data == b"picture"
    assert server.asked[0].headers["Host"] == f"pictures.example:{server.port}"


async def test_a_name_that_changes_its_address_between_hops_gains_nothing():
    resolve = resolver_of({"pictures.example": [["127.0.0.2"], ["127.0.0.1"]]})
    async with serving(redirecting("/again")) as server, Fetcher(OUTSIDE, resolve=resolve) as one:
        await refused(one, server.url(host="pictures.example"), "refused")
    assert len(server.asked) == 1


async def test_a_dead_address_is_passed_over_for_a_living_one():
    networks = [ip_network("127.0.0.2/31")]
    resolve = resolver_of({"pictures.example": ["127.0.0.3", "127.0.0.2"]})
    async with serving(answering()) as server, Fetcher(networks, resolve=resolve) as fetcher:
        found = await fetcher.get(server.url(host="pictures.example"), bytes_max=10)
    assert found.data == b"picture"


async def test_an_unknown_name_and_a_closed_port_could_not_be_connected():
    with socket.create_server(("127.0.0.2", 0)) as unused:
        port = unused.getsockname()[1]
    async with Fetcher(OUTSIDE, resolve=resolver_of({})) as fetcher:
        unknown = await refused(fetcher, "http://nowhere.example/", "could_not_connect")
        assert not unknown.retryable
        closed = await refused(fetcher, f"http://127.0.0.2:{port}/", "could_not_connect")
        assert closed.retryable


async def test_the_systems_own_resolver_is_judged_too():
    # This machine's own name has an address outside of the one that is opened.
    networks = [ip_network("127.9.9.9/32")]
    async with serving(answering(), "127.0.0.1") as inside, Fetcher(networks) as fetcher:
        await refused(fetcher, inside.url(host="localhost"), "refused")
    assert not inside.asked


async def test_a_silent_resolver_is_cut_off():
    async def resolve(_):
        await asyncio.sleep(60)

    async with Fetcher(resolve=resolve) as fetcher:
        fault = await refused(fetcher, "http://slow.example/", "timed_out", seconds_max=0.2)
    assert fault.retryable


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


# Certificates


def certificate(host, folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


async def test_the_certificate_goes_by_the_name_though_an_address_is_dialled(tmp_path):
    path = certificate("pictures.example", tmp_path)
    serves = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serves.load_cert_chain(path)
    trusts = ssl.create_default_context(cafile=path)
    resolve = resolver_of({"pictures.example": ["127.0.0.2"], "other.example": ["127.0.0.2"]})
    async with serving(answering(), tls=serves) as server:
        async with Fetcher(OUTSIDE, resolve=resolve, tls=trusts) as fetcher:
            right = server.url(host="pictures.example", scheme="https")
            assert (await fetcher.get(right, bytes_max=10)).data == b"picture"
            wrong = server.url(host="other.example", scheme="https")
            fault = await refused(fetcher, wrong, "could_not_connect")
            assert "certificate" in fault.reason
            assert not fault.retryable
        async with Fetcher(OUTSIDE, resolve=resolve) as distrusting:
            fault = await refused(distrusting, right, "could_not_connect")
            assert "certificate" in fault.reason
    assert len(server.asked) == 1


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
