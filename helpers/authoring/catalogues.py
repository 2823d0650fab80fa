"""The gettext catalogues: one a lesson (its text, its exercises' sentences) and one for the rest, ``course.po``.

They are kept up to date by :func:`update`; a translator only fills in ``msgstr``. English is the key.
"""

from __future__ import annotations

import io
import string
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from helpers import exercises
from helpers.authoring.source import Cell, modules_of, read_source
from helpers.judging.exercise import Lesson
from helpers.paths import ROOT
from helpers.text import CATALOGUES, LANGUAGES, translations

HELPERS = ROOT / "helpers"
TRANSLATIONS = [code for code in LANGUAGES if code != "en"]
_KEYWORDS = {"_": None, "t": None}
_EPOCH = datetime(2026, 11, 23, tzinfo=UTC)  # a fixed date: the files change only when a message does


def catalogue_path(code: str, domain: str) -> Path:
    """The file of one catalogue."""
    return CATALOGUES / code / "LC_MESSAGES" / f"{domain}.po"


def domains() -> dict[str, Callable[[], Catalog]]:
    """What there is to translate, by catalogue: each makes a fresh template."""
    found = {each.name: partial(_lesson_template, each) for each in exercises.lessons()}
    return {**found, "course": _course_template}


def _lesson_template(lesson: Lesson) -> Catalog:
    template = _catalogue()
    for cell in translatable(read_source(lesson.name)):
        template.add(cell.text, locations=[(f"notebooks/source/{lesson.name}.py", 0)])
    for path in _sentences_of(lesson.word):
        _extract(template, path)
    return template


def _sentences_of(word: str) -> list[Path]:
    """The modules whose sentences are a lesson's own."""
    return [path for folder in ("exercises", "reference", "labs") for path in modules_of(word, folder)]


def translatable(cells: list[Cell]) -> Iterator[Cell]:
    """The cells that are read, not run."""
    return (cell for cell in cells if cell.kind == "markdown" and not cell.page)


def _course_template() -> Catalog:
    template = _catalogue()
    own = {path for word in exercises.WORDS for path in _sentences_of(word)}
    for path in sorted(HELPERS.rglob("*.py")):
        if path not in own:
            _extract(template, path)
    for path in sorted(HELPERS.rglob("*.j2")):
        _extract(template, path, "jinja2.ext:babel_extract")
    return template


def _extract(template: Catalog, path: Path, method: str = "python") -> None:
    found = extract_from_file(method, path, keywords=_KEYWORDS)
    for _line, message, _comments, _context in found:
        # `_` is also a throwaway name, and `t(variable)` a lookup: only literals are messages
        if isinstance(message, str) and message:
            template.add(message, locations=[(path.relative_to(ROOT).as_posix(), 0)])


def _catalogue(code: str | None = None) -> Catalog:
    return Catalog(
        locale=code,
        project="inference-course",
        version="1",
        copyright_holder="the course's authors",
        msgid_bugs_address="",
        creation_date=_EPOCH,
        revision_date=_EPOCH,
        last_translator="",
        language_team=code or "",
        charset="utf-8",
        fuzzy=False,
        header_comment="# Translations of the course. Fill in msgstr; `course build` keeps the rest up to date.",
    )


def read_catalogue(code: str, domain: str) -> Catalog:
    """A catalogue as it is on disk, empty when there is none."""
    path = catalogue_path(code, domain)
    if not path.exists():
        return _catalogue(code)
    with path.open("rb") as file:
        return read_po(file, locale=code)


def merged(code: str, domain: str, template: Catalog) -> bytes:
    """The catalogue's file as it should be: translations kept, new messages empty, near ones fuzzy, old ones gone."""
    old, new = read_catalogue(code, domain), _catalogue(code)
    for message in old:
        if message.id:
            new[message.id] = message
    new.update(template, no_fuzzy_matching=len(old) == 0)
    new.obsolete.clear()
    new.creation_date = new.revision_date = _EPOCH
    buffer = io.BytesIO()
    write_po(buffer, new, width=0, include_lineno=False, ignore_obsolete=True)
    return buffer.getvalue()


def update(wanted_domains: set[str] | None = None) -> list[Path]:
    """Bring catalogues (all, or some) up to date with the sources; the files that changed."""
    changed = []
    for domain, template in domains().items():
        if wanted_domains is not None and domain not in wanted_domains:
            continue
        for code in TRANSLATIONS:
            path, wanted = catalogue_path(code, domain), merged(code, domain, template())
            if not path.exists() or path.read_bytes() != wanted:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(wanted)
                changed.append(path)
    translations.cache_clear()
    return changed


def problems() -> Iterator[str]:
    """What is missing, fuzzy or wrong in the catalogues, and what to do."""
    for domain, template in domains().items():
        messages = template()
        for code in TRANSLATIONS:
            catalogue = read_catalogue(code, domain)
            where = f"{catalogue_path(code, domain).relative_to(ROOT)}"
            for message in messages:
                if message.id:
                    yield from _message_problems(where, message.id, catalogue.get(message.id))


def _message_problems(where: str, english: str, found) -> Iterator[str]:
    start = " ".join(english.split())[:60]
    if found is None:
        yield f"{where} does not have “{start}…”. Run `course build`, then translate it."
    elif not found.string:
        yield f"{where}: “{start}…” is not translated. Fill in its msgstr."
    elif found.fuzzy:
        yield f"{where}: “{start}…” is fuzzy: the English changed. Revise its msgstr and take out the fuzzy mark."
    elif _fields(english) != _fields(found.string):
        yield f"{where}: “{start}…” must use the same {{parameters}} as the English: {sorted(_fields(english))}."


def _fields(text: str) -> set[str]:
    """The format parameters of a sentence; a lesson's text, which is never formatted, may hold any braces."""
    try:
        return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name}
    except ValueError:
        return set()
