"""Whatever a client or an operator can name stands in docs/: routes, settings, errors, events,
commands, and the words that steer the built-in engine."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tintype import server
from tintype.api import health
from tintype.cli import app as cli
from tintype.core import errors, settings
from tintype.core.caller import SCOPES
from tintype.engines.markers import MAGIC

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
TEXT = "\n".join(page.read_text() for page in PAGES)
# What a page may write where a path has a parameter: {id}, $ID, :id, an id, @hero.
_VALUE = r"[^/\s`\"'?]+"


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def routes() -> Iterator[tuple[str, str]]:
    """(method, path) of every route, without its mount."""
    for handler in [*server.ROUTES, *server.MEDIA_ROUTES, *health.ROUTES]:
        for path in [handler.opt["path"]] if "path" in handler.opt else handler.paths:
            for method in sorted(getattr(handler, "http_methods", None) or {"GET"}):
                yield str(method), path


def shown(path: str) -> re.Pattern[str]:
    """The path at the end of a word, on either mount or on none."""
    wanted = "/".join(
        _VALUE if part.startswith("{") else re.escape(part) for part in path.split("/")
    )
    return re.compile(
        rf"(?:^|[\s`\"'(=]|\$BASE|/v1|localhost:\d+){wanted}(?=$|[\s`\"'?)|,.;:])", re.MULTILINE
    )


@pytest.mark.parametrize(("method", "path"), sorted(routes()))
def test_every_route_is_shown_with_its_method(method: str, path: str) -> None:
    """`METHOD path` in a table or sentence, or a curl line with the path and the method."""
    lines = [line for line in TEXT.replace("\\\n", " ").splitlines() if shown(path).search(line)]
    assert lines, f"{path} stands in no page"
    asked = [line for line in lines if _method(line, method)]
    assert asked, f"no page says {method} {path}"


def test_the_list_of_every_route_has_every_route() -> None:
    """In its rows a path stands behind its methods: GET, PATCH `/webhooks/endpoints/{id}`."""
    told = page("requests.md").partition("\n## Every route\n")[2].partition("\nWithout mount")[0]
    listed = {
        (method, re.sub(r"{\w+}", "{}", path))
        for methods, path in re.findall(r"((?:[A-Z]+(?:, )?)+) `(/[^`]*)`", told)
        for method in methods.split(", ")
    }
    served = {
        (str(method), re.sub(r"{[\w:]+}", "{}", path))
        for handler in server.ROUTES
        for path in ([handler.opt["path"]] if "path" in handler.opt else handler.paths)
        for method in getattr(handler, "http_methods", None) or {"GET"}
    }
    assert sorted(served - listed) == []
    assert sorted(listed - served) == [], "and none that does not exist"


def _method(line: str, method: str) -> bool:
    if re.search(rf"(?:^|[\s`|(]){method}\b", line):
        return True
    # curl sends a GET, or a POST when it has a body.
    if "curl" not in line or " -X " in line:
        return False
    return method == ("POST" if re.search(r" (-d|-F|--data\S*|--form) ?", line) else "GET")


def test_every_setting_is_told_with_its_variable() -> None:
    """The page gives the rule for variables once, and each setting as `section.name`."""
    told = page("settings.md")
    names = [f"{section}.{name}" for section, struct in settings.SECTIONS.items()
             for name in struct.__struct_fields__]  # fmt: skip
    assert [name for name in names if f"`{name}`" not in told] == []
    listed = re.findall(r"^\| `(\w+\.\w+)` \|", told, re.MULTILINE)
    assert set(listed) <= set(names), "and none that does not exist"
    assert {"TINTYPE_<SECTION>_<NAME>", "TINTYPE_DATA"} <= set(
        re.findall(r"TINTYPE_[A-Z<>_]+", told)
    )


def error_classes(
    top: type[errors.TintypeError] = errors.TintypeError,
) -> Iterator[type[errors.TintypeError]]:
    yield top
    for below in top.__subclasses__():
        yield from error_classes(below)


def test_every_error_code_is_told_with_its_status() -> None:
    told = page("errors.md")
    for error in error_classes():
        assert re.search(rf"`{error.code}`[^\n]*\b{error.status}\b", told), error.code
    codes = {error.code for error in error_classes()}
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", told, re.MULTILINE))
    assert listed == codes, "and none that does not exist"


def event_types() -> set[str]:
    """Every type that the source publishes: `noun.verb` as a literal text."""
    found = set()
    for file in (ROOT / "src" / "tintype").rglob("*.py"):
        if file.parent.name != "events":
            found |= set(
                re.findall(
                    r'"((?:generation|image|credits|project|batch|picture|video)\.[a-z]+)"',
                    file.read_text(),
                )
            )
    return found


def test_every_event_type_is_told() -> None:
    told = page("events.md")
    types = event_types()
    assert {"generation.queued", "image.uploaded"} <= types, "the search finds what there is"
    listed = set(re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", told, re.MULTILINE))
    assert listed >= types
    failed = {"generation.failed", "generation.processing"}  # Their types are put together.
    assert listed <= types | failed, "and none that does not exist"


def commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield words, command
        return
    for name in below:
        yield from commands(below[name], (*words, name))


def test_every_command_is_told_with_its_options() -> None:
    told = page("cli.md")
    missing = []
    for words, command in command_line():
        if not re.search(rf"(?:`|\btintype ){' '.join(words)}\b", told):
            missing.append(" ".join(words))
        for parameter in command.params:
            names = [name for name in parameter.opts if name.startswith("-")]
            if names and "--help" not in names and not any(name in told for name in names):
                missing.append(f"{' '.join(words)} {names[-1]}")
    assert missing == []


def command_line() -> list[tuple[tuple[str, ...], Any]]:
    """Every command with its words, as the command line itself builds them."""
    found = []
    for command in cli.COMMANDS:
        made = typer.main.get_command(cli.build([command.name]))
        found += list(commands(made.commands[command.name], (command.name,)))
    return found


@pytest.mark.parametrize("word", sorted(MAGIC))
def test_every_word_that_steers_the_built_in_engine_is_told(word: str) -> None:
    assert word in page("draft-engine.md")


def test_every_scope_is_told() -> None:
    told = page("authentication.md")
    assert [scope for scope in SCOPES if f"`{scope}`" not in told] == []


@pytest.mark.parametrize("told", PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(told: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", told.read_text()):
        if "://" not in target:
            assert (told.parent / target).exists(), f"{told.name} links to {target}"
