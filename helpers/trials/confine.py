"""Confining the process that answers: it sees the installation read-only, no network, and no other process.

The kernel's own namespaces do it, which on most Linux machines need no special rights. What a machine does not
allow is left out, and :func:`confine` says what is in force, so that a report can say what is missing.
"""

from __future__ import annotations

import ctypes
import fcntl
import glob
import os
import re
import resource
import select
import shutil
import signal
import socket
import struct
import tempfile
from contextlib import suppress
from multiprocessing import resource_tracker

import psutil

from helpers.trials.limits import ALL_SEEN, LIMITS, Limits, View
from helpers.trials.syscalls import refuse_syscalls

NAMESPACES = (
    0x10000000 | 0x00020000 | 0x20000000 | 0x40000000 | 0x08000000
)  # user, mount, process, network, IPC
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = (
    1,
    2,
    4,
    0x20,
    0x1000,
    0x4000,
    0x40000,
)
MOUNT_SETATTR, AT_RECURSIVE, ATTR_RDONLY, ATTR_NODEV, AT_FDCWD, MNT_DETACH = 442, 0x8000, 1, 4, -100, 2
CAPABILITY_VERSION = 0x20080522
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38
SIOCSIFFLAGS, IFF_UP = 0x8914, 1

DEVICES = ("null", "zero", "full", "random", "urandom", "nvidia*", "kfd", "dri")
"""What an answer sees of ``/dev``: what every program may use, and GPUs."""
PIDS_BY_NAMESPACE = (6, 14)
"""Since this kernel each process namespace has its own greatest process number."""

KEPT_VARIABLES = (
    *("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "VIRTUAL_ENV", "OMP_NUM_THREADS"),
    *("COURSE_LANG", "COURSE_OFFLINE", "COURSE_ROLE"),
)


def confine(
    work: str,
    view: View = ALL_SEEN,
    limits: Limits = LIMITS,
    leash: int | None = None,
    connection: int | None = None,
) -> list[str]:
    """Confine this process for good, as far as the machine allows; the names of what is in force.

    The process goes on as a descendant of itself, in namespaces of its own. What it was remains as its keeper: it
    ends it, and all that it started, when the leash is let go, and deletes the folder.

    Args:
        work: an empty folder, the only one that it can write to; it is gone in the end.
        view: what it sees of the disk.
        limits: what it may use.
        leash: a file descriptor that comes to its end when the judge wants no more of this process, or is no more.
        connection: the one file descriptor, beside the standard streams, that it keeps.

    Returns:
        Some of "limits", "environment", "processes", "network", "files".
    """
    _scrub_environment()
    _let_go_of_the_tracker()
    in_force = ["environment", "limits"]
    with suppress(PermissionError):
        os.setsid()  # so that the judge can kill it with all that it started
    own_namespaces = True
    parent = os.open(os.path.dirname(work), os.O_RDONLY | os.O_DIRECTORY)
    try:
        _new_namespaces()
    except OSError:
        own_namespaces = False  # what could not be done is not in the list
    child = os.fork()
    if child:
        _close_all_but(leash, parent)
        _keep(child, leash, work, parent)
    _close_all_but(connection)
    if own_namespaces:
        _become_second()
        in_force.append("network")
        with suppress(OSError):
            _loopback_up()
        with suppress(OSError):
            _mount(work, view, limits)
            in_force.append("files")
        with suppress(OSError):
            _own_processes_only(limits)
            in_force.append("processes")
    os.chdir(work)
    os.environ["TMPDIR"] = os.environ["HOME"] = tempfile.tempdir = work
    _limit(limits)
    _give_up_rights()
    return in_force


def close_own_memory() -> None:
    """Let no process of this user read this one's memory, environment or files through ``/proc``."""
    _libc().prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


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


def _close_all_but(*kept: int | None) -> None:
    """Close what this process was forked with, beside the standard streams: pipes and sockets of the judge's."""
    first = 3
    for each in sorted(each for each in kept if each is not None):
        os.closerange(first, each)
        first = each + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def _limit(limits: Limits) -> None:
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    wanted = {
        resource.RLIMIT_AS: now + limits.memory,
        resource.RLIMIT_FSIZE: limits.disk,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_NPROC: limits.threads,
        resource.RLIMIT_CPU: int(limits.cpu) + 1,  # each process by itself; the judge adds them up
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
    """Go on in namespaces in which this user has rights, and elsewhere none."""
    user, group = os.getuid(), os.getgid()
    _checked(_libc().unshare(NAMESPACES))
    for name, line in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(line)


def _become_second() -> None:
    """Go on as a child of the first process of the namespace, which the kernel would shield from its own signals."""
    _checked(_libc().prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
    child = os.fork()
    if child:
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        while os.wait()[0] != child:
            pass
        os._exit(0)


def _keep(child: int, leash: int | None, work: str, parent: int) -> None:
    """Wait for the answers' end, or for the leash's; then leave no process and no folder. Does not return."""
    libc = _libc()
    libc.prctl(
        PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0
    )  # an orphan becomes a child of this process, not of the machine's
    poller = select.poll()
    if leash is not None:
        poller.register(leash, select.POLLIN | select.POLLHUP)
    alive = True
    while alive and not poller.poll(100):
        alive = _reap(child)
    _kill_all(child)
    # where the folder is a mount of this namespace, it is one only here: outside it is an empty folder
    libc.umount2(os.fsencode(work), MNT_DETACH)
    shutil.rmtree(work, ignore_errors=True)
    with suppress(OSError):
        os.rmdir(os.path.basename(work), dir_fd=parent)
    os._exit(0)


def _reap(child: int) -> bool:
    """Whether the child still lives, once those that ended are buried."""
    with suppress(ChildProcessError):
        while ended := os.waitpid(-1, os.WNOHANG)[0]:
            if ended == child:
                return False
        return True
    return False


def _kill_all(child: int) -> None:
    """Kill the child and with it its namespace, or else one by one what it leaves to this process."""
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            with suppress(
                psutil.Error
            ):  # raised where /proc shows the namespace alone, which is gone with the child
                for each in psutil.Process().children():
                    each.kill()
            os.waitpid(-1, 0)


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def _mount(work: str, view: View, limits: Limits) -> None:
    """Everything read-only, except an empty folder of its own with a limit; nothing in the closed ones."""
    libc = _libc()
    own = f"size={limits.disk},nr_inodes={limits.files_made}"
    _checked(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    _set_attributes("/", ATTR_RDONLY | ATTR_NODEV, 0, AT_RECURSIVE)
    _own_devices()
    for path in view.closed:
        _close(path, [each for each in (work, *view.needed) if _inside(each, path)])
    for path in view.shut:
        _close(path, [work] if _inside(work, path) else [])
    for folder in (work, "/dev/shm"):
        _mount_empty(folder, own)


def _set_attributes(path: str, on: int, off: int, flags: int = 0) -> None:
    attributes = (ctypes.c_uint64 * 4)(on, off)
    size = ctypes.sizeof(attributes)
    _checked(_libc().syscall(MOUNT_SETATTR, AT_FDCWD, os.fsencode(path), flags, attributes, size))


def _own_devices() -> None:
    """A ``/dev`` of harmless devices: no read-only mount keeps root from writing to a disk by its device."""
    found = [path for name in DEVICES for path in glob.glob(f"/dev/{name}")]
    kept = [(path, os.open(path, os.O_PATH), os.path.isdir(path)) for path in found]
    _mount_empty("/dev", "size=64k,mode=755")
    os.mkdir("/dev/shm")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"/dev/{name}")
    os.symlink("/proc/self/fd", "/dev/fd")
    for path, handle, folder in kept:
        os.mkdir(path) if folder else os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        source = f"/proc/self/fd/{handle}".encode()
        _checked(_libc().mount(source, os.fsencode(path), None, MS_BIND, None))
        os.close(handle)
        with suppress(OSError):  # where it was of no use before either
            _set_attributes(path, 0, ATTR_NODEV)
    _read_only("/dev")


def _inside(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _close(path: str, needed: list[str]) -> None:
    """Nothing is left to see at a path, but the needed folders in it."""
    if os.path.isfile(path):
        _checked(_libc().mount(b"/dev/null", os.fsencode(path), None, MS_BIND, None))
        return
    if not os.path.isdir(path):
        return
    # a file descriptor still reaches a folder once something is mounted over the way to it
    kept = [(each, os.open(each, os.O_PATH)) for each in needed if os.path.isdir(each)]
    _mount_empty(path, "size=1m,mode=755")
    for each, handle in kept:
        os.makedirs(each, exist_ok=True)
        source = f"/proc/self/fd/{handle}".encode()
        _checked(_libc().mount(source, os.fsencode(each), None, MS_BIND | MS_REC, None))
        os.close(handle)
    _read_only(path)


def _read_only(mounted: str) -> None:
    flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV
    _checked(_libc().mount(None, os.fsencode(mounted), None, flags, None))


def _mount_empty(folder: str, options: str) -> None:
    flags = MS_NOSUID | MS_NODEV
    _checked(_libc().mount(b"tmpfs", os.fsencode(folder), b"tmpfs", flags, options.encode()))


def _own_processes_only(limits: Limits) -> None:
    """A ``/proc`` of its own, in which root could set the kernel if it were not read-only."""
    _checked(_libc().mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV, None))
    settings = {"user/max_user_namespaces": 0}  # below this one, where it would have rights again
    if tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= PIDS_BY_NAMESPACE:
        settings["kernel/pid_max"] = max(
            limits.threads, 301
        )  # no less is taken; before, it is the whole machine's
    for name, value in settings.items():
        with suppress(OSError), open(f"/proc/sys/{name}", "w") as file:
            file.write(str(value))
    _read_only("/proc")


def _give_up_rights() -> None:
    """No more mounting, and no way back to it; ends with its parent."""
    libc = _libc()
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _checked(libc.capset(header, (ctypes.c_uint32 * 6)()))
    _checked(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))  # which a change of rights takes back
    with suppress(OSError):
        refuse_syscalls()
