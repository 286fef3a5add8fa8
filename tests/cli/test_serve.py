"""Whole houses as a user starts and stops them: real processes, signals and requests."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from cli.metrics import samples
from cli.process import (
    COMMAND,
    Standing,
    environment,
    family,
    pss_mb,
    serve,
    tintype,
    until,
)  # fmt: skip
from tintype.cli.port import _bound, claimed
from tintype.db import embedded, postmaster
from tintype.db.home import home_of
from tintype.supervisor import FATAL_EXIT_CODE

pytestmark = pytest.mark.slow

PROMPT = "a lighthouse keeper with an umbrella of saffron silk"


def ask(
    house: Standing, method: str, path: str, body: Any = None, key: str = "", **headers: str
) -> tuple[int, bytes]:
    request = urllib.request.Request(
        house.base + path, method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"X-API-Key": key or house.key, "Content-Type": "application/json", **headers},
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as fault:
        with fault:
            return fault.code, fault.read()


def start_work(house: Standing, prompt: str, key: str = "") -> str:
    status, body = ask(house, "POST", "/v1/generations", {"prompt": prompt}, key)
    assert status == 202, body
    return str(json.loads(body)["id"])


def work(house: Standing, generation_id: str, key: str = "") -> Any:
    return json.loads(ask(house, "GET", f"/v1/generations/{generation_id}", key=key)[1])


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tt-"))
    yield folder
    for pid in folder.rglob("postmaster.pid"):
        os.kill(int(pid.read_text().split()[0]), signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def house(base: Path) -> Iterator[Standing]:
    """A house on a new folder, shared by the tests that leave it standing."""
    with serve(base / "data", TINTYPE_LOG_FORMAT="json") as standing:
        yield standing


@pytest.fixture(scope="module")
def sandbox(house: Standing, base: Path) -> str:
    """A sandbox key, made beside the running house."""
    made = tintype("keys", "create", "--name", "t", "--test", "--data", base / "data")
    return str(made.json["secret"])


def test_the_first_start_says_once_how_to_begin(house: Standing) -> None:
    assert re.search(r"organization +org_\w{26}\n +administrator +admin@localhost +\S+", house.log)
    assert "(signs in at POST /v1/auth/session)" in house.log
    request = re.search(r"curl .*?}'\n", house.log, re.DOTALL)
    assert request is not None
    done = subprocess.run(
        ["bash", "-c", request[0].replace("localhost", "127.0.0.1")],
        capture_output=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["error"] is None
    assert answer["data"]["status"] == "completed"
    assert (answer["data"]["images"][0]["width"], answer["data"]["aspect_ratio"]) == (1408, "16:9")


def test_counters_of_the_worker_process_are_in_metrics(house: Standing) -> None:
    def counted(name: str, **labels: str) -> float:
        found = samples(ask(house, "GET", "/metrics")[1].decode())
        # The queue's depth is the database's, and of no one process.
        assert ("tintype_queue_jobs", (("status", "queued"),)) in found
        return found.get((name, tuple(sorted(labels.items()))), 0.0)

    seconds = partial(counted, "tintype_job_seconds_count", model="builtin/draft")
    settled = partial(counted, "tintype_credits_moved_total", type="settle")
    before = seconds(), settled()
    generation_id = start_work(house, "a boat")
    until(lambda: work(house, generation_id)["status"] == "completed")
    until(lambda: (seconds(), settled()) == (before[0] + 1, before[1] + 1))


def test_a_command_beside_the_server_hands_out_the_servers_urls(
    house: Standing, base: Path
) -> None:
    data = base / "data"
    made = tintype("generate", "a cat", "-o", base / "cat.png", "--data", data).json
    assert made["output_url"].startswith(f"http://localhost:{house.port}/media/")
    events = json.loads(ask(house, "GET", "/v1/events?limit=100")[1])
    told = json.dumps([it for it in events["data"] if made["id"] in json.dumps(it)])
    assert f"http://localhost:{house.port}/media/" in told
    assert "localhost:3000" not in told


def test_a_second_start_at_the_same_port_learns_that_this_house_has_it(
    house: Standing, base: Path
) -> None:
    done = subprocess.run(
        [*COMMAND, "serve", "--data", str(base / "data"), "--port", str(house.port)],
        env=environment(), capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"tintype: Tintype already serves this folder there: http://localhost:{house.port}\n"
    )


def test_no_log_line_of_a_session_holds_a_secret_a_prompt_or_a_query(
    house: Standing, sandbox: str
) -> None:
    begun = len(house.log)
    generation_id = start_work(house, PROMPT)
    until(lambda: work(house, generation_id)["status"] == "completed")
    for prompt in (f"__provider_500__ {PROMPT}", f"__rejected__ {PROMPT}"):
        failing = start_work(house, prompt, sandbox)
        until(lambda: work(house, failing, sandbox)["status"] == "failed")  # noqa: B023
    status, body = ask(house, "POST", "/v1/live/urls", {"prompt": PROMPT})
    assert status < 300, body
    signed = urlsplit(next(v for v in json.loads(body).values() if "sig=" in str(v)))
    assert ask(house, "GET", f"{signed.path}?{signed.query}")[0] == 200
    assert ask(house, "GET", f"/v1/live?prompt={quote(PROMPT)}&aspect_ratio=7:5")[0] == 422
    assert ask(house, "POST", "/v1/generations", {"prompt": PROMPT, "colour": PROMPT})[0] == 422
    assert ask(house, "GET", f"/v1/generations?q={quote(PROMPT)}")[0] == 200
    assert ask(house, "GET", f"/v1/generations/{quote(PROMPT)}")[0] == 404
    wrong = house.key[:-1] + ("A" if house.key[-1] != "A" else "B")
    assert ask(house, "GET", "/v1/generations", key=wrong)[0] == 401

    lines = house.log[begun:].splitlines()
    assert len(lines) >= 8
    assert all(isinstance(json.loads(line), dict) for line in lines)
    text = "\n".join(lines)
    sig = re.search(r"sig=([^&]+)", signed.query)
    assert sig is not None
    for secret in (house.key, house.key[8:], sandbox, wrong, sig[1], "saffron", "umbrella", "q=",
                   "colour", "aspect_ratio=", "prompt="):  # fmt: skip
        assert secret not in text, secret
    # After the greeting the first key is never written again.
    assert house.log.count(house.key) == 2


def test_at_rest_it_takes_at_most_350_mb(house: Standing, base: Path) -> None:
    server = postmaster.find(home_of(base / "data").pgdata)
    assert server is not None
    processes = family(house.process.pid) | family(server.pid)
    assert len(processes) > 6
    assert sum(map(pss_mb, processes)) < 350
    # What stays beside the others only watches them.
    assert pss_mb(house.process.pid) < 30


def test_a_taken_port_is_one_line_and_nothing_is_left_running(house: Standing, base: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "serve", "--data", str(base / "other"), "--port", str(house.port)],
        env=environment(), capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(rf"tintype: Port {house.port} at .* is taken .*\n", done.stderr)
    assert not (base / "other").exists()


@pytest.mark.parametrize("shared", [False, True])
def test_a_port_of_another_program_is_seen_even_if_it_shares_it(shared: bool) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(OSError, match="in use"):
            _bound("127.0.0.1", other.getsockname()[1])


def test_a_claimed_port_lets_in_only_who_shares_it() -> None:
    with claimed("127.0.0.1", 0) as port:
        with pytest.raises(OSError, match="in use"):
            _bound("127.0.0.1", port)
        with socket.socket() as ours:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            ours.bind(("127.0.0.1", port))
            ours.listen()
            with socket.create_connection(("127.0.0.1", port)):
                ours.accept()[0].close()


def test_a_house_that_can_not_be_furnished_leaves_nothing_running(base: Path) -> None:
    folder = base / "wrong"
    done = subprocess.run(
        [*COMMAND, "serve", "--data", str(folder), "--port", "0"],
        env=environment(TINTYPE_STORAGE_URL="ftp://pictures"),
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert done.returncode == 2
    assert "storage.url must start with one of" in done.stderr
    assert embedded.state(folder) == "stopped"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_start_that_is_broken_off_leaves_nothing_running(base: Path, number: int) -> None:
    folder = base / f"broken-{number}"
    process = subprocess.Popen(
        [*COMMAND, "serve", "--data", str(folder), "--port", "0"],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    # PostgreSQL runs, and the schema is being made.
    until(lambda: embedded.state(folder) == "ready")
    processes = family(process.pid)
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode in {130, 143}
    assert "Traceback" not in said
    assert embedded.state(folder) == "stopped"
    until(lambda: not any(map(alive, processes)))


@pytest.mark.parametrize("module", ["tintype.cli.api", "tintype.cli.worker"])
def test_a_part_with_wrong_settings_says_so_and_that_starting_it_again_is_no_help(
    module: str,
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module], env=environment(TINTYPE_LOG_LEVEL="loud"),
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert done.returncode == FATAL_EXIT_CODE
    assert done.stderr == "tintype: Wrong setting log.level: invalid enum value 'loud'\n"


def test_two_houses_on_one_folder_and_the_later_one_outlives_a_kill(
    house: Standing, sandbox: str, base: Path
) -> None:
    data = base / "data"
    with serve(data) as second:
        assert second.port != house.port
        assert "First start" not in second.log
        generation_id = start_work(second, "a bridge", house.key)
        until(lambda: work(house, generation_id)["status"] == "completed")

        # The first one ends while its worker has work: that ends well, and the database stays.
        slow = [start_work(house, "__slow_5s__ tower", sandbox) for _ in range(3)]
        until(lambda: work(house, slow[-1], sandbox)["status"] == "processing")
        code, seconds = house.stop(signal.SIGINT)
        assert code == 0
        assert house.log.count("Stopping; running jobs get up to 8 s") == 1
        assert seconds < 25
        assert "Traceback" not in house.log
        assert embedded.running(data)
        until(lambda: all(work(second, it, sandbox)["status"] == "completed" for it in slow), 30)

        # The second one is killed: its processes follow it, the next one just works.
        processes = family(second.process.pid) - {second.process.pid}
        assert len(processes) >= 3
        second.process.kill()
        second.process.wait()
    with serve(data, port=second.port) as third:
        assert third.port == second.port
        until(lambda: not any(map(alive, processes)))
        assert work(third, generation_id, house.key)["status"] == "completed"
        began = start_work(third, "__slow_5s__ tower", sandbox)
        until(lambda: work(third, began, sandbox)["status"] == "processing")
        code, seconds = third.stop()
        assert (code, embedded.state(data)) == (0, "stopped")
        assert seconds < 25
        assert "Traceback" not in third.log
    ended = tintype("doctor", "--data", data)
    assert ended.code == 0, ended.out


def test_a_worker_alone_takes_the_work_of_a_house_without_one(base: Path) -> None:
    data = base / "data"
    key = tintype("keys", "create", "--name", "w", "--data", data).json["secret"]
    with serve(data, "--no-worker") as front:
        generation_id = start_work(front, "a mill", key)
        time.sleep(0.5)
        assert work(front, generation_id, key)["status"] == "queued"
        process = subprocess.Popen(
            [*COMMAND, "worker", "--data", str(data), "--concurrency", "2"],
            env=environment(TINTYPE_LOG_FORMAT="json"),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            until(lambda: work(front, generation_id, key)["status"] == "completed")
        finally:
            process.terminate()
            said, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "The worker is ready." in said
        url = work(front, generation_id, key)["output_url"]
        assert url.startswith(f"http://localhost:{front.port}/media/")
        events = ask(front, "GET", "/v1/events?limit=100", key=key)[1].decode()
        assert f"localhost:{front.port}/media/" in events
        assert "localhost:3000" not in events
        assert '"concurrency":2' in said.replace(" ", "")
        assert ask(front, "GET", "/readyz", key=key)[0] == 200


def alive(pid: int) -> bool:
    found = postmaster.process(pid)
    return found is not None and not found.zombie
