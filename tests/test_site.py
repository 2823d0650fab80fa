"""The web pages: built once for all these tests, from the notebooks as they are."""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from PIL import Image

if not os.environ.get("COURSE_CI"):  # there, a missing package fails
    pytest.importorskip("myst_nb", reason="no packages of the site here: pip install -e '.[site]'")

from helpers import exercises
from helpers.authoring.build import Product
from helpers.authoring.site import launch
from helpers.authoring.site.build import SiteError, build_pages, publish
from helpers.authoring.site.extension import SearchPairs, page_address
from helpers.authoring.site.links import check_links
from helpers.cli import main
from helpers.paths import ROOT
from helpers.text import LANGUAGES

pytestmark = pytest.mark.xdist_group("site")  # one process builds it
LESSONS = [lesson.name for lesson in exercises.lessons()]
FOLDERS = {"en": "", "zh": "zh/"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    out = folder / "out"
    publish(build_pages(folder / "work"), out)
    return out


@functools.cache
def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def pages_of(site: Path) -> list[Path]:
    return [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]


# ---- pages


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_lesson_has_its_page_with_what_its_checks_said(site: Path, language: str) -> None:
    for lesson in exercises.lessons():
        page = (site / f"{FOLDERS[language]}{lesson.name}.html").read_text(encoding="utf-8")
        notebook = nbformat.read(Product(lesson, language, solved=True).path, as_version=4)
        title = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
        assert f"<h1>{title}<" in page
        for exercise in lesson.exercises:
            check = next(cell for cell in notebook.cells if cell.id == f"{exercise.id}-check")
            assert check.outputs[0].data["text/html"] in page, exercise.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_page_leads_to_every_lesson(site: Path, language: str) -> None:
    links = [a["href"] for a in soup(site / f"{FOLDERS[language]}index.html").select("article table a")]
    assert links == [f"{name}.html" for name in LESSONS]


def test_twins_link_to_each_other(site: Path) -> None:
    for path in pages_of(site / "zh"):
        for here, there in ((path, site / path.name), (site / path.name, path)):
            switch = soup(here).select_one("a.language-switch")
            assert (here.parent / switch["href"]).resolve() == there.resolve()
            assert soup(there).html["lang"].startswith(switch["hreflang"])


def test_an_answer_is_folded_under_its_stub(site: Path) -> None:
    for language, words in (("en", "Show the solution"), ("zh", "显示参考答案")):
        page = soup(site / f"{FOLDERS[language]}01_modes.html")
        folds = [fold for fold in page.select("article details") if words in fold.summary.get_text()]
        assert len(folds) == len(exercises.lesson("modes").exercises)
        assert "model.train(training)" in folds[0].get_text() and not folds[0].has_attr("open")
        stub = folds[0].find_previous("pre").get_text()
        assert "def evaluation_logits" in stub and "raise NotImplementedError" in stub
        assert "BEGIN SOLUTION" not in page.get_text()


def test_nothing_needs_a_kernel_or_the_network(site: Path) -> None:
    for path in pages_of(site):
        page = soup(path)
        assert not page.select('script[type^="application/vnd.jupyter"]')
        needed = [tag["src"] for tag in page.select("script[src], img[src]")]
        needed += [tag["href"] for tag in page.select('link[rel="stylesheet"]')]
        assert not [address for address in needed if ":" in address or address.startswith("//")], path


def test_pictures_keep_their_words_and_their_size(site: Path) -> None:
    notebook = nbformat.read(Product(exercises.lesson("preprocessing"), "zh", solved=True).path, as_version=4)
    outputs = [
        out
        for cell in notebook.cells
        for out in cell.get("outputs", [])
        if "image/png" in out.get("data", {})
    ]
    shown = soup(site / "zh" / "03_preprocessing.html").select("article .cell_output img")
    assert len(shown) == len(outputs) > 3
    for image, output in zip(shown, outputs, strict=True):
        assert image["alt"] == output.metadata.get("image/png", {}).get("alt", "由上方代码绘制的图")
        file = site / "zh" / image["src"]
        assert file.read_bytes() == b64decode(output.data["image/png"])
        assert Image.open(file).size == (int(image["width"]), int(image["height"]))


def test_formulas_are_drawn_by_the_browser(site: Path) -> None:
    for folder in FOLDERS.values():
        formula = soup(site / f"{folder}01_modes.html").select_one(".formula math[display=block] mfrac msqrt")
        assert "eps" in formula.get_text()


# ---- links


def test_a_link_to_a_cell_leads_to_it(site: Path) -> None:
    links = check_links(site)
    assert links.broken == [] and links.checked > 1000
    assert any(address.startswith("https://docs.pytorch.org/") for address in links.external)
    link = soup(site / "10_summary.html").find("a", href=re.compile(r"^01_modes\.html#cell-id="))
    cell = soup(site / "01_modes.html").find(id=link["href"].partition("#")[2])
    assert link.get_text().endswith(cell.find_previous(["h2", "h3"]).get_text().removesuffix("#"))


@pytest.mark.parametrize(
    ("link", "language", "address"),
    [
        ("02_no_grad.ipynb", "en", "02_no_grad.html"),
        ("02_no_grad.ipynb#cell-id=a1", "zh", "02_no_grad.html#cell-id=a1"),
        ("../zh/solutions/01_modes.ipynb", "en", "zh/01_modes.html"),
        ("../../solutions/01_modes.ipynb", "zh", "../01_modes.html"),
        ("../01_modes.ipynb", "en", "01_modes.html"),
        ("99_none.ipynb", "en", "99_none.ipynb"),
        ("https://example.org/01_modes.ipynb", "en", "https://example.org/01_modes.ipynb"),
    ],
)
def test_links_between_notebooks_become_links_between_pages(link: str, language: str, address: str) -> None:
    assert page_address(link, language) == address


BROKEN = {
    '<a href="gone.html">x</a>': "index.html: gone.html: there is no such file.",
    '<img src="gone.png" alt="x">': "index.html: gone.png: there is no such file.",
    '<a href="two.html#gone">x</a>': "index.html: two.html#gone: that page has no such place.",
    '<a href="#gone">x</a>': "index.html: #gone: that page has no such place.",
    '<a href="../up.html">x</a>': "index.html: ../up.html: outside the site.",
    '<a href="folder/">x</a>': "index.html: folder/: there is no such file.",
}
WHOLE = """<p id="here"></p><p id="cell-id=1 ü"></p><a href="#here">x</a><a href="two.html#there">x</a><a href="two.html?q=1">x</a>
<a href="#cell-id=1%20%C3%BC">x</a><a href="#">x</a><img src="data:image/png;base64,AA" alt="x"><a href="https://example.org/gone">x</a>"""


def small_site(folder: Path, text: str) -> Path:
    (folder / "folder").mkdir(parents=True)
    (folder / "index.html").write_text(text, encoding="utf-8")
    (folder / "two.html").write_text('<p id="there"></p>')
    (folder / ".buildinfo").touch()
    return folder


@pytest.mark.parametrize("tag", BROKEN)
def test_a_broken_link_is_named_and_stops_the_build(tmp_path: Path, tag: str) -> None:
    out = small_site(tmp_path / "out", "the site of yesterday")
    with pytest.raises(SiteError, match="links of the site are broken") as failure:
        publish(small_site(tmp_path / "made", WHOLE + tag), out)
    assert str(failure.value).splitlines()[1:] == [BROKEN[tag]]
    assert (out / "index.html").read_text() == "the site of yesterday"


def test_whole_links_pass_and_outer_ones_are_only_listed(tmp_path: Path) -> None:
    out = small_site(tmp_path / "out", "the site of yesterday")
    (out / "old.html").touch()
    links = publish(small_site(tmp_path / "made", WHOLE), out)
    assert links.broken == [] and links.external == {"https://example.org/gone"}
    assert (out / "index.html").read_text(encoding="utf-8") == WHOLE and not (out / "old.html").exists()


# ---- search


def index_of(folder: Path) -> dict:
    text = (folder / "searchindex.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))


def found(index: dict, term: str) -> list[str]:
    """The pages that hold a term, in their text or in a heading."""
    hits = [index[kind].get(term, []) for kind in ("terms", "titleterms")]
    places = [place for hit in hits for place in ([hit] if isinstance(hit, int) else hit)]
    return [index["docnames"][place] for place in places]


def test_both_indexes_know_their_words(site: Path) -> None:
    english, chinese = index_of(site), index_of(site / "zh")
    assert "01_modes" in found(english, "dropout") and "11_what_changed" in found(english, "outdat")
    assert "02_no_grad" in found(chinese, "梯度") and "01_modes" in found(chinese, "dropout")


def test_chinese_is_cut_into_pairs() -> None:
    cut = SearchPairs({}).split("用 model.eval() 评估模式")
    assert set(cut) == {"用", "model", "eval", "评估", "估模", "模式", "评", "估", "模", "式"}


# ---- where it is published and run


def test_launch_buttons_appear_with_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "_setting", lambda: "https://github.com/OWNER/course")
    assert launch.repository() is None
    monkeypatch.setattr(launch, "_setting", lambda: "https://github.com/someone/course")
    assert launch.repository() == "https://github.com/someone/course"
    binder, codespaces = launch.badges()
    assert (
        "https://mybinder.org/v2/gh/someone/course/main?urlpath=lab/tree/notebooks/00_start_here.ipynb"
        in binder
    )
    assert "https://codespaces.new/someone/course" in codespaces
    assert (ROOT / launch.START).exists()


def test_the_readme_shows_the_badges_of_the_setting() -> None:
    shown = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("[![")]
    assert shown in ([], launch.badges()), "run `course site --badges` and put its lines into README.md"


def test_another_folder_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    done = CliRunner().invoke(main, ["site", "--out", str(tmp_path)])
    assert done.exit_code == 1 and "holds something else than the site" in done.stderr
    assert (tmp_path / "thesis.txt").exists()


def test_make_installs_what_the_site_needs_once(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / ".ready").touch()

    def make() -> str:
        done = subprocess.run(
            ["make", "-n", "site"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert "-e '.[site]'" in make() and "course site --out build/site" in make()
    (tmp_path / ".venv" / ".site-ready").touch()
    assert "pip install" not in make() and "course site --out build/site" in make()


# ---- in a browser


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """The site as a web server gives it."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def page(chromium) -> Iterator:
    """A window; the test may set how it shows colours."""
    context = chromium.new_context(reduced_motion="reduce")
    context.set_default_timeout(120_000)  # milliseconds, for a machine with other work
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["index.html", "00_start_here.html", "zh/00_start_here.html", "zh/search.html"]
)
def test_pages_have_no_serious_accessibility_fault(page, address: str, path: str, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=theme)
    page.goto(f"{address}/{path}")
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
    faults = [
        f"{fault['id']} ({fault['impact']}): {fault['nodes'][0]['html'][:200]}"
        for fault in Axe().run(page).response["violations"]
        if fault["impact"] in ("serious", "critical")
    ]
    assert faults == []


@pytest.mark.parametrize(
    ("path", "words", "first"),
    [
        ("", "running statistics", "01_modes.html"),
        ("zh/", "训练模式", "01_modes.html"),
        ("zh/", "卷", "07_optimization.html"),
        ("zh/", "导出 onnx", "06_export.html"),
    ],
)
def test_a_reader_finds(page, address: str, path: str, words: str, first: str) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{address}/{path}search.html")
    page.get_by_role("searchbox").last.fill(words)
    page.get_by_role("searchbox").last.press("Enter")
    page.locator("#search-results li a").first.wait_for()
    page.locator(".search-summary", has_text=re.compile(r"\d")).wait_for()
    results = [link.get_attribute("href") for link in page.locator("#search-results li > a").all()]
    assert problems == []
    assert first in results[0]
