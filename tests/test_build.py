"""One source: building, its gate, and the catalogues."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from helpers.authoring import build as build_module
from helpers.authoring import catalogues, gate
from helpers.authoring.build import Product, build, differences
from helpers.authoring.source import Cell, SourceError, remove_markers, strip_solution
from helpers.cli import main
from helpers.exercises import find_exercise, lesson
from helpers.judging import Mistake, Part
from helpers.text import _

START = Product(lesson("start"), "en", solved=False)
SOLVED = Product(lesson("start"), "en", solved=True)
PAGE = Product(lesson("summary"), "en", solved=True)


def test_the_course_is_what_its_sources_build() -> None:
    result = CliRunner().invoke(main, ["build", "--check"])
    assert result.exit_code == 0, result.output


# stripping -------------------------------------------------------------------------------------------------


def test_a_solution_is_stripped_at_its_own_indentation() -> None:
    code = "class A:\n    def f(self):\n        ### BEGIN SOLUTION\n        x = 1\n\n        return x\n        ### END SOLUTION\n\n    y = 2"
    stub = (
        "class A:\n    def f(self):\n        # YOUR CODE HERE\n        raise NotImplementedError\n\n    y = 2"
    )
    assert strip_solution(code) == stub
    assert "x = 1" in remove_markers(code)
    assert "SOLUTION" not in remove_markers(code)


@pytest.mark.parametrize(
    "code",
    [
        "### BEGIN SOLUTION\nx = 1",
        "x = 1\n### END SOLUTION",
        "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION",
    ],
)
def test_a_marker_without_its_partner_is_refused(code: str) -> None:
    with pytest.raises(SourceError, match=r"partner|without its"):
        strip_solution(code)


# notebooks -------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the built notebooks that a test may spoil."""
    shutil.copytree(build_module.NOTEBOOKS, tmp_path / "notebooks")
    monkeypatch.setattr(build_module, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(build_module, "ROOT", tmp_path)
    shutil.copytree(catalogues.ROOT / "helpers", tmp_path / "helpers")
    return tmp_path / "notebooks"


def edit(path: Path, change) -> None:
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def test_an_unchanged_lesson_is_not_executed_again(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_arguments):
        raise AssertionError("executed")

    monkeypatch.setattr(build_module, "execute", never)
    assert build(SOLVED) is False
    assert build(START) is False
    with pytest.raises(AssertionError, match="executed"):
        build(SOLVED, force=True)


@pytest.mark.parametrize(
    ("product", "change", "said"),
    [
        (START, lambda nb: nb.cells[0].update(source="# mine"), "edited by hand"),
        (START, lambda nb: nb.cells.pop(3), "edited by hand"),
        (START, lambda nb: nb.cells[-4].metadata.update(tags=["x"]), "edited by hand"),
        (START, lambda nb: nb.metadata.pop("course"), "another state"),
        (SOLVED, lambda nb: nb.metadata["course"].update(digest="old"), "another state"),
        (SOLVED, lambda nb: [cell.update(outputs=[]) for cell in nb.cells if cell.cell_type == "code"], "lost its stored outputs"),
        (PAGE, lambda nb: [cell.update(outputs=[]) for cell in nb.cells if cell.cell_type == "code"], "lost its stored outputs"),
        (START, lambda nb: next(c for c in nb.cells if c.cell_type == "code").outputs.append(
            nbformat.v4.new_output("stream", text="x")), "holds outputs"),
    ],
    ids=["text", "cell", "tag", "metadata", "digest", "outputs", "outputs of a page", "learner outputs"],
)  # fmt: skip
def test_a_notebook_that_is_not_its_source_is_told_and_mended(
    elsewhere: Path, product: Product, change, said: str
) -> None:
    assert not list(differences(product))
    edit(product.path, change)
    assert said in next(differences(product))
    if not product.solved:
        assert build(product) is True
        assert not list(differences(product))


def test_a_missing_notebook_is_told(elsewhere: Path) -> None:
    START.path.unlink()
    assert "missing or unreadable" in next(differences(START))
    START.path.write_text("{")
    assert "missing or unreadable" in next(differences(START))


def test_a_solution_that_does_not_pass_stops_the_build(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbclient.exceptions import CellExecutionError

    cells = [
        dataclasses.replace(cell, text=cell.text.replace("argmax", "argmin")) if cell.exercise else cell
        for cell in build_module.read_source("00_start_here")
    ]
    monkeypatch.setattr(build_module, "read_source", lambda name: cells)
    before = SOLVED.path.read_bytes()
    with pytest.raises(CellExecutionError, match="gave-smallest"):
        build(SOLVED)
    assert SOLVED.path.read_bytes() == before, "what was there is kept"


def test_build_names_lessons_it_does_not_know() -> None:
    result = CliRunner().invoke(main, ["build", "99"])
    assert result.exit_code == 2
    assert "No lesson begins with 99" in result.output
    assert "00_start_here" in result.output


# the gate --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"hints": (_("one"),)}, "has 1 hints. Write at least 2"),
        ({"explanation": _(" ")}, "lacks a title or an explanation"),
        ({"title": _("")}, "lacks a title or an explanation"),
        ({"parts": ()}, "needs at least 1 point"),
        ({"parts": (Part(_("a"), 0, None),)}, "needs at least 1 point"),
        ({"parts": (Part(_("a"), 1, None, needs=("b",)),)}, "which is no earlier part"),
        ({"kind": "value"}, "Use “function” or “class”"),
        ({"mistakes": (Mistake("Wrong Shape", _("x")),)}, "not kebab-case"),
        ({"mistakes": (Mistake("wrong-shape", _("x")),)}, "a general one"),
        ({"mistakes": (Mistake("a-b", _("x")), Mistake("a-b", _("y")))}, "is double"),
    ],
)
def test_the_gate_refuses_an_exercise_by_itself(change: dict, said: str) -> None:
    exercise = dataclasses.replace(find_exercise("start-1"), **change)
    assert any(said in line for line in gate.exercise_problems(exercise)), list(
        gate.exercise_problems(exercise)
    )


def start_with(**change) -> object:
    exercise = dataclasses.replace(find_exercise("start-1"), **change)
    return dataclasses.replace(lesson("start"), exercises=(exercise,))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (start_with(id="start-2"), "number them ['start-1']"),
        (start_with(answer="other"), "must define `other`"),
        (start_with(mistakes=()), "no mistake is called 'fixed-answer'"),
        (start_with(mistakes=(*find_exercise("start-1").mistakes, Mistake("new-one", _("x")))), "no wrong answer makes the mistake 'new-one'"),
        (start_with(mistakes=(Mistake("gave-index", _("x"), _("Nowhere")),)), "is no heading there"),
        (dataclasses.replace(lesson("start"), predictions=()), "asks no prediction"),
        (dataclasses.replace(lesson("start"), predictions=(dataclasses.replace(lesson("start").predictions[0], id="q1"),)), "is called start-q1"),
        (dataclasses.replace(lesson("start"), predictions=(dataclasses.replace(lesson("start").predictions[0], right=4),)), "index of the right one"),
    ],
)  # fmt: skip
def test_the_gate_refuses_a_lesson(changed, said: str) -> None:
    found = list(gate.lesson_problems(changed))
    assert any(said in line for line in found), found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda cells: [cell for cell in cells if not cell.exercise], "Make them the same"),
        (lambda cells: [c for cell in cells for c in ([Cell("code", "1"), cell] if cell.exercise else [cell])], "has no task text"),
        (lambda cells: [dataclasses.replace(c, text=remove_markers(c.text)) if c.exercise else c for c in cells], "must mark its solution"),
        (lambda cells: [dataclasses.replace(c, text="class best_category:\n    ### BEGIN SOLUTION\n    pass\n    ### END SOLUTION") if c.exercise else c for c in cells], "would stop its own cell"),
        (lambda cells: [dataclasses.replace(c, text=c.text.replace("def ", "def (")) if c.exercise else c for c in cells], "no valid Python"),
        (lambda cells: [c for c in cells if "reveal(" not in c.text], 'then reveal("start-q1") once'),
        (lambda cells: [*cells, Cell("code", 'predict("start-q1")')], 'write predict("start-q1") once'),
    ],
)  # fmt: skip
def test_the_gate_refuses_a_source(monkeypatch: pytest.MonkeyPatch, change, said: str) -> None:
    cells = change(gate.read_source("00_start_here"))
    monkeypatch.setattr(gate, "read_source", lambda name: cells)
    found = list(gate.lesson_problems(lesson("start")))
    assert any(said in line for line in found), found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "0 right answers. Write at least 3"),
        ('# %% right="a"\nx = 1\n', "1 right answers"),
        ('# %% wrong="gave-index"\nx = 1\n', "1 wrong answers. Write at least 8"),
        ("# %%\nx = 1\n", "begin each answer with"),
        ('# %% right="a"\nx = 1\n# %% right="a"\nx = 2\n', "two answers are called"),
    ],
)
def test_the_gate_refuses_missing_evidence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, said: str
) -> None:
    from helpers.authoring import evidence

    (tmp_path / "start-1.py").write_text(text)
    monkeypatch.setattr(evidence, "EVIDENCE", tmp_path)
    monkeypatch.setattr(gate, "ROOT", tmp_path)
    found = list(gate.lesson_problems(lesson("start")))
    assert any(said in line for line in found), found


# catalogues ------------------------------------------------------------------------------------------------


@pytest.fixture
def own_catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(catalogues.CATALOGUES, tmp_path / "locales")
    monkeypatch.setattr(catalogues, "CATALOGUES", tmp_path / "locales")
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)
    monkeypatch.setattr(catalogues, "domains", lambda: {"00_start_here": lambda: template})
    template = catalogues._catalogue()
    template.add("A sentence with {count} words.")
    return tmp_path / "locales" / "zh" / "LC_MESSAGES" / "00_start_here.po"


def test_a_new_message_is_added_empty_and_refused_until_translated(own_catalogues: Path) -> None:
    assert "does not have" in next(catalogues.problems())
    assert own_catalogues in catalogues.update()
    assert "is not translated" in next(catalogues.problems())
    own_catalogues.write_text(
        own_catalogues.read_text()
        .replace('msgstr ""\n', 'msgstr "{count} 个词。"\n')
        .replace('msgstr "{count} 个词。"\n', 'msgstr ""\n', 1)
    )
    assert not list(catalogues.problems())
    assert not catalogues.update(), "an unchanged catalogue is not written again"


def test_a_changed_message_is_fuzzy_and_refused(own_catalogues: Path) -> None:
    own_catalogues.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "A sentence with {count} word."\nmsgstr "{count} 个词。"\n'
    )
    catalogues.update()
    assert "is fuzzy" in next(catalogues.problems())


def test_a_translation_that_loses_a_parameter_is_refused(own_catalogues: Path) -> None:
    own_catalogues.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "A sentence with {count} words."\nmsgstr "许多词。"\n'
    )
    assert "must use the same {parameters}" in next(catalogues.problems())
