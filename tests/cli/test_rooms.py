"""Where the processes of a house meet, and what others learn there of a house."""

import contextlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tintype.cli import rooms
from tintype.core.errors import Unavailable
from tintype.core.settings import Settings, load


def settings_of(data: Path, **server: Any) -> Settings:
    return load({}, overrides={"server": server}, data=str(data))


def killed(data: Path, settings: Settings) -> Path:
    """What a house leaves that had no time to clear up."""
    with rooms.made(data) as room:
        rooms.announce(room, settings)
        left = {file.name: file.read_bytes() for file in room.iterdir() if file.is_file()}
    (room / "metrics").mkdir(parents=True)
    for name, content in left.items():
        (room / name).write_bytes(content)
    return room


def test_a_room_lies_in_the_data_folder_and_goes_with_its_house(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    with rooms.made(data) as room:
        assert room.is_relative_to(data)
        assert (room / "metrics").is_dir()
        assert data.stat().st_mode & 0o077 == 0
    assert not room.exists()


def test_the_room_of_a_dead_house_goes_with_the_next_start(tmp_path: Path) -> None:
    left = killed(tmp_path, settings_of(tmp_path, port=3177))
    with rooms.made(tmp_path) as first, rooms.made(tmp_path) as second:
        assert first.exists()
        assert second.exists()
        assert not left.exists()


def test_a_process_that_outlives_its_house_keeps_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = killed(tmp_path, settings_of(tmp_path, port=3177))
    for name, value in rooms.environment(left).items():
        monkeypatch.setenv(name, value)
    with rooms.joined():
        with rooms.made(tmp_path):
            assert (left / "metrics").is_dir()
        # Its house serves nothing any more.
        assert rooms.serving(tmp_path) == []
    with rooms.made(tmp_path):
        assert not left.exists()


def test_a_data_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(Unavailable, match="can't be used: Not a directory"),
        rooms.made(tmp_path / "file" / "data"),
    ):
        pass


def test_settings_without_an_address_get_the_one_that_is_served(tmp_path: Path) -> None:
    asked = settings_of(tmp_path)
    assert rooms.addressed(asked).public_url == "http://localhost:3000"
    served = settings_of(tmp_path, port=3177)
    with rooms.made(tmp_path) as room:
        rooms.announce(room, served)
        assert rooms.addressed(asked).public_url == "http://localhost:3177"
        for own in ({"port": 3200}, {"public_url": "https://studio.example.com"}):
            settings = settings_of(tmp_path, **own)
            assert rooms.addressed(settings) == settings
    # Nothing is known of a house that was never ready; one that was is remembered.
    assert rooms.addressed(asked).public_url == "http://localhost:3000"
    rooms.remember(served)
    assert rooms.addressed(asked).public_url == "http://localhost:3177"


def test_of_several_houses_the_own_port_comes_first_then_the_latest(tmp_path: Path) -> None:
    asked = settings_of(tmp_path)
    with contextlib.ExitStack() as stack:
        for port in (3177, 3000, 3178):
            room = stack.enter_context(rooms.made(tmp_path))
            rooms.announce(room, settings_of(tmp_path, port=port))
            if port != 3000:
                assert rooms.serving(tmp_path)[0].port == port
        assert rooms.addressed(asked).public_url == "http://localhost:3000"


@pytest.mark.parametrize(
    ("host", "port", "here"),
    [("127.0.0.1", 3177, True), ("0.0.0.0", 3177, True), ("127.0.0.1", 3178, False),
     ("127.0.0.2", 3177, False)],
)  # fmt: skip
def test_a_port_is_known_as_this_houses_own(
    tmp_path: Path, host: str, port: int, here: bool
) -> None:
    with rooms.made(tmp_path) as room:
        rooms.announce(room, settings_of(tmp_path, port=3177))
        assert (rooms.at(settings_of(tmp_path, host=host, port=port)) is not None) is here
        assert rooms.at(settings_of(tmp_path / "other", port=3177)) is None


def test_a_torn_or_foreign_address_is_no_address(tmp_path: Path) -> None:
    with rooms.made(tmp_path) as room:
        rooms.announce(room, settings_of(tmp_path, port=3177))
        found = msgspec.json.decode((room / "address").read_bytes())
        assert found["public_url"] == "http://localhost:3177"
        (room / "address").write_bytes(b"{")
        assert rooms.addressed(settings_of(tmp_path)).public_url == "http://localhost:3000"
