# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 08 · Real images and video
#
# Until now the pictures were good ones. Out there a folder holds anything, an address answers with a web page, and a
# video stops in its middle. Code that has seen only good files stops too, or worse: it goes on and says nothing.
#
# After this lesson you can
#
# - name all pictures of a folder, and report the files that are none;
# - read a picture from an address, and tell a bad answer from a bad picture;
# - read a video frame by frame, in RGB, with the right times, without ever holding all of it;
# - run a model over a video in batches, and show that the results are those of the single frames;
# - smooth predictions over time, find the scenes, and write an annotated video.

# %%
import importlib.util
import os
import tempfile
import threading
from fractions import Fraction
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from itertools import islice, pairwise
from pathlib import Path

import av
import cv2
import matplotlib.pyplot as plt
import numpy as np
import requests
import torch
import torchvision
from PIL import Image, ImageDraw, ImageFont

from helpers import check, hint, lab, next_unsolved, predict, progress, reset, reveal, solution
from helpers.images import ImageError, photo, photo_path, read_image
from helpers.models import best_device, classify, load_classifier
from helpers.plots import show_figure, show_images, show_table
from helpers.timing import compare, measure
from helpers.video import VideoError, make_video, read_frames, show_video, write_video

# %%
device = best_device()
classifier = load_classifier("efficientnet_lite0")
model = classifier.model.to(device)


def prepare(image):
    """A PIL picture as the model wants it, where the model is."""
    return classifier.preprocess(image).to(device)


# %% [markdown]
# ## A folder of files
#
# Here is a folder as one finds it: photos of several kinds, one of them without a suffix; and among them a shopping
# list, an empty file, a web page that somebody saved under the name of a picture, half a photo, and a subfolder.

# %%
folder = Path(tempfile.mkdtemp())
album = folder / "album"
(album / "older").mkdir(parents=True)

photo("cat").save(album / "cat.JPG", format="JPEG", quality=90)
photo("coffee").save(album / "coffee.png")
photo("rocket").convert("CMYK").save(album / "launch.jpeg", quality=90)
photo("camera").convert("L").save(album / "tripod", format="PNG")
(album / "list.txt").write_text("milk, bread, apples")
(album / "empty.png").write_bytes(b"")
(album / "saved.jpg").write_text("<!doctype html><html><body>Please log in</body></html>")
whole = (album / "cat.JPG").read_bytes()
(album / "half.jpg").write_bytes(whole[: len(whole) // 2])
print(*sorted(path.name for path in album.iterdir()))

# %% [markdown]
# A list comprehension is the shortest way to read them all. One bad file is enough:

# %%
try:
    pictures = [read_image(path) for path in sorted(album.iterdir())]
except ImageError as error:
    print("nothing was read:", Path(str(error).split("'")[1]).name, "ended it")

# %% [markdown]
# After an hour of work the whole list would be gone. So each file has to be tried by itself. But where exactly can it fail?

# %%
predict("images-q1")

# %%
def outcome(function, *args):
    """What a call gives in short: "works", or the name of its error."""
    try:
        function(*args)
        return "works"
    except Exception as error:
        return type(error).__name__


rows = []
for path in sorted(album.iterdir()):
    opened = outcome(Image.open, path)
    decoded = outcome(Image.open(path).load) if opened == "works" else ""
    rows.append((path.name, opened, decoded, outcome(read_image, path)))
show_table(rows, ["file", "Image.open(path)", "then load()", "read_image(path)"])

# %%
reveal("images-q1")

# %% [markdown]
# The suffix decides nothing: `tripod` is a picture and `saved.jpg` is none. `read_image` decodes the file at once, so that
# there is one place where it can fail, and one error, whose message can go into a report:

# %%
for name in ["empty.png", "half.jpg", "saved.jpg", "list.txt"]:
    try:
        read_image(album / name)
    except ImageError as error:
        print(str(error).replace(str(album), "album"))

# %% [markdown]
# Two more things about folders. `iterdir` gives the files in any order, and in another one on the next machine: sort them.
# And keep each name beside its picture: when a bad file is left out, a list of all names no longer fits the list of results.
#
# Write a function that names what is in every file of a folder. Return a pair of dictionaries, `(found, problems)`. The keys
# of both are names of files without their folder, in the order of `sorted`.
#
# - `found`: for each file that holds a picture its likeliest category, a string of `categories`. The suffix does not matter;
#   the pictures may be in any mode. `read_image` reads them; `preprocess` wants an upright picture in mode RGB.
# - `problems`: for each other file the reason, a string that is not empty. A bad file stops nothing.
# - Subfolders, and what lies in them, are left out.
# - Give the model the pictures in batches of at most `batch_size`, not one by one, and without gradients. It is in evaluation
#   mode. When there is no picture, do not call it.
# - An error of the model is not the fault of a file: let it out.


# %% exercise="images-1"
def classify_folder(folder, model, preprocess, categories, batch_size):
    """The likeliest category of every picture in a folder, and a report of the files that are none.

    Args:
        folder: path of the folder (string).
        model: in evaluation mode; float32 (N, 3, H, W) to logits (N, C).
        preprocess: function that turns an upright RGB PIL picture into a float32 tensor (3, H, W).
        categories: list of C names.
        batch_size: the most pictures for one call of the model, at least 2.

    Returns:
        Two dictionaries: file name to category, and file name to reason.
    """
    ### BEGIN SOLUTION
    names, tensors, problems = [], [], {}
    for path in sorted(Path(folder).iterdir()):
        if not path.is_file():
            continue
        try:
            image = read_image(path)
        except ImageError as error:
            problems[path.name] = str(error)
        else:
            names.append(path.name)
            tensors.append(preprocess(image))
    found = {}
    for start in range(0, len(names), batch_size):
        part = slice(start, start + batch_size)
        with torch.inference_mode():
            places = model(torch.stack(tensors[part])).argmax(dim=1).tolist()
        found.update(zip(names[part], [categories[place] for place in places]))
    return found, problems
    ### END SOLUTION


# %%
try:
    found, problems = classify_folder(str(album), model, prepare, classifier.categories, batch_size=4)
    show_table(found.items(), ["file", "named"])
    reasons = [(name, reason.replace(str(album), "album")) for name, reason in problems.items()]
    show_table(reasons, ["file", "left out, because"])
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# The solution keeps the tensors of the whole folder: about 0.6 MB a picture. For a folder of any size read only as many
# files as fill a batch; you will do just that with the frames of a video.
#
# ## A picture at an address
#
# Between you and a picture on the web there is a server, and it may answer with something else. To see real answers without
# a network, the next cell runs a server on this machine, which answers well at one address and badly at others. The common
# code from tutorials, in the second column, fetches and opens:

# %%
good = photo_path("coffee").read_bytes()
answers = {  # path: status, bytes, promised length
    "/coffee.png": (200, good, len(good)),
    "/gone.png": (404, b"<html>This page is gone.</html>", 31),
    "/members.png": (403, b"<html>Please log in.</html>", 27),
    "/page.png": (200, b"<html>The picture is on this page.</html>", 41),
    "/slow-line.png": (200, good[:100_000], len(good)),
}


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        status, data, length = answers[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass  # it would write every request to stderr


os.environ.setdefault("no_proxy", "127.0.0.1")  # where the network has a proxy: ask it for nothing on this machine


def fetch_and_open(url):
    Image.open(BytesIO(requests.get(url).content)).load()


rows, said = [], []
with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    for path in answers:
        rows.append((path, outcome(fetch_and_open, address + path)))
        try:
            said.append(f"{path}: {read_image(address + path)}".split(" at 0x")[0])
        except ImageError as error:
            said.append(str(error).replace(address, ""))
    server.shutdown()
show_table(rows, ["address", "Image.open(requests.get(url).content)"])

# %% [markdown]
# “Unidentified image” is all that this code can say, whether the page is gone, needs a login, or never was a picture: it
# did not look at the answer's status. `read_image` takes addresses too, and does:

# %%
print(*said, sep="\n")

# %% [markdown]
# What a careful download does: it looks at the status, gives up after a silence (`requests.get` without `timeout` waits for
# ever), and stops when more comes than a picture can be. `classify`, and so your code, can be given an address like a path.
#
# ## A video is a stream of frames
#
# Videos with a licence to share are large. We make one: a camera that moves over three photos, two seconds each.

# %%
tour = make_video(folder / "tour.mp4", ("coffee", "cat", "rocket"), seconds=2, rate=10, size=(320, 240))

capture = cv2.VideoCapture(str(tour))
good, frame = capture.read()
print("opened:", capture.isOpened(), "  read:", good)
print("a frame:", type(frame).__name__, frame.dtype, frame.shape)
print("promised:", int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), "frames,", capture.get(cv2.CAP_PROP_FPS), "a second")
capture.release()

# %% [markdown]
# `read` gives the next frame, and a flag instead of an error. The frame is an array (height, width, 3), and its channels
# are **BGR**: blue first. PIL, torchvision and the model think that the first one is red:

# %%
def frame_of(path, number):
    capture = cv2.VideoCapture(str(path))
    for _ in range(number + 1):
        frame = capture.read()[1]
    capture.release()
    return frame


rows, shown = [], []
for number in [10, 30, 42]:
    bgr = frame_of(tour, number)
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    names = [classify(classifier, array, k=1)[0] for array in (bgr, rgb)]
    rows.append((number, *[f"{found.category} {found.probability:.2f}" for found in names]))
    shown += [Image.fromarray(bgr), Image.fromarray(rgb)]
show_table(rows, ["frame", "as OpenCV gives it", "turned to RGB"])
show_images(shown, titles=["BGR", "RGB"] * 3, columns=6)

# %% [markdown]
# No error, only worse names: the mistake of [lesson 03](03_preprocessing.ipynb), once more. `cv2.cvtColor(frame,
# cv2.COLOR_BGR2RGB)` or `frame[..., ::-1]` turns it.
#
# A video in memory is large, because its frames are no longer compressed:

# %%
frame_bytes = frame.nbytes
print(f"this video as a file:  {'less' if tour.stat().st_size < 1e6 else 'more'} than 1 MB")
print(f"its 60 frames:         {60 * frame_bytes / 1e6:.1f} MB")
print(f"an hour of full HD:    {3600 * 25 * 1920 * 1080 * 3 / 1e9:.0f} GB")

# %% [markdown]
# So a video is not loaded but read: take a frame, use it, forget it. In Python that is a **generator**, a function with
# `yield`: it runs until the next frame is there, and waits until someone wants another. Its `finally` runs on every way
# out: at the end, after a `break`, after an error in the loop.

# %%
def opencv_frames(path):
    """The frames of a video in RGB, one by one. It believes that all is well with the file."""
    capture = cv2.VideoCapture(str(path))
    try:
        while True:
            good, frame = capture.read()
            if not good:
                return
            yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
    finally:
        capture.release()
        print("(released)")


for number, _frame in enumerate(opencv_frames(tour)):
    if number == 2:
        break
print("after break, at frame", number)

# %% [markdown]
# ## When is a frame shown?
#
# Most code computes it: number of the frame divided by the frame rate. A camera has one rate. A phone in the dark, a screen
# recording, a video call have not: their frame rate varies. We write such a video: one second with 10 frames, then 2 a second.

# %%
times = [i / 10 for i in range(10)] + [0.9 + i / 2 for i in range(1, 11)]
first_frames = [frame.image for frame in islice(read_frames(tour), 20)]
uneven = write_video(folder / "uneven.mp4", zip(times, first_frames))

# %%
predict("images-q2")

# %%
capture = cv2.VideoCapture(str(uneven))
rate = capture.get(cv2.CAP_PROP_FPS)
by_rate, by_opencv = [], []
while capture.read()[0]:
    by_rate.append(len(by_rate) / rate)
    by_opencv.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)  # after read: the time of this frame
capture.release()
with av.open(str(uneven)) as container:
    by_pyav = [frame.time for frame in container.decode(video=0)]

rows = [
    (n, f"{times[n]:.1f}", f"{by_rate[n]:.1f}", f"{by_opencv[n]:.1f}", f"{by_pyav[n]:.1f}")
    for n in (0, 1, 5, 10, 15, 19)
]
show_table(rows, ["frame", "really shown at", "number / CAP_PROP_FPS", "CAP_PROP_POS_MSEC / 1000", "PyAV: frame.time"])

# %%
reveal("images-q2")

# %%
figure, panel = plt.subplots(figsize=(7, 3), layout="constrained")
panel.plot(range(20), by_opencv, "o-", color="#0072b2", label="the file's own times")
panel.plot(range(20), by_rate, "x--", color="#d55e00", label="number / frame rate")
panel.set(xlabel="number of the frame", ylabel="seconds", xticks=range(0, 20, 2))
panel.legend(frameon=False)
panel.spines[["top", "right"]].set_visible(False)
show_figure(
    figure,
    "Seconds over the number of the frame. The file's own times rise slowly for ten frames and then steeply; "
    "number / frame rate is a straight line, above them at first and below them in the end.",
)

# %% [markdown]
# Ask for `CAP_PROP_POS_MSEC` *after* `read`; before it you get the time of the frame before.
#
# ## Broken, empty, endless
#
# Now files that are no good videos. The AVI file is cut off exactly after its twelfth frame.

# %%
predict("images-q3")

# %%
avi = folder / "whole.avi"
writer = cv2.VideoWriter(str(avi), cv2.VideoWriter.fourcc(*"MJPG"), 10, (320, 240))
for frame in islice(read_frames(tour), 30):
    writer.write(cv2.cvtColor(np.asarray(frame.image), cv2.COLOR_RGB2BGR))
writer.release()
with av.open(str(avi)) as container:
    starts = [packet.pos for packet in container.demux(video=0) if packet.size]
(folder / "cut.avi").write_bytes(avi.read_bytes()[: starts[12]])
(folder / "cut.mp4").write_bytes(tour.read_bytes()[:50_000])
(folder / "text.mp4").write_text("I am no video. " * 50)
(folder / "empty.mp4").write_bytes(b"")

rows = []
for name in ["whole.avi", "cut.avi", "cut.mp4", "text.mp4", "empty.mp4", "missing.mp4"]:
    capture = cv2.VideoCapture(str(folder / name))
    opened, promised, count = capture.isOpened(), int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), 0
    while capture.read()[0]:
        count += 1
    capture.release()
    rows.append((name, opened, promised, count))
show_table(rows, ["file", "isOpened()", "CAP_PROP_FRAME_COUNT", "frames read"])

# %%
reveal("images-q3")

# %% [markdown]
# Six files, and not one error. A loop `while capture.read()[0]` ends in all of them as if all were well, with 30, 12 or 0
# frames. (An MP4 file has its index at its end: cut off, it gives nothing at all.)
#
# `read_frames` of this course gives the frames that there are, and then says what is wrong. That is the behaviour to wish
# for: nothing is lost, nothing is hidden.

# %%
for name in ["whole.avi", "cut.avi", "cut.mp4", "text.mp4", "empty.mp4", "missing.mp4"]:
    count = 0
    try:
        for _frame in read_frames(folder / name):
            count += 1
        print(f"{count:2} frames, whole")
    except VideoError as error:
        print(f"{count:2} frames, then:", str(error).replace(str(folder), "…"))

# %% [markdown]
# Do not build on `CAP_PROP_FRAME_COUNT`. It is what the file promises, and where the file promises nothing, an estimate from
# length and frame rate. A camera or a live stream has no number at all, and no end. So read until nothing comes, with a
# **limit** of your own.

# %%
with av.open(str(folder / "uneven.mkv"), "w") as container:  # Matroska: no number of frames inside
    stream = container.add_stream("mpeg4", rate=25)
    stream.width, stream.height = 320, 240
    stream.codec_context.time_base = Fraction(1, 1000)
    for time, image in zip(times, first_frames):
        frame = av.VideoFrame.from_image(image)
        frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))

capture = cv2.VideoCapture(str(folder / "uneven.mkv"))
promised = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
capture.release()
print("frames that are there:      ", sum(1 for frame in read_frames(folder / "uneven.mkv")))
print("more than that by OpenCV:   ", promised > 20)

# %% [markdown]
# Write a generator function that gives the frames of a video file as pairs `(time, image)`: the time, a `float` in seconds, at
# which the file says that the frame is shown, and a PIL picture in mode RGB. Use OpenCV or PyAV.
#
# - `every=3` gives the frames number 0, 3, 6 …; `limit=4` gives at most four frames, `limit=None` all of them.
# - The video may have a frame rate that varies, and a wrong number of frames.
# - Decode a frame only when it is asked for, and keep none.
# - The file is closed when the generator ends, when it is closed early, and when the body of the loop fails.
# - When the file is missing, empty or no video, raise a `ValueError` (a `VideoError` is one) or an `OSError`, at the latest
#   when the first frame is asked for.


# %% exercise="images-2"
def frames(path, every=1, limit=None):
    """The frames of a video, one by one, with their times.

    Args:
        path: path of the file (string).
        every: distance of the frames that are given, at least 1.
        limit: how many frames are given at most, at least 1; None for all.

    Yields:
        (time: float in seconds, image: PIL picture in mode RGB)
    """
    ### BEGIN SOLUTION
    capture = cv2.VideoCapture(path)
    try:
        if not capture.isOpened():
            raise VideoError(f"{path} cannot be opened as a video.")
        number = given = 0
        while limit is None or given < limit:
            good, array = capture.read()
            if not good:
                return
            if number % every == 0:
                time = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                yield time, Image.fromarray(cv2.cvtColor(array, cv2.COLOR_BGR2RGB))
                given += 1
            number += 1
    finally:
        capture.release()
    ### END SOLUTION


# %%
try:
    some = list(frames(str(tour), every=12, limit=4))
    show_images([image for _, image in some], titles=[f"{time:.1f} s" for time, _ in some])
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# ## Newer readers: PyAV and TorchCodec
#
# torchvision had readers of its own. They are gone:

# %%
for name in ["read_video", "VideoReader", "write_video", "read_image"]:
    print(f"torchvision.io.{name:12} exists: {hasattr(torchvision.io, name)}")

# %% [markdown]
# (Its `read_image` for single pictures still exists, and is deprecated. PIL stays the plain choice for files.)
#
# **PyAV** puts the whole of FFmpeg behind Python: the time of each frame, errors that are exceptions, video in memory and not
# only in files, sound, H.264 that browsers play. `read_frames` and `write_video` of this course are made with it. Mind one
# thing: a phone notes how it was held, OpenCV turns such frames, and PyAV leaves that to you (`frame.rotation`).
#
# One more strength: of most frames a file holds only what differs from the frame before. **Key frames** are whole. To get an
# overview of a long video decode these alone:

# %%
def decode(path, only_key_frames):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        if only_key_frames:
            stream.codec_context.skip_frame = "NONKEY"
        return [frame.time for frame in container.decode(stream)]


key_times = decode(tour, only_key_frames=True)
print(len(decode(tour, only_key_frames=False)), "frames,", len(key_times), "of them key frames, at", *[f"{time:g}" for time in key_times])
timings = compare({"all frames": partial(decode, tour, False), "key frames": partial(decode, tour, True)}, repeat=5)

# %% [markdown]
# **TorchCodec** is what PyTorch itself recommends now: `VideoDecoder(path)[10]` is a tensor, `get_frames_played_at([1.5])` takes
# times, and it can decode on an NVIDIA GPU. It uses the FFmpeg libraries of your system, which have to be installed. That is why
# this course can do without it; the next cell uses it where it works.

# %%
# NBVAL_IGNORE_OUTPUT
if importlib.util.find_spec("torchcodec") is None:
    print("TorchCodec is not installed here. With it you would see the shape of a batch of frames.")
else:
    try:
        from torchcodec.decoders import VideoDecoder

        batch = VideoDecoder(str(tour)).get_frames_played_at([0.5, 2.5, 4.5]).data
        print("three frames by their times:", tuple(batch.shape), batch.dtype)
    except (ImportError, RuntimeError, OSError) as error:
        print("TorchCodec is installed and does not work:", str(error).splitlines()[0])

# %% [markdown]
# ## Frame by frame, then in batches
#
# First the plain way: read a frame with OpenCV, preprocess it, run the model on it, and so on. Then the same frames in
# batches.

# %%
pictures = [Image.fromarray(frame) for frame in opencv_frames(tour)]


@torch.inference_mode()
def frame_by_frame(pictures):
    return torch.cat([model(prepare(picture).unsqueeze(0)).cpu() for picture in pictures])


@torch.inference_mode()
def in_batches(pictures, size=8):
    logits = []
    for start in range(0, len(pictures), size):
        batch = torch.stack([prepare(picture) for picture in pictures[start : start + size]])
        logits.append(model(batch).cpu())
    return torch.cat(logits)


single, batched = frame_by_frame(pictures), in_batches(pictures)
print("frames:", len(single))
print("the same category for every frame:", torch.equal(single.argmax(dim=1), batched.argmax(dim=1)))
print("logits equal within 0.001:        ", torch.allclose(single, batched, rtol=0, atol=1e-3))

# %% [markdown]
# The results are the same in the sense that counts: the same names, and logits that differ by no more than the rounding of
# `float32`, since a batch may be added up in another order. And the time?

# %%
few = pictures[:16]
timings = compare(
    {"frame by frame": partial(frame_by_frame, few), "in batches of 8": partial(in_batches, few)}, repeat=3, warmup=1
)

# %% [markdown]
# How much it is depends on your machine; [lesson 04](04_batch_and_gpu.ipynb) shows why. A batch helps the model, and only the
# model. Decoding and preprocessing stay as they were, so look where the time goes:

# %%
batch = torch.stack([prepare(picture) for picture in few])


@torch.inference_mode()
def run_model():
    model(batch)


parts = {
    "decode": measure(lambda: list(islice(read_frames(tour), 16)), repeat=3, warmup=1),
    "preprocess": measure(lambda: [classifier.preprocess(picture) for picture in few], repeat=3, warmup=1),
    "model, one batch": measure(run_model, repeat=3, warmup=1),
}
figure, panel = plt.subplots(figsize=(7, 2.2), layout="constrained")
for (name, seconds), colour, hatch in zip(parts.items(), ["#0072b2", "#e69f00", "#009e73"], ["", "//", ".."]):
    panel.barh(name, seconds / 16 * 1000, color=colour, hatch=hatch, edgecolor="white")
panel.set(xlabel="milliseconds a frame")
panel.invert_yaxis()
panel.spines[["top", "right"]].set_visible(False)
show_figure(figure, "Bars: milliseconds a frame for decoding, for preprocessing, and for the model on one batch.")

# %% [markdown]
# With a GPU, or with the faster models of [lesson 07](07_optimization.ipynb), the model's bar shrinks and the other two stay.
# Then it pays to decode in a thread of its own, or only every n-th frame.
#
# `in_batches` wants a list, so the whole video would have to be in memory. For a long video, and for a camera, the batch has
# to be filled from the stream, and the results have to come while it runs.
#
# Write a generator function that runs a model over a stream of frames in batches, and gives one result a frame.
#
# - `frames` is an iterator of PIL pictures in mode RGB, from which each can be taken once. It may be empty, and it may never end.
# - For each frame, in order, yield its probabilities (softmax over the categories): a `float32` tensor of shape `(C,)` that
#   requires no gradients, and that does not change any more.
# - Every batch has `batch_size` frames, only the last may be smaller. The model is never called without a frame. It is in
#   evaluation mode.
# - Give the results of a batch before you take another frame, and keep no frames of batches that are done.
# - The model runs without gradients, but in the body of the caller's loop the grad mode is the caller's own: think of
#   [lesson 02](02_no_grad.ipynb).


# %% exercise="images-3"
def classify_video(frames, model, preprocess, batch_size):
    """Probabilities of every frame of a stream, computed in batches.

    Args:
        frames: iterator of PIL pictures, mode RGB.
        model: in evaluation mode; float32 (N, 3, H, W) to logits (N, C).
        preprocess: function that turns such a picture into a float32 tensor (3, H, W).
        batch_size: frames for one call of the model, at least 2.

    Yields:
        float32 tensor of shape (C,), one a frame.
    """
    ### BEGIN SOLUTION
    while batch := [preprocess(frame) for frame in islice(frames, batch_size)]:
        with torch.inference_mode():
            probabilities = model(torch.stack(batch)).softmax(dim=1)
        yield from probabilities
    ### END SOLUTION


# %%
try:
    stream = (frame.image for frame in read_frames(tour))
    mine = torch.stack([row.cpu() for row in classify_video(stream, model, prepare, batch_size=16)])
    same = torch.equal(mine.argmax(dim=1), single.argmax(dim=1))
    print("your results:", tuple(mine.shape), "  the same categories as frame by frame:", same)
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# ## Smoothing over time
#
# A model sees each frame as if there had been no other. The probabilities of a few categories over the six seconds:

# %%
probabilities = batched.softmax(dim=1)
seconds = [frame.time for frame in read_frames(tour)]
names = [classifier.categories[place] for place in probabilities.argmax(dim=1).tolist()]
watched = ["espresso", "Egyptian cat", "tiger cat", "missile", "mosque"]
styles = [("#0072b2", "-"), ("#d55e00", "-"), ("#e69f00", "--"), ("#009e73", "-"), ("#cc79a7", "--")]


def plot(panel, probabilities, title):
    for name, (colour, line) in zip(watched, styles):
        values = probabilities[:, classifier.categories.index(name)]
        panel.plot(seconds, values, line, color=colour, label=name)
    panel.set(title=title, xlabel="seconds", ylim=(0, 1))
    panel.spines[["top", "right"]].set_visible(False)


figure, panel = plt.subplots(figsize=(8, 3), layout="constrained")
plot(panel, probabilities, "each frame by itself")
panel.legend(frameon=False, ncols=2, fontsize=9)
show_figure(
    figure,
    "Probabilities over six seconds, each frame by itself. Two seconds of espresso, two of Egyptian cat with tiger cat "
    "below it and once above, then several categories with low probability that change places all the time.",
)


def changes(names):
    """How often the name is another one than a frame before."""
    return sum(one != other for one, other in pairwise(names))


print("changes of the name:", changes(names), "  real changes of the picture: 2")

# %% [markdown]
# A tenth of a second later the picture is nearly the same, and the name is another. A person would not say that the cat has
# changed its breed. There are three common cures:
#
# - **a majority vote**: the most frequent name in a window of frames. It forgets how sure the model was;
# - **a centred moving average** of the probabilities: the mean over the frames around this one. It has to wait for the frames
#   that come after;
# - **an exponential average**: each frame moves the average a little towards itself, `average = a * new + (1 - a) * average`.
#   It needs only the past and one row of memory, so it works live.

# %%
predict("images-q4")

# %%
def exponential(rows, a):
    """Exponential average over time; the first row begins it."""
    averages = [rows[0]]
    for row in rows[1:]:
        averages.append(a * row + (1 - a) * averages[-1])
    return torch.stack(averages)


def named(rows):
    return [classifier.categories[place] for place in rows.argmax(dim=1).tolist()]


def first_cat(names):
    """When the name first is that of a cat."""
    return next(time for time, name in zip(seconds, names) if "cat" in name)


kernel = torch.ones(9)  # 9 frames: each sum is divided by the number of frames that are really there
sums = torch.nn.functional.conv1d(probabilities.T[:, None], kernel[None, None], padding=4)[:, 0].T
there = torch.nn.functional.conv1d(torch.ones(1, 1, len(probabilities)), kernel[None, None], padding=4)[0, 0]
versions = {
    "each frame by itself": probabilities,
    "centred average of 9": sums / there[:, None],
    "exponential, a = 0.2": exponential(probabilities, 0.2),
}
rows = [(name, changes(named(rows)), f"{first_cat(named(rows)):.1f} s") for name, rows in versions.items()]
show_table(rows, ["version", "changes of the name", "“cat” first at"])

# %%
reveal("images-q4")

# %%
figure, panels = plt.subplots(1, 2, figsize=(10, 3), sharey=True, layout="constrained")
for panel, name in zip(panels, list(versions)[1:]):
    plot(panel, versions[name], name)
    panel.axvline(2.0, color="#1a1a1a", linestyle=":", linewidth=1)
panels[0].legend(frameon=False, ncols=2, fontsize=9)
show_figure(
    figure,
    "The same probabilities smoothed, left with the centred average of 9 frames, right with the exponential one. The "
    "lines are smooth. At the dotted line, where the coffee becomes a cat, the centred lines cross at the cut, and the "
    "exponential ones later.",
)

# %% [markdown]
# **Lab.** Widen the window and watch the names in the lower band. From which width on does no name change within a scene? When does
# a cut come too late, and with which of the two averages? Look at the other videos too.

# %%
lab("images")

# %% [markdown]
# What smoothing cannot do: the rocket stays uncertain, because the model is wrong there and not nervous. And a wide window
# swallows a scene that is shorter than itself.
#
# At the edges there are fewer neighbours. Whoever divides by the whole window there gets rows that no longer add up to 1.
#
# Write the centred moving average. `probabilities` is a `float32` tensor of shape `(N, C)`, one row a frame, each adding up to 1;
# `window` is an odd number. Row `i` of the result is the mean of the rows from `i - window // 2` to `i + window // 2`, as far as
# there are such rows. The result is a new `float32` tensor of shape `(N, C)`; what was given stays as it was. `N` may be
# smaller than the window, and 0.


# %% exercise="images-4"
def smooth(probabilities, window):
    """Centred moving average over time.

    Args:
        probabilities: float32 tensor of shape (N, C).
        window: odd number of frames, at least 1.

    Returns:
        float32 tensor of shape (N, C).
    """
    ### BEGIN SOLUTION
    half = window // 2
    result = torch.empty_like(probabilities)
    for i in range(len(probabilities)):
        result[i] = probabilities[max(0, i - half) : i + half + 1].mean(dim=0)
    return result
    ### END SOLUTION


# %%
try:
    for window in [1, 3, 5, 9, 21]:
        print(f"window {window:2}: {changes(named(smooth(probabilities, window)))} changes of the name")
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# ## Scenes, and the annotated video
#
# Nobody reads sixty names. What one wants to know is: from here to there it is an espresso. A frame is shown until the next
# one comes, so a scene lasts from the time of its first frame to the time of the first frame of the next scene, and the last
# one to the end of the video.
#
# Write a function that puts equal names that follow each other together. `times` holds the time of each frame in seconds,
# growing, not evenly spaced; `names` the name of each; `end` is the time when the video ends. Return a list of tuples
# `(start, end, name)`, in order. A name that comes back later begins a new scene. Without frames the list is empty. What was
# given stays as it was.


# %% exercise="images-5"
def scenes(times, names, end):
    """Runs of equal names, with the time from which and until which they are shown.

    Args:
        times: list of N floats, growing, N >= 0.
        names: list of N strings.
        end: when the video ends, in seconds.

    Returns:
        List of tuples (start: float, end: float, name: str).
    """
    ### BEGIN SOLUTION
    found = []
    for time, name in zip(times, names):
        if found and found[-1][2] == name:
            continue
        if found:
            found[-1][1] = time
        found.append([time, end, name])
    return [tuple(scene) for scene in found]
    ### END SOLUTION


# %%
try:
    smoothed = named(versions["centred average of 9"])
    rows = [(f"{start:.1f} s", f"{end:.1f} s", name) for start, end, name in scenes(seconds, smoothed, 6.0)]
    show_table(rows, ["from", "to", "scene"])
except NotImplementedError:
    print("(solve the exercise first)")

# %% [markdown]
# Now the way back: frames with a name written on them, as a video. OpenCV's `VideoWriter` is as silent as its reader. It
# wants BGR, `uint8`, and in every frame exactly the size that it was told. What happens otherwise?

# %%
path = folder / "silent.mp4"
writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (320, 240))
attempts = {
    "right": np.zeros((240, 320, 3), np.uint8),
    "height and width swapped": np.zeros((320, 240, 3), np.uint8),
    "grey": np.zeros((240, 320), np.uint8),
    "right again": np.zeros((240, 320, 3), np.uint8),
}
rows = [(name, "returns", writer.write(frame)) for name, frame in attempts.items()]
writer.release()
nowhere = cv2.VideoWriter(str(folder / "no" / "such" / "folder.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 10, (320, 240))
rows.append(("into a folder that is not there", "isOpened()", nowhere.isOpened()))
show_table(rows, ["frame", "", ""])
print("frames in the file:", sum(1 for frame in read_frames(path)))

# %% [markdown]
# Two of four frames are in the file, and no error was raised. (OpenCV 5 at least returns whether it took the frame; older
# versions do not even that.) So look at `isOpened()` and at what `write` returns. And a program that fails in the middle leaves half a video
# behind, which looks like a whole one.
#
# `write_video` of this course raises, keeps the time of each frame, writes H.264 that browsers play, and puts the file in its
# place only when it is whole:

# %%
def fails_in_the_middle():
    yield from zip(times, first_frames[:5])
    raise RuntimeError("the disk of the camera is full")


try:
    write_video(folder / "half.mp4", fails_in_the_middle())
except RuntimeError as error:
    print("error:", error)
print("half a video left behind:", (folder / "half.mp4").exists())

# %% [markdown]
# Everything together, as a stream: a frame is read, gets the name that the exponential average has found for it, is drawn on
# and written, and forgotten.

# %%
labels = named(versions["exponential, a = 0.2"])
font = ImageFont.load_default(20)


def annotated():
    for (time, image), name in zip(read_frames(tour), labels):
        drawing = ImageDraw.Draw(image)
        drawing.rectangle((0, 208, 320, 240), fill="black")
        drawing.text((8, 212), f"{time:.1f} s  {name}", fill="white", font=font)
        yield time, image


result = write_video(folder / "annotated.mp4", annotated())
back = list(read_frames(result))
print("frames:", len(back), "  times kept:", [round(frame.time, 3) for frame in back] == [round(t, 3) for t in seconds])
show_images([back[n].image for n in (5, 22, 35, 50)], titles=[labels[n] for n in (5, 22, 35, 50)])

# %%
# NBVAL_IGNORE_OUTPUT
show_video(result, "The annotated video: coffee, cat and rocket, each with the name that the model gives it.")

# %% [markdown]
# ## Summary
#
# | what you meet | what happens without care | what to do |
# |---|---|---|
# | a bad file in a folder | all results are lost | `try` around reading, for each file; report it |
# | a bad answer of a server | “unidentified image” | look at the status; a timeout; `read_image(url)` |
# | OpenCV's BGR | worse names, no error | `cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)` |
# | a long video | the memory is full | a generator; a batch at a time |
# | a frame rate that varies | wrong times | `CAP_PROP_POS_MSEC` after `read`, or PyAV's `frame.time` |
# | a missing, broken or empty video | no frames and no error | `isOpened()`; count; `read_frames` |
# | a camera that never ends | the loop never ends | a limit; results while it runs |
# | names that flicker | a story nobody can read | average the probabilities over time; scenes |
# | a writer that leaves frames out | half a video | look at what `write` returns; whole or not at all |
#
# **Read on:** [OpenCV: `VideoCapture`](https://docs.opencv.org/5.x/d8/dfe/classcv_1_1VideoCapture.html) ·
# [PyAV](https://pyav.basswood-io.com/docs/stable/) · [TorchCodec](https://meta-pytorch.org/torchcodec/stable/index.html) ·
# [Pillow: `Image.open`](https://pillow.readthedocs.io/en/stable/reference/Image.html#PIL.Image.open) ·
# [Python: generators](https://docs.python.org/3/howto/functional.html#generators)

# %%
progress()
