"""Uuids that carry a number: no table is needed to find the ad or event a uuid stands for."""

import re
from hashlib import blake2b

_MASK = (1 << 48) - 1
_ODD = 0x5DEECE66D1B5
_INVERSE = pow(_ODD, -1, 1 << 48)
_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def is_uuid(text: str) -> bool:
    """Whether the text has the form of a lower-case uuid."""
    return _FORM.fullmatch(text) is not None


class Ids:
    """The uuids of one kind of thing (`purpose`) in the world of one seed."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._salt = f"{seed}:{purpose}:".encode()
        self._key = int.from_bytes(blake2b(self._salt, digest_size=6).digest(), "big")

    def of(self, number: int) -> str:
        """The uuid of a number below 2**48."""
        mixed = ((number * _ODD) & _MASK) ^ self._key
        rest = blake2b(self._salt + str(number).encode(), digest_size=10).hexdigest()
        head = f"{mixed:012x}"
        return f"{head[:8]}-{head[8:]}-4{rest[:3]}-a{rest[3:6]}-{rest[6:18]}"

    def number(self, uuid: str) -> int | None:
        """The number a uuid was made of; None when it is not one of these."""
        if not is_uuid(uuid):
            return None
        mixed = int(uuid[:8] + uuid[9:13], 16) ^ self._key
        number = (mixed * _INVERSE) & _MASK
        return number if self.of(number) == uuid else None
