"""`tintype enhance`: finish a picture as an image job does, and save it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tintype.cli import making
from tintype.cli.generate import Output, Test, Timeout
from tintype.cli.house import Data, Org
from tintype.cli.outcome import Json
from tintype.core import ids
from tintype.core.errors import ValidationFailed
from tintype.generations.finishing import finisher
from tintype.generations.models import Finishing
from tintype.generations.submit import Created
from tintype.image_jobs import operations
from tintype.image_jobs.models import CreateImageJob
from tintype.images import operations as images
from tintype.images.intake import limits_of, take_in
from tintype.images.models import UploadForm
from tintype.storage import open_storage

_NAMES = ("@", "http://", "https://")


def command(
    picture: Annotated[
        str, typer.Argument(help="A file; or an alias, an id or a URL of a picture.")
    ],
    mode: Annotated[
        Literal["clean", "realistic"],
        typer.Option(help="clean: the machine look off. realistic: a camera's look on."),
    ],
    output: Output = None,
    strength: Annotated[float, typer.Option(help="0 changes nothing, 1 is the full effect.")] = 1.0,
    preset: Annotated[str | None, typer.Option(help="One of the mode's, see the docs.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same pixels.")] = None,
    alias: Annotated[str | None, typer.Option(help="Name the result: @hero.")] = None,
    org: Org = None,
    test: Test = False,
    timeout: Timeout = 600,
    data: Data = None,
    json: Json = False,
) -> None:
    """Finish a picture and save it; the file comes into the library, too.

    Where no worker takes the work within a second, it is done here. Ctrl-C and --timeout end the
    waiting, not the work: it stays in the queue.
    """
    named = picture.startswith(_NAMES) or (
        ids.is_id("img", picture) and not Path(picture).is_file()
    )
    source = None if named else _read(Path(picture))
    fields: dict[str, Any] = {
        "mode": mode, "image_url": picture, "strength": strength, "preset": preset, "seed": seed,
        "alias": alias,
    }  # fmt: skip
    ask = making.asked(fields, CreateImageJob, "picture")
    # Before the file is taken into the library.
    finisher(Finishing(mode=ask.mode, strength=ask.strength, preset=ask.preset), livemode=not test)

    async def begin(asking: making.Asking) -> Created:
        if source is not None:
            ask.image_url = await _uploaded(asking, source, Path(picture).name)
        async with asking.opened.database.transaction() as tx:
            return await operations.create(
                tx, asking.caller, asking.links, ask,
                allow_networks=asking.opened.settings.fetch.networks(), cancel_after=None,
                only_if_free=False,
            )  # fmt: skip

    making.make(begin, output=output, org=org, test=test, seconds=timeout, data=data, json=json)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as fault:
        raise ValidationFailed(
            "picture", f"{file} can't be read: {fault.strerror or fault}"
        ) from fault


async def _uploaded(asking: making.Asking, source: bytes, name: str) -> str:
    """The id of the file's picture in the library."""
    settings = asking.opened.settings
    with ThreadPoolExecutor(1) as pixels:
        picture = await take_in(
            open_storage(settings.storage_url), pixels, asking.caller.organization_id, source,
            limits_of(settings.media), keep_original=True, field="picture",
        )  # fmt: skip
    async with asking.opened.database.transaction() as tx:
        image = await images.add_upload(
            tx, asking.caller, asking.links, picture, UploadForm(meta={"filename": name[:255]}),
            only_if_free=False,
        )  # fmt: skip
    return image.id
