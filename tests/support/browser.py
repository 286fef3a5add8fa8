"""Debian's Chromium, driven over its own protocol: what a page looks like and does."""

import asyncio
import base64
import contextlib
import itertools
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium")
_SECONDS = 60


@dataclass
class Tab:
    """One page. `complaints` are what the browser says went wrong: scripts, policies, requests."""

    socket: aiohttp.ClientWebSocketResponse
    complaints: list[str] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))
    _waiting: dict[int, asyncio.Future[Any]] = field(default_factory=dict)
    _loaded: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, method: str, **more: Any) -> Any:
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": number, "method": method, "params": more})
        async with asyncio.timeout(_SECONDS):
            return await self._waiting[number]

    async def listen(self) -> None:
        async for message in self.socket:
            told = message.json()
            if "id" in told:
                waiting = self._waiting.pop(told["id"])
                if "error" in told:
                    waiting.set_exception(RuntimeError(str(told["error"])))
                else:
                    waiting.set_result(told["result"])
                continue
            said, what = told["method"], told["params"]
            if said == "Page.loadEventFired":
                self._loaded.set()
            elif said == "Log.entryAdded" and what["entry"]["level"] == "error":
                self.complaints.append(what["entry"]["text"])
            elif said == "Runtime.exceptionThrown":
                self.complaints.append(str(what["exceptionDetails"]))

    async def open(self, url: str) -> None:
        self._loaded.clear()
        await self.send("Page.navigate", url=url)
        async with asyncio.timeout(_SECONDS):
            await self._loaded.wait()

    async def size(self, width: int, height: int, *, scale: float = 1, phone: bool = False) -> None:
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=scale, mobile=phone,
        )  # fmt: skip

    async def prefer(self, **features: str) -> None:
        """Media features, such as `prefers_color_scheme="dark"`."""
        told = [
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()
        ]
        await self.send("Emulation.setEmulatedMedia", features=told)

    async def run(self, script: str) -> Any:
        """The value of an expression, of its promise if it is one."""
        found = await self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"]))
        return found["result"].get("value")

    async def press(self, key: str) -> None:
        code = {"ArrowRight": 39, "ArrowLeft": 37, "Escape": 27, "Tab": 9, "Enter": 13}[key]
        more = {"text": "\r"} if key == "Enter" else {}
        # A key that closes a dialog is never answered, so nobody waits for an answer.
        for kind in ("keyDown" if more else "rawKeyDown", "keyUp"):
            number = next(self._numbers)
            self._waiting[number] = asyncio.get_running_loop().create_future()
            told = {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code} | more
            await self.socket.send_json(
                {"id": number, "method": "Input.dispatchKeyEvent", "params": told}
            )

    async def picture(self, file: Path, *, whole: bool = True) -> None:
        """A PNG of the page, whole or of what the window shows."""
        if whole:
            # What is loaded when it is seen must have been seen.
            await self.run(
                "(async () => { for (let y = 0; y < document.body.scrollHeight; y += 400) {"
                " scrollTo(0, y); await new Promise(r => setTimeout(r, 60)); } scrollTo(0, 0);"
                " for (let n = 0; n < 200; n++) {"
                " if ([...document.images].every(i => i.complete || !i.offsetParent)) break;"
                " await new Promise(r => setTimeout(r, 100)); } })()"
            )
        made = await self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        await asyncio.to_thread(file.write_bytes, base64.b64decode(made["data"]))


@contextlib.asynccontextmanager
async def browsing(folder: Path) -> AsyncIterator[Tab]:
    """A tab of a browser that is started for it, its profile in `folder`."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
        "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        address = await _address(folder / "DevToolsActivePort")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://{address}/json") as listed:
                found = await listed.json(content_type=None)
            url = next(it["webSocketDebuggerUrl"] for it in found if it["type"] == "page")
            async with session.ws_connect(url, max_msg_size=0) as socket:
                tab = Tab(socket)
                listening = asyncio.create_task(tab.listen())
                for domain in ("Page", "Runtime", "Log", "Network"):
                    await tab.send(f"{domain}.enable")
                yield tab
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
    finally:
        process.terminate()
        await process.wait()


async def _address(file: Path) -> str:
    for _ in range(_SECONDS * 20):
        if port := _port(file):
            return f"127.0.0.1:{port}"
        await asyncio.sleep(0.05)
    raise TimeoutError("The browser did not start.")


def _port(file: Path) -> str | None:
    lines = file.read_text().splitlines() if file.exists() else []
    return lines[0] if lines else None
