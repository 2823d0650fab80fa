# %% right="the open scene in the list"
def scenes(times, names, end):
    found = []
    for time, name in zip(times, names):
        if found and found[-1][2] == name:
            continue
        if found:
            found[-1][1] = time
        found.append([time, end, name])
    return [tuple(scene) for scene in found]

# %% right="groupby"
from itertools import groupby

def scenes(times, names, end):
    starts = [(next(group)[0], name) for name, group in groupby(zip(times, names), key=lambda pair: pair[1])]
    ends = [start for start, _ in starts[1:]] + [end]
    return [(start, stop, name) for (start, name), stop in zip(starts, ends)]

# %% right="places where the name changes"
def scenes(times, names, end):
    if not times:
        return []
    cuts = [0] + [i for i in range(1, len(names)) if names[i] != names[i - 1]] + [len(names)]
    bounds = list(times) + [end]
    return [(bounds[a], bounds[b], names[a]) for a, b in zip(cuts, cuts[1:])]

# %% right="closed after the loop"
def scenes(times, names, end):
    result, start, current = [], None, None
    for i, name in enumerate(names):
        if name != current:
            if current is not None:
                result.append((start, times[i], current))
            start, current = times[i], name
    if current is not None:
        result.append((start, end, current))
    return result

# %% right="from behind, lists as scenes"
def scenes(times, names, end):
    result = []
    for i in range(len(names) - 1, -1, -1):
        if i == 0 or names[i - 1] != names[i]:
            result.insert(0, [times[i], end, names[i]])
            end = times[i]
    return result

# %% right="numpy"
import numpy as np

def scenes(times, names, end):
    if len(names) == 0:
        return []
    array = np.array(names)
    first = np.flatnonzero(np.r_[True, array[1:] != array[:-1]])
    stops = np.r_[np.array(times)[first[1:]], end]
    return [(float(times[i]), float(stop), names[i]) for i, stop in zip(first, stops)]

# %% wrong="last-scene-lost"
def scenes(times, names, end):
    result, start = [], 0
    for i in range(1, len(names)):
        if names[i] != names[i - 1]:
            result.append((times[start], times[i], names[start]))
            start = i
    return result

# %% wrong="first-scene-lost"
def scenes(times, names, end):
    cuts = [i for i in range(1, len(names)) if names[i] != names[i - 1]] + [len(names)]
    bounds = list(times) + [end]
    return [(bounds[a], bounds[b], names[a]) for a, b in zip(cuts, cuts[1:])]

# %% wrong="gaps"
from itertools import groupby

def scenes(times, names, end):
    result = []
    for name, group in groupby(zip(times, names), key=lambda pair: pair[1]):
        shown = [time for time, _ in group]
        result.append((shown[0], shown[-1], name))
    return result

# %% wrong="gaps" why="only the last one reaches the end"
from itertools import groupby

def scenes(times, names, end):
    result = []
    for name, group in groupby(zip(times, names), key=lambda pair: pair[1]):
        shown = [time for time, _ in group]
        result.append((shown[0], shown[-1], name))
    if result:
        result[-1] = (result[-1][0], end, result[-1][2])
    return result

# %% wrong="end-ignored"
def scenes(times, names, end):
    if not times:
        return []
    cuts = [0] + [i for i in range(1, len(names)) if names[i] != names[i - 1]]
    stops = [times[i] for i in cuts[1:]] + [times[-1]]
    return [(times[a], stop, names[a]) for a, stop in zip(cuts, stops)]

# %% wrong="numbers"
from itertools import groupby

def scenes(times, names, end):
    result, place = [], 0
    for name, group in groupby(names):
        length = len(list(group))
        result.append((float(place), float(place + length), name))
        place += length
    return result

# %% wrong="even-steps"
from itertools import groupby

def scenes(times, names, end):
    result, place = [], 0
    step = end / len(names) if names else 0
    for name, group in groupby(names):
        length = len(list(group))
        result.append((place * step, (place + length) * step, name))
        place += length
    return result

# %% wrong="not-merged"
def scenes(times, names, end):
    return list(zip(times, [*times[1:], end], names))

# %% wrong="by-name"
def scenes(times, names, end):
    result = {}
    for i, (time, name) in enumerate(zip(times, names)):
        stop = times[i + 1] if i + 1 < len(times) else end
        result[name] = (result.get(name, (time,))[0], stop, name)
    return list(result.values())

# %% wrong="by-name" why="groupby after sorting"
from itertools import groupby

def scenes(times, names, end):
    after = [*times[1:], end]
    rows = sorted(zip(names, times, after), key=lambda row: row[0])
    result = []
    for name, group in groupby(rows, key=lambda row: row[0]):
        group = list(group)
        result.append((group[0][1], group[-1][2], name))
    return sorted(result)

# %% wrong="duration"
from itertools import groupby

def scenes(times, names, end):
    starts = [(next(group)[0], name) for name, group in groupby(zip(times, names), key=lambda pair: pair[1])]
    ends = [start for start, _ in starts[1:]] + [end]
    return [(start, stop - start, name) for (start, name), stop in zip(starts, ends)]

# %% wrong="turned"
from itertools import groupby

def scenes(times, names, end):
    starts = [(next(group)[0], name) for name, group in groupby(zip(times, names), key=lambda pair: pair[1])]
    ends = [start for start, _ in starts[1:]] + [end]
    return [(name, start, stop) for (start, name), stop in zip(starts, ends)]

# %% wrong="later-name"
def scenes(times, names, end):
    result, start = [], 0
    for i in range(1, len(names)):
        if names[i] != names[i - 1]:
            result.append((times[start], times[i], names[i]))
            start = i
    if names:
        result.append((times[start], end, names[-1]))
    return result

# %% wrong="a-dict"
from itertools import groupby

def scenes(times, names, end):
    result, place, bounds = {}, 0, [*times, end]
    for name, group in groupby(names):
        length = len(list(group))
        result[name] = (bounds[place], bounds[place + length])
        place += length
    return result

# %% wrong="short-scene-dropped"
from itertools import groupby

def scenes(times, names, end):
    result, place, bounds = [], 0, [*times, end]
    for name, group in groupby(names):
        length = len(list(group))
        if length > 1:
            result.append((bounds[place], bounds[place + length], name))
        place += length
    return result

# %% wrong="raised" status="partial" earned=3 why="no frame"
def scenes(times, names, end):
    result = [[times[0], end, names[0]]]
    for time, name in zip(times, names):
        if name != result[-1][2]:
            result[-1][1] = time
            result.append([time, end, name])
    return [tuple(scene) for scene in result]

# %% wrong="input-changed" why="end appended to the times"
from itertools import groupby

def scenes(times, names, end):
    times.append(end)
    result, place = [], 0
    for name, group in groupby(names):
        length = len(list(group))
        result.append((times[place], times[place + length], name))
        place += length
    return result

# %% wrong="returned-none"
def scenes(times, names, end):
    for time, name in zip(times, names):
        print(time, name)

# %% wrong="wrong-values" why="the first scene begins at 0 whatever the first time is"
from itertools import groupby

def scenes(times, names, end):
    result, start, place = [], 0.0, 0
    for name, group in groupby(names):
        place += len(list(group))
        stop = times[place] if place < len(times) else end
        result.append((start, stop, name))
        start = stop
    return result
