# %% name="the solved notebooks"
import glob, os

def found():
    for folder in (COURSE, "/work", "/root", "/home", "/srv", "/opt"):
        for pattern in ("notebooks/solutions/*.ipynb", "tests/evidence/start-1.py", "notebooks/source/*.py", "docs/*"):
            if glob.glob(os.path.join(folder, pattern)):
                return True
    return False

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None

# %% name="the judges on disk"
import os, pathlib

def found():
    folder = pathlib.Path(COURSE, "helpers")
    names = ("exercises", "judging", "grading", "authoring", "learning")
    return any(list(folder.glob(f"{name}/*")) for name in names) or pathlib.Path(COURSE, ".git").exists()

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None

# %% name="the judges by import"
import importlib, pkgutil, helpers

def found():
    for name in ("helpers.exercises.start", "helpers.judging.engine", "helpers.authoring.source", "helpers.grading.grade"):
        try:
            importlib.import_module(name)
            return True
        except ImportError:
            pass
    return False

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None

# %% name="the judges in memory"
import gc, sys

def found():
    names = ("Exercise", "Lesson", "Part", "Witness", "Verdict")
    return any(type(each).__name__ in names and type(each).__module__.startswith("helpers") for each in gc.get_objects()) or any(
        name.startswith(("helpers.exercises", "helpers.judging", "helpers.grading")) for name in sys.modules
    )

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None

# %% name="the frames above"
import sys

def found():
    frame = sys._getframe()
    while frame is not None:
        for name, value in {**frame.f_globals, **frame.f_locals}.items():
            if name in ("seed", "rng", "expected", "exercise", "verdict", "solution"):
                return True
        frame = frame.f_back
    return False

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None

# %% name="source lines that are kept"
import inspect, linecache

def found():
    kept = "".join(str(entry) for entry in linecache.cache.values())
    try:
        kept += inspect.getsource(inspect.getmodule(sys.modules["helpers.exercises"]))
    except Exception:
        pass
    return "GAVE_" "SMALLEST" in kept or "_judge" "_name" in kept

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None

# %% name="the memory of others"
import os

def found():
    for pid in [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]:
        for name in ("mem", "environ", "maps"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    if name != "mem" and b"SECRET" in file.read():
                        return True
            except OSError:
                pass
    return len([name for name in os.listdir("/proc") if name.isdigit()]) > 3

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None

# %% name="a debugger for its parent"
import ctypes, os

def found():
    return any(ctypes.CDLL(None).ptrace(16, pid, 0, 0) == 0 for pid in range(1, 2000) if pid != os.getpid())

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None

# %% name="the seed in arguments and variables"
import os, sys

def found():
    told = open("/proc/self/environ").read() + open("/proc/self/cmdline").read() + repr(sys.argv) + repr(dict(os.environ))
    return any(word in told for word in ("SECRET", "4242", "--seed", "COURSE_SEED"))

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None

# %% name="what it was forked with"
import os, stat

def found():
    kinds = [stat.S_IFMT(os.fstat(int(name)).st_mode) for name in os.listdir("/proc/self/fd") if _is_open(int(name)) and int(name) > 2]
    return any(kind != stat.S_IFSOCK for kind in kinds) or len(kinds) > 1

def _is_open(number):
    try:
        os.fstat(number)
        return True
    except OSError:
        return False

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None

# %% name="the keys of multiprocessing"
import multiprocessing, os
from multiprocessing.forkserver import _forkserver
from multiprocessing.connection import Client

def found():
    try:
        Client(_forkserver._forkserver_address, authkey=bytes(multiprocessing.current_process().authkey))
        return True
    except Exception:
        return False

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else None
