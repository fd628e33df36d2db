"""Where Playwright put its own Chromium, as a line of an environment file: `python -m tests.browser.executable`."""

from __future__ import annotations

from playwright.sync_api import sync_playwright

if __name__ == "__main__":
    with sync_playwright() as playwright:
        print(f"TIDELINE_CHROMIUM={playwright.chromium.executable_path}")
