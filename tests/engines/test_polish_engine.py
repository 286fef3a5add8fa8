"""The polishing engine as an engine: lazily loaded, off the loop, bounded, with a clock."""

import asyncio
import subprocess
import sys

import pytest

from support.loops import stands_still
from tintype.core.errors import EngineUnavailable
from tintype.engines.base import Blob, EngineFault, Job
from tintype.engines.builtin import MODEL as DRAFT
from tintype.engines.builtin import BuiltinEngine
from tintype.engines.of_web import for_text
from tintype.engines.polish.engine import MODEL, PolishEngine, PolishOutput
from tintype.engines.registry import Engines

THIRTY = (
    "Our new colection is here and its made from recycled materials, so you can wear it all year"
    " long, dont wait untill the end of summer to recieve it at home."
)


class Watch:
    def __init__(self, *, canceled=False):
        self._canceled = canceled

    def canceled(self):
        return self._canceled

    def progress(self, done):
        assert 0 <= done <= 1


def job(text=THIRTY, **more):
    return Job("polish_text", MODEL, prompt=text, **more)


@pytest.fixture
async def engine():
    made = PolishEngine(threads=2)
    await made.open()
    yield made
    await made.close()


async def fault_of(engine, asked, watch=None):
    with pytest.raises(EngineFault) as caught:
        await engine.run(asked, watch or Watch())
    return caught.value


async def test_it_answers_with_its_proof(engine):
    output = await engine.run(job(), Watch())
    assert isinstance(output, PolishOutput)
    assert output.text == output.proof.edits.text
    assert output.text.startswith("Our new collection is here and it's made")
    assert "receive it at home" in output.text


async def test_the_same_text_is_polished_the_same_in_every_thread(engine):
    outputs = await asyncio.gather(*(engine.run(job(), Watch()) for _ in range(12)))
    assert len({output.text for output in outputs}) == 1


async def test_the_loop_stays_free_while_it_works(engine):
    text = job("We recieve it. " * 600)
    assert await stands_still(lambda: engine.run(text, Watch())) < 0.25


async def test_what_it_can_not_do_is_said_by_code(engine):
    assert (await fault_of(engine, Job("edit", MODEL))).code == "UNSUPPORTED"
    assert (await fault_of(engine, Job("polish_text", "nobody/nothing"))).code == "UNSUPPORTED"
    assert (await fault_of(engine, job(extra={"tone": "angry"}))).code == "INVALID_REQUEST"
    assert (await fault_of(engine, job(extra={"locale": 3}))).code == "INVALID_REQUEST"
    shown = job(references=(Blob(b"picture", "image/png"),))
    assert (await fault_of(engine, shown)).code == "INVALID_REQUEST"
    assert (await fault_of(engine, job(deadline_seconds=0))).code == "TIMEOUT"
    assert (await fault_of(engine, job(), Watch(canceled=True))).code == "CANCELED"


@pytest.mark.parametrize(
    "text", ["", "\x00", "\ud800", "😀" * 4000, "%s {0} ${x}", "\u202eקוף\u202c"]
)
async def test_only_engine_faults_leave_a_run(engine, text):
    try:
        output = await engine.run(job(text), Watch())
    except EngineFault:
        return
    assert output.text == text


async def test_closing_twice_is_harmless_and_a_closed_engine_faults(engine):
    await engine.close()
    await engine.close()
    assert (await fault_of(engine, job())).code == "PROVIDER_ERROR"
    await engine.open()
    assert (await engine.run(job(), Watch())).text


def test_nothing_is_loaded_before_the_first_text():
    """A server that never polishes holds neither dictionary nor tables."""
    code = (
        "import sys, tintype.server; from tintype.engines.of_web import for_text;"
        "import asyncio; asyncio.run(for_text(threads=1).open_all());"
        "assert 'harper' not in sys.modules and 'ftfy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


class Provider(BuiltinEngine):
    def capabilities(self, model):
        return PolishEngine(threads=1).capabilities(MODEL)


def test_a_provider_goes_before_ours_and_the_sandbox_gets_ours():
    ours, provider = PolishEngine(threads=1), Provider(threads=1)
    for engines in (
        Engines({MODEL: ours, "far/away": provider}), Engines({"far/away": provider, MODEL: ours}),
    ):  # fmt: skip
        assert engines.serving("polish_text", livemode=True) == ("far/away", provider)
        assert engines.serving("polish_text", livemode=False) == (MODEL, ours)
    (only,) = for_text(threads=1).all()
    assert for_text(threads=1).serving("polish_text", livemode=True)[0] == MODEL
    assert only.name == "polish"


def test_nobody_to_do_it_is_said():
    draft = Engines({DRAFT: BuiltinEngine(threads=1)})
    with pytest.raises(EngineUnavailable, match="polish_text"):
        draft.serving("polish_text", livemode=True)
    only = Engines({"far/away": Provider(threads=1)})
    with pytest.raises(EngineUnavailable):
        only.serving("polish_text", livemode=False)
