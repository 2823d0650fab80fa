"""A class that is graded on a Dask cluster: a scheduler and two workers, each a process of its own, on loopback."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from distributed import Client
from handing_in import RIGHT, WRONG, hand_in
from waiting import PATIENCE, lives, until

from helpers.cli import main
from helpers.grading import executors
from helpers.grading.executors import NoCluster, dask_judges
from helpers.paths import ROOT

NAME = "00_start_here.ipynb"


@dataclass
class Cluster:
    address: str
    processes: list[subprocess.Popen]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """What a teacher types: ``dask scheduler``, and ``dask worker`` twice, once with its nanny and once without."""
    folder = tmp_path_factory.mktemp("dask")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    one = ["--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder)]
    lines = [
        ["scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2], "--no-dashboard"],
        ["worker", address, "--name", "with-nanny", *one],
        ["worker", address, "--name", "alone", "--no-nanny", *one],
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with ExitStack() as stack, (folder / "log").open("w") as log:
        processes = []
        for line in lines:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *line], env=environment, cwd=folder, stdout=log, stderr=log
            )
            processes.append(process)
            stack.callback(end, process)
        with Client(address, timeout=PATIENCE, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=PATIENCE)
        yield Cluster(address, processes)


def end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def grade(folder: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["grade", str(folder), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())


def test_workers_of_another_release_are_refused(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "release", lambda: "the one of this machine")
    with (
        pytest.raises(NoCluster, match=r"Another release of this course is installed on tcp.*, tcp"),
        dask_judges(cluster.address),
    ):
        pass


def test_a_worker_that_is_killed_half_way_loses_nothing(cluster: Cluster, tmp_path: Path) -> None:
    """It leaves the cluster with one worker."""
    learners = {f"learner-{number}": 2 * (number % 2) for number in range(10)}
    for learner, score in learners.items():
        answer = "import time\ntime.sleep(1)\n" + (RIGHT if score else WRONG)
        hand_in(tmp_path, f"class/{learner}/{NAME}", answer)
    kept = tmp_path / "out" / "graded"
    killed: dict[str, tuple] = {}

    def kill_one_at_work() -> None:
        with Client(cluster.address, timeout=PATIENCE, set_as_default=False) as client:
            (alone,) = (
                address
                for address, each in client.scheduler_info()["workers"].items()
                if each["name"] == "alone"
            )
            until(lambda: len(list(kept.glob("*.json"))) >= 3 and client.processing([alone])[alone])
            worker = psutil.Process(cluster.processes[2].pid)
            started = worker.children(recursive=True)
            killed["tasks"] = client.processing([alone])[alone]
            worker.kill()
            cluster.processes[2].wait()
            until(lambda: not any(map(lives, started)))

    killer = threading.Thread(target=kill_one_at_work)
    killer.start()
    arguments = [
        "--dask",
        cluster.address,
        "--out",
        str(tmp_path / "out"),
        "--json",
        str(tmp_path / "r.json"),
    ]
    code, said = grade(tmp_path / "class", *arguments)
    killer.join(PATIENCE)
    assert killed["tasks"], "it was at work"
    assert cluster.processes[2].returncode == -signal.SIGKILL
    rows = json.loads((tmp_path / "r.json").read_text())["submissions"]
    assert {row["learner"]: row["earned"] for row in rows} == learners and len(rows) == len(learners)
    assert len(list(kept.glob("*.json"))) == len(learners)
    assert (code, "Traceback" in said) == (0, False)


def test_a_scheduler_that_is_killed_ends_the_run_with_what_is_kept(cluster: Cluster, tmp_path: Path) -> None:
    """The last one of the cluster."""
    for number in range(20):
        hand_in(tmp_path, f"class/learner-{number}/{NAME}", "import time\ntime.sleep(1)\n" + RIGHT)
    kept = tmp_path / "out" / "graded"

    def kill() -> None:
        until(lambda: len(list(kept.glob("*.json"))) >= 2)
        cluster.processes[0].kill()

    killer = threading.Thread(target=kill)
    killer.start()
    code, said = grade(tmp_path / "class", "--dask", cluster.address, "--out", str(tmp_path / "out"))
    killer.join(PATIENCE)
    assert code == 1 and "The Dask cluster is gone." in said and "Run the same command again" in said
    assert 2 <= len(list(kept.glob("*.json"))) < 20


@pytest.mark.parametrize("address", ["127.0.0.1:9", "nonsense://x", ""])
def test_an_address_where_nothing_listens_is_told_soon(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "CONNECTING", 1.0)
    hand_in(tmp_path, f"class/ann/{NAME}", RIGHT)
    code, said = grade(tmp_path / "class", "--dask", address)
    assert code == 2 and "No Dask scheduler answers at" in said and "dask scheduler" in said


def test_a_cluster_without_workers_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr(executors, "FIRST_WORKER", 0.5)
    hand_in(tmp_path, f"class/ann/{NAME}", RIGHT)
    with LocalCluster(n_workers=0, dashboard_address=None, host="127.0.0.1") as empty:
        code, said = grade(tmp_path / "class", "--dask", empty.scheduler_address)
    assert code == 2 and "has no workers. Start some with: dask worker tcp://" in said
