"""The public token: prose around a JWT that rotates, and at times is handed out too late."""

import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import new as hmac

import orjson

PRIVATE_TOKEN = "a-private-token-as-sent-by-e-mail"  # opens nothing but this mock feed

_KEY = b"the mock feed's own key"
_LIFE = 24 * 3600
_LATE = 5 * 3600


def _part(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class Tokens:
    """The tokens that are good now. The first `expired` answers hand out an expired one."""

    def __init__(self, expired: int = 0) -> None:
        self._expired_left = expired
        self._number = 0
        self._good_until: dict[str, float] = {PRIVATE_TOKEN: float("inf")}
        self._current = self._make(time.time() + _LIFE)

    def _make(self, expires: float) -> str:
        self._number += 1
        claims = {"sub": "mock-feed", "jti": self._number, "exp": int(expires)}
        signed = _part(orjson.dumps({"alg": "HS256", "typ": "JWT"})) + "." + _part(orjson.dumps(claims))
        token = f"{signed}.{_part(hmac(_KEY, signed.encode(), sha256).digest())}"
        self._good_until[token] = expires
        return token

    def rotate(self, grace_seconds: float = 1_800) -> None:
        """Make a new public token; the old one goes on working for a while."""
        self._good_until[self._current] = time.time() + grace_seconds
        self._current = self._make(time.time() + _LIFE)

    def prose(self) -> str:
        """The answer of publicToken."""
        token = self._current
        if self._expired_left:
            self._expired_left -= 1
            token = self._make(time.time() - _LATE)
        return f"Current public token for Nav Job Vacancy Feed:\n{token}"

    def is_good(self, authorization: str) -> bool:
        """Whether an Authorization header opens the feed."""
        scheme, _, token = authorization.partition(" ")
        return scheme.lower() == "bearer" and self._good_until.get(token, 0) > time.time()
