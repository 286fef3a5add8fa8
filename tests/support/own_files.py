"""An operator's own catalogue and plans, in force for one test."""

import contextlib
import os
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from tintype.accounts.models import plans
from tintype.catalog.actions import actions
from tintype.catalog.models import catalog
from tintype.catalog.wishes import phrases

SHIPPED = resources.files("tintype.catalog").joinpath("models.toml").read_text()
SHIPPED_PLANS = resources.files("tintype.accounts").joinpath("plans.toml").read_text()
# A generative model, as an operator adds one that loads weights.
STUDIO = """
[[models]]
id = "studio/large"
name = "Large"
description = "Makes photos."
engine = "studio"
fidelity = "full"
operations = ["text_to_image"]
references_max = 4
variants_max = 4
negative_prompt = true
prompt_characters_max = 1000
credits = { 1K = 5 }
weights = ["lora"]
"""


@contextlib.contextmanager
def own_file(section: str, file: Path, text: str, name: str = "file") -> Iterator[Path]:
    """`text` as `catalog.file` or `plans.file` of this process; what was read is read anew."""
    file.write_text(text)
    variable = f"TINTYPE_{section}_{name}".upper()
    before = os.environ.get(variable, "")
    os.environ[variable] = str(file)
    _forget()
    try:
        yield file
    finally:
        os.environ[variable] = before
        if not before:
            del os.environ[variable]
        _forget()


def _forget() -> None:
    catalog.cache_clear()
    actions.cache_clear()
    phrases.cache_clear()
    plans.cache_clear()
