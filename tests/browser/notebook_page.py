"""A notebook in the browser, handled as a person does. Everything waits for a state, never for a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, TimeoutError, expect

PATIENCE_MS = 180_000  # for whatever happens at once on a machine that is not busy with other tests
CELL_MS = 600_000
EFFECT_MS = 20_000
LOOK_MS = 250  # between looks at a page; at every frame, looking would take the processor from the kernel
TRIES = 4
TALLEST = 16_000  # pixels; Chromium draws no taller page

_KERNEL_IS_THERE = re.compile(r"^Python 3 \(ipykernel\) \| Idle$")
"""What the status bar says."""

_QUIET = """() => {
    const prompts = [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt')].map(each => each.textContent);
    const busy = document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status !== 'idle';
    return !busy && !prompts.some(text => text.includes('*')) && prompts.some(text => /\\d/.test(text));
}"""

_STARTED = """() => [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt')]
    .some(each => /[*\\d]/.test(each.textContent))"""

_TOO_WIDE = """() => [...document.querySelectorAll('.jp-Notebook :is(.jp-OutputArea-output, .jp-MarkdownOutput, .widget-button)')]
    .filter(each => each.scrollWidth > each.clientWidth + 2)
    .map(each => `${each.scrollWidth} > ${each.clientWidth}: ${each.innerText.slice(0, 200)}`)"""


@dataclass(frozen=True)
class NotebookPage:
    """One notebook, open in JupyterLab."""

    page: Page

    @classmethod
    def open(cls, page: Page, url: str) -> NotebookPage:
        """Open a notebook, and wait until its kernel is ready."""
        page.goto(url)
        # a notebook without a kernel yet looks idle too, and Run All would then ask which kernel to start
        page.get_by_text(_KERNEL_IS_THERE).wait_for(timeout=PATIENCE_MS)
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=PATIENCE_MS)
        # the notebook alone, as one works with it
        sidebar = page.locator("#jp-left-stack")
        expect(sidebar).to_be_visible()
        page.keyboard.press("Control+b")
        expect(sidebar).to_be_hidden()
        return cls(page)

    @property
    def cells(self) -> Locator:
        """All cells, in order."""
        return self.page.locator(".jp-Notebook .jp-Cell")

    def cell(self, containing: str) -> Locator:
        """The first code cell whose code contains a text."""
        code = self.page.locator(".cm-content", has_text=containing)
        return self.page.locator(".jp-Notebook .jp-CodeCell", has=code).first

    def output(self, containing: str) -> Locator:
        """What the cell with this text in its code shows."""
        return self.cell(containing).locator(".jp-OutputArea-output")

    def run_all(self) -> None:
        """Run ▸ Run All Cells, and wait until the kernel has done it."""
        self.start_all()
        self.wait_until_quiet()

    def start_all(self) -> None:
        """Run ▸ Run All Cells, without waiting for more than that it begins."""
        self.choose("Run", "Run All Cells", done=_STARTED)

    def restart_and_run_all(self) -> None:
        """Run ▸ Restart Kernel and Run All Cells, and wait until the kernel has done it."""
        # so that nothing old looks as if it had run
        self.choose("Edit", "Clear Outputs of All Cells", done=f"() => !({_STARTED})()")
        self.choose(
            "Run", "Restart Kernel and Run All Cells", done="() => !!document.querySelector('.jp-Dialog')"
        )
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self.wait_until_quiet()

    def choose(self, menu: str, item: str, done: str) -> None:
        """Choose from JupyterLab's menu bar.

        Args:
            menu: such as "Run".
            item: such as "Run All Cells".
            done: a JavaScript function that is true once the choice has had its effect. A menu that opens while
                JupyterLab is still loading may ignore a click, so it is chosen again until this is so.
        """
        page = self.page
        entry = page.locator(".lm-Menu-item", has=page.locator(".lm-Menu-itemLabel").get_by_text(item)).first
        for _try in range(TRIES):
            try:
                page.get_by_role("menuitem", name=menu, exact=True).click(timeout=EFFECT_MS)
                entry.click(timeout=EFFECT_MS)
                page.wait_for_function(done, timeout=EFFECT_MS)
            except TimeoutError:
                page.keyboard.press("Escape")
            else:
                return
        raise AssertionError(f"{menu} ▸ {item} has no effect")

    def wait_until_quiet(self, timeout_ms: float = CELL_MS) -> None:
        """Wait until nothing runs and nothing waits to be run."""
        self.page.wait_for_function(_QUIET, timeout=timeout_ms, polling=LOOK_MS)

    def write(self, cell: Locator, code: str) -> None:
        """Replace a cell's code, with the mouse and the keyboard."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(code)

    def run(self, cell: Locator) -> None:
        """Run one cell and wait until it is done."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        self.wait_until_quiet()

    def go_to(self, cell: Locator) -> None:
        """Select a cell with the arrow keys alone."""
        self.page.keyboard.press("Escape")
        wanted = self._place(cell)
        while (here := self._place(self._active)) != wanted:
            self.page.keyboard.press("ArrowDown" if here < wanted else "ArrowUp")
            next_place = here + (1 if here < wanted else -1)
            expect(self.cells.nth(next_place)).to_have_class(re.compile("jp-mod-active"))

    def tab_to(self, target: Locator, most: int = 40) -> None:
        """Press Tab until something has the keyboard's focus."""
        for _press in range(most):
            if target.evaluate("each => each === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key does not reach {target}")

    @property
    def _active(self) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell.jp-mod-active")

    def _place(self, cell: Locator) -> int:
        return cell.evaluate("each => [...document.querySelectorAll('.jp-Notebook .jp-Cell')].indexOf(each)")

    def failures(self) -> list[str]:
        """What no lesson may show: errors, and anything on stderr."""
        bad = self.page.locator(
            ".jp-Notebook [data-mime-type='application/vnd.jupyter.error'],"
            " .jp-Notebook [data-mime-type='application/vnd.jupyter.stderr']"
        )
        return bad.all_inner_texts() + self.page.get_by_text("Error displaying widget").all_inner_texts()

    def too_wide(self) -> list[str]:
        """Texts and outputs that do not fit beside the page's margins."""
        return self.page.evaluate(_TOO_WIDE)

    def picture(self, file: Path, first: Locator | None = None, last: Locator | None = None) -> None:
        """A screenshot of the whole notebook, whatever its length, or of a part of it.

        Args:
            file: a PNG, written.
            first: where the part begins: an element of the notebook.
            last: where it ends; the same element by default.
        """
        before = self.page.viewport_size
        outer = self.page.locator(".jp-Notebook .jp-WindowedPanel-outer")
        inner = outer.locator(".jp-WindowedPanel-viewport")
        for _pass in range(2):  # what was outside the window is measured when it has come in
            wanted = inner.evaluate("each => each.scrollHeight")
            self.page.set_viewport_size({"width": before["width"], "height": min(wanted + 150, TALLEST)})
        outer.evaluate("each => each.scrollTop = 0")
        self.page.screenshot(path=file, clip=_around(first, last or first) if first else None)
        self.page.set_viewport_size(before)


def _around(first: Locator, last: Locator) -> dict[str, float]:
    start, end = first.bounding_box(), last.bounding_box()
    right = max(box["x"] + box["width"] for box in (start, end))
    left = min(start["x"], end["x"])
    return {
        "x": left,
        "y": start["y"],
        "width": right - left,
        "height": end["y"] + end["height"] - start["y"],
    }
