"""Draw the README's pictures of the page that `make run` wrote, in both languages, wide and as on a phone.

python -m bench.pictures    needs Chromium
"""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
PAGES = {"en": "index.html", "no": "no.html"}
SIZES = {1440: (2970, 820 / 1440), 360: (1500, 1.0)}
"""Height in CSS pixels and scale of the picture, by the width of the window."""
SCREEN = 700


def draw(browser: Browser, language: str, width: int) -> None:
    """Save docs/images/page-LANGUAGE-WIDTH.png. Charts are drawn when they are scrolled to."""
    height, scale = SIZES[width]
    page = browser.new_page(viewport={"width": width, "height": SCREEN}, device_scale_factor=scale)
    page.goto((PROJECT / "site" / PAGES[language]).as_uri())
    for top in range(0, height, SCREEN):
        page.evaluate(f"scrollTo(0, {top})")
        page.wait_for_timeout(500)
    page.evaluate("scrollTo(0, 0)")
    clip = {"x": 0, "y": 0, "width": width, "height": height}
    page.screenshot(path=PROJECT / f"docs/images/page-{language}-{width}.png", full_page=True, clip=clip)  # type: ignore[arg-type]
    page.close()


def main() -> None:
    """Draw all four."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for language in PAGES:
            for width in SIZES:
                draw(browser, language, width)
        browser.close()


if __name__ == "__main__":
    main()
