"""Reading a page without a browser: what its form holds, what its table shows, and what was told beside its fields."""

import html
import re
from html.parser import HTMLParser


class _Fields(HTMLParser):
    """What a browser would send of the page's last form, just as it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.filled: dict[str, list[str]] = {}
        self._name, self._text = "", ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.filled = {}
        elif tag == "textarea":
            self._name, self._text = given["name"], ""
        elif tag == "select":
            self._name = given["name"]
        elif tag == "option" and self._name and ("selected" in given or self._name not in self.filled):
            self.filled[self._name] = [given["value"]]
        elif tag == "input" and given.get("name"):
            is_box = given["type"] in ("checkbox", "radio")
            if not is_box or "checked" in given:
                self.filled.setdefault(given["name"], []).append(given.get("value", "on" if is_box else ""))

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.filled[self._name] = [self._text.removeprefix("\n")]
        if tag in ("textarea", "select"):
            self._name = ""


def filled(page: str) -> dict[str, list[str]]:
    fields = _Fields()
    fields.feed(page)
    return fields.filled


def rows(page: str) -> list[list[str]]:
    """The texts of the cells of the page's tables."""
    found = re.findall(r"<tr>(.*?)</tr>", page.partition("<tbody>")[2], re.DOTALL)
    return [[text(cell) for cell in re.findall(r"<td.*?>(.*?)</td>", row, re.DOTALL)] for row in found]


def terms(page: str) -> dict[str, str]:
    """What is granted, by its label."""
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page.partition('<dl class="terms">')[2], re.DOTALL)
    return {text(label): text(said) for label, said in found}


def facts(page: str) -> dict[str, str]:
    """What the page says of its object, by its label."""
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page.partition('<dl class="facts">')[2], re.DOTALL)
    return {text(label): text(said) for label, said in found}


def told(page: str) -> dict[str, str]:
    """What is wrong, by the field it stands beside."""
    found = re.findall(r'<ul class="errorlist" id="id_([^"]+)_error">(.*?)</ul>', page, re.DOTALL)
    return {name: text(sentence) for name, sentence in found}


def text(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", markup)).split())
