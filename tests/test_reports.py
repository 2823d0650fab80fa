"""What a grader gives out: each kind of report, made from records by hand, and the writing of files."""

from __future__ import annotations

import csv
import json
import os
import re
import resource
import tracemalloc
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers.cli import main
from helpers.exercises import find_exercise, lessons
from helpers.grading.grade import OUT_OF_TIME
from helpers.grading.protections import PROTECTIONS
from helpers.grading.reports.class_page import class_page
from helpers.grading.reports.feedback import feedback_page
from helpers.grading.reports.files import CannotWrite, FileNames, write_whole
from helpers.grading.reports.folder import known_code, write_folder
from helpers.grading.reports.gradebook import gradebook
from helpers.grading.reports.gradescope import SeveralLearners, gradescope_results
from helpers.grading.reports.junit import junit_xml
from helpers.grading.reports.lookalike import ALIKE, Lookalikes, Pair
from helpers.grading.reports.outputs import Outputs
from helpers.grading.reports.record import (
    Graded,
    PanelReport,
    Run,
    SubmissionReport,
    as_json,
    exercise_report,
    panel_report,
)
from helpers.grading.reports.tallies import tally
from helpers.judging import LocalAnswer, Mistake, Status, judge, mistakes
from helpers.judging.verdicts import Finding, Verdict
from helpers.text import Message, speaking

RUN = Run(datetime(2026, 11, 26, 9, 30, tzinfo=UTC), 93.4567, ["environment", "limits", "network"])
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>&lt;b&gt;\"'`*{learner}"


def verdict(id: str, earned: int | None = None, mistake: Mistake | None = None, status: str = "") -> Verdict:
    """Of a real exercise: passed, or with this mistake and so many points."""
    exercise = find_exercise(id)
    points = exercise.points
    if mistake is None:
        finding = Finding(exercise.title, Status.PASSED, points, points)
        return Verdict(id, exercise.title, Status.PASSED, points, points, (finding,))
    earned = earned or 0
    status = Status(status or ("partial" if earned else "failed"))
    finding = Finding(exercise.title, status, earned, points, mistake)
    return Verdict(id, exercise.title, status, earned, points, (finding,), printed="printed <b>this</b>")


def graded(learner: str, *verdicts: Verdict, path: str = "01_modes.ipynb", **answers: str) -> Graded:
    report = SubmissionReport(
        learner,
        f"class/{learner}/{path}",
        "graded",
        None,
        sum(each.earned for each in verdicts),
        sum(each.possible for each in verdicts),
        1.5,
        [exercise_report(each) for each in verdicts],
    )
    by_id = {name.replace("_", "-"): code for name, code in answers.items()}
    return Graded(report, [panel_report(each) for each in verdicts], by_id)


def unreadable(learner: str, path: str = "01_modes.ipynb", reason: str = "It is empty.") -> Graded:
    report = SubmissionReport(learner, f"class/{learner}/{path}", "unreadable", reason, 0, 0, 0.1, [])
    return Graded(report)


def reports(*everybody: Graded) -> list[SubmissionReport]:
    return [each.report for each in everybody]


def rows(everybody: list[Graded]) -> list[list[str]]:
    return list(csv.reader(gradebook(reports(*everybody)).decode("utf-8-sig").splitlines()))


NOT_STARTED = mistakes.NOT_STARTED
WRONG = mistakes.WRONG_VALUES


# the gradebook -----------------------------------------------------------------------------------------------


def test_gradebook_of_several_lessons() -> None:
    table = rows(
        [
            graded("ann", verdict("batch-1"), verdict("batch-2", 1, WRONG), path="04_batch_and_gpu.ipynb"),
            graded("bob", verdict("modes-1"), verdict("modes-2", 0, NOT_STARTED, "not_started")),
            unreadable("eve"),
        ]
    )
    assert table == [
        ["learner", "earned", "modes-1", "modes-2", "batch-1", "batch-2", "unreadable", "handed in twice"],
        ["ann", "6", "", "", "5", "1", "", ""],
        ["bob", "2", "2", "0", "", "", "", ""],
        ["eve", "0", "", "", "", "", "01_modes.ipynb", ""],
    ]


def test_one_name_in_two_folders_is_one_row_at_its_best_and_says_so() -> None:
    first = graded("ann", verdict("modes-1", 1, WRONG), verdict("modes-2"), path="week 1/01_modes.ipynb")
    second = graded("ann", verdict("modes-1"), verdict("modes-2", 0, WRONG), path="week 2/01_modes.ipynb")
    other = graded("ann", verdict("batch-1"), path="04_batch_and_gpu.ipynb")
    header, row = rows([first, second, other])
    assert dict(zip(header, row, strict=True)) == {
        "learner": "ann", "earned": "10", "modes-1": "2", "modes-2": "3", "batch-1": "5", "unreadable": "",
        "handed in twice": "class/ann/week 1/01_modes.ipynb class/ann/week 2/01_modes.ipynb",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["=1+1", "+x", "-x", "@x", "\tx", "＝1"])
def test_a_name_cannot_be_a_formula(name: str) -> None:
    assert f"'{name}" in gradebook(reports(unreadable(name))).decode("utf-8-sig")


def test_an_exercise_of_another_release_is_kept() -> None:
    old = verdict("modes-1")
    report = graded("ann", Verdict("modes-99", old.title, old.status, 2, 2), old)
    assert rows([report])[0][2:4] == ["modes-1", "modes-99"]
    write = class_page(tally(reports(report)), [], 0, RUN, {})
    assert b"modes-99" in write


# JUnit -------------------------------------------------------------------------------------------------------

JENKINS = {
    "testsuites": ({"testsuite"}, {"name", "time", "tests", "failures", "errors"}),
    "testsuite": (
        {"properties", "testcase", "system-out", "system-err"},
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"},
    ),
    "properties": ({"property"}, set()),
    "property": (set(), {"name", "value"}),
    "testcase": (
        {"skipped", "error", "failure", "system-out", "system-err"},
        {"name", "time", "classname", "group"},
    ),
    "failure": (set(), {"type", "message"}),
    "error": (set(), {"type", "message"}),
}
"""What the schema of Jenkins' xUnit plugin (junit-10.xsd) lets an element hold, and its attributes."""


def test_junit() -> None:
    raised = mistakes.RAISED(
        type="ValueError", message="\x1b[31m no \x00 ]]> \ud800 <b>\uffff é 李 \U0001f600"
    )
    missing = mistakes.MISSING_PACKAGE(package="onnx")
    everybody = [
        graded("ann", verdict("modes-1"), verdict("modes-2", 1, raised), verdict("modes-3", 0, NOT_STARTED)),
        graded("李\x07雷", verdict("export-1", 0, missing, "uncheckable"), path="06_export.ipynb"),
        unreadable("zoe", reason="Its \x0b is no JSON."),
    ]
    root = ElementTree.fromstring(junit_xml(reports(*everybody), RUN))
    assert root.tag == "testsuites"
    assert {key: root.get(key) for key in ("tests", "failures", "errors", "time")} == {
        "tests": "5", "failures": "2", "errors": "2", "time": "93.457",
    }  # fmt: skip
    assert [suite.get("name") for suite in root] == [
        "ann/01_modes.ipynb", "李\\x07雷/06_export.ipynb", "zoe/01_modes.ipynb",
    ]  # fmt: skip
    for element in root.iter():
        children, attributes = JENKINS[element.tag]
        assert {child.tag for child in element} <= children and set(element.keys()) <= attributes, element.tag
    for suite in root:
        assert suite[0].tag == "properties"
        assert len(suite.findall("testcase")) == int(suite.get("tests"))
        assert re.fullmatch(r"\d+\.\d{3}", suite.get("time"))
        assert datetime.fromisoformat(suite.get("timestamp")) == RUN.started
    ann, lei, zoe = root
    told = {each.get("name"): each.get("value") for each in ann.find("properties")}
    assert told["learner"] == "ann" and told["path"] == "class/ann/01_modes.ipynb"
    assert (told["earned"], told["possible"]) == ("3", "9")
    assert told["protections in force"] == "environment, limits, network"
    assert told["protections missing"] == "processes, files"
    passed, failed, not_started = ann.findall("testcase")
    assert list(passed) == []
    assert (passed.get("classname"), passed.get("name")) == ("ann.01_modes", "modes-1")
    failure = failed.find("failure")
    assert failure.get("type") == "raised" and failure.text == failure.get("message")
    assert "ValueError: \\x1b[31m no \\x00 ]]> \\ud800 <b>\\uffff é 李 \U0001f600" in failure.text
    assert {name: told[f"modes-2 {name}"] for name in ("status", "earned", "possible")} == {
        "status": "partial", "earned": "1", "possible": "3",
    }  # fmt: skip
    assert not_started.find("failure").get("type") == "not-started"
    assert lei.find("testcase/error").get("type") == "missing-package"
    assert zoe.find("testcase").get("name") == "notebook"
    assert zoe.find("testcase/error").attrib == {"type": "unreadable", "message": "Its \\x0b is no JSON."}


# Gradescope --------------------------------------------------------------------------------------------------

SHOWN = {"hidden", "after_due_date", "after_published", "visible"}
FORMATS = {"text", "simple_format", "html", "md", "ansi"}
OF_A_TEST = {
    "score": (int, float), "max_score": (int, float), "status": str, "name": str, "name_format": str,
    "number": str, "output": str, "output_format": str, "tags": list, "visibility": str, "extra_data": dict,
}  # fmt: skip
OF_ALL = {
    "score": (int, float), "execution_time": (int, float), "output": str, "output_format": str,
    "test_output_format": str, "test_name_format": str, "visibility": str, "stdout_visibility": str,
    "extra_data": dict, "tests": list, "leaderboard": list,
}  # fmt: skip


def results(*own: Graded) -> dict:
    """Read a results file as Gradescope's documentation says it is read."""
    found = json.loads(gradescope_results(own))
    for one, known in [(found, OF_ALL), *((test, OF_A_TEST) for test in found["tests"])]:
        assert all(isinstance(value, known[key]) for key, value in one.items()), one
        assert {one[key] for key in one if key.endswith("visibility")} <= SHOWN
        assert {one[key] for key in one if key.endswith("_format")} <= FORMATS
        assert one.get("status", "passed") in ("passed", "failed")
    return found


def test_gradescope() -> None:
    found = results(graded("ann", verdict("modes-1"), verdict("modes-2", 1, WRONG)))
    assert found["score"] == 3 and found["stdout_visibility"] == "hidden"
    assert found["output"] == "01_modes.ipynb: Visible checks passed in 1 of 2 exercises, 3 of 5 points."
    first, second = found["tests"]
    assert (first["name"], first["score"], first["max_score"], first["status"]) == ("modes-1", 2, 2, "passed")
    assert (second["name"], second["score"], second["max_score"], second["status"]) == (
        "modes-2", 1, 3, "failed",
    )  # fmt: skip
    assert second["tags"] == ["partial", "wrong-values"]
    assert str(WRONG.says) in second["output"] and "<div" not in second["output"]
    assert second["output_format"] == "text"


def test_gradescope_counts_the_best_of_several_notebooks() -> None:
    first = graded("ann", verdict("modes-1", 0, WRONG), path="a.ipynb")
    second = graded("ann", verdict("modes-1"), path="b.ipynb")
    found = results(first, second)
    assert found["score"] == 2 and [test["output"] for test in found["tests"]] == [second.panels[0].text]


def test_gradescope_says_why_there_is_nothing_to_score() -> None:
    found = results(unreadable("ann", reason="It is empty."))
    assert (
        found["score"] == 0 and "could not be read" in found["output"] and "It is empty." in found["output"]
    )
    assert "no notebook" in results()["output"]


def test_gradescope_is_for_one_learner() -> None:
    with pytest.raises(SeveralLearners, match="one learner, and here are 2: ann, bob"):
        gradescope_results([unreadable("ann"), unreadable("bob")])


# pages -------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What is in a page: its tags with their attributes, its text, its tables row by row."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._cells: list[list[str]] = []
        self._in_cell = False
        self.feed(html.decode())
        self.rows = [[" ".join(cell.split()) for cell in row] for row in self._cells]

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self._cells.append([])
        elif tag in ("td", "th"):
            self._cells[-1].append("")
            self._in_cell = True
        elif tag == "br":
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_cell:
            self._cells[-1][-1] += data

    def levels(self) -> list[int]:
        return [int(tag[1]) for tag, _attributes in self.tags if re.fullmatch("h[1-6]", tag)]

    def row(self, *cells: str) -> list[str]:
        return next(row for row in self.rows if row[: len(cells)] == list(cells))


LOADING = ("src", "srcset", "poster", "data", "background", "action", "formaction", "xlink:href", "srcdoc")


def check_page(html: bytes, lang: str) -> Page:
    """That a page stands alone, loads and runs nothing, and can be read aloud."""
    assert html.startswith(b"<!doctype html>")
    page = Page(html)
    tags = dict(page.tags[::-1])
    assert [tag for tag, _attributes in page.tags].count("style") == 1
    assert tags["html"]["lang"] == lang
    assert not tags.keys() & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
        "video",
        "b<",
    }
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        loaded = [value for name, value in attributes.items() if name in LOADING]
        assert all((value or "").startswith("#") for value in loaded), (tag, attributes)
        assert "url(http" not in (attributes.get("style") or "")
        assert tag != "a" or not re.match(r"[a-z]+:|//", attributes["href"]), attributes
    assert b"@import" not in html and b"url(" not in html.replace(b"url(#", b"")
    policy = next(each["content"] for _tag, each in page.tags if "http-equiv" in each)
    assert "default-src 'none'" in policy and "script" not in policy
    levels = page.levels()
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(below <= above + 1 for above, below in pairwise(levels)), levels
    return page


@pytest.mark.parametrize(("code", "lang", "summary"), [
    ("en", "en", "Visible checks passed in 1 of 3 exercises, 3 of 9 points."),
    ("zh", "zh-Hans", "3 道练习中有 1 道通过了可见的检查，得 3 分（满分 9 分）。"),
])  # fmt: skip
def test_feedback_page(code: str, lang: str, summary: str) -> None:
    with speaking(code):
        note = Message("Your code printed {n:,} characters while it was checked; the first {kept:,} are kept.",
                       {"n": 9000, "kept": 2000})  # fmt: skip
        second = verdict("modes-2", 1, WRONG)
        second = Verdict(
            *(second.exercise, second.title, second.status, 1, 3, second.findings), notes=(note,)
        )
        own = [graded("李 雷", verdict("modes-1"), second, verdict("modes-3", 0, NOT_STARTED, "not_started")),
               unreadable("李 雷", "04_batch_and_gpu.ipynb")]  # fmt: skip
        page = check_page(feedback_page("李 雷", own), lang)
        said = [WRONG.says, note, NOT_STARTED.says, find_exercise("modes-2").title]
        assert all(str(each).replace("`", "") in page.text for each in said)
    assert summary in page.text and "It is empty." in page.text and "李 雷" in page.text
    assert page.levels() == [1, 2, 3, 3, 3, 2]
    assert not any(str(protection) in page.text for protection in PROTECTIONS.values())
    assert ("time limit" if code == "en" else "时间限制") not in page.text


def test_full_marks_are_no_promise() -> None:
    page = check_page(feedback_page("ann", [graded("ann", verdict("modes-1"))]), "en")
    assert "Visible checks passed, 2 of 2 points." in page.text
    assert "cannot prove that it is right" in page.text
    assert not re.search(r"all (tests|checks) passed|everything is (right|correct)", page.text, re.IGNORECASE)


@pytest.mark.parametrize("late", [
    verdict("modes-2", 1, mistakes.TOO_SLOW(seconds=10)), verdict("modes-2", 0, OUT_OF_TIME, "timeout"),
])  # fmt: skip
def test_what_was_earned_before_a_time_limit_is_said(late: Verdict) -> None:
    page = check_page(feedback_page("ann", [graded("ann", verdict("modes-1"), late)]), "en")
    assert f"What was earned until then counts: {2 + late.earned} points." in page.text


def test_text_of_a_learner_is_never_markup() -> None:
    hostile = verdict("modes-1", 1, mistakes.RAISED(type=HOSTILE, message=HOSTILE))
    own = [graded(HOSTILE, hostile, path=HOSTILE), unreadable(HOSTILE, HOSTILE, HOSTILE)]
    page = check_page(feedback_page(HOSTILE, own), "en")
    assert page.text.count("alert(1)") >= 5
    pair = Pair(HOSTILE, (HOSTILE, HOSTILE), (HOSTILE, HOSTILE), 0.9)
    class_ = class_page(tally(reports(*own)), [pair], 1, RUN, {HOSTILE: HOSTILE})
    assert check_page(class_, "en").text.count("alert(1)") >= 6


def test_text_of_a_real_answer_is_never_markup() -> None:
    def best_category(logits, categories):
        print(HOSTILE)
        raise ValueError(HOSTILE)

    found = judge(find_exercise("start-1"), LocalAnswer(best_category), 0)
    assert found.mistake == "raised"
    page = check_page(feedback_page("ann", [graded("ann", found)]), "en")
    assert page.text.count("alert(1)") >= 2, "the message, and what was printed"


def test_colours_can_be_told_from_the_ground_in_light_and_dark() -> None:
    css = feedback_page("ann", []).decode()
    themes = [
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", theme)) for theme in re.findall(r":root {(.*?)}", css)
    ]
    assert len(themes) == 2 and themes[0]["ground"] != themes[1]["ground"]
    for theme in themes:
        for name, least in (("text", 7), ("soft", 4.5), ("bar", 3)):
            assert contrast(theme[name], theme["ground"]) >= least, (name, theme)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""

    def luminance(colour: str) -> float:
        channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
        return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


# the class page ----------------------------------------------------------------------------------------------


def a_class() -> list[Graded]:
    own = find_exercise("modes-1").mistakes[0]
    missing = mistakes.MISSING_PACKAGE(package="onnx")
    return [
        graded("ann", verdict("modes-1"), verdict("modes-2")),
        graded("bob", verdict("modes-1", 1, own), verdict("modes-2", 0, WRONG)),
        graded("cid", verdict("modes-1", 0, own), verdict("modes-2", 2, WRONG)),
        graded("dan", verdict("modes-1", 0, NOT_STARTED, "not_started"), verdict("modes-2", 0, WRONG)),
        graded("eve", verdict("modes-1"), verdict("modes-2", 0, missing, "uncheckable")),
        unreadable("fay", reason="It is cut off."),
    ]


@pytest.mark.parametrize(("code", "lang"), [("en", "en"), ("zh", "zh-Hans")])
def test_class_page(code: str, lang: str) -> None:
    pair = Pair("modes-1", ("ann", "bob"), ("class/ann/01.ipynb", "class/bob/01.ipynb"), 0.934)
    pages = {each.report.learner: f"feedback/{each.report.learner} #1.html" for each in a_class()}
    with speaking(code):
        page = check_page(class_page(tally(reports(*a_class())), [pair], 3, RUN, pages), lang)
        own = find_exercise("modes-1").mistakes[0]
        title = str(find_exercise("modes-2").title)
        force = [str(PROTECTIONS[name]) for name in RUN.in_force]
        assert "; ".join(force) in page.text
        assert f"{PROTECTIONS['processes']}; {PROTECTIONS['files']}" in page.text
        # the exercise that cost most comes first: lost, share earned, passed, not started, learners
        assert page.row("modes-2") == ["modes-2", title, "10", "33%", "1", "0", "5"]
        assert page.row("modes-1")[2:] == ["5", "50%", "2", "1", "5"]
        first, second = page.rows.index(page.row("modes-2")), page.rows.index(page.row("modes-1"))
        assert first < second
        wrong, named = page.row("wrong-values"), page.row(own.key)
        assert wrong == ["wrong-values", "modes-2", str(WRONG.says), "3", "7"]
        assert named == [own.key, "modes-1", str(own.says).replace("`", ""), "2", "3"]
        assert page.rows.index(wrong) < page.rows.index(named)
        assert not any(row[0] in ("not-started", "missing-package") for row in page.rows if row)
        assert str(mistakes.MISSING_PACKAGE.says(package="onnx")).replace("`", "") in page.text
    assert "2026-11-26 09:30 UTC" in page.text and "93.5" in page.text
    assert page.row("fay") == ["fay", "class/fay/01_modes.ipynb", "It is cut off."]
    assert page.row("modes-1", "ann bob") == [
        "modes-1", "ann bob", "class/ann/01.ipynb class/bob/01.ipynb", "93%",
    ]  # fmt: skip
    assert ("hints and nothing more" if code == "en" else "只是线索，仅此而已") in page.text
    assert ("And 2 more pairs" if code == "en" else "另有 2 对") in page.text
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert "feedback/ann%20%231.html" in links


def test_the_drawing_says_in_words_what_it_shows() -> None:
    page = check_page(class_page(tally(reports(*a_class())), [], 0, RUN, {}), "en")
    svg = next(attributes for tag, attributes in page.tags if tag == "svg")
    assert svg["role"] == "img"
    assert svg["aria-label"] == "Learners by points: 0: 2, 1: 1, 2: 2, 3: 0, 4: 0, 5: 1"
    shown = [row for row in page.rows if len(row) == 2 and row[0].isdigit()]
    assert shown == [["0", "2"], ["1", "1"], ["2", "2"], ["3", "0"], ["4", "0"], ["5", "1"]]


@pytest.mark.parametrize("everybody", [[], [unreadable("ann")]])
def test_a_class_with_nothing_to_count_has_a_page(everybody: list[Graded]) -> None:
    page = check_page(class_page(tally(reports(*everybody)), [], 0, RUN, {}), "en")
    assert "No exercise could be graded." in page.text


def test_a_mistake_with_values_in_its_sentence_is_told_by_an_example() -> None:
    raised = mistakes.RAISED(type="ValueError", message="x" * 5000)
    page = check_page(
        class_page(tally(reports(graded("ann", verdict("modes-1", 0, raised)))), [], 0, RUN, {}), "en"
    )
    told = page.row("raised")[2]
    assert told.startswith("For example: Your code stopped with ValueError: xxx") and len(told) < 500


@pytest.mark.parametrize("points", [1, 2, 9, 10, 11, 27, 100, 101])
def test_every_score_has_one_bar(points: int) -> None:
    title = find_exercise("modes-1").title
    verdicts = [Verdict("modes-1", title, Status.PARTIAL, score, points) for score in range(points + 1)]
    found = tally(reports(*(graded(f"{each.earned:03}", each) for each in verdicts)))
    assert sum(bar.learners for bar in found.scores) == found.learners == points + 1
    assert 2 <= len(found.scores) <= 11 and found.scores[-1].lowest == points
    covered = [score for bar in found.scores for score in range(bar.lowest, bar.highest + 1)]
    assert covered == list(range(points + 1))


# look-alikes -------------------------------------------------------------------------------------------------

ORIGINAL = """
import torch
import torch.nn.functional as F

def gather(model, batch):
    modes = {name: module.training for name, module in model.named_modules()}
    model.eval()
    try:
        with torch.no_grad():
            logits = model(batch)
            top = F.softmax(logits, dim=1).topk(3, largest=True)
    finally:
        for name, module in model.named_modules():
            module.training = modes[name]
    if top.values.min() < 0:
        raise ValueError("negative probability")
    return [(int(place) + 1, float(value)) for place, value in zip(top.indices[0], top.values[0])]

def describe(pairs):
    return ", ".join(f"{place}: {value:.2f}" for place, value in sorted(pairs)) + "."
"""
COPY = '''
"""All my own work."""
from torch import no_grad as quiet
import torch.nn.functional as functional, torch

# first I say how it looks
def text_of(rows: list) -> str:
    """A line of text."""
    return ", ".join(f"{number}: {p:.3f}" for number, p in sorted(rows)) + "!"


def top_three(network: torch.nn.Module, x: torch.Tensor) -> list:
    """Look at x."""
    pass
    before: dict = {key: layer.training
                    for key, layer in network.named_modules()}
    network.eval()  # no dropout
    try:
        with torch.no_grad():
            scores = network(x)
            best = functional.softmax(scores, dim=1).topk(3, largest=True)
    finally:
        for key, layer in network.named_modules():
            layer.training = before[key]
    if 0 > best.values.min():
        raise ValueError('this cannot be')
    return [(1 + int(number), float(p)) for number, p in zip(best.indices[0], best.values[0])]
'''
ANOTHER = """
import numpy as np

def gather(model, batch):
    was = model.training
    scores = model.train(False)(batch).detach().numpy()
    model.train(was)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = weights / weights.sum(axis=1, keepdims=True)
    order = np.argsort(-weights[0])[:3]
    found = []
    while len(found) < 3:
        number = order[len(found)].item()
        found.append((number, weights[0, number].item()))
    return found
"""


def alike(*codes: str, known: str | None = None, same_learner: bool = False) -> list[Pair]:
    found = Lookalikes({"modes-1": [known]} if known else {})
    for number, code in enumerate(codes):
        learner = "same" if same_learner else f"learner {number}"
        found.add(learner, f"{number}.ipynb", {"modes-1": code})
    pairs, count = found.pairs(1000)
    assert count == len(pairs)
    return pairs


def test_a_renamed_reordered_commented_copy_is_found() -> None:
    (pair,) = alike(ORIGINAL, ANOTHER, COPY)
    assert pair.learners == ("learner 0", "learner 2") and pair.paths == ("0.ipynb", "2.ipynb")
    assert pair.similarity == 1.0


def test_a_line_more_in_each_block_does_not_hide_a_copy() -> None:
    more = re.sub(
        r"^( +)(return|with|scores =|raise|layer)", r"\1print('now')\n\1\2", COPY, flags=re.MULTILINE
    )
    assert more.count("print") == 6
    (pair,) = alike(ORIGINAL, more)
    assert 0.85 < pair.similarity < 1


@pytest.mark.parametrize(
    "changed", ["%time x = 1\n" + COPY, "def f(:\n" + COPY, COPY + "\0", "x = " + "-" * 9000 + "1"]
)
def test_what_is_no_python_is_left_out(changed: str) -> None:
    assert alike(ORIGINAL, changed, "!ls\n" + ORIGINAL, "") == []


def test_what_tells_nothing_gives_no_hint() -> None:
    short = "def f(x):\n    return x.argmax().item() + 1"
    assert alike(short, short) == [], "too short"
    assert alike(ORIGINAL, ORIGINAL, known=COPY) == [], "close to the course's own solution"
    assert alike(ORIGINAL, COPY, same_learner=True) == [], "one's own"
    assert alike(*[ORIGINAL] * 3 + [ANOTHER]), "three of one class"
    assert alike(*[ORIGINAL] * 20 + [ANOTHER]) == [], "what most of the class wrote"


def test_no_hint_at_the_right_answers_that_are_known_to_differ() -> None:
    from helpers.authoring.evidence import read_evidence

    found, answers = Lookalikes(known_code()), 0
    for id in [exercise.id for lesson in lessons() for exercise in lesson.exercises]:
        for sample in read_evidence(id):
            if sample.right:
                found.add(f"{id} {sample.name}", id, {id: sample.code})
                answers += 1
    assert answers > 200
    assert found.pairs(10) == ([], 0)


def test_no_pair_is_missed_for_the_sake_of_speed() -> None:
    """The answers that share enough, found by comparing all with all."""
    import random

    from helpers.grading.reports import lookalike

    rng = random.Random(3)
    base = [frozenset(rng.sample(range(300), 40)) for _ in range(6)]
    answers = [
        lookalike._Answer(
            f"learner {number}", "", frozenset(rng.sample(sorted(rng.choice(base)), 33)) | {1000 + number}
        )
        for number in range(60)
    ]
    # the hardest case: all that one has is in the other, whose rarest are all its own
    answers += [lookalike._Answer(f"part {end}", "", frozenset(range(2000, end))) for end in (2028, 2040)]
    expected = {
        (one.learner, other.learner)
        for one, other in combinations(sorted(answers, key=lambda each: each.learner), 2)
        if len(one.prints & other.prints) / len(one.prints | other.prints) >= ALIKE
    }
    assert expected and {pair.learners for pair in lookalike._pairs("x", answers)} == expected
    compared = sum(1 for _pair in lookalike._candidates(answers))
    assert compared < len(answers) * (len(answers) - 1) / 2 / 2, "most pairs are never compared"


# files -------------------------------------------------------------------------------------------------------


def write_class(folder: Path, everybody: list[Graded]) -> dict[str, bytes]:
    write_folder(folder, everybody, RUN)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_folder_of_a_class(tmp_path: Path) -> None:
    everybody = [
        graded("ann", verdict("modes-1"), modes_1=ORIGINAL), graded("李 雷", verdict("modes-1"), modes_1=COPY),
        unreadable("zoe"),
    ]  # fmt: skip
    files = write_class(tmp_path / "new" / "out", everybody)
    assert files.keys() == {
        "report.json", "gradebook.csv", "junit.xml", "class.html",
        "feedback/ann.html", "feedback/李 雷.html", "feedback/zoe.html",
    }  # fmt: skip
    assert files["report.json"] == as_json(reports(*everybody))
    assert files["junit.xml"] == junit_xml(reports(*everybody), RUN)
    assert Page(files["class.html"]).row("modes-1", "ann 李 雷")[3] == "100%"
    page = Page(files["class.html"])
    hrefs = {attributes["href"] for tag, attributes in page.tags if tag == "a"}
    assert "feedback/%E6%9D%8E%20%E9%9B%B7.html" in hrefs


def test_a_class_is_gone_through_once_and_its_panels_are_not_kept(tmp_path: Path) -> None:
    size = 2_000_000
    row = exercise_report(verdict("modes-1"))

    def everybody() -> Iterator[Graded]:
        for number in range(30):
            report = SubmissionReport(f"{number:03}", f"{number}.ipynb", "graded", None, 2, 2, 1.0, [row])
            yield Graded(report, [PanelReport("x" * size, "y" * size)], {"modes-1": "#" * size})

    write_folder(tmp_path, [], RUN)  # what is loaded once
    tracemalloc.start()
    try:
        written = write_folder(tmp_path, everybody(), RUN)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(written) == 30 and len(list((tmp_path / "feedback").iterdir())) == 30
    assert peak < 20 * size


NAMES = [
    "=1+1", "../../x", "..", "<script>", "a/b", "a\\b", "A/b", "a_b", "Ann", "ann", "李 雷", "con", "NUL.txt", " ",
    "Zoë", "Zoe\u0308", "x" * 300, "x" * 301, "李" * 100, "a\udcffb", "line\nbreak", "-rf", "名前.html", "a ", "a.",
]  # fmt: skip


def test_any_name_gives_a_file_of_its_own(tmp_path: Path) -> None:
    everybody = sorted((unreadable(name) for name in NAMES), key=lambda each: each.report.learner)
    files = write_class(tmp_path / "out", everybody)
    pages = [name.removeprefix("feedback/") for name in files if name.startswith("feedback/")]
    assert len({page.casefold() for page in pages}) == len(NAMES)
    assert all(len(page.encode()) < 200 and not re.search(r'[<>:"/\\|?*\n]', page) for page in pages)
    assert not any(page.startswith(".") or page.lower() in ("con.html", "nul.txt.html") for page in pages)
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["out"]
    assert "feedback/李 雷.html" in files and "feedback/Zoë.html" in files
    assert json.loads(files["report.json"])["submissions"]
    hrefs = {each["href"] for tag, each in Page(files["class.html"]).tags if tag == "a"}
    assert len(hrefs) == len(NAMES)


def test_a_page_keeps_its_name_whoever_else_is_in_the_class() -> None:
    alone, together = FileNames(), FileNames()
    for name in sorted(NAMES):
        together.name(name) if name != "a/b" else None
    assert alone.name("a/b") == together.name("a/b")


def test_text_that_no_file_can_hold_is_made_visible(tmp_path: Path) -> None:
    bad = mistakes.RAISED(type="E", message="\ud800")
    one = graded("a\udcff", verdict("modes-1", 0, bad), modes_1="x = '\ud800'")
    assert one.report.learner == "a\\udcff" and "\\ud800" in one.report.exercises[0].message
    assert one.answers == {"modes-1": "x = '\\ud800'"}
    files = write_class(tmp_path / "out", [one])
    assert all("\\ud800" in files[name].decode() for name in ("report.json", "junit.xml", "class.html"))
    assert "\\ud800" in json.loads(gradescope_results([one]))["tests"][0]["output"]


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Files of at most 100 bytes, by the kernel's own limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = tmp_path / "new" / "x.json"
    write_whole(path, b"old")
    assert path.read_bytes() == b"old"
    request.getfixturevalue("full_disk")
    with pytest.raises(CannotWrite, match=re.escape(str(path)) + ".*File too large"):
        write_whole(path, b"n" * 101)
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["x.json"]
    write_whole(path, b"n" * 99)
    assert path.read_bytes() == b"n" * 99


def test_a_folder_that_cannot_be_written_to_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(
        CannotWrite, match=re.escape(f"Cannot write {tmp_path / 'out' / 'feedback' / 'ann.html'}: ")
    ):
        write_folder(tmp_path / "out", [unreadable("ann")], RUN)


def test_one_file_that_fails_does_not_keep_the_others_from_being_written(
    tmp_path: Path, full_disk: None
) -> None:
    outputs = Outputs(tmp_path / "out", tmp_path / "r.json", tmp_path / "j.xml", tmp_path / "results.json")
    written = outputs.write(iter([unreadable("ann")]), RUN)
    assert [report.learner for report in written] == ["ann"], "what was graded is not lost"
    failed = " ".join(map(str, outputs.failed))
    for name in ("results.json", "ann.html", "class.html", "r.json", "j.xml"):
        assert f"{name}: File too large" in failed
    # the only one that is small enough
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["gradebook.csv"]


def test_all_outputs(tmp_path: Path) -> None:
    outputs = Outputs(
        tmp_path / "out", tmp_path / "a" / "r.json", tmp_path / "b" / "j.xml", tmp_path / "g.json"
    )
    outputs.check(["ann", "ann"])
    assert not (tmp_path / "g.json").exists()
    outputs.write(iter([graded("ann", verdict("modes-1"))]), RUN)
    assert outputs.failed == []
    assert (tmp_path / "a" / "r.json").read_bytes() == (tmp_path / "out" / "report.json").read_bytes()
    assert (tmp_path / "b" / "j.xml").read_bytes() == (tmp_path / "out" / "junit.xml").read_bytes()
    assert json.loads((tmp_path / "g.json").read_text())["score"] == 2


# the command -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--out", "--json", "--junit", "--gradescope"])
def test_what_cannot_be_written_is_told_before_anything_is_graded(tmp_path: Path, option: str) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "x.ipynb").write_text("{}")
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(main, ["grade", str(tmp_path / "ann"), option, str(tmp_path / "file" / "x")])
    assert done.exit_code == 2
    assert f"Cannot write {tmp_path / 'file' / 'x'}" in done.output.replace("\n", "")


def test_gradescope_of_several_learners_is_told_before_anything_is_graded(tmp_path: Path) -> None:
    for name in ("ann", "bob"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.ipynb").write_text("{}")
    done = CliRunner().invoke(main, ["grade", str(tmp_path), "--gradescope", str(tmp_path / "r.json")])
    assert done.exit_code == 2 and "one learner" in done.output
    assert not (tmp_path / "r.json").exists()


def test_gradescope_tells_a_learner_who_handed_in_no_notebook(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["grade", str(tmp_path), "--gradescope", str(tmp_path / "r.json")])
    assert done.exit_code == 2
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["score"] == 0 and "no notebook" in found["output"]
