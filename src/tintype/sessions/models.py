"""Signing in and being signed in, as the API shows it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from tintype.accounts.models import OrganizationView, User
from tintype.accounts.passwords import LENGTH_MAX


class SignIn(msgspec.Struct, kw_only=True):
    """E-mail addresses are compared without case."""

    email: Annotated[str, Meta(min_length=1, max_length=320)]
    password: Annotated[str, Meta(min_length=1, max_length=LENGTH_MAX)]


class SignedIn(msgspec.Struct):
    """`token` goes into `Authorization: Bearer`, `csrf_token` beside the cookie."""

    token: str
    token_type: str
    expires_at: datetime
    csrf_token: str
    user: User
    organization: OrganizationView


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it was made."""

    id: str
    user_id: str
    organization_id: str
    created_at: datetime
    expires_at: datetime
