"""Copy the vendored front-end files out of a `node_modules` folder and record what was copied.

Run `python static/vendor/vendor.py path/to/node_modules` after `npm install htmx.org axe-core` there, and
`python static/vendor/vendor.py` alone to check the files against the manifest (exit 1 when one differs).
"""

import base64
import hashlib
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
MANIFEST = HERE / "manifest.json"
SOURCE_MAP = re.compile(rb"\n?//[#@] ?sourceMappingURL=[^\n]*\n?")

# file here: (npm package, path in it, licence, licence file here, path of the licence in the package)
FILES = {
    "htmx.min.js": ("htmx.org", "dist/htmx.min.js", "0BSD", "htmx.LICENSE.txt", "LICENSE"),
    "axe.min.js": ("axe-core", "axe.min.js", "MPL-2.0", "axe.LICENSE.txt", "LICENSE"),
}


def digest(content: bytes) -> str:
    """Return the SHA-384 of a file as a browser's integrity attribute writes it."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode("ascii")


def copy(modules: Path) -> None:
    """Copy every file without its source map address, its licence beside it, and write the manifest."""
    entries = []
    for name, (package, source, licence, licence_file, licence_source) in sorted(FILES.items()):
        folder = modules / package
        content = SOURCE_MAP.sub(b"\n", (folder / source).read_bytes())
        (HERE / name).write_bytes(content)
        (HERE / licence_file).write_bytes((folder / licence_source).read_bytes())
        version = json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]
        entries.append(
            {
                "file": name,
                "package": package,
                "version": version,
                "sha384": digest(content),
                "licence": licence,
                "licence_file": licence_file,
            }
        )
    MANIFEST.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def changed() -> list[str]:
    """Return the names of vendored files that are missing or differ from the manifest."""
    entries = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return [entry["file"] for entry in entries if not is_as_recorded(entry)]


def is_as_recorded(entry: dict[str, str]) -> bool:
    """Say whether a vendored file and its licence are there and the file is the recorded one."""
    file, licence = HERE / entry["file"], HERE / entry["licence_file"]
    return file.is_file() and licence.is_file() and digest(file.read_bytes()) == entry["sha384"]


def main(arguments: list[str]) -> int:
    """Copy when a folder is named, then check."""
    if arguments:
        copy(Path(arguments[0]))
    wrong = changed()
    verdict = f"differs from the manifest: {', '.join(wrong)}" if wrong else "vendored files are as recorded"
    sys.stdout.write(verdict + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
