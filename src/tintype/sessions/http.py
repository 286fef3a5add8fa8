"""/auth/session: signing in with a password, and signing out."""

from typing import Final

from litestar import delete, post

from tintype.accounts import operations as accounts
from tintype.accounts.models import User
from tintype.accounts.passwords import Passwords
from tintype.api.bodies import query_of, read_json
from tintype.api.guard import NoQuery, caller_of, signed_in
from tintype.api.idempotency import write
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.audit.actors import actor_of, address_of, user_at
from tintype.core.errors import NotFound, RateLimited, Unauthorized, Unavailable
from tintype.db.pool import Transaction
from tintype.sessions import operations, tokens
from tintype.sessions.cookies import set_cookie
from tintype.sessions.models import SignedIn, SignIn

_HOUR_SECONDS: Final = 3600
_BEARER: Final = "Bearer"


@post(
    "/auth/session",
    opt={
        "body": SignIn,
        "answers": [201],
        "errors": [Unauthorized, RateLimited],
        "example": {"email": "admin@localhost", "password": "correct horse battery"},
    },
)
async def sign_in(request: AnyRequest) -> Answer[SignedIn]:
    """Sign in with e-mail address and password: a token, and the same in a cookie."""
    query_of(request.scope["query_string"], NoQuery)
    body = await read_json(request, SignIn)
    made = parts(request)
    tried = await operations.attempt(made.database, body.email, address_of(request))
    user, password_hash = await _verified(request, tried, body.password)
    passwords: Passwords = request.app.state.passwords
    newer = await passwords.rehashed(password_hash, body.password)
    hours = made.settings.auth.session_hours
    async with made.database.transaction() as tx:
        await operations.forgive(tx, tried)
        # Between the look at the password and now it may have been changed, to keep somebody out.
        await accounts.require_hash(tx, user, password_hash)
        if newer is not None:
            await accounts.keep_hash(tx, user, newer)
        session = await operations.start(tx, user, hours=hours, actor=user_at(request, user.id))
        organization = await accounts.organization(tx, user.organization_id)
    token = tokens.make(made.vault, session)
    cookie = set_cookie(token, seconds=hours * _HOUR_SECONDS, public_url=made.settings.public_url)
    answer = SignedIn(
        token=token, token_type=_BEARER, expires_at=session.expires_at,
        csrf_token=tokens.csrf(made.vault, session.id), user=user,
        organization=accounts.view(organization),
    )  # fmt: skip
    return Answer(answer, status=201, headers={"Set-Cookie": cookie, "Cache-Control": "no-store"})


async def _verified(
    request: AnyRequest, tried: operations.Attempt, password: str
) -> tuple[User, str]:
    """The user whose password it is, and its hash; raises Refused, or what `verify` raises."""
    made = parts(request)
    passwords: Passwords = request.app.state.passwords
    async with made.database.reading() as tx:
        found = await accounts.password_of(tx, tried.email)
    try:
        fits = await passwords.verify(found[1] if found else None, password)
    except (RateLimited, Unavailable):
        # Nobody looked at this password.
        async with made.database.transaction() as tx:
            await operations.forgive(tx, tried)
        raise
    if found is None or not fits:
        # Beside the answer, which so takes no longer for an address that is known.
        actor = user_at(request, found[0].id if found else None)
        made.background.start(operations.refuse(made.database, tried.email, actor))
        raise operations.Refused
    return found


@delete("/auth/session", guards=[signed_in()], opt={"errors": [NotFound]}, status_code=204)
async def sign_out(request: AnyRequest) -> Answer[None]:
    """Sign out: the session's token and cookie end at once, in every process."""
    caller = caller_of(request)
    if caller.session_id is None:
        raise NotFound("This credential is no session; keys are ended under /api-keys.")
    session_id = caller.session_id
    cookie = set_cookie("", seconds=0, public_url=parts(request).settings.public_url)

    async def act(tx: Transaction) -> Answer[None]:
        actor = actor_of(request, caller)
        await operations.end(tx, caller.organization_id, session_id, actor=actor)
        return Answer(None, status=204, headers={"Set-Cookie": cookie})

    # Under a used Idempotency-Key another session must not be told that it has ended.
    answer = await write(request, caller, session_id, act)
    parts(request).signals.heard(session_id)
    return answer


ROUTES = [sign_in, sign_out]
