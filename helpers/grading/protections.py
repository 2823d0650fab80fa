"""Which protections this machine gives when answers run, for the doctor and for a report's header."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from helpers.paths import ROOT
from helpers.text import Message, _

PROTECTIONS = {
    "environment": _("it sees none of the grader's environment variables"),
    "limits": _("limits on processor time, memory, open files, processes and file sizes"),
    "processes": _("it sees and stops no other process, and what it starts ends with it"),
    "network": _("no network"),
    "files": _("it sees no solution and no judge, and writes only to a folder that is then deleted"),
}
_TRY = "import sys; from helpers.trials.confine import confine; print(*confine(sys.argv[1]))"


def protections() -> list[str]:
    """The keys of :data:`PROTECTIONS` that are in force here, found out by confining a small process."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory(prefix="answers-") as work:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _TRY, work],
            env=os.environ | {"PYTHONPATH": paths},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    return [name for name in PROTECTIONS if name in done.stdout.split()]


def missing_protections() -> list[Message]:
    """What is not in force, in words; empty where an answer is fully confined."""
    there = protections()
    return [said for name, said in PROTECTIONS.items() if name not in there]
