# %% right="OpenCV, try and finally"
import cv2
from PIL import Image
from helpers.video import VideoError

def frames(path, every=1, limit=None):
    capture = cv2.VideoCapture(path)
    try:
        if not capture.isOpened():
            raise VideoError(f"{path} is no video")
        number = given = 0
        while limit is None or given < limit:
            good, array = capture.read()
            if not good:
                break
            if number % every == 0:
                seconds = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                yield seconds, Image.fromarray(array[..., ::-1])
                given += 1
            number += 1
    finally:
        capture.release()

# %% right="PyAV in a with block"
import av

def frames(path, every=1, limit=None):
    with av.open(path) as container:
        given = 0
        for number, frame in enumerate(container.decode(video=0)):
            if number % every:
                continue
            yield float(frame.time), frame.to_image()
            given += 1
            if given == limit:
                return

# %% right="PyAV and islice, pts by hand"
import av
from contextlib import closing
from itertools import islice
from PIL import Image

def frames(path, every=1, limit=None):
    stop = None if limit is None else every * (limit - 1) + 1
    with closing(av.open(path)) as container:
        stream = container.streams.video[0]
        for frame in islice(container.decode(stream), 0, stop, every):
            yield float(frame.pts * stream.time_base), Image.fromarray(frame.to_ndarray(format="rgb24"))

# %% right="the course's own reader"
from helpers.video import read_frames

def frames(path, every=1, limit=None):
    return read_frames(path, every, limit)

# %% right="a check outside, a generator inside, grab for the frames left out"
import cv2
from pathlib import Path
from PIL import Image

def frames(path, every=1, limit=None):
    if not Path(path).is_file():
        raise FileNotFoundError(path)

    def read():
        capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise ValueError(f"{path} cannot be opened")
        given = 0
        try:
            while given != limit and capture.grab():
                array = cv2.cvtColor(capture.retrieve()[1], cv2.COLOR_BGR2RGB)
                yield capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3, Image.fromarray(array)
                given += 1
                for _ in range(every - 1):
                    capture.grab()
        finally:
            capture.release()

    return read()

# %% right="an iterator class"
import cv2
from PIL import Image

class frames:
    def __init__(self, path, every=1, limit=None):
        self.capture, self.every, self.left = cv2.VideoCapture(path), every, limit
        if not self.capture.isOpened():
            raise ValueError(path)

    def __iter__(self):
        return self

    def close(self):
        self.capture.release()

    def __next__(self):
        good = False
        if self.left != 0:
            good, array = self.capture.read()
        if not good:
            self.close()
            raise StopIteration
        time = self.capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                self.close()
        if self.left != 0:
            for _ in range(self.every - 1):
                self.capture.grab()
        return time, Image.fromarray(cv2.cvtColor(array, cv2.COLOR_BGR2RGB))

# %% wrong="bgr"
import cv2
from PIL import Image

def frames(path, every=1, limit=None):
    capture = cv2.VideoCapture(path)
    try:
        if not capture.isOpened():
            raise ValueError(path)
        number = given = 0
        while limit is None or given < limit:
            good, array = capture.read()
            if not good:
                return
            if number % every == 0:
                yield capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, Image.fromarray(array)
                given += 1
            number += 1
    finally:
        capture.release()

# %% wrong="time-from-the-rate"
import cv2
from PIL import Image

def frames(path, every=1, limit=None):
    capture = cv2.VideoCapture(path)
    rate = capture.get(cv2.CAP_PROP_FPS)
    try:
        if not capture.isOpened():
            raise ValueError(path)
        number = given = 0
        while limit is None or given < limit:
            good, array = capture.read()
            if not good:
                return
            if number % every == 0:
                yield number / rate, Image.fromarray(array[..., ::-1])
                given += 1
            number += 1
    finally:
        capture.release()

# %% wrong="time-from-the-rate" why="PyAV's average rate"
import av

def frames(path, every=1, limit=None):
    with av.open(path) as container:
        rate = container.streams.video[0].average_rate
        given = 0
        for number, frame in enumerate(container.decode(video=0)):
            if number % every == 0:
                yield float(number / rate), frame.to_image()
                given += 1
            if given == limit:
                return

# %% wrong="time-of-the-frame-before"
import cv2
from PIL import Image

def frames(path, every=1, limit=None):
    capture = cv2.VideoCapture(path)
    try:
        if not capture.isOpened():
            raise ValueError(path)
        number = given = 0
        while limit is None or given < limit:
            seconds = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            good, array = capture.read()
            if not good:
                return
            if number % every == 0:
                yield seconds, Image.fromarray(array[..., ::-1])
                given += 1
            number += 1
    finally:
        capture.release()

# %% wrong="milliseconds"
import cv2
from PIL import Image

def frames(path, every=1, limit=None):
    capture = cv2.VideoCapture(path)
    try:
        if not capture.isOpened():
            raise ValueError(path)
        number = given = 0
        while limit is None or given < limit:
            good, array = capture.read()
            if not good:
                return
            if number % every == 0:
                yield capture.get(cv2.CAP_PROP_POS_MSEC), Image.fromarray(array[..., ::-1])
                given += 1
            number += 1
    finally:
        capture.release()

# %% wrong="milliseconds" why="pts of a Matroska file"
import av

def frames(path, every=1, limit=None):
    with av.open(path) as container:
        given = 0
        for number, frame in enumerate(container.decode(video=0)):
            if number % every == 0:
                yield float(frame.pts), frame.to_image()
                given += 1
            if given == limit:
                return

# %% wrong="numbers"
import av

def frames(path, every=1, limit=None):
    with av.open(path) as container:
        given = 0
        for number, frame in enumerate(container.decode(video=0)):
            if number % every == 0:
                yield number, frame.to_image()
                given += 1
            if given == limit:
                return

# %% wrong="limit-of-frames-read" earned=5
import av

def frames(path, every=1, limit=None):
    with av.open(path) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if limit is not None and number >= limit:
                return
            if number % every == 0:
                yield frame.time, frame.to_image()

# %% wrong="limit-ignored" earned=5
import av

def frames(path, every=1, limit=None):
    with av.open(path) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % every == 0:
                yield frame.time, frame.to_image()

# %% wrong="limit-by-one" earned=5
import av

def frames(path, every=1, limit=None):
    with av.open(path) as container:
        given = 0
        for number, frame in enumerate(container.decode(video=0)):
            if number % every == 0:
                yield frame.time, frame.to_image()
                if given == limit:
                    return
                given += 1

# %% wrong="every-ignored" earned=5
import av
from itertools import islice

def frames(path, every=1, limit=None):
    with av.open(path) as container:
        for frame in islice(container.decode(video=0), limit):
            yield frame.time, frame.to_image()

# %% wrong="every-shifted" earned=5
import av

def frames(path, every=1, limit=None):
    with av.open(path) as container:
        given = 0
        for number, frame in enumerate(container.decode(video=0), start=1):
            if number % every == 0:
                yield frame.time, frame.to_image()
                given += 1
            if given == limit:
                return

# %% wrong="count-trusted" why="one frame less than the count"
import cv2
from PIL import Image

def frames(path, every=1, limit=None):
    capture = cv2.VideoCapture(path)
    try:
        if not capture.isOpened():
            raise ValueError(path)
        good, array = capture.read()
        given = 0
        while good:
            following, after = capture.read()
            if following:
                yield capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, Image.fromarray(array[..., ::-1])
            good, array = following, after
    finally:
        capture.release()

# %% wrong="raised" status="error" why="range of the promised number of frames"
import cv2
from PIL import Image

def frames(path, every=1, limit=None):
    capture = cv2.VideoCapture(path)
    try:
        for number in range(int(capture.get(cv2.CAP_PROP_FRAME_COUNT))):
            array = capture.read()[1]
            if number % every == 0:
                yield capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, Image.fromarray(array[..., ::-1])
    finally:
        capture.release()

# %% wrong="not-a-picture" why="arrays"
import av

def frames(path, every=1, limit=None):
    with av.open(path) as container:
        given = 0
        for number, frame in enumerate(container.decode(video=0)):
            if number % every == 0:
                yield frame.time, frame.to_ndarray(format="rgb24")
                given += 1
            if given == limit:
                return

# %% wrong="not-a-pair" why="only pictures"
import av

def frames(path, every=1, limit=None):
    with av.open(path) as container:
        given = 0
        for number, frame in enumerate(container.decode(video=0)):
            if number % every == 0:
                yield frame.to_image()
                given += 1
            if given == limit:
                return

# %% wrong="pair-turned"
import av

def frames(path, every=1, limit=None):
    with av.open(path) as container:
        given = 0
        for number, frame in enumerate(container.decode(video=0)):
            if number % every == 0:
                yield frame.to_image(), frame.time
                given += 1
            if given == limit:
                return

# %% wrong="not-an-iterator" why="a list"
import av

def frames(path, every=1, limit=None):
    with av.open(path) as container:
        found = [(frame.time, frame.to_image()) for frame in container.decode(video=0)]
    return found[::every][:limit]

# %% wrong="video-in-memory" earned=5 why="a list, given one by one"
import av

def frames(path, every=1, limit=None):
    with av.open(path) as container:
        found = [(frame.time, frame.to_image()) for frame in container.decode(video=0)]
    yield from found[::every][:limit]

# %% wrong="video-in-memory" earned=5 why="all arrays first"
import cv2
from PIL import Image

def frames(path, every=1, limit=None):
    capture = cv2.VideoCapture(path)
    if not capture.isOpened():
        raise ValueError(path)
    arrays = []
    while True:
        good, array = capture.read()
        if not good:
            break
        arrays.append((capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, array))
    capture.release()
    for time, array in arrays[::every][:limit]:
        yield time, Image.fromarray(array[..., ::-1])

# %% wrong="video-in-memory" earned=5 why="an iterator over a list"
from helpers.video import read_frames

def frames(path, every=1, limit=None):
    return iter(list(read_frames(path, every, limit)))

# %% wrong="silent" earned=5
import cv2
from PIL import Image

def frames(path, every=1, limit=None):
    capture = cv2.VideoCapture(path)
    try:
        number = given = 0
        while limit is None or given < limit:
            good, array = capture.read()
            if not good:
                return
            if number % every == 0:
                yield capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, Image.fromarray(array[..., ::-1])
                given += 1
            number += 1
    finally:
        capture.release()

# %% wrong="silent" earned=5 why="only a missing file is noticed"
import cv2
from pathlib import Path
from PIL import Image

def frames(path, every=1, limit=None):
    if not Path(path).exists():
        raise FileNotFoundError(path)
    capture = cv2.VideoCapture(path)
    try:
        number = given = 0
        while limit is None or given < limit:
            good, array = capture.read()
            if not good:
                return
            if number % every == 0:
                yield capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, Image.fromarray(array[..., ::-1])
                given += 1
            number += 1
    finally:
        capture.release()

# %% wrong="wrong-error" earned=5
import cv2
from PIL import Image

def frames(path, every=1, limit=None):
    capture = cv2.VideoCapture(path)
    assert capture.isOpened(), "no video"
    try:
        number = given = 0
        while limit is None or given < limit:
            good, array = capture.read()
            if not good:
                return
            if number % every == 0:
                yield capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, Image.fromarray(array[..., ::-1])
                given += 1
            number += 1
    finally:
        capture.release()

# %% wrong="left-open" earned=5 why="released only at the end, and held elsewhere"
import cv2
from PIL import Image

opened = []

def frames(path, every=1, limit=None):
    capture = cv2.VideoCapture(path)
    opened.append(capture)
    if not capture.isOpened():
        raise ValueError(path)
    number = given = 0
    while True:
        good, array = capture.read()
        if not good or given == limit:
            break
        if number % every == 0:
            yield capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, Image.fromarray(array[..., ::-1])
            given += 1
        number += 1
    capture.release()

# %% wrong="left-open" earned=5 why="never released: a capture outside"
import cv2
from PIL import Image

captures = {}

def frames(path, every=1, limit=None):
    captures[path] = capture = cv2.VideoCapture(path)
    if not capture.isOpened():
        raise ValueError(path)
    number = given = 0
    while limit is None or given < limit:
        good, array = capture.read()
        if not good:
            return
        if number % every == 0:
            yield capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, Image.fromarray(array[..., ::-1])
            given += 1
        number += 1

# %% wrong="returned-none"
def frames(path, every=1, limit=None):
    for number in range(3):
        print(number)

# %% wrong="wrong-signature" why="every and limit are missing" status="partial" earned=4
import av

def frames(path):
    with av.open(path) as container:
        for frame in container.decode(video=0):
            yield frame.time, frame.to_image()
