"""What a section `[sources.api.NAME]` declares of a JSON API: read, and refused where it cannot work."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import dlt
from dlt.common import jsonpath
from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.typing import TSecretStrValue
from dlt.sources.helpers.rest_client.auth import AuthConfigBase
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from dlt.sources.rest_api.config_setup import AUTH_MAP, create_paginator

from extract.config import resolved
from extract.errors import ConfigurationError

TAKEN = {"feed", "nav_feed", "mongo_archive", "register"}
"""Names of the sources that are not declared."""

SECRETS = {
    "bearer": ("token", ()),
    "api_key": ("api_key", ("name",)),
    "http_basic": ("password", ("username",)),
    "oauth2_client_credentials": ("client_secret", ("access_token_url", "client_id")),
}
"""By dlt's kind of authentication: the field that is `secret`, and those that `auth` must have."""


@configspec
class ApiSettings(BaseConfiguration):
    """One JSON API; docs/settings/sources.md explains each setting. Times are in seconds."""

    base_url: str | None = None
    path: str = ""
    params: dict[str, Any] | None = None
    headers: dict[str, str] | None = None
    auth: dict[str, Any] | None = None
    secret: TSecretStrValue | None = None
    paging: dict[str, Any] | None = None
    most_records: int | None = None
    records: str = "$"
    key: list[str] | None = None
    time: str | None = None
    time_zone: str = "UTC"
    time_format: str = "%Y-%m-%dT%H:%M:%SZ"
    start: str | None = None
    look_back_days: float = 7
    personal: list[str] | None = None
    codes: list[str] | None = None
    connect_timeout: float = 10
    read_timeout: float = 60
    attempts: int = 5
    max_backoff: float = 60


class Api:
    """A declared API that can be asked. Raises ConfigurationError that names the wrong field."""

    def __init__(self, name: str, settings: ApiSettings) -> None:
        self.name, self.settings = name, settings
        url = urlsplit(settings.base_url or "")
        if url.scheme not in ("http", "https") or not url.hostname:
            raise self.wrong("base_url", f"{settings.base_url!r} is no http(s) address")
        if "@" in url.netloc:
            raise self.wrong("base_url", "a user and password belong into `auth` and `secret`")
        if "://" in settings.path:
            raise self.wrong("path", "it begins where base_url ends")
        self.origin = f"{url.scheme}://{url.netloc}/"
        for name, least in (("look_back_days", 0), ("attempts", 1), ("most_records", 1)):
            if (value := getattr(settings, name)) is not None and value < least:
                raise self.wrong(name, f"{value} is less than {least}")
        self.start = self._start()
        self.zone = self._zone()
        if self.asks_for("since") and not (settings.time and settings.start):
            raise self.wrong("params", "{since} needs the settings `time` and `start`")
        if self.asks_for("until") and not settings.time:
            raise self.wrong("params", "{until} needs the setting `time`")
        if settings.most_records and not self.asks_for("until"):
            raise self.wrong("most_records", "what lies beyond it is asked for by {until} in params")
        if both := {*(settings.key or ())} & {*(settings.personal or ())}:
            raise self.wrong("key", f"{both.pop()!r} is personal, too: a key is stored")
        try:
            jsonpath.compile_path(settings.records)
        except Exception:
            raise self.wrong("records", f"{settings.records!r} is no JSON path") from None
        self.paginator()
        self.auth = self._auth()

    def asks_for(self, place: str) -> bool:
        """Whether {since} or {until} stands in the query."""
        return any(f"{{{place}}}" in str(value) for value in (self.settings.params or {}).values())

    def params(self, since: datetime | None, until: datetime) -> dict[str, Any]:
        """The query, with the ends of what is to be read (UTC) in their places."""
        ends = {"{since}": since, "{until}": until}
        query = dict(self.settings.params or {})
        for name, value in query.items():
            for place, instant in ends.items():
                if instant is not None and isinstance(value, str):
                    value = value.replace(place, instant.strftime(self.settings.time_format))
            query[name] = value
        return query

    def paginator(self) -> BasePaginator:
        """dlt's paginator, new for each walk. Where no total is named, an empty page is the end."""
        given = {"type": "single_page", **(self.settings.paging or {})}
        if given["type"] in ("offset", "page_number"):
            given.setdefault("total_path", None)
        try:
            paginator = create_paginator(given)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise self.wrong("paging", str(error)) from None
        if paginator is None:
            raise self.wrong("paging", "its type must be named, not 'auto'")
        return paginator

    def wrong(self, field: str, what: str) -> ConfigurationError:
        """The error that names the field."""
        return ConfigurationError(f"sources.api.{self.name}.{field}: {' '.join(what.split()).rstrip('.')}.")

    def _start(self) -> datetime | None:
        if self.settings.start is None:
            return None
        try:
            return datetime.strptime(self.settings.start, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            raise self.wrong("start", f"{self.settings.start!r} is no date such as 2026-01-31") from None

    def _zone(self) -> tzinfo:
        try:
            return ZoneInfo(self.settings.time_zone)
        except (KeyError, OSError, ValueError):
            raise self.wrong("time_zone", f"{self.settings.time_zone!r} is no time zone") from None

    def _auth(self) -> AuthConfigBase | None:
        given, secret = self.settings.auth, self.settings.secret
        if given is None and secret is None:
            return None
        kind, rest = (given or {}).get("type", "bearer"), dict(given or {})
        rest.pop("type", None)
        if kind not in SECRETS:
            raise self.wrong("auth", f"its type is one of {', '.join(SECRETS)}")
        field, needed = SECRETS[kind]
        if missing := [name for name in needed if not rest.get(name)]:
            raise self.wrong("auth", f"{kind} needs {', '.join(missing)}")
        if field in rest:
            raise self.wrong("auth", f"put {field} into `secret`, in .dlt/secrets.toml or the environment")
        if not secret:
            raise self.wrong("secret", f"{kind} needs one, in .dlt/secrets.toml or the environment")
        if rest.get("location", "header") not in ("header", "query"):
            raise self.wrong("auth", "its location is header or query")
        try:
            return AUTH_MAP[kind](**rest, **{field: secret})
        except TypeError as error:
            raise self.wrong("auth", str(error).partition("() ")[2]) from None


def declared_api(name: str) -> Api:
    """The API of section `sources.api.NAME`. Raises ConfigurationError."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in TAKEN:
        raise ConfigurationError(
            f"A source cannot be called {name!r}: small letters, digits and _, and not {', '.join(TAKEN)}."
        )
    settings = resolved(ApiSettings(), "sources", "api", name)
    given: Any = dlt.config.get("sources.api")
    sections: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    if settings.base_url is None and name not in sections:
        known = f"declared are: {', '.join(sections)}" if sections else "none is declared"
        raise ConfigurationError(f"There is no section [sources.api.{name}] in .dlt/config.toml; {known}.")
    fields = settings.get_resolvable_fields()
    for field in sections.get(name, ()):
        if field not in fields:
            near = difflib.get_close_matches(field, fields, 1)
            hint = f" Is {near[0]} meant?" if near else ""
            raise ConfigurationError(f"sources.api.{name}.{field}: there is no such setting.{hint}")
    return Api(name, settings)
