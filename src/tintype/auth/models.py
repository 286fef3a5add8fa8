"""Who a request's credential stands for, as the API shows it."""

from datetime import datetime
from typing import Literal

import msgspec

from tintype.accounts.models import Limits, OrganizationView, User
from tintype.keys.models import ApiKey


class SessionView(msgspec.Struct):
    """`csrf_token` goes into `X-CSRF-Token` on writes with the cookie."""

    id: str
    expires_at: datetime
    csrf_token: str


class Me(msgspec.Struct):
    """The caller. A user has signed in, or has another issuer's token; `session` is ours only."""

    object: Literal["caller"]
    type: Literal["user", "api_key"]
    user: User | None
    api_key: ApiKey | None
    session: SessionView | None
    organization: OrganizationView
    scopes: list[str]
    livemode: bool
    limits: Limits
    features: list[str]
