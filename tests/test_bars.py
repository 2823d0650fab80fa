"""Progress bars: there when the work is long, gone when it ends, however it ends."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import pytest
from test_session import Learner, learner  # noqa: F401

from helpers import bars
from helpers.bars import busy, progress_bar
from helpers.timing import measure
from helpers.video import make_video, read_frames


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars that do not wait a second before they show."""
    monkeypatch.setattr(bars, "DELAY_S", 0)
    monkeypatch.setattr(bars, "INTERVAL_S", 0)


def last_line(text: str) -> str:
    """What a terminal, or JupyterLab, shows in the end: a carriage return writes over what was there."""
    return text.rsplit("\r", 1)[-1].strip()


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_it_is_gone_after_the_work_an_error_or_an_interrupt(error, capsys: pytest.CaptureFixture) -> None:
    try:
        with progress_bar(4, "frames") as bar:
            bar.update(2)
            shown = capsys.readouterr().err
            if error:
                raise error
    except (ValueError, KeyboardInterrupt):
        pass
    assert "50%" in shown
    assert "2/4" in shown
    assert bar.disable, "closed"
    assert not last_line(shown + capsys.readouterr().err)
    assert not bars._open


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_a_call_that_cannot_be_counted_shows_a_clock_until_it_ends(error, capsys, monkeypatch) -> None:
    # tqdm clears away a bar only when its delay was over at its last update
    monkeypatch.setattr(bars, "DELAY_S", 0.05)
    monkeypatch.setattr(bars, "INTERVAL_S", 0.01)
    said = ""
    try:
        with busy("exporting"):
            while "exporting … 00:00" not in said:
                said += capsys.readouterr().err
            if error:
                raise error
    except (ValueError, KeyboardInterrupt):
        pass
    assert not last_line(said + capsys.readouterr().err)
    assert not bars._open
    assert not [each for each in threading.enumerate() if "tick" in each.name]


def test_work_that_is_soon_done_shows_nothing(capsys, monkeypatch) -> None:
    monkeypatch.setattr(bars, "DELAY_S", 60)
    with progress_bar(2) as bar:
        bar.update(2)
    assert capsys.readouterr() == ("", "")


def test_only_the_outer_one_is_shown(capsys: pytest.CaptureFixture) -> None:
    with progress_bar(1, "outer"), progress_bar(1, "inner") as inner:
        inner.update()
    said = capsys.readouterr().err
    assert "outer" in said
    assert "inner" not in said


def test_under_a_grader_there_is_none(capsys, monkeypatch) -> None:
    monkeypatch.setenv("COURSE_GRADING", "1")
    with progress_bar(2) as bar:
        bar.update()
    with busy("exporting"):
        time.sleep(0.1)
    assert capsys.readouterr() == ("", "")


def test_a_measurement_shows_its_calls(capsys: pytest.CaptureFixture) -> None:
    measure(lambda: None, repeat=3, warmup=2)
    assert "5/5" in capsys.readouterr().err


def test_a_video_shows_its_frames(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    clip = make_video(tmp_path / "clip.mp4", seconds=1)
    assert len(list(read_frames(clip, limit=4))) == 4
    assert "/4" in capsys.readouterr().err
    list(read_frames(clip, limit=4, progress=False))
    assert capsys.readouterr().err == ""


def test_a_generator_that_a_cell_leaves_half_used_leaves_no_bar(learner: Learner, tmp_path: Path) -> None:  # noqa: F811
    clip = make_video(tmp_path / "clip.mp4", seconds=1)
    learner.type("from helpers.video import read_frames")
    said = learner.type(f"frames = read_frames({str(clip)!r})\nnext(frames), next(frames)\n1 / 0")
    assert re.search(r"\d/30 \[", said), "there was one"
    assert not bars._open
    assert "Frame(" in learner.type("next(frames)"), "the generator goes on without its bar"
