"""A catalogue in which one model takes LoRAs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.own_files import SHIPPED, STUDIO, own_file


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[None]:
    """`studio/large` takes LoRAs; `studio/checkpoints` takes checkpoints."""
    other = STUDIO.replace("studio/large", "studio/checkpoints").replace('"lora"', '"checkpoint"')
    with own_file("catalog", tmp_path / "catalog.toml", SHIPPED + STUDIO + other):
        yield
