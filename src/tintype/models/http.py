"""/models: the catalogue's and the organization's own, in one list that OpenAI's clients read."""

from collections.abc import AsyncIterator
from typing import Final

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath

from tintype.addresses import check_url
from tintype.api.bodies import read_json, read_query
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.limits import check_meta
from tintype.api.multipart import is_form, take_form
from tintype.api.pages import Page
from tintype.api.paging import like_pattern
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, EngineUnavailable, Forbidden
from tintype.db.pool import Transaction
from tintype.models import operations
from tintype.models.intake import new_key, refusal, take_in
from tintype.models.models import CreateModel, ListModels, ModelForm, ModelView, NewModel
from tintype.models.safetensors import Contents, Damaged, NotSafetensors

_NO_SOURCE: Final = {"source_url"}


@post(
    "/models",
    guards=[needs("images:write")],
    opt={
        "body": CreateModel, "form": ModelForm, "answers": [201, 202],
        "errors": [Conflict, EngineUnavailable],
        "example": {
            "name": "Our sneakers", "kind": "lora", "base_model": "studio/large",
            "source_url": "https://example.com/sneakers.safetensors",
            "trigger_words": ["snkr-style"],
        },
    },
)  # fmt: skip
async def register_model(request: AnyRequest) -> Answer[ModelView]:
    """Register weights for a model of the catalogue: as a file, or by a URL to fetch them from."""
    caller = caller_of(request)
    operations.check_may_register(caller)
    if is_form(request):
        return await _upload(request, caller)
    body = await read_json(request, CreateModel)
    check_meta(body.meta)
    source_url = check_url(body.source_url, "source_url", allow_networks=parts(request).networks)
    asked = {name: it for name, it in msgspec.structs.asdict(body).items()
             if name not in _NO_SOURCE}  # fmt: skip

    async def act(tx: Transaction) -> Answer[ModelView]:
        model = await operations.register(tx, caller, NewModel(**asked), source_url=source_url)
        return _made(request, model, 202)

    return await write(request, caller, body, act)


@get("/models", guards=[needs("images:read")], opt={"query": ListModels})
async def list_models_of_all(request: AnyRequest) -> Answer[Page[ModelView]]:
    """Your custom models, newest first, then those of the catalogue."""
    caller = caller_of(request)
    query = read_query(request, ListModels)
    filters = {
        "kind": query.kind, "base_model": query.base_model, "engine": query.engine,
        "status": query.status, "q": like_pattern(query.q),
    }  # fmt: skip
    async with parts(request).database.reading() as tx:
        return Answer(await operations.page(tx, caller, query, filters))


# An id of the catalogue has a slash in it.
@get("/models/{model_id:path}", guards=[needs("images:read")])
async def get_model(request: AnyRequest, model_id: FromPath[str]) -> Answer[ModelView]:
    """One model, of the catalogue or your own."""
    async with parts(request).database.reading() as tx:
        return Answer(await operations.get(tx, caller_of(request), model_id.removeprefix("/")))


@delete(
    "/models/{model_id:path}",
    guards=[needs("images:write")],
    status_code=204,
    opt={"errors": [Forbidden]},
)
async def delete_model(request: AnyRequest, model_id: FromPath[str]) -> Answer[None]:
    """Delete a custom model; work that was asked for before goes on, then its bytes go."""
    caller = caller_of(request)

    async def act(tx: Transaction) -> Answer[None]:
        await operations.delete(tx, caller, model_id.removeprefix("/"))
        return Answer(None, status=204)

    return await write(request, caller, None, act)


async def _upload(request: AnyRequest, caller: Caller) -> Answer[ModelView]:
    """The bytes are stored before the row, as always; those of a request that fails go again."""
    storage = parts(request).storage
    key = new_key(caller.organization_id)
    taken = False

    async def take(pieces: AsyncIterator[bytes]) -> Contents:
        nonlocal taken
        try:
            contents = await take_in(storage, key, pieces)
        except (NotSafetensors, Damaged) as fault:
            raise refusal(fault, "file") from fault
        taken = True
        return contents

    async def act(tx: Transaction) -> Answer[ModelView]:
        nonlocal taken
        model = await operations.register(tx, caller, asked, stored=(key, contents))
        # From here on the row may be there, whatever the commit's answer.
        taken = False
        return _made(request, model, 201)

    try:
        _, contents, form = await take_form(
            request, ModelForm, take,
            file_bytes_max=parts(request).settings.models.upload_bytes_max,
        )  # fmt: skip
        check_meta(form.meta)
        asked = _asked(form)
        return await write(request, caller, (form, contents.sha256), act)
    finally:
        if taken:
            await storage.delete([key])


def _asked(form: ModelForm) -> NewModel:
    words = form.trigger_words.split(",") if form.trigger_words.strip() else []
    return NewModel(
        name=form.name, kind=form.kind, base_model=form.base_model, engine=form.engine,
        trigger_words=words, scale=float(form.scale), description=form.description, meta=form.meta,
    )  # fmt: skip


def _made(request: AnyRequest, model: ModelView, status: int) -> Answer[ModelView]:
    return Answer(model, status=status, headers={"Location": f"{request.url.path}/{model.id}"})


ROUTES = [register_model, list_models_of_all, get_model, delete_model]
