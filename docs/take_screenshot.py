"""Take the README's picture: a lesson in a real JupyterLab, with a check that failed and one that passed.

pip install playwright            # drives a Chromium that is already installed
python docs/take_screenshot.py [/usr/bin/chromium]
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
WRONG = "def best_category(logits, categories):\n    return categories[logits.argmin()]"
RIGHT = WRONG.replace("argmin", "argmax")


def start_jupyterlab(folder: Path) -> tuple[subprocess.Popen, str]:
    """JupyterLab on a free port of this machine; its process and address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        f"--port={port}",
        "--ip=127.0.0.1",
        "--allow-root",
    ]
    command += ["--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"]
    environment = {**os.environ, "COURSE_HOME": str(folder / "home")}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    for _attempt in range(100):
        try:
            urllib.request.urlopen(f"{address}/api", timeout=1)
            return server, address
        except OSError:
            time.sleep(0.3)
    server.kill()
    raise RuntimeError("JupyterLab did not start")


def run_cell(page: Page, containing: str, code: str | None = None) -> None:
    """Run the code cell that contains a text, with its source replaced first if code is given."""
    cell = page.locator(f".jp-CodeCell:has-text('{containing}')").first
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").click()
    if code is not None:
        page.evaluate("text => navigator.clipboard.writeText(text)", code)
        page.keyboard.press("Control+a")
        page.keyboard.press("Control+v")
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(
        "document.querySelectorAll('.jp-mod-busy, [data-status=busy]').length == 0", timeout=60_000
    )
    page.wait_for_timeout(1500)


def main(browser: str) -> None:
    """Write docs/lesson.png."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(
            ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns("source", "solutions")
        )
        server, address = start_jupyterlab(folder)
        try:
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=browser, args=QUIET)
                context = chromium.new_context(viewport={"width": 1150, "height": 1060})
                context.grant_permissions(["clipboard-read", "clipboard-write"])
                page = context.new_page()
                page.goto(f"{address}/lab/tree/notebooks/00_start_here.ipynb?reset")
                page.wait_for_selector(".jp-CodeCell", timeout=60_000)
                page.wait_for_timeout(3000)
                page.get_by_role("button", name="No", exact=True).click()
                page.keyboard.press("Control+b")  # the notebook alone, without the file browser
                run_cell(page, "from helpers import")
                run_cell(page, "def best_category", WRONG)
                run_cell(page, 'check("start-1")')
                page.locator(".jp-CodeCell:has-text('argmin')").first.locator(".cm-content").click()
                page.keyboard.press("Escape")
                for key in (
                    "c",
                    "ArrowDown",
                    "v",
                ):  # a copy of the answer below the check, as one tries again
                    page.keyboard.press(key)
                page.wait_for_timeout(500)
                page.locator(".jp-CodeCell:has-text('argmin')").nth(1).locator(".cm-content").click()
                page.evaluate("text => navigator.clipboard.writeText(text)", f'{RIGHT}\n\n\ncheck("start-1")')
                page.keyboard.press("Control+a")
                page.keyboard.press("Control+v")
                page.keyboard.press("Control+Enter")
                page.wait_for_timeout(4000)
                page.screenshot(path=str(ROOT / "docs" / "lesson.png"))
        finally:
            server.terminate()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else shutil.which("chromium") or "chromium")
