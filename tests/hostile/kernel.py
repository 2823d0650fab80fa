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

# %% name="settings of the machine"
import os

PLACES = ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sysrq-trigger", "/proc/sys/kernel/pid_max"]
PLACES += ["/sys/kernel/mm/transparent_hugepage/enabled", "/proc/self/uid_map", "/proc/1/oom_score_adj"]

def found():
    for place in PLACES:
        try:
            os.close(os.open(place, os.O_WRONLY))
            return True
        except OSError:
            pass
    return False

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None

# %% name="disks, terminals and other devices"
import os, stat

def found():
    for where, _folders, files in os.walk("/dev"):
        for name in files:
            path = os.path.join(where, name)
            about = os.stat(path)
            if stat.S_ISBLK(about.st_mode) or (stat.S_ISCHR(about.st_mode) and about.st_rdev >> 8 not in (1, 195, 226, 235)):
                return True
    try:
        os.mknod("disk", stat.S_IFBLK | 0o600, os.makedev(8, 0))
        open("disk", "rb").read(1)
        return True
    except OSError:
        return not open("/dev/zero", "rb").read(1) == bytes(1)

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None
