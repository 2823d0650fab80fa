"""The course as a static site: Sphinx with MyST-NB, from the built notebooks, in every language."""
