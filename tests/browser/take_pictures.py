"""Take the pictures of the README: ``python -m tests.browser.take_pictures``.

Wants the runs and the report of ``quick`` here (``make demo``), playwright and Chromium.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS, serving
from tests.browser.test_tab import open_tab

STUDY = "quick"
SERVER = "ablations.commands.server"
"""What ``ablations tensorboard`` starts."""
SIZE = {"width": 1280, "height": 900}
SETTLED_MILLISECONDS = 800
"""What fonts and figures take until nothing moves."""
ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with (
        sync_playwright() as engine,
        serving(ROOT, lambda board: bool(board.get("/data/runs")), SERVER) as board,
    ):
        browser = engine.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport=SIZE)
        page.goto((ROOT / "report" / STUDY / "index.html").as_uri())
        page.wait_for_timeout(SETTLED_MILLISECONDS)
        page.screenshot(path=PICTURES / "report.png")
        open_tab(page, board, "effects", study=STUDY)
        page.wait_for_timeout(SETTLED_MILLISECONDS)
        page.screenshot(path=PICTURES / "tab.png")
        browser.close()


if __name__ == "__main__":
    main()
