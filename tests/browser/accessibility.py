"""axe-core in a page, on the elements that are the course's own."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def serious_faults(page: Page, *selectors: str, leaving_out: str | None = None) -> list[str]:
    """The serious and critical faults that axe-core finds inside these elements, each with its first places.

    Raises:
        AssertionError: when there is no such element, since then nothing was looked at.
    """
    present = [selector for selector in selectors if page.locator(selector).count()]
    assert present, f"nothing to look at: {selectors}"
    page.evaluate(Axe().axe_script)
    found = page.evaluate(
        "context => axe.run(context, {resultTypes: ['violations']})",
        {
            "include": [[selector] for selector in present],
            "exclude": [[leaving_out]] if leaving_out else [],
        },
    )
    return [
        f"{fault['id']} ({fault['impact']}): {fault['help']}: "
        + "; ".join(node["html"][:200] for node in fault["nodes"][:5])
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
    ]
