"""What the site adds to Sphinx: links between lessons, formulas without a script, and search in Chinese."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.search.zh import SearchChinese
from sphinx.writers.html5 import HTML5Translator

from helpers import exercises
from helpers.authoring.build import Product
from helpers.paths import NOTEBOOKS
from helpers.text import LANGUAGES


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_search_language(SearchPairs)
    app.add_html_math_renderer("mathml", (_inline_formula, None), (_formula, None))
    app.connect("doctree-read", _lead_to_pages)
    app.connect("html-page-context", _offer_other_languages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


# ---- links: in a notebook they lead to notebooks, on the site to pages

_HREF = re.compile(r'(?<=\bhref=")[^"]+')


def page_address(link: str, language: str) -> str:
    """Where a link of a solution notebook leads on the site, seen from the lesson's page.

    Args:
        link: as it stands in the notebook, perhaps with a fragment.
        language: of the notebook.

    Returns:
        A relative address; the link itself when it does not lead to one of the course's notebooks.
    """
    path, hash, fragment = link.partition("#")
    page = _pages().get(posixpath.normpath(posixpath.join(_folder(language), path)))
    if page is None:
        return link
    return posixpath.relpath(page, "." if language == "en" else language) + hash + fragment


def _folder(language: str) -> str:
    return "solutions" if language == "en" else f"{language}/solutions"


def _pages() -> dict[str, str]:
    """Each notebook, from the notebooks' folder, with its page, from the site's."""
    return {
        Product(lesson, language, solved).path.relative_to(NOTEBOOKS).as_posix(): (
            f"{'' if language == 'en' else language + '/'}{lesson.name}.html"
        )
        for lesson in exercises.lessons()
        for language in LANGUAGES
        for solved in (False, True)
    }


def _language(app: Sphinx) -> str:
    return app.config.language.partition("_")[0]


def _lead_to_pages(app: Sphinx, document: nodes.document) -> None:
    language = _language(app)
    for reference in document.findall(nodes.reference):
        if (link := reference.get("refuri", "")) != (address := page_address(link, language)):
            reference["refuri"] = address
            reference["internal"] = True
    for raw in list(document.findall(nodes.raw)):
        text = _HREF.sub(lambda found: page_address(found[0], language), raw.astext())
        raw.rawsource = text
        raw.children = [nodes.Text(text)]


def _offer_other_languages(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: Any
) -> None:
    """Tell the templates where the same page is in the other languages."""
    here = "." if (language := _language(app)) == "en" else language
    context["twins"] = [
        (code, name, posixpath.relpath(f"{'.' if code == 'en' else code}/{pagename}.html", here))
        for code, name in LANGUAGES.items()
        if code != language
    ]


# ---- formulas: MathML, which browsers draw and read out themselves


def _inline_formula(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _formula(translator: HTML5Translator, node: nodes.math_block) -> None:
    # one that is wider than a phone is moved with the keyboard too, so it takes the focus
    translator.body.append(
        f'<div class="formula" tabindex="0">{convert(node.astext(), display="block")}</div>'
    )
    raise nodes.SkipNode


# ---- search: Sphinx cuts Chinese into words for its index, but not what a reader looks for


_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[a-zA-Z0-9_]+")


class SearchPairs(SearchChinese):
    """Chinese text is indexed by single characters and by pairs; a query is cut into the same pairs.

    So whatever stands in a text is found, without a dictionary that must cut text and query alike.
    """

    language_name = "English"  # of the stemmer for Latin words, whose script Sphinx looks up by this name
    js_splitter_code = """
var splitQuery = (query) =>
  (query.match(/[\\u3400-\\u9fff]+|[a-zA-Z0-9_]+/g) ?? []).flatMap((run) =>
    /[a-zA-Z0-9_]/.test(run) || run.length === 1
      ? [run]
      : [...run].slice(1).map((character, place) => run[place] + character));
"""

    def split(self, input: str) -> list[str]:
        """All terms of a text, for the index."""
        latin = _LATIN.findall(input)
        self.latin_terms.update(latin)
        runs = _CHINESE.findall(input)
        pairs = [run[place : place + 2] for run in runs for place in range(len(run) - 1)]
        return [*pairs, *(character for run in runs for character in run), *latin]

    def word_filter(self, word: str) -> bool:
        """Whether a term belongs into the index."""
        return bool(_CHINESE.match(word)) or super().word_filter(word)
