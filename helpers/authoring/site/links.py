"""Whether every link of a built site leads somewhere: to a file that is there, and to a place that it has.

Addresses outside the site are only listed, so that a build needs no network.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass
class Links:
    """What was found on all pages.

    Args:
        broken: one line each, which names the page and the address.
        external: the addresses outside the site.
        checked: how many lead into the site.
    """

    broken: list[str] = field(default_factory=list)
    external: set[str] = field(default_factory=set)
    checked: int = 0


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.places.add(value)
            elif name in ("href", "src"):
                self.addresses.append(value or "")


def check_links(site: Path) -> Links:
    """Look at every link of every page under a folder."""
    paths = sorted(path.resolve() for path in site.rglob("*.html") if "_static" not in path.parts)
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in paths}
    links = Links()
    for path, page in pages.items():
        for address in dict.fromkeys(page.addresses):
            parts = urlsplit(address)
            if parts.scheme == "data":
                continue
            if parts.scheme or parts.netloc:
                links.external.add(address)
                continue
            links.checked += 1
            if why := _broken(path, unquote(parts.path), unquote(parts.fragment), pages, site.resolve()):
                links.broken.append(
                    f"{path.relative_to(site.resolve())}: {address or 'an empty link'}: {why}"
                )
    return links


def _broken(page: Path, file: str, place: str, pages: dict[Path, _Page], site: Path) -> str | None:
    target = (page.parent / file).resolve() if file else page
    if target.is_dir():
        target /= "index.html"
    if not target.is_relative_to(site):
        return "outside the site."
    if not target.is_file():
        return "there is no such file."
    if place and place not in pages.get(target, _Page("")).places:
        return "that page has no such place."
    return None
