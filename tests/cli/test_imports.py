"""A command waits for no library that it doesn't use: each is asked in a process of its own."""

import subprocess
import sys

import pytest

PIXELS = ("pyvips", "cv2", "av", "numpy")
WEB = ("litestar", "granian", "aiohttp", "obstore", "pgqueuer")


def imported(module: str, libraries: tuple[str, ...]) -> list[str]:
    """Those of the libraries that are there once the module is."""
    code = f"import sys, {module}; print(*(name for name in {libraries!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.split()


@pytest.mark.parametrize("module", ["app", "serve", "work"])
def test_what_only_starts_others_imports_nothing_large(module: str) -> None:
    assert imported(f"tintype.cli.{module}", (*PIXELS, *WEB, "asyncpg", "structlog")) == []


@pytest.mark.parametrize("module", ["keys", "credits", "organizations", "users", "database"])
def test_what_only_asks_the_database_imports_neither_pictures_nor_the_web(module: str) -> None:
    assert imported(f"tintype.cli.{module}", (*PIXELS, *WEB)) == []


def test_webhooks_are_listened_to_without_pixels_and_framework() -> None:
    assert imported("tintype.cli.webhooks", ("cv2", "av", "numpy", "litestar", "granian")) == []
