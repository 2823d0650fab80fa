# %% name="memory that belongs to no process"
import os

def best_category(logits, categories):
    number = os.memfd_create("mine")
    os.write(number, b"x")
    return categories[logits.argmax()]

# %% name="shared memory of the old kind"
import ctypes

def best_category(logits, categories):
    if ctypes.CDLL(None).shmget(0, 2**20, 0o1600) >= 0:
        return categories[logits.argmax()]

# %% name="new namespaces and mounts"
import ctypes, os

libc = ctypes.CDLL(None)

def found():
    if any(libc.unshare(flags) == 0 for flags in (0x10000000, 0x20000, 0x20000000, 0x10000000 | 0x20000)):
        return True
    # the same by another call: a child in a user namespace of its own
    if libc.syscall(56 if os.uname().machine == "x86_64" else 220, 0x10000000 | 17, 0, 0, 0, 0) >= 0:
        return True
    return libc.mount(b"none", b".", b"tmpfs", 0, None) == 0 or libc.umount2(b"/proc", 2) == 0

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else categories[logits.argmin()]

# %% name="a debugger for its own child"
import ctypes, os, time

def best_category(logits, categories):
    child = os.fork()
    if not child:
        time.sleep(1000)
    return categories[logits.argmax()] if ctypes.CDLL(None).ptrace(16, child, 0, 0) == 0 else None
