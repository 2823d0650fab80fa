"""Reading and writing videos: every odd file is a real one."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import weakref
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from PIL import Image

from helpers import video
from helpers.images import photo_path
from helpers.video import VideoError, make_video, read_frames, write_video

SIZE = (64, 48)
COLOURS = [(20 * i, 250 - 20 * i, 40 + 10 * i) for i in range(12)]


def picture(colour: tuple[int, int, int], size: tuple[int, int] = SIZE) -> Image.Image:
    """One colour on the left, black on the right."""
    image = Image.new("RGB", size)
    image.paste(colour, (0, 0, size[0] // 2, size[1]))
    return image


def lossless(path: Path, times: list[float], rotation: int = 0) -> Path:
    """A video whose frames are the first pictures, exactly, at these times."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "bgr0"
        stream.codec_context.time_base = Fraction(1, 1000)
        for time, colour in zip(times, COLOURS, strict=False):
            frame = av.VideoFrame.from_image(picture(colour)).reformat(format="bgr0")
            frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def left(image: Image.Image) -> tuple[int, ...]:
    return image.getpixel((image.width // 4, image.height // 2))


def near(one, other, by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def is_open(path: Path) -> bool:
    return str(path) in [file.path for file in psutil.Process().open_files()]


@pytest.fixture
def steady(tmp_path: Path) -> Path:
    return lossless(tmp_path / "steady.mkv", [i / 10 for i in range(12)])


# Reading


def test_frames_are_rgb_in_order_with_their_times(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.081, 0.5, 1.5]
    frames = list(read_frames(lossless(tmp_path / "uneven.mkv", times)))
    assert [frame.time for frame in frames] == pytest.approx(times, abs=1e-6)
    for frame, colour in zip(frames, COLOURS, strict=False):
        assert frame.image.mode == "RGB" and frame.image.size == SIZE
        assert left(frame.image) == colour


def test_every_and_limit(steady: Path) -> None:
    def times(**options) -> list[float]:
        return [round(frame.time, 3) for frame in read_frames(steady, **options)]

    assert times(every=5) == [0.0, 0.5, 1.0]
    assert times(limit=2) == [0.0, 0.1]
    assert times(every=3, limit=2) == [0.0, 0.3]
    assert len(times(limit=100)) == 12
    for options in ({"every": 0}, {"limit": 0}, {"limit": -1}):
        with pytest.raises(ValueError, match="at least 1"):
            read_frames(steady, **options)


def test_the_file_is_closed_on_every_way_out(steady: Path) -> None:
    list(read_frames(steady))
    assert not is_open(steady)
    frames = read_frames(steady)
    next(frames)
    assert is_open(steady)
    frames.close()
    assert not is_open(steady)
    frames = read_frames(steady, limit=1)
    next(frames)
    assert next(frames, None) is None and not is_open(steady)
    with pytest.raises(ZeroDivisionError):
        for _frame in read_frames(steady):
            1 / 0  # noqa: B018
    assert not is_open(steady)


def test_no_more_than_a_few_frames_are_in_memory(tmp_path: Path) -> None:
    path = make_video(tmp_path / "long.mp4", seconds=4, size=SIZE)
    seen, most = [], 0
    for frame in read_frames(path):
        seen.append(weakref.ref(frame.image))
        most = max(most, sum(image() is not None for image in seen))
    assert len(seen) == 120 and most <= 3


def test_a_rotation_is_carried_out(tmp_path: Path) -> None:
    path = write_video(tmp_path / "phone.mp4", [(i / 10, picture(COLOURS[5])) for i in range(3)])
    data = bytearray(path.read_bytes())
    matrix = data.find(b"tkhd") + 4 + 40  # of version 0, which is what was written
    assert data[matrix - 40] == 0
    data[matrix : matrix + 36] = struct.pack(
        ">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, SIZE[1] << 16, 0, 1 << 30
    )
    path.write_bytes(data)  # turned by 90 degrees with the clock: what was on the left is above
    frame = next(read_frames(path))
    assert frame.image.size == SIZE[::-1]
    assert near(frame.image.getpixel((24, 10)), COLOURS[5]) and near(
        frame.image.getpixel((24, 54)), (0, 0, 0)
    )


def bad_files(folder: Path) -> dict[str, tuple[Path, int, str]]:
    """What it is: the file, how many frames come before the error, and words of the error."""
    good = lossless(folder / "good.mkv", [i / 10 for i in range(12)]).read_bytes()
    mp4 = write_video(folder / "good.mp4", [(i / 10, picture(COLOURS[i])) for i in range(12)]).read_bytes()
    contents = {
        "empty": ("empty.mp4", b"", 0, "empty, there is no video"),
        "text": ("text.mp4", b"no video\n" * 90, 0, "not a video"),
        "a web page": ("page.mp4", b"<!doctype html><html></html>", 0, "not a video"),
        "a picture": ("photo.mp4", photo_path("coffee").read_bytes(), 0, "a picture.*read_image"),
        "an MP4 without its index": ("cut.mp4", mp4[: len(mp4) // 2], 0, "without its index.*cut off"),
        "broken off": ("cut.mkv", good[: len(good) // 2], -1, "only . frames"),
    }
    files = {}
    for name, (file, data, before, words) in contents.items():
        (folder / file).write_bytes(data)
        files[name] = (folder / file, before, words)
    with av.open(str(folder / "sound.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
    files["sound"] = (folder / "sound.wav", 0, "sound without pictures")
    files["missing"] = (folder / "none.mp4", 0, "There is no file")
    files["a folder"] = (folder, 0, "is a folder")
    return files


def test_what_cannot_be_read_is_said_clearly(tmp_path: Path) -> None:
    for name, (path, before, words) in bad_files(tmp_path).items():
        count = 0
        with pytest.raises(VideoError, match=words) as caught:
            for _frame in read_frames(path):
                count += 1
        assert count == before or (before == -1 and 0 < count < 12), name
        assert repr(str(path)) in str(caught.value), name
        assert not is_open(path), name


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(VideoError, match="not an ordinary file"):
        next(read_frames(tmp_path / "pipe.mp4"))


def avi_of_noise(path: Path) -> tuple[bytes, list[int]]:
    """A video of 30 frames: the file, and where each frame lies in it."""
    import cv2

    noise = np.random.default_rng(0).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, SIZE)
    for _number in range(30):
        writer.write(noise)
    writer.release()
    assert len(list(read_frames(path))) == 30
    with av.open(str(path)) as container:
        return path.read_bytes(), [packet.pos for packet in container.demux(video=0) if packet.size]


def test_a_cut_exactly_between_two_frames_is_noticed(tmp_path: Path) -> None:
    """FFmpeg then gives the shorter duration, and only the number of frames tells."""
    path, times = tmp_path / "cut.avi", []
    data, starts = avi_of_noise(path)
    path.write_bytes(data[: starts[12]])
    with pytest.raises(VideoError, match="only 12 frames"):
        times += (frame.time for frame in read_frames(path))
    assert len(times) == 12


def test_a_hole_in_the_middle_is_noticed(tmp_path: Path) -> None:
    """FFmpeg looks for the next frame that is whole, and goes on as if nothing had been."""
    path, times = tmp_path / "hole.avi", []
    data, starts = avi_of_noise(path)
    first, last = starts[10] + 500, starts[16] - 8
    path.write_bytes(data[:first] + bytes(last - first) + data[last:])
    with pytest.raises(VideoError, match="damaged"):
        times += (frame.time for frame in read_frames(path))
    assert 20 < len(times) < 27


def test_a_last_frame_that_is_shown_for_long_is_no_break(tmp_path: Path) -> None:
    path = tmp_path / "still.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = SIZE
        packets = [
            packet
            for colour in [*COLOURS[:4], None]
            for packet in stream.encode(colour and av.VideoFrame.from_image(picture(colour)))
        ]
        packets[-1].duration = 90
        container.mux(packets)
    with av.open(str(path)) as container:
        assert container.duration > 9e6
    assert len(list(read_frames(path))) == 4


def test_a_limit_before_the_break_is_no_error(tmp_path: Path) -> None:
    path, _before, _words = bad_files(tmp_path)["broken off"]
    assert len(list(read_frames(path, limit=2))) == 2


def test_too_large_frames_are_refused(steady: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "MAX_PIXELS", 1000)
    with pytest.raises(VideoError, match="too many for the memory"):
        next(read_frames(steady))


def test_nothing_of_ffmpeg_reaches_stderr(tmp_path: Path) -> None:
    """From a process of its own: FFmpeg's notes go past Python."""
    bad_files(tmp_path)
    code = (
        "import sys, pathlib\n"
        "from helpers.video import read_frames, VideoError\n"
        "import cv2\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
        "    try: list(read_frames(path))\n"
        "    except VideoError: pass\n"
        "    capture = cv2.VideoCapture(str(path))\n"
        "    while capture.read()[0]: pass\n"
        "writer = cv2.VideoWriter(sys.argv[1] + '/no.mp4', cv2.VideoWriter.fourcc(*'av01'), 5, (64, 48))\n"
        "writer.write(__import__('numpy').zeros((4, 4), 'uint8'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


# Writing


def test_what_is_written_is_read_back_at_its_times(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.5, 0.52, 1.5]
    path = write_video(tmp_path / "uneven.mp4", zip(times, map(picture, COLOURS), strict=False))
    frames = list(read_frames(path))
    assert [frame.time for frame in frames] == pytest.approx(times, abs=1e-3)
    for frame, colour in zip(frames, COLOURS, strict=False):
        assert near(left(frame.image), colour)
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"  # browsers play it


def test_arrays_and_odd_sizes(tmp_path: Path) -> None:
    frames = [(i / 10, np.asarray(picture(COLOURS[i], (33, 21)))) for i in range(3)]
    found = list(read_frames(write_video(tmp_path / "odd.mp4", frames)))
    assert len(found) == 3 and found[0].image.size == (32, 20)


def one_then_failing():
    yield 0.0, picture(COLOURS[0])
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("frames", "error", "words"),
    [
        ([], VideoError, "no frame"),
        ([(0, picture(COLOURS[0])), (1, picture(COLOURS[0], (32, 32)))], VideoError, "one size"),
        ([(0, picture(COLOURS[0])), (0, picture(COLOURS[0]))], VideoError, "must grow"),
        (one_then_failing(), ZeroDivisionError, None),
    ],
    ids=["none", "sizes", "times", "the iterator fails"],
)
def test_it_is_written_whole_or_not_at_all(tmp_path: Path, frames, error, words) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(b"what was there")
    with pytest.raises(error, match=words):
        write_video(path, frames)
    assert path.read_bytes() == b"what was there"
    assert [entry.name for entry in tmp_path.iterdir()] == ["video.mp4"]


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    frames = [(0.0, picture(COLOURS[0]))]
    with pytest.raises(VideoError, match="cannot be written"):
        write_video(tmp_path / "no folder" / "a.mp4", frames)
    with pytest.raises(VideoError, match=r"end with \.mp4"):
        write_video(tmp_path / "a.notes", frames)
    assert not list(tmp_path.iterdir())


def test_the_course_video(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", photos=("coffee", "cat"), seconds=1, rate=5, size=SIZE)
    frames = list(read_frames(path))
    assert [round(frame.time, 3) for frame in frames] == [i / 5 for i in range(10)]
    coffee, cat = np.asarray(frames[4].image, int), np.asarray(frames[5].image, int)
    assert np.abs(np.asarray(frames[0].image, int) - coffee).mean() > 5, "the camera moves"
    assert np.abs(coffee - cat).mean() > 30
    saucer = np.asarray(frames[0].image, int).mean((0, 1))
    assert saucer[0] > saucer[2] + 20, "red is red"
    with pytest.raises(VideoError, match="cannot write"):
        make_video(tmp_path / "b.mp4", size=(0, 0))
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.mp4"]


def test_a_clip_says_what_it_shows(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = make_video(tmp_path / "a.mp4", photos=("cat",), seconds=0.2, size=SIZE)
    video.show_video(path, "a cat")
    assert "a cat" in capsys.readouterr().out
    assert "data:video/mp4;base64," in video.Clip(path.read_bytes(), "a cat")._repr_html_()
