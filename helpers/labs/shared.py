"""What several labs use: the course's classifier, loaded once, and its photos, prepared once."""

from __future__ import annotations

import copy
from functools import cache

from PIL import Image, ImageOps
from torch import Tensor, nn

from helpers.labs.controls import course_photo
from helpers.models import BUNDLED, Classifier, load_classifier


@cache
def classifier() -> Classifier:
    """The bundled classifier. It is shared: whoever changes its modes or weights takes a copy."""
    return load_classifier(BUNDLED)


@cache
def prepared(name: str) -> Tensor:
    """A photo of the course as the classifier takes it. Do not change it."""
    return classifier().preprocess(course_photo(name))


@cache
def thumbnail(name: str) -> Image.Image:
    """A photo of the course, small and square, as a picture shows it among others."""
    return ImageOps.fit(course_photo(name), (120, 120))


@cache
def classifier_on(device: str) -> nn.Module:
    """The classifier's model, a copy of its own on a device."""
    return copy.deepcopy(classifier().model).to(device)
