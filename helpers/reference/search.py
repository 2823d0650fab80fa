"""Looking things up: forgiving about case, parts of words, dots and dashes, typing errors, and the language."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from helpers.reference.changes import CHANGES, Change
from helpers.reference.pages import change_table, lesson_tables, plain, summary_table
from helpers.reference.summary import ENTRIES, Entry
from helpers.text import LANGUAGES, Message, _, translate

CHINESE = r"\u3400-\u9fff"
NEAR = 0.7
"""How much a typing error may leave over, from 0 to 1."""

Searched = tuple[str, str]
"""What a row is about, and the rest of it, as they are searched."""


@dataclass(frozen=True)
class Found:
    """Rows that were found: as tables in a notebook, as lines anywhere else."""

    note: Message | None
    rows: tuple[Any, ...]
    grouped: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        lines = [str(self.note)] if self.note else []
        return "\n".join(lines + [plain(row) for row in self.rows])

    def _repr_markdown_(self) -> str:
        parts = [str(self.note)] if self.note else []
        if self.grouped:
            parts += lesson_tables(self.rows)
        elif self.rows:
            draw = summary_table if isinstance(self.rows[0], Entry) else change_table
            parts.append(draw(self.rows, lesson=True))
        return "\n\n".join(parts)


def find_in_summary(query: str = "") -> Found:
    """The entries of the summary sheet that hold these words; without any, all of them.

    Args:
        query: words or parts of words, in English or Chinese, large or small, such as ``"no_grad memory"``.
    """
    return _find(query, ENTRIES)


def find_change(query: str = "") -> Found:
    """What changed since the original course, where these words are; without any, everything.

    Args:
        query: as in :func:`find_in_summary`.
    """
    return _find(query, CHANGES)


def _find(query: str, rows: Sequence[Any]) -> Found:
    words = _words(query)
    if not words:
        return Found(None, tuple(rows), grouped=True)
    texts = [_texts(row) for row in rows]
    near = {word: _known(word, texts) for word in words}
    wanted = {found: _rarity(found, texts) for found in near.values() if found}
    if not wanted:
        return Found(
            _("Nothing here holds “{query}”. An empty search shows everything.", query=query.strip()), ()
        )
    scores = [sum(rare * _weight(word, text) for word, rare in wanted.items()) for text in texts]
    all_words = [all(_weight(word, text) for word in wanted) for text in texts]
    if any(all_words):
        kept = [place for place, every in enumerate(all_words) if every]
    else:
        kept = [place for place, score in enumerate(scores) if score > max(scores) / 2]
    kept.sort(key=lambda place: -scores[place])
    return Found(_note(near, any(all_words)), tuple(rows[place] for place in kept))


def _note(near: dict[str, str | None], all_words: bool) -> Message | None:
    """What has to be said of a search that did not find its words as they were typed."""
    if None in near.values() or not all_words:
        return _("No line here holds all of these words. Nearest are:")
    for word, found in near.items():
        if found != _squeezed(word):
            return _("Nothing here holds “{word}”. Did you mean “{found}”?", word=word, found=found)
    return None


def _words(query: str) -> list[str]:
    """The words of a query: Chinese apart from the rest, without what only separates."""
    folded = unicodedata.normalize("NFKC", query).casefold()
    return [word for word in re.findall(rf"[{CHINESE}]+|[^\s{CHINESE}]+", folded) if _squeezed(word)]


def _squeezed(text: str) -> str:
    """Without dots, dashes and brackets, so that `torch.no_grad()` holds “nograd”."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(filter(None, (re.sub(r"\W|_", "", word) for word in folded.split())))


def _texts(row: Entry | Change) -> Searched:
    """What is searched in a row, in every language."""
    if isinstance(row, Entry):
        code, about, rest = row.call, [row.concept], [row.when, row.mistake]
    else:
        code, about, rest = "", [row.said], [row.kind, row.now]
    about, rest = (
        [translate(each.english, one) for each in part for one in LANGUAGES] for part in (about, rest)
    )
    return _squeezed(" ".join([code, *about])), _squeezed(" ".join(rest))


def _weight(word: str, text: Searched) -> float:
    return 1.0 if word in text[0] else 0.5 if word in text[1] else 0.0


def _rarity(word: str, texts: Sequence[Searched]) -> float:
    """A word that few rows hold says more than one that is everywhere."""
    return math.log(1 + len(texts) / sum(_weight(word, text) > 0 for text in texts))


def _known(word: str, texts: Sequence[Searched]) -> str | None:
    """The word if some row holds it, else what comes nearest to it in some row, else None."""
    return next((near for near in _nearest(word, texts) if any(_weight(near, text) for text in texts)), None)


def _nearest(word: str, texts: Sequence[Searched]) -> Iterator[str]:
    squeezed = _squeezed(word)
    yield squeezed
    if "." in word.strip("."):  # the name at the end of a dotted one
        yield _squeezed(word.strip(".").rpartition(".")[2]) or squeezed
    if re.match(rf"[{CHINESE}]", word):  # written without spaces: the longest piece that is known
        for length in range(len(word) - 1, 1, -1):
            yield from (word[start : start + length] for start in range(len(word) - length + 1))
    else:
        vocabulary = {each for text in texts for part in text for each in part.split()}
        yield from difflib.get_close_matches(squeezed, sorted(vocabulary), n=1, cutoff=NEAR)
