from pathlib import Path

import pytest

from tintype.core.settings import SECTIONS, Settings, SettingsError, load


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "tintype.toml"
    file.write_text(text)
    return file


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_nothing_configured_is_a_house_on_this_machine(tmp_path: Path) -> None:
    settings = load({})
    assert settings.folder == tmp_path / "tintype-data"
    assert settings.storage_url == (tmp_path / "tintype-data" / "media").as_uri()
    assert settings.database.url == ""
    assert settings.public_url == "http://localhost:3000"


def test_the_file_gives_way_to_the_environment_and_that_to_the_command_line(
    tmp_path: Path,
) -> None:
    written(tmp_path, '[server]\nhost = "10.0.0.1"\nport = 4000\nworkers = 3\n[log]\nlevel="debug"')
    environ = {"TINTYPE_SERVER_PORT": "5000", "TINTYPE_SERVER_WORKERS": "4"}
    settings = load(environ, overrides={"server": {"workers": 5, "host": None}})
    server = settings.server
    assert (server.host, server.port, server.workers) == ("10.0.0.1", 5000, 5)
    assert settings.log.level == "debug"


def test_the_folder_comes_from_the_option_before_the_variable_before_the_file(
    tmp_path: Path,
) -> None:
    written(tmp_path, 'data = "a"')
    assert load({}).folder == tmp_path / "a"
    assert load({"TINTYPE_DATA": "b"}).folder == tmp_path / "b"
    assert load({"TINTYPE_DATA": "b"}, data="c").folder == tmp_path / "c"
    assert load({"TINTYPE_DATA": "~/d"}).folder == Path.home() / "d"


def test_a_variable_that_is_empty_counts_as_not_set() -> None:
    assert load({"TINTYPE_SERVER_PORT": "", "TINTYPE_DATA": "", "TINTYPE_CONFIG": ""}) == load({})


def test_lists_are_separated_by_commas_in_the_environment() -> None:
    settings = load({"TINTYPE_FETCH_ALLOW_NETWORKS": "10.0.0.0/8, fd00::/8"})
    assert [str(network) for network in settings.fetch.networks()] == ["10.0.0.0/8", "fd00::/8"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[sever]\nport = 1", "Unknown setting sever; did you mean server?"),
        ("[server]\nprot = 1", "Unknown setting server.prot; did you mean port?"),
        ("[server]\nport = 'x'", "Wrong setting server.port: expected int, got str"),
        ("[server]\nport = 65536", "Wrong setting server.port: expected int <= 65535"),
        ("server = 3", "Wrong setting server: it must be a table, [server]"),
        ("[log]\nlevel = 'loud'", "Wrong setting log.level: invalid enum value 'loud'"),
        ("[server", "is not valid TOML"),
        ("[fetch]\nallow_networks = ['10.0.0.1/8']", "Wrong setting fetch.allow_networks: "),
        ("[server]\ntrusted_proxies = ['front']", "Wrong setting server.trusted_proxies: "),
        ("[worker]\ngrace_seconds = 60", "Wrong setting worker.grace_seconds: expected int <= 8"),
        ("[server]\npublic_url = 'example.org'", "Wrong setting server.public_url: "),
        ("[server]\npublic_url = 'http://['", "Wrong setting server.public_url: "),
        ("data = ' '", "Wrong setting data: it must name a folder"),
        ("data = '~nobody-of-that-name/x'", "Wrong setting data: it must name a folder"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_in_one_line(
    tmp_path: Path, text: str, told: str
) -> None:
    written(tmp_path, text)
    # A variable beside it must not turn the message into a crash.
    with pytest.raises(SettingsError) as fault:
        load({"TINTYPE_SERVER_HOST": "127.0.0.1"})
    assert told in str(fault.value)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("TINTYPE_SERVER_PROT", "did you mean TINTYPE_SERVER_PORT?"),
        ("TINTYPE_DATABSE_URL", "did you mean TINTYPE_DATABASE_URL?"),
        ("TINTYPE_DATE", "did you mean TINTYPE_DATA?"),
    ],
)
def test_a_misspelt_variable_is_refused_with_a_suggestion(variable: str, told: str) -> None:
    with pytest.raises(SettingsError, match=f"Unknown environment variable {variable}") as fault:
        load({variable: "x"})
    assert told in str(fault.value)


def test_variables_of_clients_and_of_others_are_no_settings() -> None:
    assert load({"TINTYPE_KEY": "tt_live_x", "TINTYPE_URL": "http://x", "PATH": "/bin"}) == load({})


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="can't be read"):
        load({"TINTYPE_CONFIG": str(tmp_path / "none.toml")})


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://localhost:3000"), ("::", "http://localhost:3000"),
     ("10.1.2.3", "http://10.1.2.3:3000"), ("fd00::1", "http://[fd00::1]:3000"),
     ("studio.example", "http://studio.example:3000")],
)  # fmt: skip
def test_links_begin_with_an_address_that_can_be_called(host: str, url: str) -> None:
    assert load({"TINTYPE_SERVER_HOST": host}).public_url == url


def test_the_page_of_settings_lists_each_with_its_default() -> None:
    page = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()
    defaults = Settings()
    for section, struct in SECTIONS.items():
        for name in struct.__struct_fields__:
            default = getattr(getattr(defaults, section), name)
            shown = {"": "empty", (): "empty"}.get(
                tuple(default) if isinstance(default, list) else default, default
            )
            assert f"| `{section}.{name}` | {shown} |" in page, f"{section}.{name} | {shown}"
    assert f"| `data` | {defaults.data} |" in page
