"""The pages as Markdown: tables that a notebook shows without running anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from helpers.authoring.source import SourceError
from helpers.exercises import lessons
from helpers.reference.changes import CHANGES, ITEMS, Change, Item
from helpers.reference.places import Misplaced, Place, address, section
from helpers.reference.summary import ENTRIES, Entry
from helpers.text import LANGUAGES, _


def page(name: str) -> list[str]:
    """The cells of a page that a source asks for, in the language in force.

    Raises:
        KeyError: when there is no such page.
    """
    return PAGES[name]()


def lesson_tables(rows: Sequence[Entry | Change]) -> list[str]:
    """A heading and a table for each lesson, in their order."""
    titles = {lesson.name: lesson.title for lesson in lessons()}
    draw = summary_table if isinstance(rows[0], Entry) else change_table
    return [
        f"## {name[:2]} · {titles.get(name, name)}\n\n{draw(list(own))}"
        for name, own in groupby(rows, key=lambda row: row.place.lesson)
    ]


def summary_table(entries: Iterable[Entry], lesson: bool = False) -> str:
    """Entries as a Markdown table; ``lesson`` says whether the place names the lesson too."""
    headers = _("concept"), _("call"), _("when to use it"), _("the mistake to avoid"), _("where")
    return _table(
        headers,
        (
            (f"**{each.concept}**", each.call, each.when, each.mistake, _link(each.place, lesson))
            for each in entries
        ),
    )


def change_table(changes: Iterable[Change], lesson: bool = False) -> str:
    """Changes as a Markdown table."""
    headers = _("the original course"), _("what is true now"), _("the cell that shows it")
    return _table(
        headers, ((f"**{each.kind}** · {each.said}", each.now, _link(each.place, lesson)) for each in changes)
    )


def items_table(items: Iterable[Item]) -> str:
    """The original course's items, and the cells that teach them now."""
    headers = _("item of the original course"), _("where it is now")
    return _table(
        headers, ((each.name, ", ".join(_link(place, True) for place in each.places)) for each in items)
    )


def plain(row: Entry | Change) -> str:
    """A row as a line of text."""
    if isinstance(row, Entry):
        parts = [
            f"{row.concept}: {row.call}",
            row.when,
            _("Avoid: {mistake}", mistake=row.mistake),
            _where(row.place),
        ]
    else:
        parts = [f"{row.said} [{row.kind}]", row.now, _where(row.place)]
    return " | ".join(str(part).replace("`", "") for part in parts)


def _table(headers: Sequence, rows: Iterable[Sequence]) -> str:
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(_cell(str(cell)) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    """A bar would end the cell."""
    return re.sub(r"(?<!\\)\|", r"\\|", text)


def _where(place: Place) -> str:
    try:
        return f"{place.lesson[:2]} {section(place)}"
    except (SourceError, Misplaced):  # a copy of the course without its sources
        return place.lesson


def _link(place: Place, lesson: bool) -> str:
    try:
        heading, target = section(place), address(place)
    except (SourceError, Misplaced):
        return f"[{place.lesson}]({place.lesson}.ipynb)"
    return f"[{place.lesson[:2] + ': ' if lesson else ''}{heading}]({target})"


def problems() -> Iterator[str]:
    """Every place that a page points at and that is not there, and what to do."""
    for where, what, place in _places():
        for language in LANGUAGES:
            try:
                section(place, language)
            except (SourceError, Misplaced) as error:
                yield f"{where}, “{what}”: {error}"
                break


def _places() -> Iterator[tuple[str, str, Place]]:
    for entry in ENTRIES:
        yield "helpers/reference/summary.py", entry.concept.english, entry.place
    for change in CHANGES:
        yield "helpers/reference/changes.py", change.said.english, change.place
    for item in ITEMS:
        for place in item.places:
            yield "helpers/reference/changes.py", item.name.english, place


PAGES = {
    "summary": lambda: lesson_tables(ENTRIES),
    "changes": lambda: lesson_tables(CHANGES),
    "items": lambda: [items_table(ITEMS)],
}
