"""A folder for what the processes of one running house tell each other: counters and readiness.

It lies where the system keeps temporary files. A house that was killed leaves its folder behind;
the next one to start removes it, which it may once the dead one's lock is free.
"""

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PREFIX: Final = "tintype-house-"


@contextlib.contextmanager
def made() -> Iterator[Path]:
    """A fresh folder of this process, gone at the end."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # Another user's folder, one being made, one whose house stands: none is ours to remove.
        with contextlib.suppress(OSError), (folder / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
