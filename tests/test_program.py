"""Which cells run for a submission."""

from __future__ import annotations

import pytest

from helpers.exercises import find_exercise, lessons
from helpers.grading.program import _slice, answered_program, names
from helpers.trials.server import Answers, Step


@pytest.mark.parametrize(
    ("code", "defines", "uses"),
    [
        ("x = y", {"x"}, {"y"}),
        ("import torch\nz = torch.ones(1)", {"torch", "z"}, set()),
        ("from a.b import c as d", {"d"}, set()),
        ("def f(x):\n    y = x + z\n    return g(y)", {"f"}, {"z", "g"}),
        ("def f(n):\n    return f(n - 1)", {"f"}, set()),
        ("class A(B):\n    z = w\n    def m(self): return q", {"A"}, {"B", "w", "q"}),
        ("for i in items: last = i", {"i", "last"}, {"items", "i"}),
        ("with open(p) as file: pass", {"file"}, {"open", "p"}),
        ("total += 1", {"total"}, {"total"}),
        ("def f():\n    n = 0\n    n += 1\n    return n", {"f"}, set()),
        ("def f():\n    global n\n    n += 1", {"f", "n"}, {"n"}),
        ("squares = [n * n for n in numbers]", {"squares"}, {"numbers"}),
        ("def f():\n    global state\n    state = 1", {"f", "state"}, set()),
        ("not python at all (", set(), set()),
    ],
)
def test_names(code: str, defines: set[str], uses: set[str]) -> None:
    assert names(code) == (defines, uses)


def test_only_cells_that_are_needed_run_and_in_their_order() -> None:
    ours = ["import torch", "size = 3", "slow = measure()", "net = torch.nn.Linear(size, 1)", "size = 4"]
    steps = [(Step(code), True) for code in ours]
    answer = Step("def f(x): return net(x)", "x-1")
    kept = _slice([*steps, (answer, False)])
    assert [step.code for step in kept] == [
        "import torch",
        "size = 3",
        "net = torch.nn.Linear(size, 1)",
        answer.code,
    ]


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
