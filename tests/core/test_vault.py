"""Secrets at rest: sealed, opened, and the key's file."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tintype.core.settings import Settings, SettingsError, load
from tintype.core.vault import Sealed, Vault, open_vault


def settings(folder: Path, **security: object) -> Settings:
    return load({}, overrides={"security": security}, data=str(folder))


def test_what_is_sealed_is_opened_and_looks_like_nothing() -> None:
    vault = Vault([b"a" * 32])
    sealed = vault.seal(b"whsec_x")
    assert vault.unseal(sealed) == b"whsec_x"
    assert b"whsec_x" not in sealed
    assert sealed != vault.seal(b"whsec_x")


def test_another_secret_opens_nothing_and_a_previous_one_does() -> None:
    sealed = Vault([b"a" * 32]).seal(b"whsec_x")
    with pytest.raises(Sealed):
        Vault([b"b" * 32]).unseal(sealed)
    assert Vault([b"b" * 32, b"a" * 32]).unseal(sealed) == b"whsec_x"
    with pytest.raises(Sealed):
        Vault([b"a" * 32]).unseal(sealed[:-1] + b"x")


def test_each_purpose_has_a_key_of_its_own() -> None:
    vault = Vault([b"a" * 32, b"b" * 32])
    first, second = vault.derived("session"), vault.derived("seal")
    assert len({*first, *second}) == 4
    assert {len(key) for key in first} == {32}
    assert vault.derived("session") == first
    assert len(set(vault.marks)) == 2


def test_the_file_is_made_once_and_is_its_owners_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with ThreadPoolExecutor(8) as threads:
        marks = set(threads.map(lambda _: open_vault(settings(folder)).marks[0], range(16)))
    assert len(marks) == 1
    (file,) = folder.iterdir()
    assert file.name == "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert open_vault(settings(folder)).marks[0] in marks


def test_the_setting_takes_the_files_place(tmp_path: Path) -> None:
    vault = open_vault(settings(tmp_path, secret="x" * 40, previous_secrets=["y" * 40]))
    assert vault.marks == Vault([b"x" * 40, b"y" * 40]).marks
    assert list(tmp_path.iterdir()) == []


def test_a_short_secret_or_a_cut_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"security\.secret"):
        settings(tmp_path, secret="short")
    (tmp_path / "secret.key").write_text("cut")
    with pytest.raises(SettingsError, match="cut short"):
        open_vault(settings(tmp_path))
