"""JUnit XML, as CI servers read it: a suite for each submission, a case for each exercise.

The file is valid for the strictest reader, Jenkins' xUnit plugin, which has a schema (junit-10.xsd) and skips a file
with properties inside a case. So an exercise's points are properties of its suite.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from helpers.grading.protections import PROTECTIONS
from helpers.grading.reports.record import ExerciseReport, Run, SubmissionReport
from helpers.judging import Status

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, escaped or not."""


def junit_xml(reports: Iterable[SubmissionReport], run: Run) -> bytes:
    """The report of a class.

    What did not pass is a failure with the mistake as its type; what could not be judged, an error: a notebook that
    cannot be read (its one case is called "notebook"), or an exercise that this machine cannot check.
    """
    root = Element("testsuites", name="course grade", time=f"{run.seconds:.3f}")
    for report in reports:
        root.append(_suite(report, run))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, 0)) for suite in root)))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _suite(report: SubmissionReport, run: Run) -> Element:
    suite = Element(
        "testsuite",
        name=_legal(f"{report.learner}/{report.name}"),
        time=f"{report.seconds:.3f}",
        timestamp=run.started.isoformat(timespec="seconds"),
    )
    properties = SubElement(suite, "properties")
    for name, value in _told(report, run).items():
        SubElement(properties, "property", name=_legal(name), value=_legal(str(value)))
    class_name = f"{report.learner}.{report.name.removesuffix('.ipynb')}"
    if report.unreadable:
        case = SubElement(suite, "testcase", name="notebook", classname=_legal(class_name))
        _outcome(case, "error", "unreadable", report.reason or "")
    for row in report.exercises:
        suite.append(_case(row, class_name))
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    suite.set("errors", str(sum(case.find("error") is not None for case in cases)))
    suite.set("skipped", "0")
    return suite


def _told(report: SubmissionReport, run: Run) -> dict[str, object]:
    told = {
        "learner": report.learner,
        "path": report.path,
        "earned": report.earned,
        "possible": report.possible,
        "protections in force": ", ".join(run.in_force),
        "protections missing": ", ".join(name for name in PROTECTIONS if name not in run.in_force),
    }
    for row in report.exercises:
        told |= {f"{row.id} {name}": getattr(row, name) for name in ("status", "earned", "possible")}
    return told


def _case(row: ExerciseReport, class_name: str) -> Element:
    case = Element("testcase", name=_legal(row.id), classname=_legal(class_name))
    if row.status == Status.UNCHECKABLE:
        _outcome(case, "error", row.mistake or row.status, row.message)
    elif row.status != Status.PASSED:
        _outcome(case, "failure", row.mistake or row.status, row.message)
    return case


def _outcome(case: Element, tag: str, type: str, message: str) -> None:
    outcome = SubElement(case, tag, type=_legal(type), message=_legal(message))
    outcome.text = _legal(message)


def _legal(text: str) -> str:
    """The text with each character that XML cannot hold made visible, as an escape sequence."""
    return _ILLEGAL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)
