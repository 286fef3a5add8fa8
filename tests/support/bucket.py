"""A bucket that speaks S3 on loopback, and the environment that leads a client to it."""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from moto.server import ThreadedMotoServer


def bucket_environment(endpoint: str) -> dict[str, str]:
    """What an operator would set to reach this endpoint."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "loopback",
        "AWS_SECRET_ACCESS_KEY": "loopback",
        "AWS_REGION": "us-east-1",
    }


@contextmanager
def s3_bucket(name: str) -> Iterator[str]:
    """Runs the server with one empty bucket; yields the endpoint."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        endpoint = f"http://127.0.0.1:{port}"
        request = urllib.request.Request(f"{endpoint}/{name}", method="PUT")
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200
        yield endpoint
    finally:
        server.stop()
