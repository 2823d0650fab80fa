"""A JupyterLab of the tests' own: on a free port of this machine, with copies of the notebooks and its own settings."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import psutil
import requests
from jupyter_client import BlockingKernelClient
from nbformat.v4 import new_code_cell, new_notebook

from helpers.paths import NOTEBOOKS, ROOT

OFFLINE = Path(__file__).parents[1] / "offline"
START_S = 120
STOP_S = 20
IDLE_S = 120


class JupyterLab:
    """A running server.

    Args:
        folder: an empty folder; the notebooks are copied there, and everything the server writes lies there too.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.course_home = folder / "course"
        for language in (".", "zh"):
            copies = folder / "work" / "notebooks" / language
            copies.mkdir(parents=True, exist_ok=True)
            for notebook in (NOTEBOOKS / language).glob("*.ipynb"):
                shutil.copy(notebook, copies)
        self.set("apputils-extension", "notification", fetchNews="false", checkForUpdates=False)
        self._token = secrets.token_hex(16)
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"token {self._token}"
        self._process = self._start()
        self.address = self._wait_until_it_answers()

    def set(self, extension: str, plugin: str, **settings: Any) -> None:
        """Write settings of JupyterLab; a page that is opened afterwards has them."""
        folder = self.folder / "settings" / "@jupyterlab" / extension
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{plugin}.jupyterlab-settings").write_text(json.dumps(settings))

    def set_theme(self, dark: bool) -> None:
        """Choose JupyterLab's own light or dark theme, for pages opened afterwards."""
        self.set("apputils-extension", "themes", theme="JupyterLab Dark" if dark else "JupyterLab Light")

    def url(self, notebook: str) -> str:
        """The page of a notebook, such as ``zh/00_start_here.ipynb``, with nothing else open."""
        return f"{self.address}lab/tree/notebooks/{notebook}?reset&token={self._token}"

    def write_notebook(self, name: str, cells: list[str]) -> None:
        """Put a notebook of code cells beside the lessons."""
        notebook = new_notebook(
            cells=[new_code_cell(code) for code in cells],
            metadata={
                "kernelspec": {
                    "name": "python3",
                    "display_name": "Python 3 (ipykernel)",
                    "language": "python",
                }
            },
        )
        nbformat.write(notebook, self.folder / "work" / "notebooks" / name)

    def forget_progress(self) -> None:
        """Begin as a learner who has done nothing yet."""
        shutil.rmtree(self.course_home, ignore_errors=True)

    def kernels(self) -> list[dict[str, Any]]:
        """The running kernels, as the server describes them."""
        return self._ask("GET", "api/kernels").json()

    def wait_until_idle(self) -> None:
        """Wait until no kernel works, whether a browser watches it or not."""
        end = time.monotonic() + IDLE_S
        while any(kernel["execution_state"] != "idle" for kernel in self.kernels()):
            if time.monotonic() > end:
                raise RuntimeError(f"a kernel still works: {self.kernels()}")
            time.sleep(0.1)

    def run_in_kernel(self, code: str) -> str:
        """Run code in the only kernel, beside its notebook; what it prints."""
        (file,) = (self.folder / "runtime").glob("kernel-*.json")
        client = BlockingKernelClient(connection_file=str(file))
        client.load_connection_file()
        client.start_channels()
        printed = []

        def hear(said: dict[str, Any]) -> None:
            if said["msg_type"] == "stream":
                printed.append(said["content"]["text"])

        try:
            client.execute_interactive(code, store_history=False, timeout=IDLE_S, output_hook=hear)
        finally:
            client.stop_channels()
        return "".join(printed)

    def stop_kernels(self) -> None:
        """End every kernel."""
        for session in self._ask("GET", "api/sessions").json():
            self._ask("DELETE", f"api/sessions/{session['id']}")

    def stop(self) -> None:
        """End the server and all that it has started."""
        root = psutil.Process(self._process.pid)
        family = [*root.children(recursive=True), root]
        self._process.terminate()
        _gone, alive = psutil.wait_procs(family, timeout=STOP_S)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=STOP_S)
        self._log.close()

    def _start(self) -> subprocess.Popen:
        # nothing of the person who runs the tests: no settings, kernels, history or progress of theirs
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("COURSE_")}
        own = {
            "COURSE_HOME": self.course_home,
            "COURSE_OFFLINE": "1",
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(OFFLINE), str(ROOT), os.environ.get("PYTHONPATH")])
            ),
            "IPYTHONDIR": self.folder / "ipython",
            "JUPYTER_CONFIG_DIR": self.folder / "config",
            "JUPYTER_DATA_DIR": self.folder / "data",
            "JUPYTER_RUNTIME_DIR": self.folder / "runtime",
            "JUPYTER_TOKEN": self._token,
            "JUPYTERLAB_SETTINGS_DIR": self.folder / "settings",
            "JUPYTERLAB_WORKSPACES_DIR": self.folder / "workspaces",
        }
        # port 0: the system gives a free one, and no other program can take it in between
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
            "--port=0",
        ]
        command += [f"--ServerApp.root_dir={self.folder / 'work'}", "--ServerApp.port_retries=0"]
        self._log = (self.folder / "jupyterlab.log").open("w")
        return subprocess.Popen(
            command, env=inherited | {name: str(value) for name, value in own.items()},
            stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def _wait_until_it_answers(self) -> str:
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._process.poll() is None:
            for file in (self.folder / "runtime").glob("jpserver-*.json"):
                try:
                    address = json.loads(file.read_text())["url"]
                    self._session.get(f"{address}api", timeout=5).raise_for_status()
                except (OSError, ValueError, KeyError):  # not yet
                    continue
                return address
            time.sleep(0.1)
        self._process.kill()
        raise RuntimeError(f"JupyterLab did not start:\n{(self.folder / 'jupyterlab.log').read_text()}")

    def _ask(self, method: str, path: str) -> requests.Response:
        response = self._session.request(method, f"{self.address}{path}", timeout=60)
        response.raise_for_status()
        return response
