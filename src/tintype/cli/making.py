"""Work that a command asks for: begun, followed to its end, its pictures saved and told."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn, TypeVar

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from tintype.cli import codes, house, saving
from tintype.cli.house import House
from tintype.cli.outcome import as_json, show, tell
from tintype.cli.waiting import GaveUpWaiting, finished
from tintype.core.caller import Caller
from tintype.core.errors import ValidationFailed
from tintype.generations.models import Generation
from tintype.generations.submit import Created
from tintype.images.links import Links, links_of

_T = TypeVar("_T")


class Asking(NamedTuple):
    """Where and for whom work is begun."""

    opened: House
    caller: Caller
    links: Links


class _Made(NamedTuple):
    generation: Generation
    files: list[Path]


def make(
    begin: Callable[[Asking], Awaitable[Created]],
    *,
    output: str | None,
    org: str | None,
    test: bool,
    seconds: float,
    data: Path | None,
    json: bool,
) -> None:
    """Begin work, wait for it (or do it here), save its pictures, and say how it went.

    Ctrl-C and the end of `seconds` end the waiting, not the work. Ends the process with an exit
    code of its own for work that failed or goes on.
    """
    pattern = saving.Pattern.of(output)

    async def work(opened: House) -> _Made:
        async with opened.database.transaction() as tx:
            caller = await house.cli_caller(tx, org, livemode=not test)
        asking = Asking(opened, caller, links_of(opened.settings.public_url, caller))
        with _progress(json=json) as note:
            created = await begin(asking)
            ended = await _followed(asking, created.generation.id, seconds, note)
        if ended.status != "completed":
            return _Made(ended, [])
        return _Made(ended, await saving.save(opened, ended, pattern))

    try:
        made = house.run(data, work)
    except GaveUpWaiting as fault:
        codes.complain(str(fault))
        sys.exit(codes.TIMEOUT)
    _report(made, json=json)


def asked(fields: dict[str, object], kind: type[_T], first: str) -> _T:
    """The request, checked as the API checks a body; raises ValidationFailed, `first` if unsure."""
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as fault:
        problem, _, at = str(fault).partition(" - at `$.")
        raise ValidationFailed(at.rstrip("`") or first, problem.replace("`", "")) from fault


async def _followed(
    asking: Asking, generation_id: str, seconds: float, note: Callable[[Generation], None]
) -> Generation:
    try:
        return await finished(
            asking.opened, asking.caller, asking.links, generation_id, seconds=seconds, note=note
        )
    except asyncio.CancelledError:
        tell(f"{generation_id} stays in the queue; a worker will do it.")
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
