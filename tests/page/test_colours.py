"""The page's colours can be read, and told apart by the colour-blind, in both schemes and in print.

Contrast as WCAG 2.2 defines it (1.4.3 text 4.5, 1.4.11 graphics 3); colour blindness as Machado, Oliveira and
Fernandes simulate it (2009, severity 1); difference as CIE76 in CIELAB under D65.
"""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from extract.config import PROJECT

CSS = (PROJECT / "dashboard/page/page.css").read_text()
SCHEMES = dict(
    zip(("light", "dark", "print"), re.findall(r":root[^{]*\{([^}]*--paper[^}]*)\}", CSS), strict=True)
)
SIGHT = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ @ np.ones(3)


def colours(scheme: str) -> dict[str, np.ndarray]:
    """Each colour variable of a scheme as linear red, green and blue, 0 to 1."""
    found = {}
    for name, spelled in re.findall(r"--([a-z0-9]+): #([0-9a-f]{3}|[0-9a-f]{6})\b", SCHEMES[scheme]):
        digits = "".join(2 * digit for digit in spelled) if len(spelled) == 3 else spelled
        srgb = np.array([int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)])
        found[name] = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return found


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    low, high = sorted(float(TO_XYZ[1] @ colour) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(colour: np.ndarray) -> np.ndarray:
    x, y, z = np.cbrt(TO_XYZ @ colour / WHITE)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("text", ["ink", "muted", "accent", "earlier", "c0", "c1", "c2", "c3", "c4"])
def test_text_and_lines_stand_out_from_what_they_lie_on(scheme: str, text: str) -> None:
    colour = colours(scheme)
    grounds = ["paper", "panel"] if text in ("ink", "muted", "accent") else ["paper"]
    for ground in grounds:
        assert contrast(colour[text], colour[ground]) >= 4.5, (scheme, text, ground)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("sight", SIGHT)
def test_the_groups_colours_are_told_apart(scheme: str, sight: str) -> None:
    colour = colours(scheme)
    seen = {name: lab(np.clip(SIGHT[sight] @ colour[name], 0, 1)) for name in ("c0", "c1", "c2", "c3", "c4")}
    near = {
        (one, other): round(float(np.linalg.norm(seen[one] - seen[other])), 1)
        for one, other in combinations(seen, 2)
    }
    assert min(near.values()) >= 15, near
