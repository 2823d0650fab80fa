"""Lesson 06, export: programs without Python, ONNX files, and proof that they give the model's numbers."""

from __future__ import annotations

from helpers.exercises.export import agreement, export_dynamic, make_exportable, onnx_model, to_onnx
from helpers.exercises.export.predictions import PREDICTIONS
from helpers.judging import Lesson
from helpers.text import _

LESSON = Lesson(
    name="06_export",
    word="export",
    title=_("Export: from Python to anywhere"),
    exercises=(
        export_dynamic.EXERCISE,
        make_exportable.EXERCISE,
        to_onnx.EXERCISE,
        onnx_model.EXERCISE,
        agreement.EXERCISE,
    ),
    predictions=PREDICTIONS,
)
