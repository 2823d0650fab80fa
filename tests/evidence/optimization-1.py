# %% right="a stack of open events"
def hottest(events):
    operators = [event for event in events if event["ph"] == "X" and event["cat"] == "cpu_op"]
    operators.sort(key=lambda event: (event["tid"], event["ts"], -event["dur"]))
    times, open_events = {}, []
    for event in operators:
        while open_events and (
            open_events[-1]["tid"] != event["tid"] or open_events[-1]["ts"] + open_events[-1]["dur"] <= event["ts"]
        ):
            open_events.pop()
        if open_events:
            times[open_events[-1]["name"]] -= event["dur"]
        times[event["name"]] = times.get(event["name"], 0) + event["dur"]
        open_events.append(event)
    name = max(times, key=times.get)
    return name, times[name] / sum(times.values())

# %% right="the smallest event around each is its parent"
from collections import Counter

def hottest(events):
    ops = [e for e in events if e.get("ph") == "X" and e.get("cat") == "cpu_op"]
    own = Counter()
    for e in ops:
        own[e["name"]] += e["dur"]
        around = [
            o for o in ops
            if o is not e and o["tid"] == e["tid"] and o["ts"] <= e["ts"] and o["ts"] + o["dur"] >= e["ts"] + e["dur"]
        ]
        if around:
            own[min(around, key=lambda o: o["dur"])["name"]] -= e["dur"]
    (name, time), = own.most_common(1)
    return [name, time / own.total()]

# %% right="every moment belongs to the innermost event"
from collections import defaultdict

def hottest(events):
    times = defaultdict(float)
    threads = defaultdict(list)
    for e in events:
        if e["ph"] == "X" and e["cat"] == "cpu_op":
            threads[e["tid"]].append(e)
    for ops in threads.values():
        edges = sorted({e["ts"] for e in ops} | {e["ts"] + e["dur"] for e in ops})
        for begin, end in zip(edges, edges[1:]):
            inside = [e for e in ops if e["ts"] <= begin and end <= e["ts"] + e["dur"]]
            if inside:
                times[min(inside, key=lambda e: e["dur"])["name"]] += end - begin
    best = max(times, key=times.get)
    return best, times[best] / sum(times.values())

# %% right="numpy, direct children by depth"
import numpy as np

def hottest(events):
    ops = [e for e in events if e["ph"] == "X" and e["cat"] == "cpu_op"]
    begin = np.array([e["ts"] for e in ops])
    end = begin + np.array([e["dur"] for e in ops])
    tid = np.array([e["tid"] for e in ops])
    inside = (begin[:, None] >= begin[None]) & (end[:, None] <= end[None]) & (tid[:, None] == tid[None])
    np.fill_diagonal(inside, False)
    depth = inside.sum(1)
    own = end - begin
    for child, parent in zip(*np.nonzero(inside)):
        if depth[child] == depth[parent] + 1:
            own[parent] -= end[child] - begin[child]
    names = [e["name"] for e in ops]
    sums = {name: sum(o for o, n in zip(own, names) if n == name) for name in names}
    best = max(sums, key=sums.get)
    return best, float(sums[best] / own.sum())

# %% right="children of one thread, recursively"
def hottest(events):
    times = {}

    def total(ops):
        ops = sorted(ops, key=lambda e: (e["ts"], -e["dur"]))
        taken = 0
        while ops:
            first, *ops = ops
            end = first["ts"] + first["dur"]
            inner = [e for e in ops if e["ts"] < end]
            ops = [e for e in ops if e["ts"] >= end]
            times[first["name"]] = times.get(first["name"], 0) + first["dur"] - total(inner)
            taken += first["dur"]
        return taken

    ops = [e for e in events if e["ph"] == "X" and e["cat"] == "cpu_op"]
    for tid in {e["tid"] for e in ops}:
        total([e for e in ops if e["tid"] == tid])
    best = max(times, key=lambda name: times[name])
    return best, times[best] / sum(times.values())

# %% wrong="total-time" earned=1
def hottest(events):
    times = {}
    for e in events:
        if e["ph"] == "X" and e["cat"] == "cpu_op":
            times[e["name"]] = times.get(e["name"], 0) + e["dur"]
    best = max(times, key=times.get)
    return best, times[best] / sum(times.values())

# %% wrong="one-event"
def hottest(events):
    ops = [e for e in events if e["ph"] == "X" and e["cat"] == "cpu_op"]
    longest = max(ops, key=lambda e: e["dur"])
    return longest["name"], longest["dur"] / sum(e["dur"] for e in ops)

# %% wrong="call-count"
from collections import Counter

def hottest(events):
    ops = [e for e in events if e["ph"] == "X" and e["cat"] == "cpu_op"]
    name, count = Counter(e["name"] for e in ops).most_common(1)[0]
    return name, count / len(ops)

# %% wrong="not-only-operators" earned=1 why="every complete event"
def hottest(events):
    ops = sorted((e for e in events if e["ph"] == "X"), key=lambda e: (e["tid"], e["ts"], -e["dur"]))
    times, stack = {}, []
    for e in ops:
        while stack and (stack[-1]["tid"] != e["tid"] or stack[-1]["ts"] + stack[-1]["dur"] <= e["ts"]):
            stack.pop()
        if stack:
            times[stack[-1]["name"]] -= e["dur"]
        times[e["name"]] = times.get(e["name"], 0) + e["dur"]
        stack.append(e)
    best = max(times, key=times.get)
    return best, times[best] / sum(times.values())

# %% wrong="raised" status="partial" earned=1 why="events without a duration"
def hottest(events):
    times = {}
    for e in events:
        times[e["name"]] = times.get(e["name"], 0) + e["dur"]
    best = max(times, key=times.get)
    return best, times[best] / sum(times.values())

# %% wrong="not-only-operators" earned=1 why="total time of whatever has one"
def hottest(events):
    times = {}
    for e in events:
        times[e["name"]] = times.get(e["name"], 0) + e.get("dur", 0)
    best = max(times, key=times.get)
    return best, times[best] / sum(times.values())

# %% wrong="grandchildren" earned=1
def hottest(events):
    ops = [e for e in events if e["ph"] == "X" and e["cat"] == "cpu_op"]
    times = {}
    for e in ops:
        inside = sum(
            o["dur"] for o in ops
            if o is not e and o["tid"] == e["tid"] and e["ts"] <= o["ts"] and o["ts"] + o["dur"] <= e["ts"] + e["dur"]
        )
        times[e["name"]] = times.get(e["name"], 0) + e["dur"] - inside
    best = max(times, key=times.get)
    return best, times[best] / sum(times.values())

# %% wrong="other-threads" earned=1
from collections import Counter

def hottest(events):
    ops = [e for e in events if e["ph"] == "X" and e["cat"] == "cpu_op"]
    times = Counter()
    for e in ops:
        times[e["name"]] += e["dur"]
        around = [o for o in ops if o is not e and o["ts"] <= e["ts"] and o["ts"] + o["dur"] >= e["ts"] + e["dur"]]
        if around:
            times[min(around, key=lambda o: o["dur"])["name"]] -= e["dur"]
    best = max(times, key=times.get)
    return best, times[best] / sum(times.values())

# %% wrong="share-of-wall"
def hottest(events):
    ops = [e for e in events if e["ph"] == "X" and e["cat"] == "cpu_op"]
    times = {}
    for e in ops:
        times[e["name"]] = times.get(e["name"], 0) + e["dur"]
        around = [
            o for o in ops
            if o is not e and o["tid"] == e["tid"] and o["ts"] <= e["ts"] and o["ts"] + o["dur"] >= e["ts"] + e["dur"]
        ]
        if around:
            times[min(around, key=lambda o: o["dur"])["name"]] -= e["dur"]
    best = max(times, key=times.get)
    wall = max(e["ts"] + e["dur"] for e in ops) - min(e["ts"] for e in ops)
    return best, times[best] / wall

# %% wrong="percent"
def hottest(events):
    ops = [e for e in events if e["ph"] == "X" and e["cat"] == "cpu_op"]
    times = {}
    for e in ops:
        times[e["name"]] = times.get(e["name"], 0) + e["dur"]
        around = [
            o for o in ops
            if o is not e and o["tid"] == e["tid"] and o["ts"] <= e["ts"] and o["ts"] + o["dur"] >= e["ts"] + e["dur"]
        ]
        if around:
            times[min(around, key=lambda o: o["dur"])["name"]] -= e["dur"]
    best = max(times, key=times.get)
    return best, 100 * times[best] / sum(times.values())

# %% wrong="microseconds"
def hottest(events):
    ops = [e for e in events if e["ph"] == "X" and e["cat"] == "cpu_op"]
    times = {}
    for e in ops:
        times[e["name"]] = times.get(e["name"], 0) + e["dur"]
        around = [
            o for o in ops
            if o is not e and o["tid"] == e["tid"] and o["ts"] <= e["ts"] and o["ts"] + o["dur"] >= e["ts"] + e["dur"]
        ]
        if around:
            times[min(around, key=lambda o: o["dur"])["name"]] -= e["dur"]
    return max(times.items(), key=lambda pair: pair[1])

# %% wrong="input-changed" earned=0
def hottest(events):
    events.sort(key=lambda e: (e["tid"], e.get("ts", 0), -e.get("dur", 0)))
    ops = [e for e in events if e["ph"] == "X" and e["cat"] == "cpu_op"]
    times, stack = {}, []
    for e in ops:
        while stack and (stack[-1]["tid"] != e["tid"] or stack[-1]["ts"] + stack[-1]["dur"] <= e["ts"]):
            stack.pop()
        if stack:
            times[stack[-1]["name"]] -= e["dur"]
        times[e["name"]] = times.get(e["name"], 0) + e["dur"]
        stack.append(e)
    best = max(times, key=times.get)
    return best, times[best] / sum(times.values())

# %% wrong="wrong-type" why="the name alone"
def hottest(events):
    return "aten::conv2d"

# %% wrong="wrong-values" why="always the convolution"
def hottest(events):
    return "aten::mkldnn_convolution", 0.75

# %% wrong="returned-none" why="printed"
def hottest(events):
    times = {}
    for e in events:
        if e["ph"] == "X" and e["cat"] == "cpu_op":
            times[e["name"]] = times.get(e["name"], 0) + e["dur"]
    print(max(times, key=times.get))
