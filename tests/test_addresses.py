"""The table of addresses and URLs that a stranger may send our server to, pinned."""

from ipaddress import ip_address, ip_network

import pytest

from tintype.addresses import check_url, may_dial
from tintype.core.errors import ValidationFailed

# Addresses


@pytest.mark.parametrize(
    "text",
    [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255",
        "172.32.0.0", "192.0.1.0", "192.88.98.255", "192.88.100.0", "192.167.255.255",
        "198.17.255.255", "198.20.0.0", "203.0.112.255", "203.0.114.0", "223.255.255.255",
        "2001:200::1", "2001:4860:4860::8888", "2003::1", "2600::1", "2606:4700:4700::1111",
        "2a00:1450::1", "3ffe::1", "3fff:1000::1", "::ffff:8.8.8.8",
        "2606:4700::5efe:1",  # 5efe, but not where ISATAP puts it.
    ],
)  # fmt: skip
def test_a_public_address_may_be_dialled(text):
    assert may_dial(ip_address(text), ())


@pytest.mark.parametrize(
    "text",
    [
        # This host, private, shared (carrier NAT), link-local with the metadata service.
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255",
        "127.0.0.1", "127.255.255.254", "169.254.0.1", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.168.0.1", "192.168.255.255",
        # Protocol assignments, documentation, 6to4 relays, benchmarks.
        "192.0.0.0", "192.0.0.1", "192.0.0.8", "192.0.0.9", "192.0.0.10", "192.0.0.170",
        "192.0.0.171", "192.0.0.255", "192.0.2.1", "192.88.99.1", "192.88.99.2", "198.18.0.1",
        "198.19.255.255", "198.51.100.1", "203.0.113.1",
        # Multicast, reserved, broadcast.
        "224.0.0.1", "232.1.1.1", "239.255.255.255", "240.0.0.1", "255.255.255.254",
        "255.255.255.255",
        # IPv6: unspecified, loopback, compatible, link-local, site-local, unique local, multicast.
        "::", "::1", "::127.0.0.1", "::8.8.8.8", "fe80::1", "febf::1", "fec0::1", "fc00::1",
        "fd00::1", "fd00:ec2::254", "ff02::1", "ff0e::1",
        # IPv4 inside IPv6: mapped, translated, NAT64 (also local), 6to4, Teredo, ISATAP.
        "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        "::ffff:0:7f00:1", "64:ff9b::a00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1",
        "2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1", "2001::1", "2001:0:7f00:1::1",
        "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:10.0.0.1", "2606:4700::300:5efe:808:808",
        # Discard, dummy, documentation, ORCHID, benchmarks, SRv6, and all outside 2000::/3.
        "100::1", "100:0:0:1::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff::1",
        "2001:db8::1", "3fff::1", "3fff:fff::1", "5f00::1", "4000::1", "1fff::1", "8000::1",
        # A zone id names a link of this very machine.
        "fe80::1%eth0", "2606:4700::1%1",
    ],
)  # fmt: skip
def test_a_special_address_may_not_be_dialled(text):
    assert not may_dial(ip_address(text), ())


def test_an_allowed_network_is_opened_exactly():
    networks = [ip_network("10.1.0.0/16"), ip_network("fd00:1::/32")]
    for inside in ("10.1.0.0", "10.1.255.255", "::ffff:10.1.2.3", "fd00:1::5"):
        assert may_dial(ip_address(inside), networks)
    for outside in ("10.0.255.255", "10.2.0.0", "127.0.0.1", "fd00:2::5", "::1",
                    "64:ff9b::a01:203", "2002:a01:203::", "::10.1.2.3", "fd00:1::5%eth0"):  # fmt: skip
        assert not may_dial(ip_address(outside), networks)
    assert may_dial(ip_address("8.8.8.8"), networks)


# URLs at the request


@pytest.mark.parametrize(
    "url",
    [
        "", "file:///etc/passwd", "ftp://example.com/x", "gopher://example.com/", "//example.com/x",
        "data:image/png;base64,AA==", "javascript://example.com", "http:example.com", "http:/x",
        "http://", "http:///x", "http://?x", "http://:80/", "example.com/x.png", "httpx://a.com",
        " http://example.com", "http://example.com ", "http://exam ple.com/", "http://a.com/a b",
        "http://example.com:0/", "http://example.com:65536/", "http://example.com:99999/",
        "http://example.com:-1/", "http://example.com:８０/", "http://example.com:8_0/",
        "http://example.com:x/", "http://user@example.com/", "http://user:word@example.com/",
        "http://@example.com/", "http://8.8.8.8@127.0.0.1/", "http://a.com\\@127.0.0.1/",
        "http://example.com/\r\nHost: x", "http://example.com/\n", "http://example.com/\t",
        "http://exa\u200bmple.com/", "http://example.com/\x00", "http://example.com\\x",
        "http://example.com/\u202egnp", "http://example.com/\ud800", "http://example.com/\xa0",
        "http://a..b/", "http://.a/", "http://-a.com/", "http://a-.com/", "http://a.com../",
        "http://exa$mple.com/", "http://a,b.com/", f"http://{'a' * 64}.com/", "http://a%2eb.com/",
        f"http://{'a.' * 127}com/", f"http://example.com/{'a' * 4096}", "http://[::1", "http://]/",
        "http://[v1.a]/", "http://[8.8.8.8]/", "http://[example.com]/", "http://a[::1]/",
        "http://example.com\u2215@127.0.0.1/", "http://a\uff0fb.com/", "http://\u00ad/",
    ],
)  # fmt: skip
def test_a_url_that_is_not_plain_http_is_refused(url):
    with pytest.raises(ValidationFailed) as caught:
        check_url(url, "image_url")
    assert caught.value.details[0]["field"] == "image_url"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "127.0.1", "0", "0.0.0.0", "2130706433", "017700000001", "0x7f000001",
        "0x7f.1", "0X7F.1", "0177.0.0.1", "127.0.0.01", "127.0.0.1.", "1.1", "256.1.1.1", "1.1.1.1.1",
        "8.8.8.8.", "0x", "a.0x7f", "example.1",
        "①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.0.0.1", "８.８.８.８", "٣.٣.٣.٣", "127.0.0.1\u3002",
        "%31%32%37.0.0.1", "localhost", "LOCALHOST", "localhost.", "api.localhost", "ⓛocalhost",
        "10.0.0.1", "100.64.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1", "192.0.0.8",
        "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:7f00:1]", "[::ffff:127.0.0.1]",
        "[::127.0.0.1]", "[64:ff9b::a00:1]", "[64:ff9b:1::a00:1]", "[2002:7f00:1::]",
        "[2001:0:7f00:1::1]", "[2606:4700::5efe:7f00:1]", "[fe80::1]", "[fec0::1]",
        "[fd00:ec2::254]", "[ff02::1]", "[fe80::1%25eth0]", "[fe80::1%eth0]", "[2606:4700::1%25lo]",
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["http://{}", "https://{}:8443/x?y"])
def test_a_host_that_means_a_special_address_is_refused(host, form):
    with pytest.raises(ValidationFailed):
        check_url(form.format(host), "webhook_url")


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://example.com", "http://example.com/"),
        ("HTTPS://Example.COM:8443/A?b=C#d", "https://example.com:8443/A?b=C"),
        ("http://example.com./x", "http://example.com/x"),
        ("http://example.com:/x", "http://example.com/x"),
        ("http://a_b.example.com/", "http://a_b.example.com/"),
        ("http://intranet/x", "http://intranet/x"),
        ("http://3com.com/", "http://3com.com/"),
        ("http://8.8.8.8/x", "http://8.8.8.8/x"),
        ("http://[2606:4700:0::1]:80/x", "http://[2606:4700::1]:80/x"),
        ("http://bücher.example/ü?ö=ä", "http://xn--bcher-kva.example/%C3%BC?%C3%B6=%C3%A4"),
        ("http://例え.example/", "http://xn--r8jz45g.example/"),
        ("http://a.com/a%2Fb%7Ec?s=a%2Bb+c&d=%C3", "http://a.com/a%2Fb%7Ec?s=a%2Bb+c&d=%C3"),
        ('http://a.com/"<>|', "http://a.com/%22%3C%3E%7C"),
        ("http://a.com/@x:y?u=http://127.0.0.1/", "http://a.com/@x:y?u=http://127.0.0.1/"),
    ],
)
def test_a_public_url_is_given_back_in_its_one_form(url, sent):
    assert check_url(url, "image_url") == sent
    assert check_url(sent, "image_url") == sent


def test_schemes_can_be_narrowed():
    assert check_url("https://example.com/", "webhook_url", schemes=("https",))
    with pytest.raises(ValidationFailed, match=r"webhook_url: must start with https://$"):
        check_url("http://example.com/", "webhook_url", schemes=("https",))


def test_allowed_networks_open_their_literals_and_nothing_odd():
    loopback = [ip_network("127.0.0.0/8")]
    assert check_url("http://127.0.0.1:8080/x", "u", allow_networks=loopback)
    assert check_url("http://localhost:8080/x", "u", allow_networks=loopback)
    for url in ("http://127.1/", "http://2130706433/", "http://１２７.0.0.1/", "http://10.0.0.1/",
                "http://[::1]/", "http://0.0.0.0/"):  # fmt: skip
        with pytest.raises(ValidationFailed):
            check_url(url, "u", allow_networks=loopback)
    with pytest.raises(ValidationFailed):
        check_url("http://localhost/", "u", allow_networks=[ip_network("10.0.0.0/8")])
