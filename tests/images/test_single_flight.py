"""One maker for simultaneous askers, whoever of them stays."""

import asyncio

import pytest

from tintype.core.errors import Unavailable
from tintype.images.delivery import SingleFlight


async def test_one_asker_hanging_up_does_not_stop_the_others() -> None:
    flight, runs, go = SingleFlight(), [], asyncio.Event()

    async def make() -> bytes:
        runs.append(1)
        await go.wait()
        return b"made"

    first = asyncio.create_task(flight.do("key", make))
    second = asyncio.create_task(flight.do("key", make))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    go.set()
    assert await second == b"made"
    assert len(runs) == 1
    assert await flight.do("key", make) == b"made"
    assert len(runs) == 2


async def test_a_fault_reaches_every_asker_and_is_not_remembered() -> None:
    flight, attempts = SingleFlight(), []

    async def make() -> bytes:
        attempts.append(1)
        await asyncio.sleep(0.01)
        if len(attempts) == 1:
            raise LookupError("once")
        return b"made"

    found = await asyncio.gather(
        *(flight.do("key", make) for _ in range(3)), return_exceptions=True
    )
    assert [type(one) for one in found] == [LookupError] * 3
    assert await flight.do("key", make) == b"made"


async def test_what_was_made_is_given_again_until_its_maker_lets_go() -> None:
    flight, runs = SingleFlight(), []

    async def make() -> bytes:
        runs.append(1)
        flight.hold("key")
        return b"made"

    assert [await flight.do("key", make) for _ in range(3)] == [b"made"] * 3
    assert len(runs) == 1
    flight.release("key")
    await flight.do("key", make)
    assert len(runs) == 2


async def test_more_than_the_threads_can_soon_make_is_refused_and_known_things_are_not() -> None:
    flight, go = SingleFlight(), asyncio.Event()

    async def make() -> bytes:
        await go.wait()
        return b"made"

    asked = [asyncio.create_task(flight.do(f"key {n}", make)) for n in range(128)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await flight.do("one more", make)
    again = asyncio.create_task(flight.do("key 0", make))
    await asyncio.sleep(0)
    go.set()
    assert await again == b"made"
    assert len(await asyncio.gather(*asked)) == 128
    assert await flight.do("one more", make) == b"made"
