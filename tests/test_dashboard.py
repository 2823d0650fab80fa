"""The progress panel and its buttons, in a real IPython shell."""

from __future__ import annotations

import pytest
from test_session import RIGHT, WRONG, Learner, learner  # noqa: F401

from helpers.learning import dashboard
from helpers.learning.store import store
from helpers.learning.summary import standings


@pytest.fixture
def panels(learner: Learner, monkeypatch: pytest.MonkeyPatch) -> list[str]:  # noqa: F811
    """The HTML of every panel that was drawn anew in place."""
    drawn: list[str] = []
    monkeypatch.setattr(
        dashboard, "update_display", lambda panel, display_id: drawn.append((display_id, panel.html))
    )
    return drawn


def test_the_panel_follows_a_check(learner: Learner, panels: list) -> None:  # noqa: F811
    learner.type(RIGHT)
    learner.type("progress()")
    assert not panels
    learner.type('check("start-1")')
    (display_id, html), *more = panels
    assert display_id == dashboard.DISPLAY_ID
    assert "2 of " in html
    assert "<code>modes-1</code>" in html, "what is next has moved on"
    assert 'href="01_modes.ipynb"' in html
    assert not more


def test_under_a_grader_nothing_is_drawn_later(learner: Learner, panels: list, monkeypatch) -> None:  # noqa: F811
    monkeypatch.setenv("COURSE_GRADING", "1")
    learner.type(RIGHT)
    assert "0 of " in learner.type("dashboard()")
    learner.type('check("start-1")')
    assert not panels


def test_mistakes_are_listed_as_met_and_as_overcome(learner: Learner) -> None:  # noqa: F811
    learner.type(WRONG)
    learner.type('check("start-1")')
    said = learner.type("progress()")
    assert "Mistakes: 1 met, 0 overcome" in said
    assert "still open, start-1: You returned the category with the smallest logit" in said
    learner.type(RIGHT)
    learner.type('check("start-1")')
    said = learner.type("progress()")
    assert "Mistakes: 1 met, 1 overcome" in said
    assert "overcome, start-1" in said


def test_a_mistake_is_said_again_with_what_was_observed(learner: Learner) -> None:  # noqa: F811
    store().add("check", "nograd-1", status="failed", earned=0, mistake="graph-was-built", values={"n": "17"})
    assert "and kept 17 tensors" in learner.type("progress()")


def test_a_mistake_that_the_course_no_longer_has_is_given_by_its_name(learner: Learner) -> None:  # noqa: F811
    store().add("check", "start-1", status="failed", earned=0, mistake="of-an-older-course")
    store().add("check", "nograd-1", status="failed", earned=0, mistake="graph-was-built", values={"m": "{"})
    said = learner.type("progress()")
    assert "start-1: of-an-older-course" in said
    assert "nograd-1: graph-was-built" in said


def show_buttons(learner: Learner) -> dashboard._Controls:  # noqa: F811
    learner.type("dashboard()")
    return dashboard._controls


def test_one_exercise_is_reset_after_a_question(learner: Learner, panels: list) -> None:  # noqa: F811
    buttons = show_buttons(learner)
    assert buttons.ask.disabled, "nothing to reset yet"
    learner.type(RIGHT)
    learner.type('check("start-1")')
    learner.type('hint("modes-1")')
    assert buttons.choice.options == ("start-1", "modes-1")
    buttons.choice.value = "start-1"
    assert buttons.question.layout.display == "none"
    buttons.ask.click()
    assert "Your code in the notebook stays" in buttons.said.value
    assert buttons.question.layout.display == ""
    buttons.no.click()
    assert standings(store().events())["start-1"].passed
    assert buttons.question.layout.display == "none"
    buttons.ask.click()
    buttons.yes.click()
    assert "start-1" not in standings(store().events())
    assert "is reset" in buttons.said.value
    assert buttons.choice.options == ("modes-1",)
    assert "best_category" in learner.shell.user_ns, "no code was touched"


def test_another_choice_takes_the_question_back(learner: Learner) -> None:  # noqa: F811
    for id in ("start-1", "modes-1"):
        store().add("hint", id, level=1)
    buttons = show_buttons(learner)
    buttons.ask.click()
    buttons.choice.value = "modes-1"
    assert buttons.question.layout.display == "none"
    assert not buttons.said.value, "no question about another exercise is left standing"


def test_what_another_notebook_did_is_read_again(learner: Learner, panels: list, own_home) -> None:  # noqa: F811
    from helpers.learning.store import Store

    buttons = show_buttons(learner)
    Store(own_home).add("check", "start-1", status="passed", earned=2, possible=2)
    buttons.again.click()
    assert "2 of " in panels[-1][1]
    assert buttons.choice.options == ("start-1",)


def test_without_widgets_the_dashboard_says_what_to_type(learner: Learner) -> None:  # noqa: F811
    said = learner.type("dashboard()")
    assert "Your progress: 0 of " in said
    assert "course progress --reset ID" in said
