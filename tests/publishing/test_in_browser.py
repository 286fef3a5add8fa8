"""A page in Chromium: it keeps to its own policy, and its parts do what they are for."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support import images
from support.browser import CHROMIUM, Tab, browsing
from support.house import House
from support.pages import picture_in, project_of, publish

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium"),
]
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}


async def becomes(tab: Tab, script: str, wanted) -> None:
    for _ in range(200):
        found = await tab.run(script)
        if found == wanted:
            return
        await asyncio.sleep(0.05)
    assert found == wanted, script


async def test_a_page_works_on_a_phone_and_on_a_desk(house: House, tmp_path: Path) -> None:
    me = await house.tenant()
    logo = (await house.upload(me, images.file("png", 160, 60))).data["id"]
    project = await project_of(
        house, me, name="Villa Rosa",
        branding={"name": "Nordic", "logo_image_id": logo, "colors": {"primary": "#205060"}},
    )  # fmt: skip
    original = await picture_in(house, me, project, images.file("jpeg", 900, 600), approved=False)
    await picture_in(house, me, project, images.file("png", 900, 600), of=original)
    await picture_in(house, me, project, images.file("png", 400, 700), meta={"caption": "Tall"})
    await picture_in(house, me, project, images.file("jpeg", 960, 600))
    shown = await publish(house, me, project, description="By the sea.\nWith a garden.")
    async with browsing(tmp_path / "profile") as tab:
        for kind, (width, height) in SIZES.items():
            await tab.size(width, height, phone=kind == "phone")
            await tab.open(house.base + urlsplit(shown["public_url"]).path)
            await check_layout(tab, width)
            await check_lightbox(tab)
            await check_slider(tab)
            await tab.picture(tmp_path / f"{kind}.png")
        assert tab.complaints == []
        await tab.prefer(prefers_color_scheme="dark")
        await becomes(tab, "getComputedStyle(document.body).backgroundColor", "rgb(19, 19, 19)")
        plate = "getComputedStyle(document.querySelector('.logo')).backgroundColor"
        await becomes(tab, plate, "rgb(251, 250, 248)")
        await tab.prefer(prefers_reduced_motion="reduce")
        moving = "getComputedStyle(document.querySelector('.tile img')).transitionProperty"
        await becomes(tab, moving, "none")
        assert await tab.run("document.cookie") == ""


async def check_layout(tab: Tab, width: int) -> None:
    """Nothing is wider than the window; what is pressed is large enough to be pressed."""
    assert await tab.run("document.documentElement.scrollWidth") <= width
    assert await tab.run("document.querySelectorAll('.tile').length") == 3
    for tile in await tab.run(
        "[...document.querySelectorAll('.tile a, .brand a')].map(it => {"
        " const box = it.getBoundingClientRect(); return [box.width, box.height]; })"
    ):
        assert min(tile) >= 44
    if width < 480:
        left_over = "(() => { const boxes = [...document.querySelectorAll('.grid .tile')]"
        left_over += ".map(it => it.getBoundingClientRect()); const row = document"
        left_over += ".querySelector('.grid').clientWidth; return row - boxes.at(-1).right"
        left_over += " + document.querySelector('.grid').getBoundingClientRect().left; })()"
        assert abs(await tab.run(left_over)) < 2
    loaded = "[...document.querySelectorAll('.tile img')].every(it => it.naturalWidth > 0)"
    await tab.run("scrollTo(0, document.body.scrollHeight)")
    await becomes(tab, loaded, wanted=True)
    assert await tab.run("[...document.images].every(it => it.hasAttribute('alt'))")


async def check_lightbox(tab: Tab) -> None:
    opened = "document.getElementById('lightbox').open"
    said = "document.querySelector('#lightbox .place').textContent"
    await tab.run("document.querySelector('#t2 a').focus()")
    await tab.press("Enter")
    await becomes(tab, opened, wanted=True)
    assert await tab.run(said) == "2 / 3"
    assert await tab.run("document.querySelector('#lightbox .said').textContent") == "Tall"
    await becomes(tab, "document.querySelector('#lightbox img').naturalWidth > 0", wanted=True)
    await tab.press("ArrowRight")
    await becomes(tab, said, "3 / 3")
    await tab.press("ArrowRight")
    await becomes(tab, said, "1 / 3")
    await tab.run("document.querySelector('#lightbox .back').click()")
    await becomes(tab, said, "3 / 3")
    inside = (
        "(() => { const box = document.querySelector('#lightbox img').getBoundingClientRect();"
        " return box.left >= 0 && box.right <= innerWidth && box.bottom <= innerHeight; })()"
    )
    assert await tab.run(inside)
    await tab.press("Escape")
    await becomes(tab, opened, wanted=False)
    await becomes(tab, "document.activeElement.closest('.tile')?.id", "t2")


async def check_slider(tab: Tab) -> None:
    await tab.run(
        "(() => { const it = document.querySelector('.view input'); it.value = 20;"
        " it.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )
    shown = "getComputedStyle(document.querySelector('.before')).clipPath"
    assert "80%" in await tab.run(shown)
    words = "document.querySelector('.view input').getAttribute('aria-valuetext')"
    assert await tab.run(words) == "20 percent before"
    await tab.run("document.querySelector('.view input').focus()")
    await tab.press("ArrowRight")
    await becomes(tab, "document.querySelector('.view input').value", "21")
