"""POST /text/polish: what it answers, what it refuses, and what it costs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.house import House, Reply, Tenant, opened, settings_for
from support.text_provider import PROVIDED, TextProvider, with_built_in
from tintype.catalog.models import flat_price, model_for
from tintype.engines.base import EngineFault
from tintype.engines.polish.engine import MODEL
from tintype.text.models import TEXT_CHARACTERS_MAX

TEXT = "Its a nice bag, dont miss it at https://tintype.example/recieve?x=1 {name}"
POLISHED = "It's a nice bag, don't miss it at https://tintype.example/recieve?x=1 {name}"


async def polish(house: House, tenant: Tenant, **body) -> Reply:
    headers = {"Idempotency-Key": key} if (key := body.pop("key", None)) else {}
    body.setdefault("text", TEXT)
    return await house.ask("POST", "/api/v1/text/polish", key=tenant, json=body, headers=headers)


async def balance(house: House, tenant: Tenant) -> int:
    async with house.database.reading() as tx:
        found = await tx.fetchrow(
            "SELECT balance, reserved FROM credit_accounts WHERE organization_id = $1",
            tenant.organization_id,
        )
    assert found["reserved"] == 0
    return found["balance"]


@pytest.fixture
async def provider() -> TextProvider:
    return TextProvider()


@pytest.fixture
async def provided(
    database_url: str, tmp_path: Path, provider: TextProvider
) -> AsyncIterator[House]:
    """A house whose texts a provider polishes."""
    settings = settings_for(database_url, tmp_path)
    async with opened(settings, with_worker=False, text=with_built_in(provider)) as house:
        yield house


def redone(text: str, changes: list[dict]) -> str:
    """The changes made by hand, as the page in docs/ says."""
    for change in reversed(changes):
        assert text[change["start"] : change["end"]] == change["before"]
        text = text[: change["start"]] + change["after"] + text[change["end"] :]
    return text


async def test_a_text_comes_back_corrected_with_every_change_told(idle_house: House) -> None:
    tenant = await idle_house.tenant(grant=10)
    reply = await polish(idle_house, tenant)
    assert reply.status == 200, reply.body
    assert reply.data["text"] == POLISHED
    assert reply.data["engine"] == MODEL
    assert (reply.data["tone"], reply.data["locale"]) == ("neutral", "en-US")
    assert reply.data["changes"][0] == {
        "start": 0, "end": 3, "before": "Its", "after": "It's", "reason": "its or it's",
    }  # fmt: skip
    assert redone(TEXT, reply.data["changes"]) == POLISHED
    assert reply.headers["X-Credits-Used"] == "1"
    assert reply.headers["X-Credits-Remaining"] == "9"
    assert reply.json["meta"]["credits_used"] == 1
    assert reply.json["meta"]["credits_remaining"] == 9
    assert await balance(idle_house, tenant) == 9


async def test_the_bare_mount_has_the_bare_resource(idle_house: House) -> None:
    tenant = await idle_house.tenant()
    reply = await idle_house.ask("POST", "/v1/text/polish", key=tenant, json={"text": TEXT})
    assert reply.json["text"] == POLISHED
    assert reply.headers["X-Credits-Used"] == "1"


async def test_doubts_are_suggestions_with_options(idle_house: House) -> None:
    reply = await polish(idle_house, await idle_house.tenant(), text="The colour of the sofa")
    assert reply.data["changes"] == []
    (suggestion,) = reply.data["suggestions"]
    assert suggestion["before"] == "colour"
    assert suggestion["after"] == suggestion["options"][0] == "color"
    assert (suggestion["start"], suggestion["end"]) == (4, 10)


async def test_tone_locale_and_max_length_are_obeyed(idle_house: House) -> None:
    tenant = await idle_house.tenant()
    reply = await polish(idle_house, tenant, text="We can't wait!!!", tone="professional")
    assert reply.data["text"] == "We cannot wait!"
    assert all(change["reason"].startswith("tone: ") for change in reply.data["changes"])
    reply = await polish(idle_house, tenant, text="The colour of it", locale="en-us")
    assert (reply.data["text"], reply.data["locale"]) == ("The color of it", "en-US")
    reply = await polish(idle_house, tenant, text="The colour of it", locale="en-GB")
    assert reply.data["text"] == "The colour of it"
    reply = await polish(idle_house, tenant, text="Dont go. It is here and there.", max_length=14)
    assert reply.data["text"] == "Don't go."
    assert reply.data["changes"][-1]["reason"] == "shortened to max_length"
    reply = await polish(idle_house, tenant, text="Unbelievably long", maxLength=6)
    assert reply.data["text"] == "Unbel…"


async def test_another_language_passes_through(idle_house: House) -> None:
    tenant = await idle_house.tenant()
    reply = await polish(idle_house, tenant, text="Zażółć gęślą jaźń , teh", locale="pl-PL")
    assert (reply.data["text"], reply.data["changes"]) == ("Zażółć gęślą jaźń , teh", [])
    assert (reply.data["locale"], reply.data["suggestions"]) == ("pl-PL", [])
    reply = await polish(idle_house, tenant, text="ZaÅ¼Ã³Å‚Ä‡", locale="pl")
    assert reply.data["text"] == "Zażółć"


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"text": ""}, "text", ""),
        ({"text": " \n\u200b "}, "text", "must say something"),
        ({"text": "a" * (TEXT_CHARACTERS_MAX + 1)}, "text", ""),
        ({"text": 3}, "text", ""),
        ({"text": "a\x00b"}, "text", "NUL"),
        ({"tone": "playful"}, "tone", "must be one of neutral, professional, friendly"),
        ({"tone": ""}, "tone", "must be one of"),
        ({"locale": "english"}, "locale", "language tag"),
        ({"locale": "en_US"}, "locale", "language tag"),
        ({"max_length": 0}, "max_length", ""),
        ({"max_length": "9"}, "max_length", ""),
        ({"text": "https://tintype.example/abc", "max_length": 10}, "max_length", "too short"),
        ({"lenght": 3}, "lenght", ""),
    ],
)
async def test_what_is_wrong_is_refused_by_name_and_costs_nothing(
    idle_house: House, body: dict, field: str, words: str
) -> None:
    tenant = await idle_house.tenant(grant=5)
    reply = await polish(idle_house, tenant, **body)
    assert (reply.status, reply.error["code"]) == (422, "VALIDATION_FAILED"), reply.body
    assert reply.error["details"][0]["field"] == field
    assert words in reply.error["details"][0]["problem"]
    assert await balance(idle_house, tenant) == 5


async def test_the_longest_text_is_taken(idle_house: House) -> None:
    text = ("The quick fox. " * 700)[:TEXT_CHARACTERS_MAX]
    reply = await polish(idle_house, await idle_house.tenant(), text=text)
    assert (reply.status, reply.data["text"]) == (200, text)
    assert model_for("polish_text", None).prompt_characters_max == TEXT_CHARACTERS_MAX


async def test_it_takes_the_scope_and_the_plan(idle_house: House) -> None:
    tenant = await idle_house.tenant(scopes=["images:write"])
    reply = await polish(idle_house, tenant)
    assert (reply.status, reply.error["details"]) == (403, {"scope": "text:write"})
    assert (await idle_house.ask("POST", "/v1/text/polish", json={"text": "a"})).status == 401
    tenant = await idle_house.tenant(plan="free")
    assert (await polish(idle_house, tenant)).status == 200


async def test_a_balance_too_low_is_refused_before_any_work(
    provided: House, provider: TextProvider
) -> None:
    tenant = await provided.tenant(grant=0)
    reply = await polish(provided, tenant)
    assert (reply.status, reply.error["code"]) == (402, "INSUFFICIENT_CREDITS")
    assert reply.error["details"] == {"required": 1, "available": 0}
    assert provider.jobs == []


async def test_a_cap_of_the_key_is_looked_at_before_any_work(
    provided: House, provider: TextProvider
) -> None:
    tenant = await provided.tenant(grant=5)
    async with provided.database.transaction() as tx:
        await tx.execute("UPDATE api_keys SET cap_day = 1 WHERE id = $1", tenant.key_id)
    assert (await polish(provided, tenant, key="first")).status == 200
    reply = await polish(provided, tenant)
    assert (reply.status, reply.error["code"]) == (402, "INSUFFICIENT_CREDITS")
    assert reply.error["details"]["cap"] == "day"
    assert len(provider.jobs) == 1
    assert (await polish(provided, tenant, key="first")).status == 200, "a replay costs nothing"
    assert await balance(provided, tenant) == 4


async def test_an_engine_with_no_room_is_busy_for_the_moment(
    provided: House, provider: TextProvider
) -> None:
    tenant = await provided.tenant(grant=5)
    provider.fault = EngineFault(
        "RATE_LIMITED", "Ask again.", retryable=True, retry_after_seconds=2
    )
    reply = await polish(provided, tenant)
    assert (reply.status, reply.error["code"]) == (503, "UNAVAILABLE")
    assert int(reply.headers["Retry-After"]) >= 1
    assert await balance(provided, tenant) == 5


async def test_the_last_credit_is_taken_once_by_many_at_once(idle_house: House) -> None:
    tenant = await idle_house.tenant(grant=3)
    replies = await asyncio.gather(*(polish(idle_house, tenant) for _ in range(8)))
    assert sorted(reply.status for reply in replies) == [200] * 3 + [402] * 5
    assert await balance(idle_house, tenant) == 0


async def test_a_replay_answers_the_same_without_work(
    provided: House, provider: TextProvider
) -> None:
    tenant = await provided.tenant(grant=5)
    first = await polish(provided, tenant, key="one")
    provider.answer = "Something else."
    again = await polish(provided, tenant, key="one")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.data == first.data
    assert again.headers["X-Credits-Used"] == "1"
    assert len(provider.jobs) == 1
    assert await balance(provided, tenant) == 4
    other = await polish(provided, tenant, key="one", text="Another text")
    assert (other.status, other.error["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert len(provider.jobs) == 1


async def test_twins_pay_once_and_get_one_answer(provided: House, provider: TextProvider) -> None:
    tenant = await provided.tenant(grant=5)
    provider.wait_seconds = 0.2
    replies = await asyncio.gather(*(polish(provided, tenant, key="twin") for _ in range(4)))
    assert [reply.status for reply in replies] == [200] * 4
    assert len({reply.data["text"] for reply in replies}) == 1
    assert sum("Idempotent-Replayed" in reply.headers for reply in replies) == 3
    assert await balance(provided, tenant) == 4


async def test_the_ledger_names_the_text_and_the_key(idle_house: House) -> None:
    tenant = await idle_house.tenant(grant=5)
    await polish(idle_house, tenant)
    async with idle_house.database.reading() as tx:
        rows = await tx.fetch(
            "SELECT type, amount, note, api_key_id FROM ledger_entries"
            " WHERE organization_id = $1 AND type <> 'grant' ORDER BY position",
            tenant.organization_id,
        )
    assert sum(row["amount"] for row in rows) == -flat_price(model_for("polish_text", None)) == -1
    assert rows[-1]["note"] == "text polish"
    assert {row["api_key_id"] for row in rows} == {tenant.key_id}


async def test_the_sandbox_is_free_and_always_built_in(
    provided: House, provider: TextProvider
) -> None:
    tenant = await provided.tenant(grant=0, livemode=False)
    reply = await polish(provided, tenant)
    assert (reply.status, reply.data["text"], reply.data["engine"]) == (200, POLISHED, MODEL)
    assert reply.headers["X-Credits-Used"] == "0"
    assert provider.jobs == []


async def test_a_provider_takes_over_and_its_changes_are_found(
    provided: House, provider: TextProvider
) -> None:
    tenant = await provided.tenant()
    provider.answer = "What a nice bag! Don't miss it, {name}."
    reply = await polish(provided, tenant, tone="friendly", locale="pl", max_length=500)
    assert reply.data["text"] == provider.answer
    assert reply.data["engine"] == PROVIDED
    assert redone(TEXT, reply.data["changes"]) == provider.answer
    assert reply.data["suggestions"] == []
    (job,) = provider.jobs
    assert (job.prompt, job.model, job.livemode) == (TEXT, PROVIDED, True)
    assert job.extra == {
        "tone": "friendly", "locale": "pl", "variants": True, "max_length": 500,
    }  # fmt: skip


async def test_a_providers_text_is_cut_by_the_same_rule(
    provided: House, provider: TextProvider
) -> None:
    provider.answer = "It is soft. It is warm. It is yours for the price of a coffee."
    reply = await polish(provided, await provided.tenant(), max_length=25)
    assert reply.data["text"] == "It is soft. It is warm."
    assert redone(TEXT, reply.data["changes"]) == reply.data["text"]
    assert any("shortened to max_length" in change["reason"] for change in reply.data["changes"])


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (EngineFault("PROVIDER_ERROR", "Broken."), 502, "PROVIDER_ERROR"),
        (EngineFault("RATE_LIMITED", "Busy.", retryable=True), 502, "PROVIDER_ERROR"),
        (EngineFault("TIMEOUT", "Too long."), 504, "PROVIDER_TIMEOUT"),
        (TimeoutError(), 504, "PROVIDER_TIMEOUT"),
        (EngineFault("CONTENT_REJECTED", "Not that."), 422, "CONTENT_REJECTED"),
        (EngineFault("BAD_CREDENTIALS", "The key is wrong."), 503, "ENGINE_UNAVAILABLE"),
        (RuntimeError("a secret of the text"), 502, "PROVIDER_ERROR"),
    ],
)
async def test_a_provider_that_fails_costs_nothing_and_may_be_asked_again(
    provided: House, provider: TextProvider, fault: Exception, status: int, code: str
) -> None:
    tenant = await provided.tenant(grant=5)
    provider.fault = fault
    reply = await polish(provided, tenant, key="again")
    assert (reply.status, reply.error["code"]) == (status, code)
    assert b"secret" not in reply.body
    assert await balance(provided, tenant) == 5
    provider.fault = None
    assert (await polish(provided, tenant, key="again")).status == 200
    assert await balance(provided, tenant) == 4


@pytest.mark.parametrize("answer", ["", " \n", "x" * 20_001, "half a \ud800"])
async def test_a_provider_without_a_usable_text_failed(
    provided: House, provider: TextProvider, answer: str
) -> None:
    provider.answer = answer
    reply = await polish(provided, await provided.tenant())
    assert (reply.status, reply.error["code"]) == (502, "PROVIDER_ERROR")


async def test_the_catalog_lists_the_model_with_its_price(idle_house: House) -> None:
    tenant = await idle_house.tenant()
    reply = await idle_house.ask("GET", "/api/v1/catalog/models", key=tenant)
    (model,) = [model for model in reply.data if model["id"] == MODEL]
    assert model["operations"] == ["polish_text"]
    assert model["credits"] == {"text": 1}
