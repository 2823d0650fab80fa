# %% right="statistics.median"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        times = []
        for _ in range(repeat):
            synchronize()
            start = clock()
            model(batch)
            synchronize()
            times.append(clock() - start)
        seconds = statistics.median(times)
        results.append((len(batch), seconds, len(batch) / seconds))
    return results

# %% right="torch.median, one wait before the loop"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    rows = []
    for batch in batches:
        [model(batch) for _ in range(warmup)]
        synchronize()
        times = torch.empty(repeat, dtype=torch.float64)
        for i in range(repeat):
            begin = clock()
            model(batch)
            synchronize()
            times[i] = clock() - begin
        median = times.median().item()
        rows.append([batch.shape[0], median, batch.shape[0] / median])
    return rows

# %% right="in turns, sorted"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    def timed(batch):
        synchronize()
        start = clock()
        model(batch)
        synchronize()
        return clock() - start

    for batch in batches:
        for _ in range(warmup):
            timed(batch)
    times = [[] for _ in batches]
    for _ in range(repeat):
        for batch, found in zip(batches, times):
            found.append(timed(batch))
    result = []
    for batch, found in zip(batches, times):
        seconds = sorted(found)[repeat // 2]
        result.append((batch.size(0), seconds, batch.size(0) / seconds))
    return result

# %% right="all calls timed, those of the warm-up thrown away"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    result = []
    for batch in batches:
        times = []
        for _ in range(warmup + repeat):
            synchronize()
            start = clock()
            model(batch)
            synchronize()
            times.append(clock() - start)
        seconds = statistics.median(times[warmup:])
        result.append((len(batch), seconds, len(batch) / seconds))
    return result

# %% right="marks between calls, numpy"
import numpy as np

def benchmark(model, batches, warmup, repeat, clock, synchronize):
    def one(batch):
        for _ in range(warmup):
            model(batch)
        synchronize()
        marks = [clock()]
        for _ in range(repeat):
            model(batch)
            synchronize()
            marks.append(clock())
        seconds = float(np.median(np.diff(marks)))
        return len(batch), seconds, len(batch) / seconds

    return [one(batch) for batch in batches]

# %% wrong="not-awaited" earned=3
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        times = []
        for _ in range(repeat):
            start = clock()
            model(batch)
            times.append(clock() - start)
        seconds = statistics.median(times)
        results.append((len(batch), seconds, len(batch) / seconds))
    return results

# %% wrong="not-awaited" earned=3 why="waits only before"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        times = []
        for _ in range(repeat):
            synchronize()
            start = clock()
            model(batch)
            times.append(clock() - start)
        seconds = statistics.median(times)
        results.append((len(batch), seconds, len(batch) / seconds))
    return results

# %% wrong="not-awaited" earned=3 why="waits after the clock"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        synchronize()
        times = []
        for _ in range(repeat):
            start = clock()
            model(batch)
            end = clock()
            synchronize()
            times.append(end - start)
        seconds = statistics.median(times)
        results.append((len(batch), seconds, len(batch) / seconds))
    return results

# %% wrong="warmup-still-running" earned=3
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        times = []
        for _ in range(repeat):
            start = clock()
            model(batch)
            synchronize()
            times.append(clock() - start)
        seconds = statistics.median(times)
        results.append((len(batch), seconds, len(batch) / seconds))
    return results

# %% wrong="mean-taken"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        synchronize()
        start = clock()
        for _ in range(repeat):
            model(batch)
        synchronize()
        seconds = (clock() - start) / repeat
        results.append((len(batch), seconds, len(batch) / seconds))
    return results

# %% wrong="fastest-taken"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        times = []
        for _ in range(repeat):
            synchronize()
            start = clock()
            model(batch)
            synchronize()
            times.append(clock() - start)
        results.append((len(batch), min(times), len(batch) / min(times)))
    return results

# %% wrong="sum-taken"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        synchronize()
        start = clock()
        for _ in range(repeat):
            model(batch)
        synchronize()
        seconds = clock() - start
        results.append((len(batch), seconds, len(batch) / seconds))
    return results

# %% wrong="sum-taken" why="the throughput of all calls"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        synchronize()
        start = clock()
        for _ in range(repeat):
            model(batch)
        synchronize()
        seconds = clock() - start
        results.append((len(batch), seconds, repeat * len(batch) / seconds))
    return results

# %% wrong="warmup-timed"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        times = []
        for _ in range(warmup + repeat):
            synchronize()
            start = clock()
            model(batch)
            synchronize()
            times.append(clock() - start)
        seconds = statistics.median(times)
        results.append((len(batch), seconds, len(batch) / seconds))
    return results

# %% wrong="warmed-once"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    for _ in range(warmup):
        model(batches[0])
    results = []
    for batch in batches:
        times = []
        for _ in range(repeat):
            synchronize()
            start = clock()
            model(batch)
            synchronize()
            times.append(clock() - start)
        seconds = statistics.median(times)
        results.append((len(batch), seconds, len(batch) / seconds))
    return results

# %% wrong="not-warmed"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        times = []
        for _ in range(repeat):
            synchronize()
            start = clock()
            model(batch)
            synchronize()
            times.append(clock() - start)
        seconds = statistics.median(times)
        results.append((len(batch), seconds, len(batch) / seconds))
    return results

# %% wrong="wrong-count" why="one call too many"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        times = []
        for _ in range(repeat):
            synchronize()
            start = clock()
            model(batch)
            synchronize()
            times.append(clock() - start)
        model(batch)
        seconds = statistics.median(times)
        results.append((len(batch), seconds, len(batch) / seconds))
    return results

# %% wrong="batches-per-second"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        times = []
        for _ in range(repeat):
            synchronize()
            start = clock()
            model(batch)
            synchronize()
            times.append(clock() - start)
        seconds = statistics.median(times)
        results.append((len(batch), seconds, 1 / seconds))
    return results

# %% wrong="time-per-picture"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        times = []
        for _ in range(repeat):
            synchronize()
            start = clock()
            model(batch)
            synchronize()
            times.append((clock() - start) / len(batch))
        seconds = statistics.median(times)
        results.append((len(batch), seconds, 1 / seconds))
    return results

# %% wrong="milliseconds"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        times = []
        for _ in range(repeat):
            synchronize()
            start = clock()
            model(batch)
            synchronize()
            times.append(clock() - start)
        seconds = statistics.median(times)
        results.append((len(batch), seconds * 1000, len(batch) / seconds))
    return results

# %% wrong="own-clock"
import time

def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        times = []
        for _ in range(repeat):
            synchronize()
            start = time.perf_counter()
            model(batch)
            synchronize()
            times.append(time.perf_counter() - start)
        seconds = statistics.median(times)
        results.append((len(batch), seconds, len(batch) / seconds))
    return results

# %% wrong="wrong-length" why="only the last"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        times = []
        for _ in range(repeat):
            synchronize()
            start = clock()
            model(batch)
            synchronize()
            times.append(clock() - start)
        seconds = statistics.median(times)
        results = [(len(batch), seconds, len(batch) / seconds)]
    return results

# %% wrong="wrong-values" why="times of all batches in one list"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results, times = [], []
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        for _ in range(repeat):
            synchronize()
            start = clock()
            model(batch)
            synchronize()
            times.append(clock() - start)
        seconds = statistics.median(times)
        results.append((len(batch), seconds, len(batch) / seconds))
    return results

# %% wrong="wrong-type" why="a dictionary"
def benchmark(model, batches, warmup, repeat, clock, synchronize):
    results = {}
    for batch in batches:
        for _ in range(warmup):
            model(batch)
        times = []
        for _ in range(repeat):
            synchronize()
            start = clock()
            model(batch)
            synchronize()
            times.append(clock() - start)
        results[len(batch)] = statistics.median(times)
    return results
