"""Where readers run the course without installing it. One setting decides: the repository in pyproject.toml."""

from __future__ import annotations

import tomllib

from helpers.paths import ROOT

BRANCH = "main"
START = "notebooks/00_start_here.ipynb"
_BADGES = {
    "Binder": "https://mybinder.org/badge_logo.svg",
    "GitHub Codespaces": "https://github.com/codespaces/badge.svg",
}


def repository() -> str | None:
    """The address that ``[project.urls] Repository`` names; None while that is a stand-in.

    A stand-in has OWNER in the place of the account: links to it would lead nowhere.
    """
    address = _setting()
    return None if "/OWNER/" in address else address


def _setting() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"].rstrip("/")


def services(repository: str) -> dict[str, str]:
    """What opens the first lesson in a browser: name to address.

    Colab is not among them: it opens one notebook alone, without the course's package beside it.
    """
    name = repository.removeprefix("https://github.com/")
    return {
        "Binder": f"https://mybinder.org/v2/gh/{name}/{BRANCH}?urlpath=lab/tree/{START}",
        "GitHub Codespaces": f"https://codespaces.new/{name}",
    }


def badges() -> list[str]:
    """The README's lines, one a service, for the repository of the setting."""
    return [f"[![{name}]({_BADGES[name]})]({address})" for name, address in services(_setting()).items()]
