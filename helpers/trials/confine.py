"""Confining the process that answers: it sees the installation read-only, no network, and no other process.

The kernel's own namespaces do it, which on most Linux machines need no special rights. What a machine does not
allow is left out, and :func:`confine` says what is in force, so that a report can say what is missing.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import socket
import struct
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import resource_tracker

MEMORY = 4 * 2**30
"""Bytes beyond what the process has when it starts."""
DISK = 512 * 2**20
"""Bytes in the process's own folder, the only one it can write to."""
FILES, PROCESSES = 512, 512

NAMESPACES = (
    0x10000000 | 0x00020000 | 0x20000000 | 0x40000000 | 0x08000000
)  # user, mount, process, network, IPC
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 1, 2, 4, 0x4000, 0x40000
MOUNT_SETATTR, AT_RECURSIVE, ATTR_RDONLY, AT_FDCWD = 442, 0x8000, 1, -100
CAPSET, CAPABILITY_VERSION = {"x86_64": 126, "aarch64": 91}, 0x20080522
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, SIGKILL = 1, 38, 9
SIOCSIFFLAGS, IFF_UP = 0x8914, 1

KEPT_VARIABLES = (
    *("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "VIRTUAL_ENV", "OMP_NUM_THREADS"),
    *("COURSE_LANG", "COURSE_OFFLINE", "COURSE_ROLE"),
)


def confine(work: str, hidden: Sequence[str] = ()) -> list[str]:
    """Confine this process for good, as far as the machine allows; the names of what is in force.

    The process goes on as a grandchild of itself, in namespaces of its own; when any of the three dies, so do the
    others and all that was started.

    Args:
        work: an empty folder, the only one that it can write to; everything in it is lost in the end.
        hidden: folders and files in which it must see nothing.

    Returns:
        Some of "limits", "environment", "processes", "network", "files".
    """
    _scrub_environment()
    _let_go_of_the_tracker()
    in_force = ["environment"]
    with suppress(PermissionError):
        os.setsid()  # so that the judge can kill it with all that it started
    _end_with_parent()
    try:
        _new_namespaces()
        in_force += ["processes", "network"]
        with suppress(OSError):
            _loopback_up()
        _mount(work, hidden)
        in_force.append("files")
    except OSError:
        pass  # what could not be done is not in the list
    os.chdir(work)
    os.environ["TMPDIR"] = os.environ["HOME"] = tempfile.tempdir = work
    _limit()
    if "processes" in in_force:
        _give_up_rights()
    return [*in_force, "limits"]


def _scrub_environment() -> None:
    for name in list(os.environ):
        if name not in KEPT_VARIABLES:
            del os.environ[name]


def _let_go_of_the_tracker() -> None:
    """Multiprocessing's process for cleaning up is the judge's; what is made here is gone with this process anyway."""
    tracker = resource_tracker._resource_tracker
    if getattr(tracker, "_fd", None) is not None:
        os.close(tracker._fd)
    resource_tracker.register = resource_tracker.unregister = lambda name, kind: None


def _limit() -> None:
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    wanted = {
        resource.RLIMIT_AS: now + MEMORY,
        resource.RLIMIT_FSIZE: DISK,
        resource.RLIMIT_NOFILE: FILES,
        resource.RLIMIT_NPROC: PROCESSES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        lower = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (lower, lower))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _new_namespaces() -> None:
    """Go on in namespaces in which this user has rights, and elsewhere none.

    Their first process does nothing but wait: the kernel would shield it from its own signals.
    """
    user, group = os.getuid(), os.getgid()
    _checked(_libc().unshare(NAMESPACES))
    for name, line in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(line)
    _end_with_parent()  # again, since new rights take it back
    for _generation in range(2):
        child = os.fork()
        if child:
            while os.wait()[0] != child:
                pass
            os._exit(0)
        _end_with_parent()


def _end_with_parent() -> None:
    """Be killed when the parent dies: when a judge is killed, its server ends, and with it whatever still runs."""
    _checked(_libc().prctl(PR_SET_PDEATHSIG, SIGKILL))


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def _mount(work: str, hidden: Sequence[str]) -> None:
    """Everything read-only, except an empty folder of its own with a limit; nothing in the hidden ones."""
    libc = _libc()
    _checked(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    attributes = (ctypes.c_uint64 * 4)(ATTR_RDONLY)
    _checked(libc.syscall(MOUNT_SETATTR, AT_FDCWD, b"/", AT_RECURSIVE, attributes, ctypes.sizeof(attributes)))
    for folder in (work, "/dev/shm"):
        options = f"size={DISK}".encode()
        _checked(libc.mount(b"tmpfs", folder.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, options))
    for path in filter(os.path.isdir, hidden):
        _checked(libc.mount(b"tmpfs", os.fsencode(path), b"tmpfs", MS_RDONLY, b"size=4k"))
    for path in filter(os.path.isfile, hidden):
        _checked(libc.mount(b"/dev/null", os.fsencode(path), None, 0x1000, None))
    # its own processes only; where the machine does not allow that, the others are seen, and out of reach
    libc.mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV, None)


def _give_up_rights() -> None:
    """No more mounting, and no way back to it."""
    libc = _libc()
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _checked(libc.syscall(CAPSET[os.uname().machine], header, (ctypes.c_uint32 * 6)()))
    _end_with_parent()  # which a change of rights takes back
