"""Build the site of all lessons, in every language, and check it."""

from __future__ import annotations

import io
import multiprocessing
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import jinja2
import nbformat
from sphinx.application import Sphinx
from sphinx.util.console import nocolor

from helpers import exercises
from helpers.authoring.site import launch
from helpers.authoring.site.links import Links, check_links
from helpers.authoring.site.pages import PICTURES, lesson_page
from helpers.paths import ROOT
from helpers.text import LANGUAGES, _, speaking, translate

CONFIGURATION = ROOT / "docs" / "site"
_SPHINX_NAMES = {"en": "en", "zh": "zh_CN"}
_MARK = ".buildinfo"  # Sphinx writes it beside the pages


class SiteError(Exception):
    """The site could not be built, or is not as it should be; the message says what to do."""


def build_site(out: Path, notice: Callable[[str], None] = lambda words: None) -> Links:
    """Build the site anew.

    Args:
        out: its folder; an earlier site there is replaced.
        notice: hears what is being done.

    Returns:
        The site's links, none of them broken.

    Raises:
        SiteError: when Sphinx warns of anything, a link is broken, or ``out`` holds something else.
        MissingNotebook: when a notebook is not there.
    """
    if out.exists() and any(out.iterdir()) and not (out / _MARK).exists():
        raise SiteError(f"{out} holds something else than the site. Name a new or empty folder.")
    with tempfile.TemporaryDirectory() as folder:
        notice("the pages")
        made = build_pages(Path(folder))
        notice("the links")
        return publish(made, out)


def build_pages(folder: Path) -> Path:
    """Build the pages of all languages inside a folder; where they are.

    Raises:
        SiteError: when Sphinx warns of anything.
        MissingNotebook: when a notebook is not there.
    """
    made = folder / "site"
    # Sphinx registers what it knows for a whole process, so each language has its own
    with ProcessPoolExecutor(len(LANGUAGES), multiprocessing.get_context("spawn")) as pool:
        outs = [made if language == "en" else made / language for language in LANGUAGES]
        list(pool.map(_build, LANGUAGES, [folder / language for language in LANGUAGES], outs))
    return made


def publish(made: Path, out: Path) -> Links:
    """Put pages where the site is to be, if every link in them leads somewhere.

    Raises:
        SiteError: when a link is broken; an earlier site stays as it is.
    """
    links = check_links(made)
    if links.broken:
        raise SiteError(f"{len(links.broken)} links of the site are broken:\n" + "\n".join(links.broken))
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(made, out)
    return links


def _build(language: str, folder: Path, out: Path) -> None:
    source, extra = folder / "source", folder / "extra"
    source.mkdir(parents=True)
    extra.mkdir()
    for lesson in exercises.lessons():
        page = lesson_page(lesson, language, extra / PICTURES)
        nbformat.write(page, source / f"{lesson.name}.ipynb")
    (source / "index.md").write_text(_index(language), encoding="utf-8")
    nocolor()
    warnings = io.StringIO()
    app = Sphinx(
        source,
        CONFIGURATION,
        out,
        folder / "doctrees",
        "html",
        confoverrides=_settings(language, extra),
        status=None,
        warning=warnings,
    )
    app.build()
    if app.statuscode or warnings.getvalue():
        raise SiteError(f"Sphinx does not take the {LANGUAGES[language]} pages:\n{warnings.getvalue()}")


def _title() -> str:
    return str(_("PyTorch model inference, a graded course"))


def _settings(language: str, extra: Path) -> dict:
    with speaking(language):
        title = _title()
    settings = {"language": _SPHINX_NAMES[language], "html_title": title, "html_extra_path": [str(extra)]}
    if repository := launch.repository():
        settings |= {
            "html_theme_options.repository_url": repository,
            "html_theme_options.repository_branch": launch.BRANCH,
            "html_theme_options.path_to_docs": "notebooks" if language == "en" else f"notebooks/{language}",
            "html_theme_options.launch_buttons": {
                "binderhub_url": "https://mybinder.org",
                "notebook_interface": "jupyterlab",
            },
        }
    return settings


def _index(language: str) -> str:
    """The first page, as Markdown."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("helpers.authoring.site"),
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # Markdown, of our own sentences
        undefined=jinja2.StrictUndefined,
    )
    repository = launch.repository()
    with speaking(language):
        return environment.get_template("index.md.j2").render(
            t=translate,
            title=_title(),
            lessons=exercises.lessons(),
            repository=repository,
            services=launch.services(repository) if repository else {},
        )
