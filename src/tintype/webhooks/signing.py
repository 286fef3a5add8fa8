"""Secrets and signatures by the Standard Webhooks scheme (version 1.0.0), through its own library.

`webhook-id` is the event's id, the same at every attempt, so that receivers know a repetition.
`webhook-timestamp` is the attempt's. While a secret is being changed there are two signatures.
"""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from standardwebhooks import Webhook

_PREFIX: Final = "whsec_"
_BYTES: Final = 32


def new_secret() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signer(secret: str) -> Webhook:
    return Webhook(secret)


def headers(
    signers: Sequence[Webhook], event_id: str, moment: datetime, body: bytes
) -> dict[str, str]:
    """The headers of one attempt over exactly these bytes; `moment` is aware and in UTC.

    The library signs a wrong time for any other zone.
    """
    assert moment.utcoffset() is not None
    assert not moment.utcoffset()
    text = body.decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(it.sign(event_id, moment, text) for it in signers),
    }
