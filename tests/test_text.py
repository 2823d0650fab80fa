"""Sentences in two languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import text
from helpers.text import Message, _, language, speaking, translate, use_language


def test_the_language_follows_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, code in (
        ("notebooks", "en"),
        ("notebooks/zh", "zh"),
        ("notebooks/zh/solutions", "zh"),
        ("zh/home/course", "en"),
    ):
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(folder)
        assert language() == code, name


def test_what_is_chosen_comes_before_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_LANG", "zh")
    assert language() == "zh"
    with speaking("en"):
        assert language() == "en"
    use_language("en")
    assert language() == "en"
    use_language(None)
    assert language() == "zh"
    monkeypatch.setenv("COURSE_LANG", "klingon")
    assert language() == "en", "an unknown language is no error"


def test_a_message_is_translated_when_it_is_shown() -> None:
    message = _("{earned} of {possible} points", earned=2, possible=Message("passed"))
    with speaking("en"):
        assert str(message) == "2 of passed points"
    with speaking("zh"):
        assert str(message) == "2 / 通过 分"


def test_a_message_without_parameters_may_hold_braces() -> None:
    assert str(Message("a dict {}")) == "a dict {}"


def test_an_untranslated_sentence_stays_english() -> None:
    assert translate("never written", "zh") == "never written"


def test_fuzzy_translations_are_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "zh" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (folder / "a.po").write_text(header + '#, fuzzy\nmsgid "one"\nmsgstr "一"\n\nmsgid "two"\nmsgstr "二"\n')
    monkeypatch.setattr(text, "CATALOGUES", tmp_path)
    text.translations.cache_clear()
    try:
        assert translate("one", "zh") == "one"
        assert translate("two", "zh") == "二"
    finally:
        text.translations.cache_clear()
