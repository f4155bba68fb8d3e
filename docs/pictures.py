"""Make README's pictures and example documents from the demo: ``python docs/pictures.py`` (needs what the tests need).

``python docs/pictures.py phone desk workbook documents`` makes all of them; name only those to be renewed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "images"
EXAMPLES = ROOT / "docs" / "examples"
PARTS = ("phone", "desk", "workbook", "documents")
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
    for _ in range(300):
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
    shrink(OUT / "rating-phone.png")


def desk(browser: Browser, demo: dict) -> None:
    """The overview and the blueprint on a desk screen."""
    page = browser.new_context(viewport={"width": 1280, "height": 1560}).new_page()
    sign_in(page, demo, "director")
    for name, path in (("overview", ""), ("blueprint", "/blueprints/1"), ("results", "/results/1")):
        page.goto(BASE + demo["study_path"] + path)
        page.screenshot(path=OUT / f"{name}.png")
        shrink(OUT / f"{name}.png")


def shrink(path: Path) -> None:
    """Store a picture with a palette: a third of the size, and no difference that can be seen."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def page_picture(pdf: Path, words: str, name: str, *, dots: int) -> None:
    """Make a picture of the first page that holds these words."""
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True).stdout  # noqa: S603, S607  fixed command
    number = str(next(n for n, page in enumerate(text.split("\f"), 1) if words in page))
    target = ["pdftoppm", "-f", number, "-l", number, "-r", str(dots), "-png", "-singlefile", pdf, OUT / name]
    subprocess.run(target, check=True)  # noqa: S603  fixed command
    shrink(OUT / f"{name}.png")


def workbook(demo: dict, scratch: Path) -> None:
    """Sheets of the workbook, as LibreOffice prints them, and the workbook itself."""
    profile = f"-env:UserInstallation=file://{scratch / 'office'}"
    convert = ["soffice", "--headless", profile, "--convert-to", "pdf", "--outdir", str(scratch), demo["workbook"]]
    subprocess.run(convert, check=True, capture_output=True)  # noqa: S603  fixed command
    pdf = scratch / (Path(demo["workbook"]).stem + ".pdf")
    page_picture(pdf, "Exam blueprint", "workbook", dots=110)
    page_picture(pdf, "Content by cognitive level", "workbook-levels", dots=90)
    page_picture(pdf, "Weights and items under each method", "workbook-methods", dots=90)
    shutil.copy(demo["workbook"], EXAMPLES)


def documents(demo: dict, scratch: Path) -> None:
    """The reports of the demo's blueprint, and a page of each as a picture. The long one is kept as Word."""
    sys.path.insert(0, str(ROOT))  # of this script it is the folder docs
    from app import app
    from jta.exports.report_pdf import write_report_pdf
    from jta.exports.report_word import write_report_word
    from jta.services import report_content

    study = int(demo["study_path"].rsplit("/", 1)[1])
    kinds = (
        ("technical-report", report_content.technical_report, "Weights from the survey", write_report_word, "docx"),
        ("public-summary", report_content.public_summary, "What came of it", write_report_pdf, "pdf"),
        ("candidate-outline", report_content.candidate_outline, "% of the exam", write_report_pdf, "pdf"),
    )
    for name, make, words, write, form in kinds:
        with app.app_context():
            report = make(study, 1)
        (EXAMPLES / f"{name}-simulated.{form}").write_bytes(write(report))
        (scratch / f"{name}.pdf").write_bytes(write_report_pdf(report))
        page_picture(scratch / f"{name}.pdf", words, name, dots=70)


def screens(demo: dict, wanted: list[str]) -> None:
    """Pages as a browser shows them."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        if "phone" in wanted:
            phone(browser, demo)
        if "desk" in wanted:
            desk(browser, demo)


def main() -> None:
    """Start the demo, make what was asked for, stop it."""
    wanted = sys.argv[1:] or list(PARTS)
    if set(wanted) - set(PARTS):
        raise SystemExit(f"Choose among: {', '.join(PARTS)}.")
    OUT.mkdir(exist_ok=True)
    EXAMPLES.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "flask", "--app", "app", "demo"]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "JTA_LOCAL_PORT": str(PORT)}) as server:  # noqa: S603  our own server
        try:
            wait_for(f"{BASE}/healthz")
            demo = json.loads((ROOT / "instance" / "demo.json").read_text(encoding="utf-8"))
            with tempfile.TemporaryDirectory() as scratch:
                if {"phone", "desk"} & set(wanted):
                    screens(demo, wanted)
                if "workbook" in wanted:
                    workbook(demo, Path(scratch))
                if "documents" in wanted:
                    documents(demo, Path(scratch))
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
