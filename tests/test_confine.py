"""An answer in its process: what it can see, reach, use up and leave behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
import pytest

from helpers.grading import process
from helpers.grading.collecting import HandedIn, out_of_sight
from helpers.grading.process import LIMITS, AnswerProcess
from helpers.grading.protections import PROTECTIONS, protections
from helpers.paths import ROOT
from helpers.trials import runner
from helpers.trials.confine import KEPT_VARIABLES
from helpers.trials.frames import LENGTH, receive, send
from helpers.trials.runner import Look, Outcome, Raised, TimedOut, perform
from helpers.trials.server import LookAt, Perform, Step
from helpers.trials.values import decode, snapshot

TRIES = """
import ctypes, os, socket, subprocess

def tried(what):
    try:
        return what()
    except BaseException as error:
        return type(error).__name__

def loopback():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        socket.create_connection(server.getsockname(), timeout=2).close()
        return "works"

libc = ctypes.CDLL(None)
found = {
    "judges": tried(lambda: os.listdir(ROOT + "/helpers/exercises")),
    "references": tried(lambda: __import__("helpers.exercises.modes")),
    "solutions": tried(lambda: os.listdir(ROOT + "/notebooks")),
    "evidence": tried(lambda: os.listdir(ROOT + "/tests")),
    "others": tried(lambda: os.listdir(OTHERS)),
    "write to the course": tried(lambda: open(ROOT + "/helpers/x.py", "w")),
    "write to /tmp": tried(lambda: open("/tmp/x", "w")),
    "write at home": tried(lambda: open("mine", "w").write("x")),
    "unmount": tried(lambda: libc.umount(ROOT.encode() + b"/helpers/exercises")),
    "rights": open("/proc/self/status").read().split("CapEff:")[1].split()[0],
    "new namespaces": tried(lambda: libc.unshare(0x10000000 | 0x20000) or libc.umount(ROOT.encode() + b"/notebooks")),
    "network": tried(lambda: socket.create_connection(("192.0.2.1", 80), timeout=2)),
    "judge's port": tried(lambda: socket.create_connection(("127.0.0.1", PORT), timeout=2)),
    "loopback": tried(loopback),
    "processes": tried(lambda: len([name for name in os.listdir("/proc") if name.isdigit()])),
    "kill the judge": tried(lambda: os.kill(JUDGE, 9)),
    "environment": sorted(set(os.environ) - set(ALLOWED)),
    "memory": tried(lambda: bytearray(6 * 2**30)),
    "disk": tried(lambda: open("big", "wb").write(bytes(600 * 2**20))),
    "torch": tried(lambda: __import__("torch").ones(3).sum().item()),
}
raise ValueError(repr({name: value if isinstance(value, (int, float, str, list, type(None))) else "done" for name, value in found.items()}))
"""
EXPECTED = {
    "judges": [], "references": "ModuleNotFoundError", "solutions": "FileNotFoundError", "evidence": [],
    "others": "FileNotFoundError",
    "write to the course": "OSError", "write to /tmp": "OSError", "write at home": 1, "unmount": -1,
    "new namespaces": -1, "network": "OSError", "judge's port": "ConnectionRefusedError", "loopback": "works",
    "kill the judge": "ProcessLookupError", "environment": [], "memory": "MemoryError", "disk": "OSError",
    "rights": "0" * 16, "torch": 3.0,
}  # fmt: skip

everything = pytest.mark.skipif(
    not os.environ.get("COURSE_CI") and set(protections()) != set(PROTECTIONS),
    reason="this machine does not allow namespaces, so answers cannot be confined here",
)


@everything
def test_what_an_answer_can_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ast

    others = tmp_path / "submitted"
    (others / "ann").mkdir(parents=True)
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        port.listen()
        names = {
            "ROOT": str(ROOT),
            "OTHERS": str(others),
            "PORT": port.getsockname()[1],
            "JUDGE": os.getpid(),
            "ALLOWED": [*KEPT_VARIABLES, "TMPDIR", "HOME"],
        }
        given = "".join(f"{name} = {value!r}\n" for name, value in names.items())
        found: dict = {}
        # a message is cut after 500 characters, so the findings come in pieces
        for piece in range(4):
            code = given + TRIES.replace("found.items()}", f"list(found.items())[{piece}::4]}}")
            process = AnswerProcess([Step(code, "start-1")], [others])
            look = process.ask(LookAt("answer", "start-1"), Look, 30)
            assert set(process.confined_by) == set(PROTECTIONS)
            process.close()
            found |= ast.literal_eval(look.error.message)
    assert found.pop("processes") <= 3
    assert found == EXPECTED


@everything
def test_nothing_that_it_started_or_wrote_is_left() -> None:
    code = "import subprocess\nopen('mine', 'w').write('x')\nsubprocess.Popen(['sleep', '987'], start_new_session=True)"
    process = AnswerProcess([Step(code, "start-1")])
    process.ask(LookAt("answer", "start-1"), Look, 30)
    work = Path(process._work.name)
    assert sleeping("987")
    process.close()
    assert not sleeping("987") and not work.exists()


def sleeping(seconds: str) -> bool:
    return any(each.info["cmdline"] == ["sleep", seconds] for each in psutil.process_iter(["cmdline"]))


CONFINE = """
import os, sys
from helpers.trials import confine
{before}
{patch}
view = confine.View(closed=[os.path.dirname(sys.argv[1])], needed=[os.path.dirname(sys.argv[1]) + "/needed"])
in_force = confine.confine(sys.argv[1], view)
open("mine", "w").write("x")
seen = os.listdir(view.closed[0])
print(*in_force, *(["closed"] if sorted(seen) == ["needed", "work"] and os.listdir(view.needed[0]) == ["kept"] else []))
"""


def confined(folder: Path, before: str = "", patch: str = "") -> set[str]:
    """What is in force in a process that is confined to a folder in this one, of which it is to see little else."""
    work = folder / "work"
    for each in (work, folder / "needed", folder / "other"):
        each.mkdir()
        each.chmod(0o777)
    (folder / "needed" / "kept").touch()
    code = CONFINE.format(before=before, patch=patch)
    done = subprocess.run(
        [sys.executable, "-c", code, work], capture_output=True, text=True, timeout=60, check=False
    )
    assert not done.stderr, done.stderr
    assert not work.exists()
    return set(done.stdout.split())


@everything
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_is_confined_as_well() -> None:
    # a process that changed its user is closed to itself, which a user's own process is not
    become = "os.setgid(65534); os.setuid(65534); confine._libc().prctl(4, 1, 0, 0, 0)"
    with tempfile.TemporaryDirectory() as folder:  # and not pytest's, which root keeps to itself
        Path(folder).chmod(0o777)
        assert confined(Path(folder), before=become) == {*PROTECTIONS, "closed"}


@pytest.mark.parametrize(("broken", "in_force"), [
    ("_new_namespaces", {"environment", "limits"}),
    ("_mount", {"environment", "limits", "processes", "network"}),
    ("_own_processes_only", {"environment", "limits", "files", "network", "closed"}),
])  # fmt: skip
def test_what_a_machine_does_not_allow_is_left_out(tmp_path: Path, broken: str, in_force: set[str]) -> None:
    patch = f"def no(*args): raise OSError(1, 'not permitted')\nconfine.{broken} = no"
    if broken != "_new_namespaces" and set(protections()) != set(PROTECTIONS):
        pytest.skip("this machine does not allow namespaces")
    assert confined(tmp_path, patch=patch) == in_force


JUDGE = """
import os, time
from helpers.grading import process
from helpers.trials.runner import Look
from helpers.trials.server import LookAt, Step

whole = process._context

def context():
    made = whole()
    made.set_forkserver_preload(["own_server"])
    return made

process._context = context
first = process.AnswerProcess([Step(f"JUDGE = {{os.getpid()}}"), Step({tries!r}, "start-1")])
first.ask(LookAt("answer", "start-1"), Look, 60)
print(first.ask(LookAt("answer", "start-1"), Look, 60).error.message)
print(sorted(first.confined_by))
folders = [first._work.name]
first.close()
second = process.AnswerProcess([Step({daemon!r}, "start-1")])
second._start()
print([*folders, second._work.name], flush=True)
second.ask(LookAt("answer", "start-1"), Look, 60)
"""
TRIES_ALONE = """
import os, resource

def reads(name):
    try:
        return len(open(f"/proc/{JUDGE}/{name}", "rb").read(1))
    except OSError as error:
        return type(error).__name__

found = {
    "judge": [reads("environ"), reads("mem")],
    "secret": "SECRET" in open("/proc/self/environ").read() or "SECRET" in repr(dict(os.environ)),
    "limits": [resource.getrlimit(kind)[1] for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_CPU)],
    "descriptors": len(os.listdir("/proc/self/fd")) - 4,
    "rights": open("/proc/self/status").read().split("CapEff:")[1].split()[0],
    "at home": os.getcwd() == os.environ["HOME"] and os.listdir(".") == [],
    "threads": __import__("torch").get_num_threads(),
}
raise ValueError(repr(found))
"""
DAEMON = """
import os, subprocess, time
if not os.fork():
    os.setsid()
    if not os.fork():
        os.execvp("sleep", ["sleep", SECONDS])
    os._exit(0)
os.wait()
while True:
    pass
"""


@pytest.mark.parametrize("alone", [False, pytest.param(True, marks=everything)])
def test_when_the_judge_is_killed_nothing_of_an_answer_is_left(tmp_path: Path, alone: bool) -> None:
    """Both with namespaces of its own (``alone``), and where the machine allows none."""
    import ast

    refuse = "def no(): raise OSError(1, 'not permitted')\nconfine._new_namespaces = no"
    server = f"import helpers.trials.server\nfrom helpers.trials import confine\n{'' if alone else refuse}"
    (tmp_path / "own_server.py").write_text(server)
    seconds = f"98{os.getpid()}{int(alone)}"
    daemon = DAEMON.replace("SECONDS", repr(seconds))
    code = JUDGE.format(tries=TRIES_ALONE, daemon=daemon)
    paths = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "TOKEN": "SECRET", "PYTHONPATH": paths}
    here = tmp_path / "submitted"
    here.mkdir()
    (here / "msgspec.py").write_text("open('imported', 'w')")  # a learner's, where the teacher stands
    command = [sys.executable, "-P", "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=here) as judge:
        try:
            found, confined_by, (first, second) = (
                ast.literal_eval(judge.stdout.readline()) for _ in range(3)
            )
            in_time(lambda: sleeping(seconds))
            assert not Path(first).exists() and Path(second).exists()
        finally:
            judge.kill()
    in_time(lambda: not sleeping(seconds) and not Path(second).exists())
    assert not (here / "imported").exists()
    refused = "FileNotFoundError" if alone else "PermissionError"
    assert found == {
        "judge": [refused, refused],
        "secret": False,
        "limits": [LIMITS.open_files, LIMITS.threads, LIMITS.cpu + 1],
        "descriptors": 1,  # the connection
        "rights": "0" * 16,
        "at home": True,
        "threads": 1,
    }
    assert confined_by == (sorted(PROTECTIONS) if alone else ["environment", "limits"])


def in_time(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_whole_folders_are_hidden_except_those_that_python_needs(tmp_path: Path) -> None:
    notebook = tmp_path / "ann" / "x.ipynb"
    notebook.parent.mkdir()
    notebook.touch()
    handed_in = [HandedIn("ann", notebook)]
    assert out_of_sight([tmp_path], handed_in) == [tmp_path]
    assert out_of_sight([Path("/")], handed_in) == [notebook]
    assert out_of_sight([notebook], handed_in) == [notebook]
    assert out_of_sight([tmp_path / "not there"], []) == []


# time and messages -------------------------------------------------------------------------------------------


def loop(answer: None, seconds: float) -> dict:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return {}


def test_work_beyond_the_limit_is_stopped() -> None:
    assert isinstance(perform(loop, None, {"seconds": 60.0}, 0.2), TimedOut)


def test_time_in_which_the_processor_was_elsewhere_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_worked", lambda: 0.0)
    assert isinstance(perform(loop, None, {"seconds": 0.8}, 0.3), Outcome)
    assert isinstance(perform(loop, None, {"seconds": 60.0}, 0.3), TimedOut), (
        "there is an end to waiting, too"
    )


def test_the_work_of_child_processes_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PATIENCE", 1000.0)  # so that nothing but work ends it
    code = "import os, time\ndef answer():\n    for _ in range(3):\n        if not os.fork():\n            while True: pass\n    time.sleep(1000)"
    answers = AnswerProcess([Step(code, "start-1")])
    assert answers.ask(LookAt("answer", "start-1"), Look, 30).callable
    inputs = snapshot({"args": [], "kwargs": {}})
    with pytest.raises(TimeoutError):
        answers.ask(Perform("answer", "calls.call", inputs, 60.0), Outcome | Raised | TimedOut, 1.0)
    assert answers.used_in_all() > 1


@pytest.mark.parametrize(
    "tensor",
    [
        ["float32", [2**40], b""],
        ["float32", [-1, -1], b"1234"],
        ["float32", [2**62, 2**62, 0], b""],
        ["float32", ["a"], b"1234"],
        ["float32", None, b""],
        ["manual_seed", [1], b"1234"],
        ["no such dtype", [1], b"1234"],
        [["float32"], [1], b"1234"],
        ["qint8", [1], b"1"],
        "a text",
        [],
    ],
)
def test_what_is_no_tensor_is_refused_before_anything_is_made_of_its_size(tensor: object) -> None:
    message = {"is_a": "outcome", "values": {"value": {"is_a": "tensor", "data": tensor}}}
    with pytest.raises(msgspec.ValidationError):
        decode(msgspec.msgpack.encode(message), Outcome)


def test_a_message_is_read_up_to_its_limit_and_no_longer_than_is_wished() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send(theirs, b"12345")
        assert receive(ours, 5) == b"12345"
        send(theirs, b"123456")
        with pytest.raises(EOFError):
            receive(ours, 5)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(LENGTH.pack(5) + b"123")

        def watch() -> None:
            raise TimeoutError

        with pytest.raises(TimeoutError):
            receive(ours, 5, watch)
