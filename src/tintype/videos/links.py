"""URLs of films and their posters; one signature opens both."""

from tintype.images.links import Links


def public_url(links: Links, video_id: str) -> str | None:
    return None if links.secret else _plain(links, video_id, "mp4")


def film_url(links: Links, video_id: str) -> str:
    """A URL that works: signed, for an hour, where the media are private."""
    return links.signed(_plain(links, video_id, "mp4"), video_id)


def poster_url(links: Links, video_id: str) -> str:
    return links.signed(_plain(links, video_id, "jpg"), video_id)


def _plain(links: Links, video_id: str, extension: str) -> str:
    return f"{links.base_url}/media/videos/{video_id}.{extension}"
