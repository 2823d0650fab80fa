"""What ``course site`` does and prints."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console


def build(out: Path, external: bool) -> int:
    """Build the site into a folder and print what came of it; 0 when all is well, else 1."""
    console = Console(stderr=True, highlight=False)
    try:
        from helpers.authoring.site.build import SiteError, build_site
        from helpers.authoring.site.pages import MissingNotebook
    except ModuleNotFoundError as error:
        console.print(f"✘ {error.name} is not installed. Run: pip install -e '.[site]'", markup=False)
        return 1
    try:
        with console.status("building") as status:
            links = build_site(out, lambda words: status.update(f"building: {words}"))
    except (SiteError, MissingNotebook) as error:
        console.print(f"✘ {error}", markup=False, soft_wrap=True)
        return 1
    console.print(f"✔ {out / 'index.html'}: {links.checked} links lead to something.", markup=False)
    if external:
        console.print(*sorted(links.external), sep="\n", markup=False, soft_wrap=True)
    else:
        console.print(f"{len(links.external)} addresses lead out of the site; --external lists them.")
    return 0
