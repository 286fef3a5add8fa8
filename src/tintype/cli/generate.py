"""`tintype generate`: ask, wait (or do the work here), save the pictures."""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from tintype.cli import codes, house, saving
from tintype.cli.house import Data, House, Org
from tintype.cli.outcome import Json, as_json, show, tell
from tintype.cli.waiting import GaveUpWaiting, finished
from tintype.core.errors import ValidationFailed
from tintype.generations import operations
from tintype.generations.models import CreateGeneration, Generation
from tintype.images.links import links_of


class _Made(NamedTuple):
    generation: Generation
    files: list[Path]


def command(
    prompt: Annotated[str, typer.Argument(help="What the picture shows, in any language.")],
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o",
            help="The file, in which {id}, {index} and {ext} are filled in; else {id}.{ext}. "
            "Its ending chooses the format: png, jpg, webp, avif.",
        ),
    ] = None,
    aspect_ratio: Annotated[str, typer.Option(help="Such as 1:1, 16:9, 4:5.")] = "1:1",
    resolution: Annotated[str, typer.Option(help="1K, 2K or 4K.")] = "1K",
    model: Annotated[str | None, typer.Option(help="A model of the catalogue.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same picture.")] = None,
    variants: Annotated[int, typer.Option(help="How many pictures, 1 to 8.")] = 1,
    alias: Annotated[str | None, typer.Option(help="Name the first picture: @hero.")] = None,
    flow_id: Annotated[str | None, typer.Option(help="Do it in this flow.")] = None,
    enhance: Annotated[bool, typer.Option("--enhance", help="Make the prompt fuller.")] = False,
    negative: Annotated[str | None, typer.Option(help="What the picture must not show.")] = None,
    org: Org = None,
    test: Annotated[bool, typer.Option("--test", help="In the sandbox: no credits.")] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait at most.")] = 600,
    data: Data = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Make pictures from words and save them.

    Where no worker takes the work within a second, it is done here. Ctrl-C and --timeout end the
    waiting, not the work: it stays in the queue.
    """
    fields: dict[str, Any] = {
        "prompt": prompt, "aspect_ratio": aspect_ratio, "resolution": resolution, "model": model,
        "seed": seed, "variants": variants, "alias": alias, "flow_id": flow_id,
        "auto_enhance": enhance, "negative_prompt": negative,
    }  # fmt: skip
    ask = _asked(fields)
    pattern = saving.Pattern.of(output)

    async def work(opened: House) -> _Made:
        with _progress(json=json) as note:
            ended = await _generate(opened, ask, org, livemode=not test, seconds=timeout, note=note)
        if ended.status != "completed":
            return _Made(ended, [])
        return _Made(ended, await saving.save(opened, ended, pattern))

    try:
        made = house.run(data, work)
    except GaveUpWaiting as fault:
        codes.complain(str(fault))
        sys.exit(codes.TIMEOUT)
    _report(made, json=json)


def _asked(fields: dict[str, Any]) -> CreateGeneration:
    """The request, checked as the API checks a body; raises ValidationFailed."""
    try:
        return msgspec.convert(fields, CreateGeneration)
    except msgspec.ValidationError as fault:
        problem, _, at = str(fault).partition(" - at `$.")
        raise ValidationFailed(at.rstrip("`") or "prompt", problem.replace("`", "")) from fault


async def _generate(
    opened: House, ask: CreateGeneration, org: str | None, *,
    livemode: bool, seconds: float, note: Callable[[Generation], None],
) -> Generation:  # fmt: skip
    settings = opened.settings
    async with opened.database.transaction() as tx:
        caller = await house.cli_caller(tx, org, livemode=livemode)
        links = links_of(settings.public_url, caller)
        created = await operations.create(
            tx, caller, links, ask, allow_networks=settings.fetch.networks()
        )
    generation = created.generation
    try:
        return await finished(opened, caller, links, generation.id, seconds=seconds, note=note)
    except asyncio.CancelledError:
        tell(f"{generation.id} stays in the queue; a worker will do it.")
        raise


@contextlib.contextmanager
def _progress(*, json: bool) -> Iterator[Callable[[Generation], None]]:
    """A bar on stderr for a person; nothing for a program."""
    if as_json(json) or not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("queued", total=1.0)

        def note(generation: Generation) -> None:
            bar.update(task, completed=generation.progress, description=generation.status)

        yield note


def _report(made: _Made, *, json: bool) -> None:
    generation = made.generation
    files = [str(file) for file in made.files]
    shown = msgspec.to_builtins(generation) | {"files": files}
    show(shown, json=json, lines=lambda: [
        f"{generation.id}  {generation.status}  seed {generation.seed}",
        *(f"{file}  {image.url}" for file, image in zip(files, generation.images, strict=False)),
    ])  # fmt: skip
    if generation.status != "completed":
        _failed(generation)


def _failed(generation: Generation) -> NoReturn:
    error = generation.error
    why = f"{error.message} ({error.code})" if error else f"It was {generation.status}."
    codes.complain(why)
    sys.exit(codes.JOB_FAILED)
