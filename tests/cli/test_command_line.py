import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cli.process import COMMAND, environment, tintype
from tintype import __version__
from tintype.cli.app import COMMANDS, build

HEAVY = ("litestar", "pyvips", "asyncpg", "aiohttp", "granian", "pgqueuer", "rich", "obstore")


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_and_version_take_less_than_300_ms_of_the_processor(word: str) -> None:
    # CPU time, as another test's load must not count; the best of three warm runs.
    used = []
    for _ in range(3):
        before = os.times()
        done = subprocess.run([*COMMAND, word], env=environment(), capture_output=True, check=True)
        after = os.times()
        used.append(
            after.children_user - before.children_user
            + after.children_system - before.children_system
        )  # fmt: skip
    assert done.stdout
    assert min(used) < 0.3


def test_help_imports_no_command() -> None:
    code = (
        "import sys; from tintype.cli import app; sys.argv = ['tintype', '--help']\n"
        "try: app.main()\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    imported = set(done.stderr.split())
    assert not imported & set(HEAVY)
    assert not {entry.module for entry in COMMANDS} & imported
    assert all(f"  {entry.name} " in done.stdout for entry in COMMANDS)


def test_the_version_is_the_packages() -> None:
    assert CliRunner().invoke(build([]), ["--version"]).output == f"tintype {__version__}\n"


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_every_command_explains_itself(entry) -> None:
    shown = CliRunner().invoke(build([entry.name, "--help"]), [entry.name, "--help"])
    assert shown.exit_code == 0
    assert f"tintype {entry.name}" in shown.output or f"root {entry.name}" in shown.output


def test_an_unknown_command_is_a_usage_error() -> None:
    done = tintype("servee")
    assert done.code == 2
    assert "servee" in done.err


@pytest.mark.parametrize("words", [("serve",), ("worker",), ("org", "list"), ("doctor",)])
def test_a_settings_error_is_one_line_and_exit_code_2(words, tmp_path) -> None:
    done = tintype(*words, cwd=tmp_path, TINTYPE_SERVER_PROT="3000")
    assert done.code == 2
    assert done.err == (
        "tintype: Unknown environment variable TINTYPE_SERVER_PROT;"
        " did you mean TINTYPE_SERVER_PORT?\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_away_is_exit_code_7(tmp_path) -> None:
    done = tintype("org", "list", url="postgresql://me:hush@127.0.0.1:9/none")
    assert done.code == 7
    assert "can't be reached" in done.err
    assert "hush" not in done.err
    assert done.err.count("\n") == 1


def test_a_command_ignores_what_lies_in_the_working_folder(tmp_path, database_url) -> None:
    """A user's own queue.py or secrets.py must not be imported in a library's place."""
    for name in ("queue", "secrets", "typer", "tintype"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the folder')")
    script = os.path.join(os.path.dirname(sys.executable), "tintype")  # noqa: PTH118, PTH120
    done = subprocess.run(
        [script, "org", "list"], cwd=tmp_path, env=environment(TINTYPE_DATABASE_URL=database_url),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
