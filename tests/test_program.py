"""Which cells run for a submission."""

from __future__ import annotations

import pytest

from helpers.exercises import find_exercise, lesson, lessons
from helpers.grading.names import MAX_REREAD, names, plain_python
from helpers.grading.notebook_file import Cell
from helpers.grading.program import Reading, answered_program, readings
from helpers.grading.reading import Side, Submission
from helpers.trials.server import Answers


@pytest.mark.parametrize(
    ("code", "defines", "uses", "late"),
    [
        ("x = y", {"x"}, {"y"}, set()),
        ("x = 1\ny = x", {"x", "y"}, set(), set()),
        ("y = x\nx = 1", {"x", "y"}, {"x"}, set()),
        ("import torch\nz = torch.ones(1)", {"torch", "z"}, set(), set()),
        ("from a.b import c as d", {"d"}, set(), set()),
        ("def f(x):\n    y = x + z\n    return g(y)", {"f"}, {"z", "g"}, {"z", "g"}),
        ("def f(n):\n    return f(n - 1)", {"f"}, set(), set()),
        ("def f(x=y): pass", {"f"}, {"y"}, set()),
        ("@d\ndef f(): pass", {"f"}, {"d"}, set()),
        ("class A(B):\n    z = w\n    v = z\n    def m(self): return q", {"A"}, {"B", "w", "q"}, {"q"}),
        ("for i in items: last = i", {"i", "last"}, {"items"}, set()),
        ("with open(p) as file: pass", {"file"}, {"open", "p"}, set()),
        ("total += 1", {"total"}, {"total"}, set()),
        ("def f():\n    n = 0\n    n += 1\n    return n", {"f"}, set(), set()),
        ("def f():\n    global n\n    n += 1", {"f", "n"}, {"n"}, {"n"}),
        ("squares = [n * n for n in numbers]", {"squares"}, {"numbers"}, set()),
        ("f = lambda x: k * x", {"f"}, {"k"}, {"k"}),
        ("x = await y", {"x"}, {"y"}, set()),
        ("not python at all (", set(), set(), set()),
        ("x = '\0'", set(), set(), set()),
        ("-" * 100_000 + "1", set(), set(), set()),
    ],
)
def test_names(code: str, defines: set[str], uses: set[str], late: set[str]) -> None:
    found = names(code)
    assert (found.defines, found.uses - {"__name__"}, found.late) == (defines, uses, late)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("x = (a\n% b)", "x = (a\n% b)"),
        ("%matplotlib inline\nx = 1", "get_ipython().run_line_magic('matplotlib', 'inline')\nx = 1\n"),
        ("!pip install x\nx = 1", "get_ipython().system('pip install x')\nx = 1\n"),
        ("print?", "get_ipython().run_line_magic('pinfo', 'print')\n"),
        ("%%time\nx = 1", "x = 1"),
        ("%%timeit -n 3\n%time x = 1", "x = 1\n"),
        ("%%bash\nls", ""),
        ("```python\nx = 1\n```", "x = 1"),
        (">>> x = 1\n>>> y = 2", "x = 1\ny = 2\n"),
        ("    x = 1\n    y = 2", "x = 1\ny = 2\n"),
        ('x = """\n%d of\n"""', 'x = """\n%d of\n"""'),
        ("def f(:", "def f(:\n"),
        ("!ls\n" * MAX_REREAD, "!ls\n" * MAX_REREAD),
        ("```\n" * 1000 + "x", "```\n" * 1000 + "x\n"),
    ],
)
def test_a_cell_as_plain_python(cell: str, code: str) -> None:
    assert plain_python(cell) == code


# a notebook of the lesson on batches, whose third answer uses the second ---------------------------------------

BATCH, ID = lesson("batch"), "batch-3"
ANSWER = "def predict_in_batches(model, images, batch_size):\n    return "


def read(*cells: str | tuple[str, str], of: str = ID) -> Reading:
    """The likeliest reading of an answer in a notebook of these code cells, as (id, source) where they are marked."""
    pairs = [cell if isinstance(cell, tuple) else (None, cell) for cell in cells]
    found = [Cell(number, "code", source, id) for number, (id, source) in enumerate(pairs, start=1)]
    return readings(Submission(BATCH, "en", (Side(tuple(found)),)), find_exercise(of))[0]


def ran(*cells: str | tuple[str, str], of: str = ID) -> list[str]:
    """The code of its program without the lesson's own cells."""
    return [step.code for step in read(*cells, of=of).own]


def test_what_is_not_needed_does_not_run() -> None:
    answer = (ID, f"{ANSWER}help_me(images)")
    helper = "def help_me(images): return torch.ones(len(images) * SIZE)"
    assert ran("1 / 0", "SIZE = 3", "import os\nos._exit(0)", helper, "while True: pass", answer, "quit()") == [
        "SIZE = 3", helper, answer[1],
    ]  # fmt: skip


def test_the_last_definition_before_the_check_counts() -> None:
    answer = (ID, f"{ANSWER}SIZE")
    cells = ["SIZE = 1", "SIZE = 2", answer, (f"{ID}-check", f"check('{ID}')"), "SIZE = 3"]
    assert ran(*cells) == ["SIZE = 2", answer[1]]


def test_a_name_is_read_when_the_function_is_called() -> None:
    first, second = "def first(): return SIZE", "SIZE = 2"
    answer = (ID, f"{ANSWER}first()")
    assert ran("SIZE = 1", first, second, answer)[-2:] == [second, answer[1]]


def test_what_only_changes_a_needed_object_runs_too() -> None:
    answer = (ID, f"{ANSWER}SIZES[0] + Helper().size()")
    changes = ["SIZES = []", "SIZES.append(3)", "class Helper: pass", "Helper.size = lambda self: 3"]
    assert ran(*changes, "print(len([]))", "Helper()", answer) == [*changes, answer[1]]


def test_a_call_of_the_answer_or_a_setting_of_a_module_changes_nothing_it_needs() -> None:
    answer = (ID, f"{ANSWER}torch.ones(1)")
    cells = ["import torch", "torch.ones = None\ntorch.manual_seed(0)", answer, "predict_in_batches(1, 2, 3)"]
    assert ran(*cells) == ["import torch", answer[1]]


def test_an_import_of_everything_may_be_needed() -> None:
    answer = (ID, f"{ANSWER}softmax(model(images), 1)")
    everything = "from torch.nn.functional import *"
    assert ran("1 / 0", everything, answer) == [everything, answer[1]]


def test_methods_added_below_the_answer_belong_to_it() -> None:
    answer = (ID, "def predict_in_batches(): pass")
    patch = "predict_in_batches.size = 3"
    assert ran(answer, patch, (f"{ID}-check", ""), "predict_in_batches.size = 4") == [answer[1], patch]


def test_a_definition_further_down_is_found_and_told() -> None:
    answer = (ID, f"SIZE = size()\n{ANSWER}SIZE")
    reading = read(answer, "def size(): return K", "K = 3")
    assert [step.code for step in reading.own] == ["K = 3", "def size(): return K", answer[1]]
    assert any("further down" in str(note) for note in reading.notes)


def test_a_gone_cell_of_the_lesson_is_taken_from_it_and_told() -> None:
    reading = read((ID, f"{ANSWER}torch.ones(1)"))
    assert "import torch" in reading.program[0].code and len(reading.program) == 2
    assert any("is gone" in str(note) for note in reading.notes)
    assert not read("import torch", (ID, f"{ANSWER}torch.ones(1)")).notes


def test_another_answer_is_the_learners_and_never_the_solution() -> None:
    uses = (ID, f"import torch\n{ANSWER}batch_predict(model, images)")
    own = ("batch-2", "def batch_predict(model, batch): return 7")
    assert ran(own, uses) == [own[1], uses[1]]
    assert ran(uses) == [uses[1]]
    stub = (
        "batch-2",
        "def batch_predict(model, batch):\n    # YOUR CODE HERE\n    raise NotImplementedError",
    )
    assert ran(own, stub, uses) == [own[1], uses[1]], "a stub does not hide an answer"
    assert ran(stub, uses) == [stub[1], uses[1]]


def test_needs_are_followed_only_so_far() -> None:
    chain = [f"x{n} = x{n + 1}" for n in range(300)]
    for cells in (chain, chain[::-1]):
        assert 1 < len(ran((ID, f"{ANSWER}x0"), *cells)) <= 301


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.word)
def test_every_answer_has_what_it_needs(lesson) -> None:
    answers = Answers(answered_program(lesson, {}))
    assert not answers.errors
    for exercise in lesson.exercises:
        assert exercise.answer in answers.namespace


def test_an_answer_cell_that_raises_is_remembered_with_its_line() -> None:
    answers = Answers(answered_program(lessons()[0], {"start-1": "x = 1\ny = x / 0"}))
    error = answers.errors["start-1"]
    assert (error.type, error.line, error.source) == ("ZeroDivisionError", 2, "y = x / 0")
    assert find_exercise("start-1").answer not in answers.namespace
