"""Log lines as a process writes them, our own and those of libraries."""

import json
import subprocess
import sys
from typing import Any

HIDDEN = "a-secret-prompt"
PREFIX = f"""
import asyncio, logging
from tintype.core import log
log.configure("info", "json")
def failing():
    try:
        raise KeyError("{HIDDEN}")
    except KeyError as fault:
        raise ValueError("{HIDDEN}") from fault
"""


def lines_of(code: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", PREFIX + code], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    assert HIDDEN not in done.stderr
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_a_line_is_json_with_its_fields() -> None:
    (line,) = lines_of('log.get("here").info("done", generation="gen_1")')
    assert line.pop("timestamp").endswith("Z")
    assert line == {"source": "here", "event": "done", "level": "info", "generation": "gen_1"}


def test_a_fault_is_told_by_kinds_and_places_without_its_message() -> None:
    (line,) = lines_of(
        'try: failing()\nexcept ValueError as fault: log.get("x").error("it failed", exc_info=fault)'
    )
    assert [part for part in line["trace"] if not part.startswith("  ")] == [
        "ValueError", "KeyError",
    ]  # fmt: skip
    assert any("failing" in part for part in line["trace"])


def test_libraries_are_heard_in_the_same_form_from_warnings_on() -> None:
    (line,) = lines_of(
        f'logging.getLogger("lib").info("{HIDDEN}")\n'
        'try: failing()\nexcept ValueError: logging.getLogger("lib").exception("broken")'
    )
    assert (line["source"], line["event"], line["level"]) == ("lib", "broken", "error")
    assert line["trace"][0] == "ValueError"


def test_a_task_that_nobody_awaited_does_not_tell_what_it_failed_on() -> None:
    lines = lines_of(
        "async def task(): failing()\n"
        "async def main():\n"
        "    asyncio.get_running_loop().create_task(task())\n"
        "    await asyncio.sleep(0)\n"
        "asyncio.run(main())\nimport gc; gc.collect()"
    )
    assert [line["event"] for line in lines] == ["Task exception was never retrieved"]


def test_nothing_below_the_level_is_written() -> None:
    code = 'log.configure("warning", "json"); log.get("x").info("no"); log.get("x").warning("yes")'
    assert [line["event"] for line in lines_of(code)] == ["yes"]
