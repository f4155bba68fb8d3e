"""What a screen reader would say: the page's title, then each stop of the Tab key by the accessibility tree.

Every line says what is new: groups and landmarks that were entered, then role, name, state and description of the
stop. Headings are read once, as somebody hears them who jumps from heading to heading.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import CDPSession, Page

_ROLES = {
    "radio": "radio button", "textbox": "edit", "checkbox": "check box", "button": "button", "link": "link",
    "progressbar": "progress bar", "alert": "alert", "DisclosureTriangle": "disclosure", "combobox": "combo box",
}  # fmt: skip
_AROUND = {"group", "radiogroup", "navigation", "main", "form", "region", "list", "contentinfo", "banner", "alert"}
_STATES = ("checked", "invalid", "expanded", "disabled", "required")
_LISTEN = """() => {
  window.heard = [];
  new MutationObserver((changes) => changes.forEach(({ target }) => {
    const live = (target.nodeType === 1 ? target : target.parentElement).closest("[role=status], [aria-live]");
    const text = live?.textContent.trim();
    if (text && window.heard.at(-1) !== text) window.heard.push(text);
  })).observe(document.body, { childList: true, characterData: true, subtree: true });
}"""


class Reader:
    """A screen reader on a page; ``lines`` holds all that it said."""

    def __init__(self, page: Page, session: CDPSession) -> None:
        self.page = page
        self.session = session
        self.lines: list[str] = []
        self._inside: list[str] = []

    def say(self, text: str) -> None:
        """Write a line."""
        self.lines.append(text)

    def opened(self) -> None:
        """Say what is heard when a page has loaded: its title, its headings, where the focus is."""
        self.page.wait_for_load_state()
        self.page.evaluate(_LISTEN)
        self.say(f"\n== {self.page.title()}")
        for node in self._tree():
            if _role(node) == "heading":
                self.say(f"heading {_property(node, 'level')}: {_name(node)}")
        self._inside = []
        if self.page.evaluate("document.activeElement !== document.body"):
            self.stop("focus")

    def tab(self, times: int = 1) -> None:
        """Press Tab, and say each stop."""
        for _ in range(times):
            self.page.keyboard.press("Tab")
            self.stop("tab")

    def tab_to(self, role: str) -> None:
        """Press Tab until a stop has this role, and say each on the way."""
        while True:
            self.tab()
            if _role(self._path_to_focus()[0]) == role:
                return

    def press(self, key: str) -> None:
        """Press another key that stays on the page, and say where that leads."""
        self.page.keyboard.press(key)
        self.stop(key)

    def heard(self) -> None:
        """Say what live regions announced since the page opened."""
        for text in self.page.evaluate("window.heard.splice(0)"):
            self.say(f"announced: {text}")

    def stop(self, how: str) -> None:
        """Say where the focus is, and what was entered on the way."""
        path = self._path_to_focus()
        around = [f"{_role(node)} {_name(node)}".strip() for node in reversed(path[1:]) if _role(node) in _AROUND]
        new = [words for words in around if words not in self._inside]
        self._inside = around
        self.say(f"{how}: " + " > ".join([*new, _spoken(path[0])]))

    def _tree(self) -> list[dict[str, Any]]:
        nodes = self.session.send("Accessibility.getFullAXTree")["nodes"]
        return [node for node in nodes if not node.get("ignored")]

    def _path_to_focus(self) -> list[dict[str, Any]]:
        found = self.session.send("Runtime.evaluate", {"expression": "document.activeElement"})["result"]["objectId"]
        wanted = self.session.send("DOM.describeNode", {"objectId": found})["node"]["backendNodeId"]
        nodes = {n["nodeId"]: n for n in self.session.send("Accessibility.getFullAXTree")["nodes"]}
        node = next(n for n in nodes.values() if n.get("backendDOMNodeId") == wanted)
        path = [node]
        while node := nodes.get(node.get("parentId", ""), {}):
            if not node.get("ignored"):
                path.append(node)
        return path


def _role(node: dict[str, Any]) -> str:
    return str(node.get("role", {}).get("value", ""))


def _name(node: dict[str, Any]) -> str:
    return " ".join(str(node.get("name", {}).get("value", "")).split())


def _property(node: dict[str, Any], name: str) -> Any:
    return next((p["value"].get("value") for p in node.get("properties", ()) if p["name"] == name), None)


def _spoken(node: dict[str, Any]) -> str:
    """Role, name, state and description of one stop."""
    parts = [_ROLES.get(_role(node), _role(node)), _name(node) or "(no name)"]
    for state in _STATES:
        value = _property(node, state)
        if value in (True, "true"):
            parts.append(state)
        elif value in (False, "false") and (state == "expanded" or (state == "checked" and _role(node) != "textbox")):
            parts.append(f"not {state}")
    if value := node.get("value", {}).get("value"):
        parts.append(f"“{value}”")
    if described := node.get("description", {}).get("value"):
        parts.append(" ".join(str(described).split()))
    return ", ".join(parts)
