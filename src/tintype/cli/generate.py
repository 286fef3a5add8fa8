"""`tintype generate`: ask, wait (or do the work here), save the pictures."""

from typing import Annotated, Any

import typer

from tintype.cli import making
from tintype.cli.house import Data, Org
from tintype.cli.outcome import Json
from tintype.generations import operations
from tintype.generations.models import CreateGeneration
from tintype.generations.submit import Created

# For every command that makes pictures.
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        help="The file, in which {id}, {index} and {ext} are filled in; else {id}.{ext}. "
        "Its ending chooses the format: png, jpg, webp, avif.",
    ),
]
Test = Annotated[bool, typer.Option("--test", help="In the sandbox: no credits.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds to wait at most.")]


def command(
    prompt: Annotated[str, typer.Argument(help="What the picture shows, in any language.")],
    output: Output = None,
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
    test: Test = False,
    timeout: Timeout = 600,
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
    ask = making.asked(fields, CreateGeneration, "prompt")

    async def begin(asking: making.Asking) -> Created:
        networks = asking.opened.settings.fetch.networks()
        async with asking.opened.database.transaction() as tx:
            return await operations.create(
                tx, asking.caller, asking.links, ask, allow_networks=networks
            )

    making.make(begin, output=output, org=org, test=test, seconds=timeout, data=data, json=json)
