"""Every item of the original course has a place: the cells that teach it, listed at the end of a run (conftest.py)."""

from __future__ import annotations

import pytest

from helpers.authoring.source import read_source
from helpers.reference import places
from helpers.reference.changes import ITEMS, Item
from helpers.reference.pages import items_table
from helpers.reference.places import Misplaced, cell_at, section

ORIGINAL = (
    "modes and the table of layers",
    "the Dropout demonstration",
    "`no_grad` and memory",
    "`inference_mode`",
    "preprocessing by hand and by the weights",
    "a function for Top-5 predictions",
    "batch prediction",
    "moving between devices",
    "CPU against GPU, with warm-up and synchronisation",
    "autocast and `half`",
    "TorchScript: trace, script, save, load",
    "ONNX export with a dynamic batch",
    "ONNX Runtime",
    "`torch.compile`",
    "batching against a loop",
    "pre-allocated buffers",
    "cuDNN's search for the fastest algorithm",
    "a picture from a file",
    "a picture from a URL",
    "the frames of a video",
    "the summary table",
    "the three exercises",
    "further reading",
    "links between the lessons",
)
"""What the original course has, in its order."""


def name_of(item: Item) -> str:
    return item.name.english


def test_the_list_is_whole() -> None:
    assert [name_of(item) for item in ITEMS] == list(ORIGINAL)


@pytest.mark.parametrize("item", ITEMS, ids=name_of)
def test_an_item_has_cells_that_teach_it(item: Item, record_property) -> None:
    assert item.places
    record_property(
        "where the items of the original course are",
        [
            (ITEMS.index(item), name_of(item), place.lesson, section(place, "en"), place.line)
            for place in item.places
        ],
    )


@pytest.mark.parametrize("item", ITEMS, ids=name_of)
def test_an_item_is_missed_when_its_cell_is_gone(item: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in item.places:
        _index, gone = cell_at(place)
        rest = [cell for cell in read_source(place.lesson) if cell is not gone]
        monkeypatch.setattr(places, "read_source", lambda name, rest=rest: rest)
        with pytest.raises(Misplaced, match="no cell holds"):
            section(place)
        monkeypatch.undo()


def test_readers_see_the_same_list() -> None:
    drawn = items_table(ITEMS)
    assert all(name in drawn for name in ORIGINAL)
