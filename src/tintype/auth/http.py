"""GET /me."""

from datetime import UTC, datetime

from litestar import get

from tintype.accounts import operations as accounts
from tintype.accounts.models import features_of, limits_of
from tintype.api.guard import caller_of, signed_in
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.auth.models import Me, SessionView
from tintype.core.caller import Caller
from tintype.core.vault import Vault
from tintype.keys import operations as keys
from tintype.sessions import tokens


@get("/me", guards=[signed_in()])
async def me(request: AnyRequest) -> Answer[Me]:
    """Who am I: the user or key, its organization and plan, and what it may do."""
    caller = caller_of(request)
    async with parts(request).database.reading() as tx:
        organization = await accounts.organization(tx, caller.organization_id)
        key = user = None
        if caller.key_id is not None:
            key = await keys.get(tx, caller, caller.key_id)
        elif caller.user_id is not None:
            user = await accounts.user(tx, caller.organization_id, caller.user_id)
    found = Me(
        object="caller", type="user" if key is None else "api_key", user=user, api_key=key,
        session=_session(parts(request).vault, caller),
        organization=accounts.view(organization), scopes=sorted(caller.scopes),
        livemode=caller.livemode, limits=limits_of(organization),
        features=sorted(features_of(organization.plan, organization.features)),
    )  # fmt: skip
    return Answer(found, headers={"Cache-Control": "no-store"})


def _session(vault: Vault, caller: Caller) -> SessionView | None:
    if caller.session_id is None or caller.expires_at_unix is None:
        return None
    end = datetime.fromtimestamp(caller.expires_at_unix, UTC)
    return SessionView(caller.session_id, end, tokens.csrf(vault, caller.session_id))


ROUTES = [me]
