"""System calls that no answer needs and that would lead around its limits; the kernel is told to know none of them."""

from __future__ import annotations

import ctypes
import errno
import os

REFUSED = {
    # memory that belongs to no process, so that no limit counts it
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    # new namespaces, in which it would have rights
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    # large parts of the kernel that programs seldom use, and their flaws
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
}
"""By name: the numbers on x86_64 and on aarch64."""
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""By the kernel's name of the machine: which of the numbers, and the architecture as the kernel's filters see it."""

LOAD, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, ERROR, KILL = 0x7FFF0000, 0x00050000, 0x80000000
SYSCALL, ARCHITECTURE = 0, 4  # where they stand in what a filter is given
X32 = 0x40000000  # on x86_64: the same calls again, by other numbers
PR_SET_SECCOMP, FILTER = 22, 2


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("yes", ctypes.c_uint8),
        ("no", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction)))


def refuse_syscalls() -> None:
    """Refuse them to this process and its descendants for good. It must have given up gaining rights before.

    Raises:
        OSError: when the kernel has no such filters, or the machine is of an unknown kind.
    """
    known = ARCHITECTURES.get(os.uname().machine)
    if known is None:
        raise OSError(errno.ENOSYS, "no filter for this machine")
    column, architecture = known
    numbers = [pair[column] for pair in REFUSED.values()]
    program = [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_IF_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, SYSCALL),
        (JUMP_IF_AT_LEAST, len(numbers) + 1, 0, X32),
        *((JUMP_IF_EQUAL, len(numbers) - place, 0, number) for place, number in enumerate(numbers)),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, ERROR | errno.ENOSYS),
    ]
    instructions = (_Instruction * len(program))(*program)
    made = _Program(len(program), instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, FILTER, ctypes.byref(made), 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
