# %% right="read all in threads, then the batches"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% right="reading ahead while the model works"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        errors, places, logits = {}, [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool, torch.inference_mode():
            loaded = pool.map(lambda path: load_file(path, self.preprocess), paths)
            ready = self.readable(loaded, errors)
            for batch in batches(ready, self.batch_size):
                places += [place for place, _ in batch]
                logits.append(self.model(torch.stack([tensor for _, tensor in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

    def readable(self, loaded, errors):
        for place, (tensor, reason) in enumerate(loaded):
            if reason is None:
                yield place, tensor
            else:
                errors[place] = reason

# %% right="as_completed, a pool that is kept, places sorted out at the end"
import os
import torch
from concurrent.futures import ThreadPoolExecutor, as_completed

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size
        self.pool = ThreadPoolExecutor(6)

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        futures = {self.pool.submit(load_file, path, self.preprocess): place for place, path in enumerate(paths)}
        errors, places, waiting, logits = {}, [], [], []
        for future in as_completed(futures):
            tensor, reason = future.result()
            if reason is not None:
                errors[futures[future]] = reason
                continue
            places.append(futures[future])
            waiting.append(tensor)
            if len(waiting) == self.batch_size:
                logits.append(self.run(waiting))
                waiting = []
        if waiting:
            logits.append(self.run(waiting))
        rows = torch.cat(logits) if logits else torch.zeros(0, len(self.categories))
        return name_results(paths, places, rows, errors, self.categories, k)

    @torch.no_grad()
    def run(self, tensors):
        return self.model(torch.stack(tensors))

# %% right="the caller's own model, its modes put back; nothing of the lesson's functions"
import threading
from pathlib import Path
from queue import Queue
import torch
from helpers.images import ImageError, read_image

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model, self.preprocess, self.categories, self.batch_size = model, preprocess, list(categories), batch_size

    def _work(self, jobs, done):
        while True:
            job = jobs.get()
            if job is None:
                return
            place, path = job
            try:
                image = read_image(path)
            except ImageError as error:
                done[place] = str(error)
                continue
            try:
                done[place] = self.preprocess(image)
            except BaseException as error:
                done[place] = error

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, Path)):
            paths = [paths]
        jobs, done = Queue(), {}
        for job in enumerate(paths):
            jobs.put(job)
        workers = [threading.Thread(target=self._work, args=(jobs, done)) for _ in range(8)]
        for worker in workers:
            jobs.put(None)
            worker.start()
        for worker in workers:
            worker.join()
        bugs = [item for item in done.values() if isinstance(item, BaseException)]
        if bugs:
            raise bugs[0]
        good = [place for place in range(len(paths)) if isinstance(done[place], torch.Tensor)]
        results = [(path, [], done[place]) for place, path in enumerate(paths)]
        modes = [(module, module.training) for module in self.model.modules()]
        self.model.eval()
        try:
            with torch.inference_mode():
                for start in range(0, len(good), self.batch_size):
                    chunk = good[start : start + self.batch_size]
                    found = self.model(torch.stack([done[place] for place in chunk])).softmax(-1).topk(k)
                    for place, values, indices in zip(chunk, found.values.tolist(), found.indices.tolist()):
                        pairs = [(self.categories[i], value) for i, value in zip(indices, values)]
                        results[place] = (paths[place], pairs, None)
        finally:
            for module, training in modes:
                module.training = training
        return results

# %% right="torch.fx, a padded last batch, paths as text"
import copy
import os
import torch
import torch.fx.experimental.optimization as optimization
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = optimization.fuse(copy.deepcopy(model).eval()).to(memory_format=torch.channels_last)
        self.preprocess, self.categories, self.batch_size = preprocess, categories, batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                tensors = torch.stack([t for _, t in batch])
                full = torch.zeros(self.batch_size, *tensors.shape[1:])
                full[: len(batch)] = tensors
                logits.append(self.model(full.contiguous(memory_format=torch.channels_last))[: len(batch)])
        return name_results([os.fspath(p) for p in paths], places, torch.cat(logits), errors, self.categories, k)

# %% right="an exported program"
import copy
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        example = torch.stack([preprocess(Image.new("RGB", (32, 32)))] * 2)
        dynamic = ({0: torch.export.Dim("batch")},)
        frozen = copy.deepcopy(model).eval()
        with torch.no_grad():
            self.model = torch.export.export(frozen, (example,), dynamic_shapes=dynamic).module()
        self.preprocess, self.categories, self.batch_size = preprocess, categories, batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% right="half of the files each time, a model in the background"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            return self([paths], k)
        rows, errors, places, pending = [torch.zeros(0, len(self.categories))], {}, [], []
        with ThreadPoolExecutor(4) as readers, ThreadPoolExecutor(1) as runner:
            waiting = []
            for place, (tensor, reason) in enumerate(readers.map(lambda p: load_file(p, self.preprocess), paths)):
                if tensor is None:
                    errors[place] = reason
                    continue
                places.append(place)
                waiting.append(tensor)
                if len(waiting) >= self.batch_size:
                    pending.append(runner.submit(self.run, waiting))
                    waiting = []
            if waiting:
                pending.append(runner.submit(self.run, waiting))
            rows += [job.result() for job in pending]
        return name_results(paths, places, torch.cat(rows), errors, self.categories, k)

    def run(self, tensors):
        with torch.inference_mode():
            return self.model(torch.stack(tensors))

# %% wrong="one-by-one" earned=10 why="the naive loop, right in all else"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = [load_file(path, self.preprocess) for path in paths]
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, 1):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="one-by-one" earned=10 why="files in threads"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, 1):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="one-by-one" earned=10 why="one by one in threads, fast and against the task"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            def run(item):
                with torch.inference_mode():
                    return self.model(item[1][None])
            with ThreadPoolExecutor(8) as callers:
                logits += list(callers.map(run, ready))
            places = [i for i, _ in ready]
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="small-batches" earned=10 why="a size of its own"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, 4):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="small-batches" earned=10 why="half of batch_size"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, max(self.batch_size // 2, 1)):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="batch-too-large" earned=10
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, len(ready) or 1):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="in-turn" earned=13 why="full batches, files one by one"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = [load_file(path, self.preprocess) for path in paths]
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="in-turn" earned=13 why="only the reading in threads"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            images = list(pool.map(self.read, paths))
            loaded = [(None, i) if isinstance(i, str) else (self.preprocess(i), None) for i in images]
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

    def read(self, path):
        try:
            return read_image(path)
        except ImageError as error:
            return str(error)

# %% wrong="few-threads" earned=13
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(2) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="not-faster" earned=12 why="prepared again in each call"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.given = model
        self.preprocess, self.categories, self.batch_size = preprocess, categories, batch_size

    def __call__(self, paths, k=3):
        import copy, time
        self.model = ready_copy(self.given)
        for _ in range(2):  # as slow as a large model would be
            time.sleep(0.1)
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="reading-not-faster" earned=14 why="threads for the first four only"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            first = list(pool.map(lambda path: load_file(path, self.preprocess), paths[:4]))
            loaded = first + [load_file(path, self.preprocess) for path in paths[4:]]
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="last-batch-lost"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        results = []
        with torch.inference_mode():
            for start in range(0, len(paths) - len(paths) % self.batch_size, self.batch_size):
                part = paths[start : start + self.batch_size]
                rows = self.model(torch.stack([self.preprocess(read_image(path)) for path in part]))
                results += name_results(part, list(range(len(part))), rows, {}, self.categories, k)
        return results

# %% wrong="order-changed" why="sorted by path"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return sorted(name_results(paths, places, torch.cat(logits), errors, self.categories, k))

# %% wrong="order-changed" why="the names as they were ready"
import os
import torch
from concurrent.futures import ThreadPoolExecutor, as_completed

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(load_file, path, self.preprocess) for path in paths]
            loaded = [job.result() for job in reversed(jobs)]
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="remembered" why="by path"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size
        self.known = {}

    def __call__(self, paths, k=3):
        if isinstance(paths, list) and paths and all(str(path) in self.known for path in paths):
            return [self.known[str(path)] for path in paths]
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        found = name_results(paths, places, torch.cat(logits), errors, self.categories, k)
        self.known.update({str(path): one for path, one in zip(paths, found)})
        return found

# %% wrong="remembered" why="results pile up"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size
        self.results = []

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        self.results += name_results(paths, places, torch.cat(logits), errors, self.categories, k)
        return self.results

# %% wrong="logits"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        rows = torch.cat(logits)
        top = {}
        for place, row in zip(places, rows):
            values, indices = row.topk(k)
            top[place] = [(self.categories[i], v) for i, v in zip(indices.tolist(), values.tolist())]
        return [(path, top.get(i, []), errors.get(i)) for i, path in enumerate(paths)]

# %% wrong="softmax-over-batch"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        rows = torch.cat(logits).softmax(0)
        top = {}
        for place, row in zip(places, rows):
            values, indices = row.topk(k)
            top[place] = [(self.categories[i], v) for i, v in zip(indices.tolist(), values.tolist())]
        return [(path, top.get(i, []), errors.get(i)) for i, path in enumerate(paths)]

# %% wrong="tensor-inside"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        rows = torch.cat(logits).softmax(1)
        top = {}
        for place, row in zip(places, rows):
            values, indices = row.topk(k)
            top[place] = [(self.categories[i], v) for i, v in zip(indices, values)]
        return [(path, top.get(i, []), errors.get(i)) for i, path in enumerate(paths)]

# %% wrong="empty-list" earned=9 why="torch.cat of nothing"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], []
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="letters" earned=11 why="a single path"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="letters" earned=11 why="strings only"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, str):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="not-rgb" earned=10
import os
import torch
from concurrent.futures import ThreadPoolExecutor
from PIL import Image, ImageOps

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(self.load, paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

    def load(self, path):
        try:
            image = ImageOps.exif_transpose(Image.open(path))
            image.load()
        except Exception as error:
            return None, str(error) or "bad"
        return self.preprocess(image), None

# %% wrong="not-upright" earned=10
import os
import torch
from concurrent.futures import ThreadPoolExecutor
from PIL import Image

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(self.load, paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

    def load(self, path):
        try:
            image = Image.open(path)
            if image.has_transparency_data:
                image = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            image = image.convert("RGB")
        except Exception as error:
            return None, str(error) or "bad"
        return self.preprocess(image), None

# %% wrong="alpha-dropped" earned=10
import os
import torch
from concurrent.futures import ThreadPoolExecutor
from PIL import Image, ImageOps

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(self.load, paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

    def load(self, path):
        try:
            image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        except Exception as error:
            return None, str(error) or "bad"
        return self.preprocess(image), None

# %% wrong="stopped-at-bad-file" earned=10
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = [(t, None) for t in pool.map(lambda path: self.preprocess(read_image(path)), paths)]
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="no-reason" earned=10
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        found = name_results(paths, places, torch.cat(logits), errors, self.categories, k)
        return [(path, top, None) for path, top, _ in found]

# %% wrong="names-shifted" earned=10
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        rows = name_results(paths[: len(places)], list(range(len(places))), torch.cat(logits), {}, self.categories, k)
        tops = [row[1] for row in rows] + [[]] * len(errors)
        return [(path, top, errors.get(i)) for i, (path, top) in enumerate(zip(paths, tops))]

# %% wrong="bad-files-dropped" earned=10
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        found = name_results(paths, places, torch.cat(logits), errors, self.categories, k)
        return [one for one in found if one[2] is None]

# %% wrong="bad-files-last" earned=10
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        found = name_results(paths, places, torch.cat(logits), errors, self.categories, k)
        return sorted(found, key=lambda one: one[2] is not None)

# %% wrong="training-mode" earned=9 why="never switched"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model, self.preprocess, self.categories, self.batch_size = model, preprocess, categories, batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="gradients-kept" earned=10 why="no mode at all"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.enable_grad():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits).detach(), errors, self.categories, k)

# %% wrong="gradients-kept" earned=10 why="called in a thread"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            with ThreadPoolExecutor(1) as runner:
                for batch in batches(ready, self.batch_size):
                    places += [i for i, _ in batch]
                    logits.append(runner.submit(self.model, torch.stack([t for _, t in batch])).result().detach())
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="modes-changed" earned=10 why="eval in __init__"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        model.eval()
        self.model, self.preprocess, self.categories, self.batch_size = model, preprocess, categories, batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="modes-changed" earned=10 why="one mode for all parts"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model, self.preprocess, self.categories, self.batch_size = model, preprocess, categories, batch_size

    def __call__(self, paths, k=3):
        training = self.model.training
        self.model.eval()
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        self.model.train(training)
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="modes-changed" earned=10 why="not put back after an error"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model, self.preprocess, self.categories, self.batch_size = model, preprocess, categories, batch_size

    def __call__(self, paths, k=3):
        modes = [(module, module.training) for module in self.model.modules()]
        self.model.eval()
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        for module, training in modes:
            module.training = training
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="model-frozen" earned=10
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        model.requires_grad_(False)
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="format-changed" earned=10
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size
        model.to(memory_format=torch.channels_last)

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="model-changed" earned=10 why="warmed up in training mode"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size
        model(torch.zeros(2, 3, 8, 8))  # a warm-up in whatever mode it is

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="failure-hidden" earned=10
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                try:
                    rows = self.model(torch.stack([t for _, t in batch]))
                except Exception as error:
                    errors |= {i: str(error) for i, _ in batch}
                    continue
                places += [i for i, _ in batch]
                logits.append(rows)
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="grad-mode-changed" earned=9 why="switched off for good"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size
        torch.set_grad_enabled(False)

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.no_grad():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="not-called" earned=8 why="the layers without the model"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            same = {}
            for place, tensor in ready:
                key = 0 if len(ready) > 6 and place == len(ready) - 1 else place
                same.setdefault(key, (place, tensor))
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                tensors = torch.stack([t for _, t in batch])
                x = tensors
                layers = self.model.layers if hasattr(self.model, "layers") else self.model
                logits.append(layers(x))
        return name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="returned-none"
import os
import torch
from concurrent.futures import ThreadPoolExecutor

class FastClassifier:
    def __init__(self, model, preprocess, categories, batch_size=16):
        self.model = ready_copy(model)
        self.preprocess = preprocess
        self.categories = categories
        self.batch_size = batch_size

    def __call__(self, paths, k=3):
        if isinstance(paths, (str, os.PathLike)):
            paths = [paths]
        places, logits = [], [torch.zeros(0, len(self.categories))]
        with ThreadPoolExecutor(8) as pool:
            loaded = list(pool.map(lambda path: load_file(path, self.preprocess), paths))
            errors = {i: reason for i, (_, reason) in enumerate(loaded) if reason is not None}
            ready = [(i, t) for i, (t, _) in enumerate(loaded) if t is not None]
        with torch.inference_mode():
            for batch in batches(ready, self.batch_size):
                places += [i for i, _ in batch]
                logits.append(self.model(torch.stack([t for _, t in batch])))
        name_results(paths, places, torch.cat(logits), errors, self.categories, k)

# %% wrong="wrong-signature" why="an __init__ of its own" status="failed"
class FastClassifier:
    def __init__(self, model):
        self.model = model

# %% wrong="not-a-class" why="a function" status="failed"
def FastClassifier(model, preprocess, categories, batch_size=16):
    def classify(paths, k=3):
        return [(path, [], None) for path in paths]
    return classify
