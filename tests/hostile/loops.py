# %% name="a loop in the cell"
while True:
    pass

# %% name="a loop in the answer" timeout=2
def best_category(logits, categories):
    while True:
        pass

# %% name="a loop that catches everything" timeout=2
def best_category(logits, categories):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass

# %% name="one number that takes for ever" timeout=2
def best_category(logits, categories):
    return str(3 ** (3**20))

# %% name="a pattern that goes back for ever" timeout=2
import re

def best_category(logits, categories):
    return re.match("(a+)+$", "a" * 64 + "b")

# %% name="the timer is stopped and its signal ignored" timeout=2
import signal

def best_category(logits, categories):
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    while True:
        pass

# %% name="threads that spin" timeout=2
import threading

def best_category(logits, categories):
    def spin():
        while True:
            pass

    threads = [threading.Thread(target=spin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

# %% name="children that spin while their parent sleeps" timeout=2
import os, time

def best_category(logits, categories):
    for _ in range(4):
        if not os.fork():
            while True:
                pass
    time.sleep(1000)

# %% name="sleep for ever" timeout=2
import time

def best_category(logits, categories):
    time.sleep(10**6)

# %% name="processes without end" status="error"
import os, time

def best_category(logits, categories):
    for _ in range(7):
        os.fork()
    time.sleep(1000)

# %% name="a daemon that outlives its parents" earned=2
import os, time

def best_category(logits, categories):
    if not os.fork():
        os.setsid()
        if not os.fork():
            time.sleep(1000)
        os._exit(0)
    return categories[logits.argmax()]
