"""The summary sheet and what changed: places in lessons, the pages, and looking things up."""

from __future__ import annotations

import dataclasses
import re

import pytest

from helpers.authoring import gate, source
from helpers.authoring.build import Product, assemble
from helpers.authoring.source import Cell, read_source
from helpers.exercises import lesson, lessons
from helpers.reference import find_change, find_in_summary, places, search
from helpers.reference.changes import CHANGES, ITEMS, OUTDATED, UNSAID, WRONG
from helpers.reference.pages import page, problems
from helpers.reference.places import Misplaced, Place, address, cell_at, section
from helpers.reference.summary import ENTRIES
from helpers.text import LANGUAGES, _, speaking

NO_GRAD = Place("02_no_grad", "kept after a batch of {n}")


# places ----------------------------------------------------------------------------------------------------


def test_a_place_is_a_cell_with_its_section_in_every_language() -> None:
    assert "saved_bytes" in cell_at(NO_GRAD)[1].text
    assert section(NO_GRAD, "en") == "What the graph keeps"
    assert section(NO_GRAD, "zh") == "计算图保留了什么"


def test_a_place_that_is_itself_a_heading_or_stands_below_one_in_the_same_cell() -> None:
    assert section(Place("02_no_grad", "## What the graph"), "en") == "What the graph keeps"
    assert (
        section(Place("02_no_grad", "wait to put a gradient into a parameter"), "en")
        == "What autograd records"
    )
    assert section(Place("02_no_grad", "Two context managers stop"), "en") == "Switching it off"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("solved", [False, True])
def test_the_address_leads_to_the_cell_in_every_notebook(language: str, solved: bool) -> None:
    for place in (NO_GRAD, Place("02_no_grad", '"""Logits from which only the head can learn.')):
        name, _hash, id = address(place).partition("#cell-id=")
        assert name == "02_no_grad.ipynb"
        notebook = assemble(Product(lesson("nograd"), language, solved))
        (cell,) = [cell for cell in notebook.cells if cell.id == id]
        assert place.line in cell.source


def test_what_only_a_solution_holds_is_no_place() -> None:
    with pytest.raises(Misplaced, match="no cell holds"):
        cell_at(Place("02_no_grad", "return model(batch).softmax(dim=1)"))


def test_a_line_of_several_cells_is_no_place() -> None:
    with pytest.raises(Misplaced, match="cells hold"):
        cell_at(Place("02_no_grad", "torch.no_grad()"))


def test_a_translation_that_lost_its_heading_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "translate", lambda text, language: text.replace("## ", ""))
    with pytest.raises(Misplaced, match="lost a heading"):
        section(NO_GRAD, "zh")


def test_every_place_of_every_page_is_there() -> None:
    assert not list(problems())


def test_the_gate_names_an_entry_whose_cell_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = cell_at(NO_GRAD)[1]
    without = [cell for cell in read_source("02_no_grad") if cell is not gone]
    monkeypatch.setattr(
        places, "read_source", lambda name: without if name == "02_no_grad" else read_source(name)
    )
    found = list(gate.problems())
    for where in (
        "summary.py, “memory: the sure gain",
        "changes.py, “`no_grad` speeds up",
        "changes.py, “`no_grad` and memory",
    ):
        assert any(where in line and "no cell holds “kept after" in line for line in found), found


# further reading -------------------------------------------------------------------------------------------

FORMER = (
    r"http://(?!127\.0\.0\.1|localhost)",
    r"//pytorch\.org/(docs|tutorials|vision)",
    # moved below user_guide/torch_compiler
    r"docs\.pytorch\.org/docs/stable/(export|torch\.compiler\w*)\.html",
    r"docs\.pytorch\.org/docs/stable/compile/",
)


@pytest.mark.parametrize("name", [each.name for each in lessons()])
def test_links_lead_to_todays_addresses(name: str) -> None:
    links = re.findall(r"https?://[^\s)\"'`>]+", source.source_path(name).read_text(encoding="utf-8"))
    assert not [link for link in links for former in FORMER if re.search(former, link)]


def test_further_reading_has_what_was_asked_for() -> None:
    text = source.source_path("10_summary").read_text(encoding="utf-8").partition("## Further reading")[2]
    for wanted in (
        "https://docs.pytorch.org/docs/stable/index.html",
        "https://docs.pytorch.org/docs/stable/user_guide/torch_compiler/export.html",
        "https://docs.pytorch.org/docs/stable/jit.html",
        "https://onnx.ai/onnx/",
        "https://onnxruntime.ai/docs/",
    ):
        assert f"({wanted})" in text


# pages -----------------------------------------------------------------------------------------------------


def rows_of(text: str) -> list[list[str]]:
    """The rows of a Markdown table below its head, as cells."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("name", "rows"), [("summary", ENTRIES), ("changes", CHANGES), ("items", ITEMS)])
def test_a_page_is_a_table_of_everything(name: str, rows: tuple, language: str) -> None:
    with speaking(language):
        cells = page(name)
        drawn = [row for cell in cells for row in rows_of(cell)]
        assert len(drawn) == len(rows)
        assert len({len(row) for row in drawn}) == 1
        assert all(cell for row in drawn for cell in row)
        assert all(re.search(r"\]\(\d\d_\w+\.ipynb#cell-id=[\w-]+\)$", row[-1]) for row in drawn), (
            "every row links to a cell"
        )
        if name != "items":
            titles = [f"## {each.name[:2]} · {each.title}" for each in lessons()]
            heads = [cell.partition("\n")[0] for cell in cells]
            assert heads == [title for title in titles if title in heads], "grouped, in the lessons' order"


@pytest.mark.parametrize("name", ["summary", "changes"])
def test_every_lesson_with_exercises_has_its_lines(name: str) -> None:
    there = {row.place.lesson for row in (ENTRIES if name == "summary" else CHANGES)}
    wanted = {each.name for each in lessons() if each.exercises}
    if name == "changes":
        wanted -= {"00_start_here", "09_capstone"}  # these replace nothing
    assert there == wanted


def test_a_bar_in_a_cell_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = dataclasses.replace(ENTRIES[0], call="`a | b`")
    monkeypatch.setattr("helpers.reference.pages.ENTRIES", (entry,))
    (row,) = rows_of(page("summary")[0])
    assert row[1] == r"`a \| b`"


def test_a_page_is_built_in_place_of_its_marker(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [Cell("markdown", "# x"), Cell("markdown", "", page="items"), Cell("code", "1")]
    monkeypatch.setattr("helpers.authoring.build.read_source", lambda name: cells)
    built = assemble(Product(lesson("summary"), "en", False)).cells
    assert [cell.id for cell in built][1] == "items-1"
    assert len(rows_of(built[1].source)) == len(ITEMS)


# looking things up -----------------------------------------------------------------------------------------


def concepts(query: str) -> list[str]:
    return [row.concept.english for row in find_in_summary(query).rows]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("softmax", "softmax and Top-k"),
        ("SoftMax", "softmax and Top-k"),
        ("ＢＧＲ", "BGR"),
        ("dropo", "Dropout"),
        ("torch.no_grad()", "gradients off"),
        ("nograd", "gradients off"),
        ("no-grad", "gradients off"),
        ("top k", "softmax and Top-k"),
        ("batchnorm frozen", "frozen BatchNorm"),
        ("worker threads", "threads"),
    ],
)
def test_words_are_found_however_they_are_typed(query: str, first: str) -> None:
    assert concepts(query)[0] == first


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("query", "concept"), [("线程", "threads"), ("thread", "threads"), ("归一化", "normalisation")]
)
def test_both_languages_are_searched_in_either(query: str, concept: str, language: str) -> None:
    with speaking(language):
        assert concept in concepts(query)


def test_what_a_line_is_about_comes_before_what_it_mentions() -> None:
    found = concepts("logits")
    assert found[0] == "logits: one number a category"
    assert "models that differ by mode" in found[1:]


def test_several_words_must_all_be_there() -> None:
    both = set(concepts("memory graph"))
    assert both
    assert both == set(concepts("memory")) & set(concepts("graph"))


@pytest.mark.parametrize(
    ("query", "meant", "concept"),
    [
        ("sofmax", "softmax", "softmax and Top-k"),
        ("thraeds", "threads", "threads"),
        ("torch.nn.Dropout", "dropout", "Dropout"),
    ],
)
def test_a_near_miss_is_told_and_shown(query: str, meant: str, concept: str) -> None:
    found = find_in_summary(query)
    assert f"Did you mean “{meant}”?" in str(found.note)
    assert concept in [row.concept.english for row in found.rows]


def test_chinese_words_that_run_together_are_found_by_their_pieces() -> None:
    assert "threads" in concepts("多个线程")


def test_words_that_no_line_holds_together_show_the_nearest() -> None:
    found = find_in_summary("how to use softmax today")
    assert "No line here holds all of these words" in str(found.note)
    assert found.rows[0].concept.english == "softmax and Top-k"


def test_nothing_is_found_without_an_error() -> None:
    found = find_in_summary("qqqq")
    assert len(found) == 0
    assert "Nothing here holds “qqqq”" in repr(found)
    assert "Nothing here holds “qqqq”" in found._repr_markdown_()


@pytest.mark.parametrize("query", ["", "  ", "…", "()"])
def test_an_empty_search_shows_everything_by_lesson(query: str) -> None:
    found = find_in_summary(query)
    assert len(found) == len(ENTRIES)
    assert found._repr_markdown_().split("\n\n")[0] == "## 00 · Start here"
    assert len(rows_of(find_change()._repr_markdown_())) >= len(CHANGES)


def test_every_entry_is_found_by_its_own_concept_and_call() -> None:
    for language in LANGUAGES:
        with speaking(language):
            for entry in ENTRIES:
                assert entry in find_in_summary(str(entry.concept)).rows, (language, entry.concept)
                assert entry in find_in_summary(entry.call).rows, entry.call


def test_every_kind_of_change_is_found_by_its_name() -> None:
    for kind in (WRONG, OUTDATED, UNSAID):
        own = [change for change in CHANGES if change.kind is kind]
        assert own
        found = find_change(str(kind)).rows
        assert all(change in found for change in own)


def test_what_is_found_is_drawn_twice_with_its_place() -> None:
    found = find_in_summary("thread")
    assert "02: How far the switch reaches" in found._repr_markdown_()
    assert "#cell-id=" in found._repr_markdown_()
    assert repr(found).startswith("threads: @torch.inference_mode() | In a server")
    assert repr(found).splitlines()[0].endswith("02 How far the switch reaches")
    with speaking("zh"):
        assert "避免" in repr(found)


def test_a_copy_without_sources_still_finds_and_links(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(source, "SOURCES", tmp_path)
    assert "[02_no_grad](02_no_grad.ipynb)" in find_in_summary("thread")._repr_markdown_()
    assert repr(find_in_summary("thread")).splitlines()[0].endswith("02_no_grad")


def test_the_rarest_word_decides_between_nearest_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    common = dataclasses.replace(ENTRIES[0], concept=_("alpha beta"), call="")
    rare = dataclasses.replace(ENTRIES[0], concept=_("gamma"), call="")
    monkeypatch.setattr(search, "ENTRIES", (common, common, common, common, rare))
    assert find_in_summary("alpha gamma").rows[0] is rare
