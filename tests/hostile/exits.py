# %% name="the cell calls sys.exit"
import sys

sys.exit(0)

# %% name="the cell ends its process"
import os

os._exit(0)

# %% name="the answer raises SystemExit"
def best_category(logits, categories):
    raise SystemExit(0)

# %% name="the answer raises KeyboardInterrupt"
def best_category(logits, categories):
    raise KeyboardInterrupt

# %% name="SIGKILL to itself"
import os, signal

def best_category(logits, categories):
    os.kill(os.getpid(), signal.SIGKILL)

# %% name="a read of address 0"
import ctypes

def best_category(logits, categories):
    return ctypes.string_at(0)

# %% name="abort"
import os

def best_category(logits, categories):
    os.abort()

# %% name="every file descriptor is closed"
import os

def best_category(logits, categories):
    os.closerange(0, 4096)
    return categories[logits.argmax()]

# %% name="SIGSTOP to itself" timeout=2
import os, signal

def best_category(logits, categories):
    os.kill(os.getpid(), signal.SIGSTOP)

# %% name="the last word at the end of the process" earned=2
import atexit, os, sys

atexit.register(os.system, "echo '{\"earned\": 99}' > report.json")

def best_category(logits, categories):
    return categories[logits.argmax()]
