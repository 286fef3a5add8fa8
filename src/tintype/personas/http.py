"""/personas: named people, made, listed, changed, deleted."""

from litestar import delete, get, patch, post
from litestar.params import FromPath

from tintype.api.bodies import read_json, read_query
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.limits import check_meta
from tintype.api.pages import Page
from tintype.api.paging import cursor, like_pattern, page
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.db.pool import Transaction
from tintype.images.links import links_of
from tintype.personas import operations
from tintype.personas.models import ChangePersona, CreatePersona, ListPersonas, Persona


@post(
    "/personas",
    guards=[needs("images:write")],
    opt={
        "body": CreatePersona,
        "answers": [201],
        "example": {
            "name": "Mira",
            "description": "a dancer in her thirties with a calm face",
            "attributes": {"hair": "red, short", "style": "linen, earth tones"},
        },
    },
)
async def create_persona(request: AnyRequest) -> Answer[Persona]:
    """Describe a person once; `persona_id` then puts the person into any work."""
    caller = caller_of(request)
    body = await read_json(request, CreatePersona)
    check_meta(body.meta)
    links = links_of(parts(request).settings.public_url, caller)

    async def act(tx: Transaction) -> Answer[Persona]:
        persona = await operations.create(
            tx, caller, links, body, allow_networks=parts(request).networks
        )
        return Answer(persona, status=201, headers={"Location": f"{request.url.path}/{persona.id}"})

    return await write(request, caller, body, act)


@get("/personas", guards=[needs("images:read")], opt={"query": ListPersonas})
async def list_personas(request: AnyRequest) -> Answer[Page[Persona]]:
    """The organization's personas, newest first."""
    caller = caller_of(request)
    query = read_query(request, ListPersonas)
    filters = {"project_id": query.project_id, "q": like_pattern(query.q)}
    after = cursor(query, "per")
    async with parts(request).database.reading() as tx:
        rows, total = await operations.page(
            tx, caller, filters, after=after, offset=query.offset, limit=query.limit
        )
    return Answer(page(rows, total, query, operations.to_persona))


@get("/personas/{persona_id:str}", guards=[needs("images:read")])
async def get_persona(request: AnyRequest, persona_id: FromPath[str]) -> Answer[Persona]:
    """One persona."""
    async with parts(request).database.reading() as tx:
        return Answer(await operations.get(tx, caller_of(request), persona_id))


@patch("/personas/{persona_id:str}", guards=[needs("images:write")], opt={"body": ChangePersona})
async def change_persona(request: AnyRequest, persona_id: FromPath[str]) -> Answer[Persona]:
    """Change a persona; what is left out stays, and work that has begun is not touched."""
    caller = caller_of(request)
    body = await read_json(request, ChangePersona)
    if isinstance(body.meta, dict):
        check_meta(body.meta)
    links = links_of(parts(request).settings.public_url, caller)

    async def act(tx: Transaction) -> Answer[Persona]:
        return Answer(
            await operations.change(
                tx, caller, links, persona_id, body, allow_networks=parts(request).networks
            )
        )

    return await write(request, caller, body, act)


@delete("/personas/{persona_id:str}", guards=[needs("images:write")], status_code=204)
async def delete_persona(request: AnyRequest, persona_id: FromPath[str]) -> Answer[None]:
    """Delete a persona; what was made with it stays."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[None]:
        await operations.delete(tx, caller, persona_id)
        return Answer(None, status=204)

    return await write(request, caller, None, act)


ROUTES = [create_persona, list_personas, get_persona, change_persona, delete_persona]
