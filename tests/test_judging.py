"""The heart: comparing, judging, and answers that must not break anything."""

from __future__ import annotations

import importlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from helpers.grading.process import AnswerProcess, RemoteAnswer
from helpers.judging import (
    Exercise,
    LocalAnswer,
    MissingAnswer,
    Mistake,
    Part,
    Status,
    Verdict,
    equal,
    judge,
    require,
)
from helpers.judging.compare import Tolerance, difference, same
from helpers.judging.describe import describe
from helpers.judging.feedback import verdict_panel
from helpers.text import _
from helpers.trials import probes
from helpers.trials.calls import call
from helpers.trials.server import Answers, Step
from helpers.trials.values import Opaque, decode, encode, plain, snapshot

LIMIT = 1.0


def _double(answer, rng) -> None:
    x = torch.randn(3, 4, generator=rng) + 3
    seen = answer.run(call, args=[x], kwargs={})
    tripled = Mistake("tripled", _("You tripled it."))
    equal(seen["value"], 2 * x, tried=_("a tensor"), wrong=[(tripled, 3 * x)], grad=False)
    from helpers.judging import mistakes

    require(seen["args"].items[0].data.equal(x), mistakes.INPUT_CHANGED, tried=_("a tensor"))


DOUBLE = Exercise(
    id="test-1", title=_("Double"), answer="double", parts=(Part(_("doubles"), 2, _double),),
    hints=(_("a"), _("b")), explanation=_("c"), mistakes=(Mistake("tripled", _("You tripled it.")),),
    limit=LIMIT,
)  # fmt: skip


def judged(code: str, exercise: Exercise = DOUBLE) -> list[Verdict]:
    """The verdicts of both ways: in this process, and in one of its own."""
    program = [Step(code, exercise.id)]
    answers = Answers(program)
    value = answers.namespace.get(exercise.answer)
    local = (
        MissingAnswer(answers.errors.get(exercise.id))
        if value is None
        else LocalAnswer(value, exercise.limit)
    )
    process = AnswerProcess(program)
    try:
        return [judge(exercise, local, 1), judge(exercise, RemoteAnswer(process, exercise), 1)]
    finally:
        process.close()


HARMLESS = {
    "sys.exit": ("import sys\ndef double(x): sys.exit(0)", "error", "exited", "it called exit"),
    "exit()": ("def double(x): raise SystemExit", "error", "exited", "it called exit"),
    "a repr that raises": (
        "class Odd:\n    def __repr__(self): raise RuntimeError('no')\ndef double(x): return Odd()",
        "failed", "wrong-type", "an object of type Odd",
    ),
    "an exception that cannot print itself": (
        "class Odd(Exception):\n    def __str__(self): raise RuntimeError('no')\ndef double(x): raise Odd()",
        "error", "raised", "Odd",
    ),
    "an infinite generator": (
        "def double(x):\n    while True:\n        yield x", "failed", "wrong-type", "an object of type generator",
    ),
    "an infinite loop": ("def double(x):\n    while True: pass", "timeout", "too-slow", "stopped after 1 s"),
    "a loop that catches everything": (
        "def double(x):\n    while True:\n        try:\n            while True: pass\n        except Exception: pass",
        "timeout", "too-slow", "stopped after 1 s",
    ),
    "a NaN tensor": ("def double(x): return x * float('nan')", "failed", "has-nan", "12 of 12 values are NaN"),
    "a wrong dtype": ("def double(x): return (2 * x).double()", "failed", "wrong-dtype", "float64 tensor"),
    "a wrong shape": ("def double(x): return 2 * x[0]", "failed", "wrong-shape", "shape (4,)"),
    "None": ("def double(x): 2 * x", "failed", "returned-none", "return"),
    "a tensor that needs grad": (
        "def double(x): return (2 * x).requires_grad_()", "failed", "needs-grad", "requires_grad=True",
    ),
    "a changed input": ("def double(x): return x.mul_(2)", "failed", "input-changed", "changed the input"),
    "a NumPy array": ("def double(x): return (2 * x).numpy()", "failed", "wrong-type", "NumPy array"),
    "a list": ("def double(x): return [2 * x]", "failed", "wrong-type", "list of 1 items"),
    "a tensor subclass that claims to be equal": (
        "import torch\nclass Sly(torch.Tensor):\n"
        "    @classmethod\n    def __torch_function__(cls, f, types, args=(), kwargs=None): return True\n"
        "    def __eq__(self, other): return True\n"
        "def double(x): return (3 * x).as_subclass(Sly)",
        "failed", "tripled", "You tripled it.",
    ),
    "a misspelt name": ("def double(x): return 2 * y", "error", "raised", "name 'y' is not defined"),
    "a wrong signature": ("def double(): return 2", "failed", "wrong-signature", "takes 0 positional arguments"),
    "no function": ("double = 3", "failed", "not-a-function", "of type int"),
    "a cell that fails": ("1 / 0\ndef double(x): return 2 * x", "error", "cell-failed", "division by zero"),
    "a syntax error": ("def double(x) return 2 * x", "error", "cell-failed", "SyntaxError"),
    "another name": ("def duble(x): return 2 * x", "missing", "not-defined", "There is no `double` yet"),
    "the stub": ("def double(x):\n    raise NotImplementedError", "not_started", "not-started", "Not started yet"),
    "a stub left below the code": (
        "def double(x):\n    y = 2 * x\n    raise NotImplementedError", "not_started", "not-started", "delete that line too",
    ),
    "an honest NotImplementedError": (
        "def double(x): raise NotImplementedError('float only')", "error", "raised", "float only",
    ),
    "grad mode left off": (
        "import torch\ndef double(x):\n    torch.set_grad_enabled(False)\n    return 2 * x",
        "failed", "grad-mode-changed", "grad mode",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS)
def test_an_answer_that_must_not_break_anything(name: str) -> None:
    code, status, mistake, said = HARMLESS[name]
    for verdict in judged(code):
        assert (verdict.status, verdict.mistake, verdict.earned) == (status, mistake, 0), verdict.message
        panel = verdict_panel(verdict)
        assert said in panel.text
        assert "helpers/" not in panel.text
        assert torch.is_grad_enabled()


def test_a_process_that_kills_itself_costs_only_its_own_exercise() -> None:
    process = AnswerProcess([Step("import os\ndef double(x): os._exit(0)", "test-1")])
    verdict = judge(DOUBLE, RemoteAnswer(process, DOUBLE), 1)
    process.close()
    assert (verdict.status, verdict.mistake) == (Status.ERROR, "exited")


def test_a_program_that_never_ends_is_an_error_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    from helpers.grading import process as module

    monkeypatch.setattr(module, "LIMITS", replace(module.LIMITS, cell=1.0))
    process = AnswerProcess(
        [
            Step(
                "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})\nwhile True: pass",
                "test-1",
            )
        ]
    )
    verdict = judge(DOUBLE, RemoteAnswer(process, DOUBLE), 1)
    process.close()
    assert (verdict.status, verdict.mistake) == (Status.ERROR, "cell-failed")


def test_printing_50_megabytes_keeps_the_points_and_the_panel_small() -> None:
    code = "def double(x):\n    for _ in range(50): print('x' * 2**20)\n    return 2 * x"
    for verdict in judged(code):
        assert verdict.status is Status.PASSED
        panel = verdict_panel(verdict)
        assert len(panel.html) < 10_000
        assert "printed 52,428,850 characters" in panel.text


def test_the_learners_line_is_shown_and_none_of_ours() -> None:
    code = "def helper(x):\n    return x.flip_all()\n\ndef double(x):\n    return helper(x)"
    for verdict in judged(code):
        assert (verdict.finding.line, verdict.finding.source) == (2, "return x.flip_all()")


def test_a_module_without_forward_is_no_stub() -> None:
    code = "import torch\nclass Net(torch.nn.Module): pass\ndouble = Net()"
    for verdict in judged(code):
        assert verdict.status is Status.ERROR
        assert "forward" in verdict.message


def test_the_random_state_is_put_back() -> None:
    state = torch.get_rng_state()
    judge(DOUBLE, LocalAnswer(torch.randn_like), 1)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_same_seed_gives_the_same_inputs_and_another_one_others() -> None:
    given = []

    def spy(x):
        given.append(x)
        return 2 * x

    for seed in (1, 1, 2):
        judge(DOUBLE, LocalAnswer(spy), seed)
    assert torch.equal(given[0], given[1])
    assert not torch.equal(given[0], given[2])


def test_our_own_fault_is_uncheckable_and_said() -> None:
    def broken(answer, rng) -> None:
        raise KeyError("oops")

    def needs_package(answer, rng) -> None:
        importlib.import_module("no_such_package")

    for judge_part, said in ((broken, "not your fault"), (needs_package, "`no_such_package` is missing")):
        exercise = Exercise("test-2", _("T"), "f", (Part(_("p"), 1, judge_part),), (), _("e"), ())
        verdict = judge(exercise, LocalAnswer(lambda x: x), 1)
        assert verdict.status is Status.UNCHECKABLE
        assert said in verdict.message


def _part(number: int, needs: tuple[str, ...] = ()) -> Part:
    def judge_part(answer, rng) -> None:
        seen = answer.run(call, args=[number], kwargs={})["value"]
        equal(seen, number, tried=_("the number {n}", n=number))

    return Part(_([None, "one", "two", "three"][number]), number, judge_part, needs)


PARTED = Exercise(
    "test-3", _("Parts"), "f", (_part(1), _part(2, needs=("one",)), _part(3)), (), _("e"), ()
)  # fmt: skip


def test_parts_earn_their_own_points_and_wait_for_what_they_need() -> None:
    verdict = judge(PARTED, LocalAnswer(lambda n: n if n != 1 else 0), 1)
    assert [finding.status for finding in verdict.findings] == ["failed", "waiting", "passed"]
    assert (verdict.status, verdict.earned, verdict.possible) == (Status.PARTIAL, 3, 6)
    assert "waits" in verdict_panel(verdict).text
    assert verdict.mistake == "wrong-values"


def test_a_timeout_keeps_what_was_earned_before_it() -> None:
    def slow(n):
        while n == 2:
            pass
        return n

    verdict = judge(PARTED, LocalAnswer(slow, LIMIT), 1)
    assert [finding.status for finding in verdict.findings] == ["passed", "timeout", "waiting"]
    assert verdict.earned == 1


# comparing -------------------------------------------------------------------------------------------------

X = torch.tensor([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("seen", "expected", "mistake"),
    [
        (X, X, None),
        (X + 1e-6, X, None),
        (X + 1e-2, X, "wrong-values"),
        (X.T.contiguous().T, X, None),
        (X.double(), X, "wrong-dtype"),
        (X.flatten(), X, "wrong-shape"),
        (X.flatten().double(), X, "wrong-shape"),
        (X.numpy(), X, "wrong-type"),
        (X.numpy(), X.numpy(), None),
        (X, X.numpy(), "wrong-type"),
        ([X, X], [X, X], None),
        ((X, X), [X, X], None),
        ([X], [X, X], "wrong-length"),
        ([X, X + 1], [X, X], "wrong-values"),
        ({X}, [X], "wrong-type"),
        ({"a": 1, "b": X}, {"b": X, "a": 1}, None),
        ({"a": 1}, {"b": 1}, "wrong-keys"),
        ({"a": 2}, {"a": 1}, "wrong-values"),
        (1, 1.0, None),
        (np.float64(1), 1.0, None),
        (1.0, 1, "wrong-type"),
        (True, 1, "wrong-type"),
        (1, True, "wrong-type"),
        (torch.tensor(1.0), 1.0, "wrong-type"),
        (float("nan"), 1.0, "has-nan"),
        (float("inf"), float("inf"), None),
        (float("nan") * X, X, "has-nan"),
        ("a", "b", "wrong-values"),
        (None, "b", "returned-none"),
        (torch.empty(0, 3), torch.empty(0, 3), None),
        (torch.tensor([1, 2]), torch.tensor([1, 3]), "wrong-values"),
        (torch.tensor([True]), torch.tensor([True]), None),
        (X.to_sparse(), X, "wrong-type"),
        (10**30, 10**30, "wrong-type"),
    ],
)
def test_the_first_difference(seen, expected, mistake) -> None:
    found = difference(snapshot(seen), expected)
    assert (found.mistake.key if found else None) == mistake


def test_the_order_is_type_shape_dtype_device_grad_values() -> None:
    wrong_in_all = snapshot((X.flatten().double() + 1).requires_grad_())
    assert difference(wrong_in_all, X, grad=False).mistake.key == "wrong-shape"
    assert difference(snapshot((X.double() + 1).requires_grad_()), X, grad=False).mistake.key == "wrong-dtype"
    assert difference(snapshot((X + 1).requires_grad_()), X, grad=False).mistake.key == "needs-grad"
    assert difference(snapshot(X + 1), X, grad=True).mistake.key == "lacks-grad"
    assert difference(snapshot(X + 1), X, device="cuda").mistake.key == "wrong-device"


def test_values_are_shown_at_the_worst_place() -> None:
    wrong = torch.zeros(3, 4)
    wrong[1, 2] = 5
    found = difference(snapshot(wrong), torch.zeros(3, 4))
    assert str(found.observed) == "5 at [1, 2]"
    assert str(found.expected) == "0 there"


def test_a_classic_mistake_is_recognised_in_another_dtype_but_not_rounded() -> None:
    assert same(snapshot(X.double()), X)
    assert not same(snapshot(torch.tensor(4.5)), torch.tensor(4))


def test_a_tolerance_is_what_it_says() -> None:
    assert difference(snapshot(X + 0.09), X, tolerance=Tolerance(rtol=0, atol=0.1)) is None
    assert difference(snapshot(X + 0.11), X, tolerance=Tolerance(rtol=0, atol=0.1)) is not None


# copies ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -2.5, float("inf"), "text", b"bytes", X, X.bfloat16(), X.half(), torch.empty(0, 2),
     torch.tensor(3), torch.tensor([True, False]), torch.tensor([2**40]), X.numpy(), [1, [2, X]], (1, "a"),
     {"a": [X], 2: None}],
    ids=str,
)  # fmt: skip
def test_a_copy_goes_over_and_comes_back(value) -> None:
    from helpers.trials.runner import Outcome

    outcome = Outcome({"value": snapshot(value)})
    seen = decode(encode(outcome), Outcome).values["value"]
    if isinstance(value, torch.Tensor):
        assert torch.equal(plain(seen), value)
        assert plain(seen).dtype == value.dtype
    assert difference(seen, value) is None or isinstance(value, bytes)
    assert type(plain(seen)) is type(value)


def test_a_picture_goes_over() -> None:
    from PIL import Image

    for mode in ("RGB", "L", "RGBA"):
        picture = Image.new(mode, (4, 3), 7)
        back = plain(snapshot(picture))
        assert (back.mode, back.size, back.tobytes()) == (mode, (4, 3), picture.tobytes())


def test_hostile_bytes_are_refused() -> None:
    import msgspec

    from helpers.trials.runner import Record

    for data in (b"", b"\x00", b"\xc1", encode(Step("x")), b"\x81\xa4is_a\xa7outcome"):
        with pytest.raises((msgspec.MsgspecError, ValueError)):
            decode(data, Record)


def test_a_copy_runs_no_code_of_the_learners() -> None:
    class Trap:
        def __getattribute__(self, name):
            raise AssertionError(name)

    assert isinstance(snapshot([Trap()]).items[0], Opaque)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "None"),
        (X, "float32 tensor of shape (2, 2): 1, 2, 3, 4"),
        (torch.zeros(3, 4), "float32 tensor of shape (3, 4), values from 0 to 0"),
        (torch.zeros(5), "float32 tensor of shape (5,): 0, 0, 0, 0, 0"),
        (torch.empty(0, 3), "float32 tensor of shape (0, 3)"),
        ([1, 2], "list [1, 2]"),
        ("a", "'a' (str)"),
        (object(), "an object of type object"),
    ],
)
def test_descriptions(value, said: str) -> None:
    assert str(describe(value)) == said


def test_a_recipe_builds_the_same_model_twice_and_leaves_the_random_state() -> None:
    state = torch.get_rng_state()
    first, second = (probes.build(probes.recipe(seed=3)) for _ in range(2))
    assert not probes.changed(first, probes.state(second))
    assert torch.equal(torch.get_rng_state(), state)
    assert probes.changed(first, probes.state(probes.build(probes.recipe(seed=4))))
