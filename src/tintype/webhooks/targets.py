"""Which addresses a webhook may have, judged as they are given; `dialling.py` judges each dial."""

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from tintype.addresses import Network, check_url, is_inside
from tintype.core.errors import ValidationFailed

# Names that no public name server answers: a private network's own, which can't be judged unasked.
_PRIVATE_ENDINGS = (".localhost", ".internal", ".local", ".lan", ".home.arpa")


def checked(url: str, field: str, allow_networks: Sequence[Network]) -> str:
    """The URL as it is posted to. Raises ValidationFailed on `field`, as for pictures' URLs.

    Plain http is for hosts inside `fetch.allow_networks` only.
    """
    found = check_url(url, field, allow_networks=allow_networks)
    if found.startswith("http://") and not _may_be_inside(found, allow_networks):
        raise ValidationFailed(field, "must start with https:// (http is for allowed networks)")
    return found


def hook(url: str | None, allow_networks: Sequence[Network]) -> str | None:
    """The `webhook_url` of a request, checked; None where it has none."""
    return None if url is None else checked(url, "webhook_url", allow_networks)


def origin(url: str) -> str:
    """Scheme, host and port: those who share them share a receiver's patience."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _may_be_inside(url: str, allow_networks: Sequence[Network]) -> bool:
    """Whether the host is inside the networks, or a private name that may lead there."""
    host = urlsplit(url).hostname or ""
    try:
        return is_inside(ip_address(host), allow_networks)
    except ValueError:
        private = "." not in host or host.endswith(_PRIVATE_ENDINGS)
        return private and bool(allow_networks)
