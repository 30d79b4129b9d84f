"""What a section `[sources.api.NAME]` declares of a JSON API: dlt's `client` and `endpoint`, and ours.

`client` and `endpoint` are those of dlt's RESTAPIConfig, less the secret, which is the setting `secret`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import dlt
import requests
from dlt.common import jsonpath
from dlt.common.configuration import configspec
from dlt.common.typing import TSecretStrValue
from dlt.sources.helpers.rest_client.auth import AuthConfigBase
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from dlt.sources.rest_api.config_setup import AUTH_MAP, create_paginator
from dlt.sources.rest_api.typing import ClientConfig, Endpoint

from extract.config import HttpSettings, resolved
from extract.errors import ConfigurationError
from extract.sources.rest_api.records import Shape
from extract.sources.rest_api.session import api_session

TAKEN = {"feed", "nav_feed", "mongo_archive", "register"}
"""Names of the sources that are not declared."""

SECRETS = {
    "bearer": "token",
    "api_key": "api_key",
    "http_basic": "password",
    "oauth2_client_credentials": "client_secret",
}
"""By dlt's kind of authentication: the field that is `secret`."""


@configspec
class ApiSettings(HttpSettings):
    """One JSON API; docs/reference/source-settings.md explains each setting."""

    client: dict[str, Any] | None = None
    endpoint: dict[str, Any] | None = None
    secret: TSecretStrValue | None = None
    key: list[str] | None = None
    time: str | None = None
    time_zone: str = "UTC"
    time_format: str = "%Y-%m-%dT%H:%M:%SZ"
    start: str | None = None
    look_back_days: float = 7
    personal: list[str] | None = None
    codes: list[str] | None = None


FIELDS = {
    "client.": set(ClientConfig.__annotations__) - {"session"},
    "endpoint.": set(Endpoint.__annotations__) - {"incremental", "auth"},
    "": set(ApiSettings().get_resolvable_fields()),
}


class Api:
    """A declared API that can be asked. Raises ConfigurationError that names the wrong field."""

    def __init__(self, name: str, settings: ApiSettings, section: Iterable[str] = ()) -> None:
        self.name, self.settings = name, settings
        self.client, self.endpoint = settings.client or {}, settings.endpoint or {}
        self._refuse_unknown("", section)
        self._refuse_unknown("client.", self.client)
        self._refuse_unknown("endpoint.", self.endpoint)
        self.base_url = str(self.client.get("base_url"))
        self.session = self._session(self.base_url, "client.base_url")
        if "://" in str(self.endpoint.get("path", "")):
            raise self.wrong("endpoint.path", "it begins where base_url ends")
        if "{since}" in f"{self.endpoint}" and not (settings.time and settings.start):
            raise self.wrong("endpoint", "{since} needs the settings `time` and `start`")
        if both := {*(settings.key or ())} & {*(settings.personal or ())}:
            raise self.wrong("key", f"{both.pop()!r} is personal, too: a key is stored")
        self.start: datetime | None = self._checked("start", _day) if settings.start else None
        zone = self._checked("time_zone", ZoneInfo)
        self.shape = Shape(
            settings.key or (), settings.time, zone, settings.personal or (), settings.codes or ()
        )
        self.selector = self.endpoint.get("data_selector", "$")
        try:
            jsonpath.compile_path(self.selector)
        except Exception:
            raise self.wrong("endpoint.data_selector", f"{self.selector!r} is no JSON path") from None
        self.paginator()
        self.auth = self._auth()

    def paginator(self) -> BasePaginator:
        """dlt's paginator, new for each walk. Where no total is named, an empty page is the end."""
        given = self.endpoint.get("paginator", self.client.get("paginator", "auto"))
        given = dict(given) if isinstance(given, Mapping) else {"type": given}
        if given.get("type") in ("offset", "page_number"):
            given.setdefault("total_path", None)
        try:
            paginator = create_paginator(given)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise self.wrong("endpoint.paginator", str(error)) from None
        if paginator is None:
            raise self.wrong(
                "endpoint.paginator", "name its type; it is single_page for an API without pages"
            )
        return paginator

    def wrong(self, field: str, what: str) -> ConfigurationError:
        """The error that names the field."""
        return ConfigurationError(f"sources.api.{self.name}.{field}: {' '.join(what.split()).rstrip('.')}.")

    def _refuse_unknown(self, part: str, given: Iterable[str]) -> None:
        for field in set(given) - FIELDS[part]:
            names = {name: place + name for place in (*FIELDS, part) for name in FIELDS[place]}
            near = difflib.get_close_matches(field, names, 1)
            hint = f" Is {names[near[0]]} meant?" if near else ""
            raise self.wrong(part + field, f"there is no such setting.{hint}")

    def _checked(self, field: str, parse: Callable[[str], Any]) -> Any:
        value = getattr(self.settings, field)
        try:
            return parse(value)
        except (KeyError, OSError, ValueError):
            raise self.wrong(field, f"{value!r} cannot be read") from None

    def _session(self, address: str, field: str) -> requests.Session:
        """A session that asks this host alone, wherever an answer links to."""
        url = urlsplit(address)
        if "@" in url.netloc:
            raise self.wrong(field, "a user and password belong into `client.auth` and `secret`")
        if url.scheme not in ("http", "https") or not url.hostname:
            raise self.wrong(field, f"{address!r} is no http(s) address")
        return api_session(self.settings, address)

    def _auth(self) -> AuthConfigBase | None:
        given, secret = self.client.get("auth"), self.settings.secret
        if given is None and secret is None:
            return None
        rest = dict(given) if isinstance(given, Mapping) else {"type": given or "bearer"}
        kind = rest.pop("type", "bearer")
        if kind not in SECRETS:
            raise self.wrong("client.auth", f"its type is one of {', '.join(SECRETS)}")
        if SECRETS[kind] in rest or not secret:
            field = f"{SECRETS[kind]} of {kind}"
            raise self.wrong("secret", f"it is the {field}: put it into .dlt/secrets.toml or the environment")
        if kind.startswith("oauth2"):
            rest["session"] = self._session(str(rest.get("access_token_url")), "client.auth.access_token_url")
        try:
            return AUTH_MAP[kind](**rest, **{SECRETS[kind]: secret})
        except TypeError as error:
            raise self.wrong("client.auth", str(error).partition("() ")[2]) from None


def declared_api(name: str) -> Api:
    """The API of section `sources.api.NAME`. Raises ConfigurationError."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in TAKEN:
        raise ConfigurationError(
            f"A source cannot be called {name!r}: small letters, digits and _, and not {', '.join(TAKEN)}."
        )
    settings = resolved(ApiSettings(), "sources", "api", name)
    sections: dict[str, Any] = dict(dlt.config.get("sources.api") or {})
    if settings.client is None and name not in sections:
        known = f"declared are: {', '.join(sections)}" if sections else "none is declared"
        raise ConfigurationError(f"There is no section [sources.api.{name}] in .dlt/config.toml; {known}.")
    return Api(name, settings, sections.get(name, ()))


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
