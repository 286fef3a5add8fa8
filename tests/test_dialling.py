"""Which addresses are dialled for a name, on real servers: 127.0.0.2 is "outside", 127.0.0.1 is "our
own network"."""

import asyncio
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.fetching import OUTSIDE, answering, redirecting, refused
from support.loopback import resolver_of, serving
from tintype.fetch import Fetcher


@pytest.fixture
async def fetcher():
    async with Fetcher(OUTSIDE) as fetcher:
        yield fetcher


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
        assert type(caught.value).__name__ == "RefusedAddressError"
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
