"""Labs: what moves when a control does, what is shown where nothing can move, and what happens when it goes wrong."""

from __future__ import annotations

import asyncio
import base64
import copy
import io
import os
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

import helpers
from helpers import plots
from helpers.authoring import build
from helpers.bench.labs import move, time_labs
from helpers.bench.rungs import Missing
from helpers.cli import main
from helpers.images import photo
from helpers.labs import NAMES, UnknownLab, find_lab, open_lab
from helpers.labs import images as film_lab
from helpers.labs import optimization as ladder_lab
from helpers.labs import precision as precision_lab
from helpers.labs.base import Lab, Step
from helpers.labs.batch import Curve
from helpers.labs.controls import Choice, Photo, Slider
from helpers.labs.shared import classifier
from helpers.labs.view import LIVE, WIDGET, LabView
from helpers.models import classify
from helpers.plots import DPI
from helpers.text import _, speaking
from helpers.timing import saved_bytes

opened: dict[str, LabView] = {}


@pytest.fixture
def view(request: pytest.FixtureRequest) -> Iterator[LabView]:
    """A lab by its name, opened once in this process; its controls are put back afterwards."""
    name = request.param
    if name not in opened:
        opened[name] = open_lab(name)
    view = opened[name]
    before = {
        key: handle.parts[0].value
        for key, handle in view.handles.items()
        if hasattr(handle.parts[0], "value")
    }
    yield view
    for key, value in before.items():
        view.handles[key].parts[0].value = value


def by_name(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("view", names, indirect=True)


def values(view: LabView, **changed):
    return view.lab.compute(**{**view.values, **changed})


# every lab ---------------------------------------------------------------------------------------------------


NEEDS = {"input": {"weights": False}}
"""Controls that change something only when others stand so: with its parameters a model keeps the input anyway."""


@by_name(*NAMES)
def test_each_control_changes_the_picture_and_what_it_shows(view: LabView) -> None:
    for name, handle in view.handles.items():
        start = {
            key: other.parts[0].value
            for key, other in view.handles.items()
            if hasattr(other.parts[0], "value")
        }
        for other, value in NEEDS.get(name, {}).items():
            view.handles[other].parts[0].value = value
        before = view.picture
        next(move(handle.parts[0]))
        assert view.picture.png != before.png, name
        assert base64.b64encode(view.picture.png).decode() in view._image.value
        assert f'alt="{escape(view.picture.alt)}"' in view._image.value
        assert escape(view.picture.alt) in view.said
        for other, value in start.items():
            view.handles[other].parts[0].value = value


@by_name(*NAMES)
def test_without_widgets_there_is_a_still_picture_that_says_what_it_is(view: LabView) -> None:
    data, metadata = view._repr_mimebundle_()
    assert list(data) == [WIDGET, "image/png", "text/plain"]
    still = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    live = Image.open(io.BytesIO(view.picture.png)).convert("RGB")
    assert live.size == tuple(round(inches * DPI) for inches in view.lab.size)
    assert np.array_equal(np.asarray(still)[: live.height], np.asarray(live)), (
        "what was drawn last, to the pixel"
    )
    strip = np.asarray(still)[live.height :]
    assert strip.shape[0] > 30
    assert strip.min() < 100, "with something written below"
    for words in (data["text/plain"], metadata["image/png"]["alt"]):
        assert str(view.lab.title) in words
        assert str(LIVE) in words
    assert view.picture.alt in metadata["image/png"]["alt"]


@by_name(*NAMES)
def test_in_chinese_every_character_is_drawn(view: LabView) -> None:
    with speaking("zh"), warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of a character that its fonts lack
        chinese = LabView(view.lab)
        chinese.still()
        words = str(view.lab.describe(chinese.result))
    assert any("\u4e00" <= letter <= "\u9fff" for letter in words)
    assert words == chinese.picture.alt
    assert str(view.lab.title) not in str(chinese.still()), "the English title"


@by_name(*NAMES)
def test_controls_have_labels_and_say_what_they_are_for(view: LabView) -> None:
    for name, handle in view.handles.items():
        assert handle.parts[0].description, name
        assert handle.parts[0].tooltip.endswith("."), name


def test_an_unknown_lab_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownLab, match="'modes'"):
        helpers.lab("mode")
    with pytest.raises(UnknownLab, match=", ".join(NAMES)):
        helpers.lab("?")


# what each lab shows ------------------------------------------------------------------------------------------


@by_name("dropout")
def test_dropout_zeroes_a_share_and_scales_the_rest(view: LabView) -> None:
    result = values(view, p=0.9, kind="ones", training=True, draw_number=0)
    assert result.zeros == pytest.approx(0.9, abs=0.02)
    assert result.after[result.after != 0].unique().tolist() == pytest.approx([10.0])
    assert result.after.mean().item() == pytest.approx(1, abs=0.1)
    again = values(view, p=0.9, kind="ones", training=True, draw_number=1)
    assert not torch.equal(result.after, again.after)
    calm = values(view, p=0.9, training=False)
    assert calm.after is calm.before
    assert calm.before.std() > 0.2


@by_name("modes")
def test_only_in_training_mode_does_an_answer_depend_on_the_neighbours(view: LabView) -> None:
    before = copy.deepcopy(classifier().model.state_dict())
    one = values(view, first="brick", second="grass", third="gravel")
    other = values(view, first="astronaut", second="coffee", third="rocket")
    assert [found.category for found in one.evaluation] == [found.category for found in other.evaluation]
    assert [found.probability for found in one.evaluation] == pytest.approx(
        [found.probability for found in other.evaluation], rel=1e-3
    )
    assert [found.category for found in one.training] != [found.category for found in other.training]
    expected = classify(classifier(), photo("cat"), k=1)[0]
    assert one.evaluation[0].category == expected.category
    after = classifier().model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before), "the shared model is as it was"


@by_name("nograd")
def test_the_graph_is_kept_only_where_something_asks_for_gradients(view: LabView) -> None:
    plain = values(view, pictures=2)
    assert plain.has_graph
    batch = torch.zeros(2, 3, view.values["side"], view.values["side"])
    view.lab._model.requires_grad_(True)
    assert plain.total == saved_bytes(lambda: view.lab._model(batch)) > 0
    assert values(view, pictures=4).total == pytest.approx(2 * plain.total, rel=0.02)
    for quiet in ({"mode": "no_grad"}, {"mode": "inference_mode"}, {"weights": False}):
        found = values(view, pictures=2, **quiet)
        assert (found.total, found.has_graph) == (0, False)
        assert found.is_inference == (quiet.get("mode") == "inference_mode")
        assert found.plain == plain.parts, "the outline behind stays"
    frozen = values(view, pictures=2, weights=False, input=True)
    assert 0 < frozen.total < plain.total


@by_name("preprocessing")
def test_each_step_of_preprocessing_does_what_it_says(view: LabView) -> None:
    own = values(view)
    assert torch.equal(own.tensor, torch.as_tensor(classifier().preprocess(photo("coffee"))))
    assert own.top5 == classify(classifier(), photo("coffee"))
    assert torch.equal(values(view, channels="bgr").tensor, own.tensor.flip(0))
    unit, whole = values(view, scale="unit").tensor, values(view, scale="bytes").tensor
    assert unit.min() >= 0 and unit.max() <= 1 < whole.max()
    assert torch.allclose(whole / 255, unit, atol=1e-6)
    assert values(view, crop=128).tensor.shape == (3, 128, 128)
    assert not torch.equal(values(view, interpolation="nearest").tensor, own.tensor)
    squashed = values(view, keep=False, resize=224, crop=224)
    assert squashed.seen == (0, 0, 1, 1), "nothing of the photo is cut off"
    assert own.seen[1] > 0 and own.seen[0] > own.seen[1], "the middle of a photo that is wider than high"
    padded = values(view, resize=64, crop=128)
    assert padded.tensor.shape == (3, 128, 128)
    assert padded.seen[1] < 0, "the frame is larger than the photo"


def test_the_knee_is_the_smallest_batch_with_nine_tenths_of_the_best() -> None:
    curve = Curve(64, "cpu", {1: 1.0, 2: 1.25, 4: 2.0, 8: 3.7, 16: 8.0})  # 1, 1.6, 2, 2.16 and 2 a second
    assert curve.knee == 4
    assert Curve(64, "cpu", {1: 1.0, 2: 2.0, 4: 4.0}).knee == 1


def test_throughput_is_measured_step_by_step_and_what_was_measured_stays() -> None:
    lab = find_lab("batch")
    first = lab.compute(side=64, largest=8)
    assert list(first.asked.seconds) == [1, 2, 4, 8]
    empty = lab.compute(side=128, largest=2)
    assert not empty.asked.seconds
    assert [curve.side for curve in empty.others] == [64]
    assert "Measure" in str(lab.describe(empty))
    steps = []
    for step in lab.work(side=128, largest=2):
        steps.append(step)
        assert list(lab.compute(side=128, largest=2).asked.seconds)
    assert [step.done for step in steps] == list(range(1, steps[0].total + 1))
    done = lab.compute(side=128, largest=2).asked
    assert list(done.seconds) == [1, 2]
    assert all(done.throughput[size] == pytest.approx(size / done.seconds[size]) for size in (1, 2))


@by_name("precision")
def test_formats_keep_the_digits_and_the_range_that_they_have_bits_for(view: LabView) -> None:
    assert precision_lab.bits(1.0, "float32").text == "00111111100000000000000000000000"
    assert precision_lab.bits(-2.0, "float16").text == "1100000000000000"
    assert [precision_lab.bits(257.0, name).stored for name in precision_lab.FORMATS] == [257, 256, 257]
    assert precision_lab.bits(65520.0, "float16").stored == float("inf")
    assert precision_lab.bits(1e-8, "float16").stored == 0
    result = values(view)
    assert result.errors["bfloat16"].mean() > 2 * result.errors["float16"].mean() > 0
    assert result.weights["float32"] == 2 * result.weights["float16"] == 2 * result.weights["bfloat16"]
    assert result.flips["float32"] == 0
    assert result.ratio("float32") == 1
    other = values(view, photo="moon")
    assert not torch.equal(other.errors["bfloat16"], result.errors["bfloat16"])
    assert all(0 <= flips <= precision_lab.VIEWS for flips in other.flips.values())


@by_name("export")
def test_three_forms_give_nearly_the_same_logits(view: LabView) -> None:
    result = values(view)
    assert result.first["pytorch"].category == result.first["onnx"].category == "espresso"
    assert result.difference("program", "pytorch").max() <= result.tolerance
    apart = result.difference("onnx", "pytorch")
    assert 0 < apart.max() <= result.tolerance
    assert "below the tolerance" in str(view.lab.describe(result))
    noisy = values(view, noise=4.0)
    assert noisy.first["pytorch"].category != "espresso"
    assert noisy.difference("onnx", "pytorch").max() <= noisy.tolerance
    plain = values(view, optimised=False)
    assert not torch.equal(plain.logits["onnx"], result.logits["onnx"])


@by_name("export")
def test_the_drawn_graph_is_that_of_the_file(view: LabView) -> None:
    first = values(view, node=0).nodes
    assert (first[0].kind, first[0].detail, first[0].sources) == ("Conv", "3×3, 3→32", ())
    assert first[1].sources == (0,)
    last = values(view, node=85).nodes
    assert last[-1].kind == "Gemm"
    assert last[-1].number == values(view).count - 1
    every = {node.number: node for start in range(0, 86, 9) for node in values(view, node=start).nodes}
    sums = [node for node in every.values() if node.kind == "Add"]
    assert sums
    for node in sums:
        assert len(node.sources) == 2, "a shortcut and what it goes around"
        assert min(node.sources) < node.number - 1


@by_name("optimization")
def test_rungs_have_a_ratio_once_they_are_measured_and_a_difference(view: LabView) -> None:
    bars = {bar.name: bar for bar in values(view).bars}
    assert bars["naive"].ratio == 1
    assert bars["no_grad"].error == 0
    assert all(bar.same == 4 for bar in bars.values() if bar.name != "bf16")
    assert "onnx" not in bars
    fewer = {bar.name: bar for bar in values(view, onnx=True, no_grad=False).bars}
    assert "no_grad" not in fewer
    assert fewer["onnx"].ratio is None
    if bars["bf16"].ratio:  # where the processor has it
        assert bars["bf16"].error > 100 * bars["fused"].error


def test_a_rung_that_cannot_run_says_why_and_the_others_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(setting):
        raise Missing("no C++ compiler")

    monkeypatch.setitem(ladder_lab._BUILD, "torch.compile", build)
    off = dict.fromkeys(ladder_lab._CHOICES, False)
    lab = find_lab("optimization")
    for step in lab.work(pictures=1, **off | {"compiled": True}):
        assert 0 <= step.done <= step.total
    assert step.done == step.total
    naive, compiled = lab.compute(pictures=1, **off | {"compiled": True}).bars
    assert naive.ratio == 1
    assert compiled.missing == "no C++ compiler"
    assert compiled.missing in str(lab.describe(lab.compute(pictures=1, **off | {"compiled": True})))


def test_moving_averages_are_means_over_what_is_there() -> None:
    rows = torch.rand(11, 3)
    for window in (1, 3, 7, 25):
        half = window // 2
        centred = torch.stack([rows[max(0, i - half) : i + half + 1].mean(0) for i in range(11)])
        past = torch.stack([rows[max(0, i - window + 1) : i + 1].mean(0) for i in range(11)])
        assert torch.allclose(film_lab.moving_average(rows, window, centred=True), centred, atol=1e-6)
        assert torch.allclose(film_lab.moving_average(rows, window, centred=False), past, atol=1e-6)


@by_name("images")
def test_a_wide_window_calms_the_names_and_the_past_alone_is_late(view: LabView) -> None:
    raw, wide = values(view, window=1), values(view, window=9)
    assert raw.names == raw.raw_names == wide.raw_names
    assert film_lab.changes(wide.names) < film_lab.changes(raw.names)
    cat = next(place for place, name in enumerate(raw.names) if "cat" in classifier().categories[name])
    late = values(view, window=9, method="past").names
    assert "cat" in classifier().categories[wide.names[cat + 1]]
    assert "cat" not in classifier().categories[late[cat + 1]]
    for film in film_lab.FILMS:
        assert len(values(view, film=film).names) == len(raw.names)


# the frame around a lab ---------------------------------------------------------------------------------------


class Counting(Lab):
    """A lab that notes what it was asked, fails when told to, and has work to do."""

    title = _("value")
    controls = (
        Slider("x", _("value"), _("1: each frame by itself."), 0, 100, 1, 0),
        Choice("mood", _("mode"), _("1: each frame by itself."), tuple((m, m) for m in ("well", "ill", "wrong")), "well"),
    )  # fmt: skip
    size = (2.0, 1.0)

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.worked = 0
        self.closed = False
        self.breaks_at: int | None = None

    def compute(self, x: int, mood: str) -> int:
        self.asked.append(x)
        if mood == "ill":
            raise RuntimeError("a wheel <came> off")
        if mood == "wrong":
            raise ValueError("These two do not go together.")
        return x + self.worked

    def draw(self, figure, result: int) -> None:
        figure.text(0, 0.5, str(result))

    def describe(self, result: int):
        return _("{a}, {b}, {c}", a=result, b="", c="")

    def work(self, x: int, mood: str) -> Iterator[Step]:
        try:
            for turn in range(1, 6):
                if turn == self.breaks_at:
                    raise RuntimeError("out of memory")
                self.worked = 1000 * turn
                yield Step(turn, 5, _("value"))
        finally:
            self.closed = True


@pytest.fixture
def counting() -> LabView:
    return LabView(Counting())


def slider(view: LabView):
    return view.handles["x"].widget


def test_many_moves_lead_to_one_picture_of_the_newest(counting: LabView) -> None:
    async def drag() -> None:
        for value in range(1, 60):
            slider(counting).value = value
        assert counting.lab.asked == [0]
        assert "computing" in counting._busy.value, "a sign that something is under way"
        await asyncio.sleep(0.2)
        assert counting.lab.asked == [0, 59]
        assert not counting._busy.value
        slider(counting).value = 7
        await asyncio.sleep(0.2)

    asyncio.run(drag())
    assert counting.lab.asked == [0, 59, 7]
    assert counting.picture.alt.startswith("7,")


def test_an_error_is_told_and_the_picture_stays(counting: LabView) -> None:
    mood = counting.handles["mood"].widget
    before = counting.picture
    mood.value = "ill"
    assert "a wheel &lt;came&gt; off" in counting.said
    assert "an error of its own" in counting.said
    assert counting.picture is before
    mood.value = "wrong"
    assert "These two do not go together." in counting.said
    assert "an error of its own" not in counting.said
    mood.value = "well"
    assert "off" not in counting.said
    assert "<b>" not in counting.said


def test_work_is_done_with_its_progress_shown(counting: LabView) -> None:
    counting.start.click()
    assert counting.picture.alt.startswith("5000")
    assert counting.progress.value == counting.progress.max == 5
    assert counting.progress.layout.visibility == "hidden"
    assert (counting.start.disabled, counting.cancel.disabled) == (False, True)


def test_cancel_stops_the_work_and_keeps_what_was_found(counting: LabView) -> None:
    async def stop_in_the_middle() -> None:
        counting.start.click()
        counting.start.click()  # a second press changes nothing
        while counting.progress.value < 2:
            await asyncio.sleep(0.005)
        assert counting.start.disabled and slider(counting).disabled, (
            "what is being measured cannot be changed"
        )
        assert counting.progress.layout.visibility == "visible"
        counting.cancel.click()
        await asyncio.wait_for(counting._task, 10)

    asyncio.run(stop_in_the_middle())
    assert counting.lab.closed
    assert 2000 <= counting.lab.worked < 5000
    assert counting.picture.alt.startswith(str(counting.lab.worked))
    assert not (counting.start.disabled or slider(counting).disabled)
    assert counting.cancel.disabled
    assert "Stopped" in counting._doing.value
    counting.start.click()
    assert counting.lab.worked == 5000, "and it can be started again"


def test_an_error_in_the_work_is_told_and_leaves_all_in_order(counting: LabView) -> None:
    counting.lab.breaks_at = 3
    counting.start.click()
    assert "out of memory" in counting.said
    assert counting.lab.closed
    assert counting.picture.alt.startswith("2000")
    assert not (counting.start.disabled or slider(counting).disabled)
    assert counting.progress.layout.visibility == "hidden"


def test_a_closed_lab_stops_and_leaves_no_widget(counting: LabView) -> None:
    widgets = [*counting.widget.children, counting.widget, slider(counting)]

    async def close_in_the_middle() -> None:
        counting.start.click()
        while counting.progress.value < 1:
            await asyncio.sleep(0.005)
        counting.close()
        await asyncio.wait_for(counting._task, 10)

    asyncio.run(close_in_the_middle())
    assert counting.lab.worked < 5000
    assert all(widget.comm is None for widget in widgets)


class Showing(Lab):
    """A lab that shows a picture."""

    title = _("photo")
    controls = (Photo("photo", _("photo"), _("What is prepared."), "cat"),)
    size = (2.0, 1.0)

    def compute(self, photo: Image.Image) -> Image.Image:
        return photo

    def draw(self, figure, result: Image.Image) -> None:
        figure.figimage(np.asarray(result.resize((50, 50))))

    def describe(self, result: Image.Image):
        return _("{a}, {b}, {c}", a=result.width, b=result.height, c="")


def upload(view: LabView, content: bytes) -> None:
    _choose, button = view.handles["photo"].parts
    file = {"name": "a.png", "type": "image/png", "size": len(content), "content": memoryview(content),
            "last_modified": datetime(2026, 1, 1, tzinfo=UTC)}  # fmt: skip
    button.value = (file,)


def as_file(color: str, size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "PNG")
    return file.getvalue()


def test_an_own_picture_is_shown_and_a_bad_file_is_told() -> None:
    view = LabView(Showing())
    before = view.picture
    upload(view, b"I am no picture")
    assert "not a picture" in view.said
    assert view.picture is before
    assert view.values["photo"].size == photo("cat").size, "the choice stays"
    upload(view, as_file("red", (30, 20)))
    assert view.picture.alt.startswith("30, 20")
    assert "not a picture" not in view.said
    upload(view, as_file("blue", (40, 20)))
    assert view.picture.alt.startswith("40, 20"), "another file under the same name"
    view.handles["photo"].parts[0].value = "coffee"
    assert view.values["photo"].size == photo("coffee").size


# fonts, kernels, commands -------------------------------------------------------------------------------------


def test_a_learners_own_plot_draws_chinese_with_a_font_from_a_package() -> None:
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(), speaking("zh"), warnings.catch_warnings():
        matplotlib.rcParams["font.family"] = ["sans-serif"]
        plots.use_chinese_font()
        warnings.simplefilter("error")
        figure = Figure()
        figure.text(0, 0, "猫 cat ×")
        figure.savefig(io.BytesIO())
        plots.use_chinese_font()
        assert matplotlib.rcParams["font.family"] == ["sans-serif", plots.CHINESE], "once only"
    with matplotlib.rc_context(), speaking("en"):
        matplotlib.rcParams["font.family"] = ["sans-serif"]
        plots.use_chinese_font()
        assert matplotlib.rcParams["font.family"] == ["sans-serif"]


def test_in_a_kernel_a_lab_comes_with_its_still_and_says_nothing_on_stderr() -> None:
    from nbclient import NotebookClient

    cells = ["from helpers import lab", 'lab("dropout")', 'lab("dropout")']
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
    client = NotebookClient(notebook, timeout=120, store_widget_state=False)
    with client.setup_kernel(env=dict(os.environ)):
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        first = copy.deepcopy(notebook.cells[1].outputs)
        client.execute_cell(notebook.cells[1], 1)
    again = notebook.cells[1].outputs
    for outputs in (first, again, notebook.cells[2].outputs):
        (output,) = outputs
        assert output.output_type == "display_data"
        assert {WIDGET, "image/png", "text/plain"} == set(output.data)
    assert first[0].data["text/plain"] == again[0].data["text/plain"]
    build._still(notebook.cells[1])
    assert set(notebook.cells[1].outputs[0].data) == {"image/png", "text/plain"}, "stored: its kernel is gone"


def test_the_time_to_a_picture_is_measured_and_compared_with_the_aim() -> None:
    result = CliRunner().invoke(main, ["bench", "labs", "dropout", "--moves", "1"])
    assert result.exit_code == 0, result.output
    (row,) = [line.split() for line in result.output.splitlines() if "dropout" in line]
    controls, first, _unit, median, slowest, met = row[1:]
    assert controls == "4"
    assert float(first) >= 0 and 0 < float(median) <= float(slowest)
    assert met == ("✔" if float(median) <= 200 else "✘")
    wrong = CliRunner().invoke(main, ["bench", "labs", "nothing"])
    assert wrong.exit_code == 2
    assert "dropout" in wrong.output


def test_a_lab_without_a_new_picture_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpers.bench.labs.open_lab", lambda _name: broken)
    broken = LabView(Counting())
    monkeypatch.setattr(broken.lab, "draw", lambda figure, result: 1 / 0)
    with pytest.raises(RuntimeError, match="no new picture"):
        time_labs(1, ["counting"])
