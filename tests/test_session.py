"""What a learner types, in a real IPython shell."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from helpers.authoring.source import solution_of, stub_of
from helpers.learning import store as store_module
from helpers.learning.habits import explain_missing_names
from helpers.learning.summary import standings

RIGHT = "def best_category(logits, categories):\n    return categories[logits.argmax()]"
WRONG = "def best_category(logits, categories):\n    return categories[logits.argmin()]"


class Learner:
    """Types cells and reads what is displayed."""

    def __init__(self) -> None:
        InteractiveShell.clear_instance()
        self.shell = InteractiveShell.instance()
        self.shell.displayhook.flush = lambda: None
        self.type("from helpers import *")

    def type(self, cell: str) -> str:
        """Run a cell; the text of everything it showed, and of its error."""
        with capture_output() as captured:
            self.result = self.shell.run_cell(cell, store_history=True)
        shown = [output.data["text/plain"] for output in captured.outputs]
        return "\n".join([*shown, captured.stdout, captured.stderr])


@pytest.fixture
def learner(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store_module, "_store", None)
    yield Learner()
    InteractiveShell.clear_instance()


def restart(monkeypatch: pytest.MonkeyPatch) -> Learner:
    """A new kernel: memory is gone, files stay."""
    monkeypatch.setattr(store_module, "_store", None)
    return Learner()


def test_a_check_before_its_answer_says_what_to_do(learner: Learner) -> None:
    said = learner.type('check("start-1")')
    assert "There is no `best_category` yet. Run the cell above" in said
    assert "0 of 2 points" in said
    assert learner.result.success, "a check that does not pass must not stop Run All"


def test_the_stub_is_not_started_and_not_scolded(learner: Learner) -> None:
    learner.type(stub_of("00_start_here", "start-1"))
    said = learner.type('check("start-1")')
    assert "○ start-1" in said
    assert "not started" in said
    assert "Stuck?" not in said
    assert "tries" not in learner.type("progress()")


def test_a_wrong_answer_then_a_right_one(learner: Learner) -> None:
    learner.type(WRONG)
    said = learner.type('check("start-1")')
    assert "[gave-smallest]" in said
    assert "Observed:" in said
    assert "Expected:" in said
    assert 'hint("start-1")' in said
    learner.type(RIGHT)
    said = learner.type('check("start-1")')
    assert "✔ start-1" in said
    assert "2 of 2 points" in said
    assert "Next: `modes-1`" in said


def test_check_takes_the_object_too(learner: Learner) -> None:
    learner.type(RIGHT.replace("best_category", "other"))
    assert "✔ start-1" in learner.type('check("start-1", other)')


def test_progress_lists_no_page_without_exercises(learner: Learner) -> None:
    said = learner.type("progress()")
    assert "00_start_here" in said
    assert "10_summary" not in said
    assert "0/0" not in said


def test_a_progress_file_that_cannot_be_written_is_said(learner: Learner, own_home: Path) -> None:
    own_home.write_text("in the way")
    learner.type(RIGHT)
    said = learner.type('check("start-1")')
    assert "✔ start-1" in said
    assert "Your progress could not be written to" in said
    own_home.unlink()
    assert "could not be written" not in learner.type('check("start-1")')


def test_progress_survives_a_restart_and_damage(learner: Learner, own_home: Path, monkeypatch) -> None:
    learner.type(RIGHT)
    learner.type('check("start-1")')
    learner = restart(monkeypatch)
    assert "✔ start-1" in learner.type("progress()")
    (own_home / "progress.jsonl").write_bytes(b"\x00\x01")
    learner = restart(monkeypatch)
    said = learner.type("progress()")
    assert "✔ start-1" in said
    assert "The progress file was damaged. It has been rebuilt" in said
    assert "damaged" not in learner.type("progress()"), "said once"


def test_a_failed_cell_is_told_when_an_older_answer_is_checked(learner: Learner) -> None:
    learner.type(WRONG)
    learner.type("def best_category(logits, categories):\nreturn 1")
    assert not learner.result.success
    assert "what was checked is an older `best_category`" in learner.type('check("start-1")')


def test_a_failed_cell_is_told_when_there_is_no_answer_yet(learner: Learner) -> None:
    learner.type("def best_category(logits, categories):\nreturn 1")
    said = learner.type('check("start-1")')
    assert "The cell that should define `best_category` stopped with IndentationError" in said


def test_hints_go_up_and_stay_at_the_last(learner: Learner, monkeypatch) -> None:
    assert "hint 1 of 3" in learner.type('hint("start-1")')
    learner = restart(monkeypatch)
    assert "hint 2 of 3" in learner.type('hint("start-1")')
    assert "hint 3 of 3" in learner.type('hint("start-1")')
    said = learner.type('hint("start-1")')
    assert "hint 3 of 3" in said
    assert 'solution("start-1")' in said
    assert "hint 1 of 3" in learner.type('hint("start-1", 1)')
    assert "ask for one from 1 to 3" in learner.type('hint("start-1", 9)')


def test_the_solution_asks_once_before_an_honest_try(learner: Learner) -> None:
    said = learner.type('solution("start-1")')
    assert "closed" in said
    assert "argmax" not in said
    assert "solution shown" not in learner.type("progress()")
    said = learner.type('solution("start-1", show=True)')
    assert "return categories[logits.argmax()]" in said
    assert "SOLUTION" not in said
    assert "softmax" in said.lower(), "the explanation comes with it"
    assert "solution shown" in learner.type("progress()")


def test_the_solution_opens_after_three_tries_or_a_pass(learner: Learner) -> None:
    learner.type(WRONG)
    for _try in range(3):
        said = learner.type('check("start-1")')
    assert 'solution("start-1")` is open' in said
    assert "argmax" in learner.type('solution("start-1")')
    learner.type(RIGHT)
    learner.type('check("start-1")')
    assert "solution shown" in learner.type("progress()")


def test_a_pass_before_the_solution_is_told_apart(learner: Learner) -> None:
    learner.type(RIGHT)
    learner.type('check("start-1")')
    learner.type('solution("start-1")')
    assert "passed before the solution was shown" in learner.type("progress()")


def test_reset_brings_the_stub_back_and_loses_nothing(learner: Learner, own_home: Path) -> None:
    learner.type(RIGHT)
    learner.type('check("start-1")')
    said = learner.type('reset("start-1")')
    assert "holds the stub of `start-1` again" in said
    assert learner.shell.rl_next_input == stub_of("00_start_here", "start-1")
    kept = next((own_home / "kept").glob("start-1-*.py"))
    assert "argmax" in kept.read_text()
    assert "There is no `best_category` yet" in learner.type('check("start-1")')
    assert "✔ start-1" in learner.type("progress()"), "the pass stays"


def test_next_unsolved(learner: Learner) -> None:
    assert "start-1" in learner.type("next_unsolved()")
    learner.type(RIGHT)
    learner.type('check("start-1")')
    assert "modes-1" in learner.type("next_unsolved()")


@pytest.mark.parametrize("call", ["check", "hint", "solution", "reset", "predict", "reveal"])
def test_an_unknown_id_names_the_nearest(learner: Learner, call: str) -> None:
    said = learner.type(f'{call}("strat-1")')
    assert "There is no exercise 'strat-1'" in said
    assert "Did you mean 'start-" in said
    assert "Traceback" not in said
    assert "There is no exercise" in learner.type(f"{call}(7)")


def test_a_prediction_is_committed_once_and_held_against_what_happened(learner: Learner, monkeypatch) -> None:
    said = learner.type('predict("start-q1")')
    assert "b) It names some category, with a low probability." in said
    assert "not predicted" in learner.type('reveal("start-q1")')
    assert "Choose one of: a, b, c, d" in learner.type('predict("start-q1", "e")')
    assert "You predicted: c)" in learner.type('predict("start-q1", "C")')
    learner = restart(monkeypatch)
    assert "You predicted: c)" in learner.type('predict("start-q1", "b")'), "the first one counts"
    said = learner.type('reveal("start-q1")')
    assert "a surprise" in said
    assert "What happens: b)" in said
    assert "✘ predicted" in learner.type("progress()")


def test_a_click_on_a_button_commits(learner: Learner) -> None:
    from helpers.exercises import find_prediction
    from helpers.learning.predictions import _buttons

    box = _buttons(find_prediction("start-q1"))
    said, *buttons = box.children
    buttons[1].click()
    assert "You predicted: b)" in said.value
    assert all(button.disabled for button in buttons)
    assert "as you predicted" in learner.type('reveal("start-q1")')


@pytest.mark.parametrize("switch", [("COURSE_GRADING", "1"), ("NBGRADER_EXECUTION", "autograde")])
def test_under_a_grader_a_failing_check_raises_the_named_mistake(
    learner: Learner, monkeypatch, switch
) -> None:
    monkeypatch.setenv(*switch)
    learner.type(WRONG)
    said = learner.type('check("start-1")')
    assert not learner.result.success
    assert "[gave-smallest]" in said
    assert "Traceback" not in said
    assert "helpers/" not in said, "no frame of ours"
    learner.type(RIGHT)
    learner.type('check("start-1")')
    assert learner.result.success


def test_the_solution_of_every_exercise_is_at_hand() -> None:
    from helpers.exercises import lessons

    for lesson in lessons():
        for exercise in lesson.exercises:
            assert exercise.answer in solution_of(lesson.name, exercise.id)


def test_panels_speak_the_notebooks_language(learner: Learner) -> None:
    learner.type(WRONG)
    english = learner.type('check("start-1")')
    learner.type('use_language("zh")')
    chinese = learner.type('check("start-1")')
    learner.type("use_language(None)")
    assert "points" in english
    assert "points" not in chinese
    assert "分" in chinese
    assert "Choose one of: en, zh" in learner.type('use_language("fr")')


# cells run out of order, and cells that are stopped ------------------------------------------------------------


def test_a_cell_run_too_early_names_the_cell_that_comes_first(learner: Learner, monkeypatch) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/zh/00_start_here.ipynb")
    explain_missing_names(learner.shell)  # as the first import of `check` does in a kernel
    said = learner.type("print(probabilities)")
    assert "`probabilities` is not there yet" in said
    assert "Run All Above Selected Cell" in said
    assert "batch = classifier.preprocess(coffee)" in said, "the first line of the cell that makes it"
    assert "is not there yet" not in learner.type("print(nowhere_in_the_lesson)")
    assert "is not there yet" not in learner.type("1 / 0")
    learner.type("probabilities = 1")
    assert "is not there yet" not in learner.type("print(probabilities)")


@pytest.mark.parametrize("notebook", ["my_own.ipynb", ""])
def test_in_a_notebook_of_ones_own_a_missing_name_is_left_alone(
    learner: Learner, monkeypatch, notebook
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", notebook)
    explain_missing_names(learner.shell)
    assert "is not there yet" not in learner.type("print(probabilities)")


def test_a_check_that_is_stopped_is_no_try(learner: Learner) -> None:
    learner.type("def best_category(logits, categories):\n    raise KeyboardInterrupt")
    said = learner.type('check("start-1")')
    assert "You stopped the check of start-1. Nothing was judged" in said
    assert "Traceback" not in said
    assert not learner.result.success, "Run All stops here too"
    assert "start-1" not in standings(store_module.store().events())
    learner.type(RIGHT)
    assert "✔ start-1" in learner.type('check("start-1")'), "the next check is as always"
