"""Settings: a TOML file, then the environment (`TINTYPE_<SECTION>_<NAME>`), into typed sections.

Every name is known: a misspelt section, key or variable stops the start with a suggestion instead
of being ignored. `docs/settings.md` lists them all, held by a test.
"""

import difflib
import os
import re
import tomllib
import typing
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

Positive = Annotated[int, Meta(ge=1)]
RetrySeconds = Annotated[float, Meta(gt=0, le=604_800)]
SECRET_CHARACTERS_MIN: Final = 32
# Hosts to listen on that are no address to call.
EVERY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class SettingsError(Exception):
    """The settings can't be used; the message names the setting and the way out."""


class ServerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`public_url` is the base of every link we build; never taken from a request's Host."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 3000
    workers: Positive = 1
    public_url: str = ""
    trusted_proxies: list[str] = []
    body_bytes_max: Positive = 1_000_000
    hot_cache_bytes: Positive = 64 * 2**20


class DatabaseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`url` empty means PostgreSQL inside the data folder."""

    url: str = ""
    pool_size: Positive = 12
    pool_wait_seconds: Annotated[float, Meta(gt=0)] = 5.0


class StorageSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`url` empty means a folder inside the data folder; else file://, s3://, gs://, az://."""

    url: str = ""


class FetchSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    allow_networks: list[str] = []
    seconds_max: Annotated[float, Meta(gt=0)] = 15.0

    def networks(self) -> list[IPv4Network | IPv6Network]:
        return [ip_network(text) for text in self.allow_networks]


class MediaSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits on what is taken in, and the number of threads that work on pixels at once."""

    upload_bytes_max: Positive = 50_000_000
    pixels_max: Positive = 50_000_000
    threads: Positive = 2


class WorkerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`lease_seconds` is how long a dead worker's job waits before another may take it.

    `grace_seconds` is what running jobs get at a stop; all of it must be over within 15 seconds.
    """

    concurrency: Positive = 4
    lease_seconds: Positive = 15
    grace_seconds: Annotated[int, Meta(ge=1, le=8)] = 8
    attempts_max: Positive = 3
    retry_seconds: Annotated[float, Meta(gt=0)] = 1.0
    job_seconds_max: Positive = 600
    orphan_hours: Annotated[float, Meta(gt=0)] = 24.0


class EngineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`concurrency` has entries `ENGINE=N`: at most N jobs of it at once, over all workers."""

    concurrency: list[str] = []

    def limits(self) -> dict[str, int]:
        """Raises ValueError for an entry of another form."""
        found = {}
        for text in self.concurrency:
            engine, _, number = text.partition("=")
            if not engine.strip() or not number.strip().isdecimal() or not int(number):
                raise ValueError(f"{text!r} is not of the form ENGINE=N")
            found[engine.strip()] = int(number)
        return found


class FileSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`file` takes the place of the shipped one; empty means that one. See `own_file`."""

    file: str = ""


class CatalogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`file` takes the place of the shipped models, `actions_file` of the shipped actions."""

    file: str = ""
    actions_file: str = ""


class ModelSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Weights that customers bring. `cache_bytes_max` is what a worker keeps of them beside it."""

    upload_bytes_max: Positive = 8 * 2**30
    fetch_seconds_max: Annotated[float, Meta(gt=0)] = 3600.0
    cache_bytes_max: Positive = 64 * 2**30


class WebhookSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`retry_seconds` lie between the attempts of a delivery; after the last it has failed.

    `places` is at how many places of others a worker may be sending at once; as many more are kept
    for those that have been failing. An endpoint that fails for `failing_days` is switched off.
    """

    retry_seconds: list[RetrySeconds] = msgspec.field(
        default_factory=lambda: [5, 300, 1800, 7200, 18_000, 36_000, 36_000]
    )
    seconds_max: Annotated[float, Meta(gt=0, le=60)] = 15.0
    places: Positive = 128
    failing_days: Annotated[float, Meta(gt=0)] = 3.0


class SecuritySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`secret` empty means the file `secret.key` in the data folder; see `core/vault.py`.

    `previous_secrets` still open what they sealed, and sessions that they signed.
    """

    secret: str = ""
    previous_secrets: list[str] = []


class AuthSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sessions, and another issuer whose tokens are taken: `issuer`, `audience` and its keys.

    `shared_secret` is for HS256, HS384 and HS512, `jwks_url` for RS, PS, ES and EdDSA.
    `unknown_users` "create" makes them members of `organization`.
    """

    session_hours: Annotated[int, Meta(ge=1, le=8760)] = 168
    issuer: str = ""
    audience: str = ""
    shared_secret: str = ""
    jwks_url: str = ""
    leeway_seconds: Annotated[int, Meta(ge=0, le=300)] = 60
    unknown_users: Literal["refuse", "create"] = "refuse"
    organization: str = ""


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All sections, and the data folder."""

    data: str = "tintype-data"
    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    storage: StorageSettings = StorageSettings()
    fetch: FetchSettings = FetchSettings()
    media: MediaSettings = MediaSettings()
    worker: WorkerSettings = WorkerSettings()
    engines: EngineSettings = EngineSettings()
    catalog: CatalogSettings = CatalogSettings()
    plans: FileSettings = FileSettings()
    packs: FileSettings = FileSettings()
    models: ModelSettings = ModelSettings()
    webhooks: WebhookSettings = WebhookSettings()
    security: SecuritySettings = SecuritySettings()
    auth: AuthSettings = AuthSettings()
    log: LogSettings = LogSettings()

    @property
    def folder(self) -> Path:
        return Path(self.data).expanduser().absolute()

    @property
    def storage_url(self) -> str:
        return self.storage.url or (self.folder / "media").as_uri()

    @property
    def local_host(self) -> str:
        """The host at which this machine itself reaches the server."""
        return EVERY_ADDRESS.get(self.server.host, self.server.host)

    @property
    def public_url(self) -> str:
        if self.server.public_url:
            return self.server.public_url.rstrip("/")
        host = "localhost" if self.local_host in {"127.0.0.1", "::1"} else self.local_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.server.port}"


SECTIONS: dict[str, type[msgspec.Struct]] = {
    "server": ServerSettings,
    "database": DatabaseSettings,
    "storage": StorageSettings,
    "fetch": FetchSettings,
    "media": MediaSettings,
    "worker": WorkerSettings,
    "engines": EngineSettings,
    "catalog": CatalogSettings,
    "plans": FileSettings,
    "packs": FileSettings,
    "models": ModelSettings,
    "webhooks": WebhookSettings,
    "security": SecuritySettings,
    "auth": AuthSettings,
    "log": LogSettings,
}
# Where settings lie, and what clients of the API use; no settings of the server themselves.
_NOT_SETTINGS = {"TINTYPE_CONFIG", "TINTYPE_KEY", "TINTYPE_URL"}


def load(
    environ: Mapping[str, str] = os.environ,
    *,
    config: Path | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    data: str | None = None,
) -> Settings:
    """Read `config` (or `tintype.toml` where we stand), then the environment, then `overrides`.

    A variable that is set but empty counts as not set. Raises SettingsError.
    """
    path = config or (Path(environ["TINTYPE_CONFIG"]) if environ.get("TINTYPE_CONFIG") else None)
    raw = _read_toml(path)
    _refuse_unknown(raw, [*SECTIONS, "data"], "")
    for section, struct in SECTIONS.items():
        if section in raw:
            _refuse_unknown(raw[section], list(struct.__struct_fields__), f"{section}.")
    for variable, (section, name) in _variables(environ).items():
        if section:
            raw.setdefault(section, {})[name] = _from_text(
                SECTIONS[section], name, environ[variable]
            )
        else:
            raw[name] = environ[variable]
    for section, values in (overrides or {}).items():
        raw.setdefault(section, {}).update({k: v for k, v in values.items() if v is not None})
    if data is not None:
        raw["data"] = data
    try:
        settings = msgspec.convert(raw, Settings, strict=False)
    except msgspec.ValidationError as fault:
        raise SettingsError(_told(str(fault))) from fault
    _check(settings)
    return settings


def own_file(
    section: Literal["catalog", "plans", "packs"], name: Literal["file", "actions_file"] = "file"
) -> str:
    """The section's `file` in this process: its environment's, or the settings file's.

    These are read by code that has no settings at hand, as they hold for the whole process.
    """
    if named := os.environ.get(f"TINTYPE_{section}_{name}".upper()):
        return named
    config = os.environ.get("TINTYPE_CONFIG")
    found = _read_toml(Path(config) if config else None).get(section, {})
    return str(found.get(name, "")) if isinstance(found, Mapping) else ""


def _check(settings: Settings) -> None:
    """What a type can't say."""
    try:
        settings.fetch.networks()
    except ValueError as fault:
        raise SettingsError(f"Wrong setting fetch.allow_networks: {fault}") from fault
    try:
        settings.engines.limits()
    except ValueError as fault:
        raise SettingsError(f"Wrong setting engines.concurrency: {fault}") from fault
    try:
        for text in settings.server.trusted_proxies:
            ip_network(text, strict=False)
    except ValueError as fault:
        raise SettingsError(f"Wrong setting server.trusted_proxies: {fault}") from fault
    for text in (settings.security.secret, *settings.security.previous_secrets):
        if text and len(text) < SECRET_CHARACTERS_MIN:
            raise SettingsError(
                f"Wrong setting security.secret: at least {SECRET_CHARACTERS_MIN} characters,"
                " random ones (openssl rand -base64 32)"
            )
    try:
        parts = urlsplit(settings.server.public_url)
        wrong = parts.scheme not in {"http", "https"} or not parts.hostname or parts.query
    except ValueError:
        wrong = True
    if settings.server.public_url and wrong:
        raise SettingsError(
            "Wrong setting server.public_url: it must begin with http:// or https:// and a host"
        )
    _check_auth(settings.auth, settings.fetch.networks())
    try:
        usable = bool(settings.data.strip()) and settings.folder.is_absolute()
    except RuntimeError:  # A user's home (~name) that is not known.
        usable = False
    if not usable:
        raise SettingsError("Wrong setting data: it must name a folder")


def _check_auth(auth: AuthSettings, networks: Sequence[IPv4Network | IPv6Network]) -> None:
    """An issuer is set whole or not at all; `networks` are `fetch.allow_networks`."""
    wrong = None
    if not auth.issuer:
        if auth.audience or auth.shared_secret or auth.jwks_url or auth.organization:
            wrong = "issuer: it must be set when others of [auth] are"
    elif auth.issuer == "tintype":
        wrong = "issuer: tintype is this server's own name"
    elif not auth.audience:
        wrong = "audience: an issuer's tokens are taken for one audience only; name it"
    elif bool(auth.shared_secret) == bool(auth.jwks_url):
        wrong = "shared_secret: set either it or auth.jwks_url"
    elif auth.shared_secret and len(auth.shared_secret) < SECRET_CHARACTERS_MIN:
        wrong = f"shared_secret: at least {SECRET_CHARACTERS_MIN} characters"
    elif auth.jwks_url and not _is_guarded(auth.jwks_url, networks):
        wrong = (
            "jwks_url: it must begin with https://, or with http:// and an address of this"
            " machine or inside fetch.allow_networks"
        )
    elif auth.organization and not auth.organization.startswith("org_"):
        wrong = "organization: it must be an organization's id, org_…"
    elif auth.unknown_users == "create" and not auth.organization:
        wrong = "organization: name the one that unknown users become members of"
    if wrong:
        raise SettingsError(f"Wrong setting auth.{wrong}")


def _is_guarded(url: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether nobody in between can change what it answers."""
    try:
        parts = urlsplit(url)
        if parts.scheme == "https":
            return bool(parts.hostname)
        if parts.scheme != "http" or not parts.hostname:
            return False
        if parts.hostname == "localhost":
            return True
        address = ip_address(parts.hostname)
    except ValueError:
        return False
    return address.is_loopback or any(address in network for network in networks)


def _told(problem: str) -> str:
    """The decoder's words, with the setting first: `… - at `$.server.port`` becomes its name."""
    found = re.fullmatch(r"(.*) - at `\$\.?(.*)`", problem, re.DOTALL)
    if found is None:
        return f"Wrong setting: {problem}"
    what, name = found[1].replace("`", ""), found[2]
    return f"Wrong setting {name}: {what[:1].lower()}{what[1:]}"


def _read_toml(path: Path | None) -> dict[str, Any]:
    chosen = path or Path("tintype.toml")
    if path is None and not chosen.exists():
        return {}
    try:
        return tomllib.loads(chosen.read_text(encoding="utf-8"))
    except OSError as fault:
        raise SettingsError(
            f"The settings file {chosen} can't be read: {fault.strerror}"
        ) from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise SettingsError(f"The settings file {chosen} is not valid TOML: {fault}") from fault


def _variables(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Map each TINTYPE_ variable that is set to its section and name."""
    known = {"TINTYPE_DATA": ("", "data")}
    for section, struct in SECTIONS.items():
        for name in struct.__struct_fields__:
            known[f"TINTYPE_{section}_{name}".upper()] = (section, name)
    found = {}
    for variable, text in environ.items():
        if variable in known:
            if text:
                found[variable] = known[variable]
        elif variable.startswith("TINTYPE_") and variable not in _NOT_SETTINGS:
            raise SettingsError(
                f"Unknown environment variable {variable}{_suggestion(variable, list(known))}"
            )
    return found


def _from_text(struct: type[msgspec.Struct], name: str, text: str) -> Any:
    kind = typing.get_type_hints(struct)[name]
    if typing.get_origin(kind) is list:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _refuse_unknown(raw: Any, known: list[str], prefix: str) -> None:
    if not isinstance(raw, Mapping):
        section = prefix.rstrip(".")
        raise SettingsError(f"Wrong setting {section}: it must be a table, [{section}]")
    for name in raw:
        if name not in known:
            raise SettingsError(f"Unknown setting {prefix}{name}{_suggestion(name, known)}")


def _suggestion(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; known are {', '.join(sorted(known))}"
