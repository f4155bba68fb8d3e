"""Make the pictures of README from the demo: ``python docs/pictures.py`` (needs what the tests need)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "images"
PORT = 8765
BASE = f"http://127.0.0.1:{PORT}"
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


def wait_for(address: str) -> None:
    """Wait until the server answers."""
    for _ in range(120):
        try:
            urllib.request.urlopen(address, timeout=2).close()  # noqa: S310  our own server on loopback
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise SystemExit("the demo did not start")


def sign_in(page: Page, demo: dict, role: str) -> None:
    """Sign in as the demo's account of a role."""
    account = next(a for a in demo["accounts"] if a["role"] == role)
    page.goto(f"{BASE}/account/sign-in")
    page.fill("#email", account["email"])
    page.fill("#password", account["password"])
    page.click("main button[type=submit]")


def phone(browser: Browser, demo: dict) -> None:
    """The rating page on a phone, with the first card answered."""
    page = browser.new_context(viewport={"width": 390, "height": 1180}, device_scale_factor=2).new_page()
    page.goto(BASE + demo["link_path"])
    page.click("main button[type=submit]")
    if page.url.endswith("/background"):
        page.locator("main button[type=submit]").last.click()
    page.goto(BASE + "/survey/rate/1")
    card = page.locator(".rating-card").first
    for scale in card.locator("[data-scale]").all():
        fourth = scale.locator("label").nth(3)  # taken already where the pictures were made before
        (scale.locator("label").nth(4) if fourth.locator("input").is_checked() else fourth).click()
    page.wait_for_selector(".save-status[data-state=saved]")
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    page.mouse.move(1, 1)
    page.screenshot(path=OUT / "rating-phone.png")


def desk(browser: Browser, demo: dict) -> None:
    """The overview and the blueprint on a desk screen."""
    page = browser.new_context(viewport={"width": 1280, "height": 1560}).new_page()
    sign_in(page, demo, "director")
    for name, path in (("overview", ""), ("blueprint", "/blueprints/1"), ("results", "/results/1")):
        page.goto(BASE + demo["study_path"] + path)
        page.screenshot(path=OUT / f"{name}.png")


def workbook(demo: dict, scratch: Path) -> None:
    """The Blueprint sheet, as LibreOffice prints it."""
    profile = f"-env:UserInstallation=file://{scratch / 'office'}"
    convert = ["soffice", "--headless", profile, "--convert-to", "pdf", "--outdir", str(scratch), demo["workbook"]]
    subprocess.run(convert, check=True, capture_output=True)  # noqa: S603  fixed command
    pdf = scratch / (Path(demo["workbook"]).stem + ".pdf")
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True).stdout  # noqa: S603, S607  fixed command
    number = next(n for n, page in enumerate(text.split("\f"), 1) if "Exam blueprint" in page)
    target = [
        "pdftoppm",
        "-f",
        str(number),
        "-l",
        str(number),
        "-r",
        "110",
        "-png",
        "-singlefile",
        pdf,
        OUT / "workbook",
    ]
    subprocess.run(target, check=True)  # noqa: S603  fixed command


def main() -> None:
    """Start the demo, take the pictures, stop it."""
    OUT.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "flask", "--app", "app", "demo"]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "JTA_LOCAL_PORT": str(PORT)}) as server:  # noqa: S603  our own server
        try:
            wait_for(f"{BASE}/healthz")
            demo = json.loads((ROOT / "instance" / "demo.json").read_text(encoding="utf-8"))
            with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
                browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
                phone(browser, demo)
                desk(browser, demo)
                workbook(demo, Path(scratch))
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
