"""Engines are found by model, opened and closed together."""

import pytest

from tintype.core.errors import EngineUnavailable
from tintype.engines.base import Job
from tintype.engines.builtin import MODEL, BuiltinEngine
from tintype.engines.of_worker import configured
from tintype.engines.registry import Engines


class Recorded(BuiltinEngine):
    """A built-in engine that notes what happens to it, and may refuse to open or close."""

    def __init__(self, log, name, *, fails=""):
        super().__init__(threads=1)
        self.log, self.name, self.fails = log, name, fails

    async def open(self):
        if self.fails == "open":
            raise OSError("no weights")
        self.log.append(f"open {self.name}")
        await super().open()

    async def close(self):
        self.log.append(f"close {self.name}")
        await super().close()
        if self.fails == "close":
            raise OSError("stuck")


class Heard:
    def canceled(self):
        return False

    def progress(self, done):
        assert 0 <= done <= 1


async def test_the_configured_engines_serve_the_built_in_model():
    engines = configured(draw_threads=1)
    await engines.open_all()
    try:
        engine = engines.engine_for(MODEL)
        output = await engine.run(
            Job("text_to_image", MODEL, "a cat", width=32, height=32), Heard()
        )
        assert output.media[0].media_type == "image/png"
    finally:
        await engines.close_all()


def test_an_unknown_model_is_unavailable():
    with pytest.raises(EngineUnavailable) as caught:
        configured(draw_threads=1).engine_for("far/away")
    assert caught.value.param == "model"


async def test_an_engine_of_two_models_is_opened_once():
    log = []
    one, two = Recorded(log, "one"), Recorded(log, "two")
    engines = Engines({"a": one, "b": one, "c": two})
    await engines.open_all()
    await engines.close_all()
    assert log == ["open one", "open two", "close one", "close two"]


async def test_a_failed_opening_closes_what_was_open():
    log = []
    engines = Engines({"a": Recorded(log, "one"), "b": Recorded(log, "two", fails="open")})
    with pytest.raises(OSError, match="no weights"):
        await engines.open_all()
    assert log == ["open one", "close one"]


async def test_a_failed_closing_closes_the_others_too():
    log = []
    engines = Engines({"a": Recorded(log, "one", fails="close"), "b": Recorded(log, "two")})
    await engines.open_all()
    with pytest.raises(ExceptionGroup):
        await engines.close_all()
    assert log[-2:] == ["close one", "close two"]
