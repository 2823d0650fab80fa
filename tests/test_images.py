"""Reading pictures: every odd file is a real one, every odd server a real server on this machine."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import pickle
import socket
import struct
import threading
import time
import traceback
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch
from PIL import Image

from helpers import images, plots
from helpers.images import ImageError, photo, photo_names, photo_path, read_image

RED, GREEN, WHITE = (255, 0, 0), (0, 255, 0), (255, 255, 255)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def two_tone() -> Image.Image:
    """4 wide and 2 high: red on the left, green on the right."""
    image = Image.new("RGB", (4, 2), RED)
    image.paste(GREEN, (2, 0, 4, 2))
    return image


def noise(width: int = 200, height: int = 150) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def near(pixel: tuple, wanted: tuple, by: int = 3) -> bool:
    return all(abs(a - b) <= by for a, b in zip(pixel, wanted, strict=True))


# Photos


def test_every_photo_opens_in_rgb_without_the_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a photo must not need the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert {"astronaut", "camera", "cat", "coffee", "coins", "horse", "rocket"} <= set(photo_names())
    for name in photo_names():
        image = photo(name)
        assert image.mode == "RGB" and min(image.size) > 100, name
    assert photo_path("cat").name == "chelsea.png"


def test_an_unknown_photo_is_told_with_the_names_there_are():
    with pytest.raises(ImageError, match=r"no photo called 'dog'.*\bcat\b.*rocket"):
        photo("dog")


# Kinds of source


def test_all_kinds_of_source_give_the_same_picture(tmp_path):
    image = noise(30, 20)
    data = encoded(image)
    path = tmp_path / "a b é.png"
    path.write_bytes(data)
    with path.open("rb") as file:
        found = [
            read_image(source)
            for source in (
                path, str(path), data, bytearray(data), memoryview(data), io.BytesIO(data), file, image,
                np.asarray(image), np.asarray(image)[:, ::-1][:, ::-1],
            )
        ]  # fmt: skip
    for one in found:
        assert one.mode == "RGB" and np.array_equal(np.asarray(one), np.asarray(image))


def test_home_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    two_tone().save(tmp_path / "mine.png")
    assert read_image("~/mine.png").size == (4, 2)


def test_the_source_stays_as_it_was():
    image = Image.new("RGBA", (2, 2), (255, 0, 0, 0))
    before = encoded(image)
    read_image(image).putpixel((0, 0), (1, 2, 3))
    assert image.mode == "RGBA" and encoded(image) == before
    rgb = two_tone()
    read_image(rgb).putpixel((0, 0), (1, 2, 3))
    assert rgb.getpixel((0, 0)) == RED


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 4, 3)), "holds float64.*uint8"),
        (np.zeros((3, 8, 8), np.uint8), r"shape \(3, 8, 8\).*transpose\(1, 2, 0\)"),
        (np.zeros((0, 4, 3), np.uint8), r"shape \(0, 4, 3\)"),
        (np.zeros((2, 4, 4, 3), np.uint8), "shape"),
    ],
)
def test_unfit_arrays(array, words):
    with pytest.raises(ImageError, match=words):
        read_image(array)


def test_grey_and_rgba_arrays():
    assert read_image(np.full((2, 3), 7, np.uint8)).getpixel((0, 0)) == (7, 7, 7)
    assert read_image(np.full((2, 3, 1), 7, np.uint8)).getpixel((0, 0)) == (7, 7, 7)
    assert read_image(np.zeros((2, 3, 4), np.uint8)).getpixel((0, 0)) == WHITE


@pytest.mark.parametrize("source", [None, 3, [1], torch.zeros(3, 4, 4)])
def test_other_kinds_of_source(source):
    with pytest.raises(ImageError, match=f"cannot be read from a {type(source).__name__}"):
        read_image(source)


# Kinds of picture


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM", "JPEG2000"])
def test_common_formats(kind):
    image = read_image(encoded(Image.new("RGB", (16, 16), RED), kind))
    assert (image.mode, image.size) == ("RGB", (16, 16)) and near(image.getpixel((8, 8)), RED, 6)


@pytest.mark.parametrize(
    ("orientation", "size", "top_left", "bottom_right"),
    [
        (1, (4, 2), RED, GREEN),
        (2, (4, 2), GREEN, RED),
        (3, (4, 2), GREEN, RED),
        (4, (4, 2), RED, GREEN),
        (5, (2, 4), RED, GREEN),
        (6, (2, 4), RED, GREEN),
        (7, (2, 4), GREEN, RED),
        (8, (2, 4), GREEN, RED),
    ],
)
def test_exif_rotation_is_carried_out_once(orientation, size, top_left, bottom_right):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = read_image(encoded(two_tone(), exif=exif))
    assert image.size == size
    assert image.getpixel((0, 0)) == top_left
    assert image.getpixel((size[0] - 1, size[1] - 1)) == bottom_right
    assert np.array_equal(np.asarray(read_image(image)), np.asarray(image)), "turned twice"


def test_a_broken_exif_tag_does_not_lose_the_picture(recwarn):
    assert read_image(encoded(two_tone(), exif=b"Exif\0\0II*\0\xff\xff\xff\xff")).size == (4, 2)
    assert not recwarn.list


def test_nothing_that_no_longer_fits_the_pixels_is_left_on_them():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.new("CMYK", (8, 8)), "JPEG", icc_profile=b"of CMYK", exif=exif)
    assert Image.open(io.BytesIO(data)).info["icc_profile"] and read_image(data).info == {}


def test_grey_becomes_three_equal_channels():
    assert read_image(encoded(Image.new("L", (2, 2), 90))).getpixel((0, 0)) == (90, 90, 90)
    assert read_image(encoded(Image.new("1", (2, 2), 1))).getpixel((0, 0)) == WHITE


def test_transparent_parts_become_white():
    hidden = Image.new("RGBA", (2, 1), (255, 0, 0, 0))  # red that nobody is to see
    hidden.putpixel((1, 0), (0, 255, 0, 255))
    image = read_image(encoded(hidden))
    assert (image.getpixel((0, 0)), image.getpixel((1, 0))) == (WHITE, GREEN)
    assert near(read_image(encoded(Image.new("RGBA", (1, 1), (0, 0, 0, 128)))).getpixel((0, 0)), (127,) * 3)
    assert read_image(encoded(Image.new("LA", (1, 1), (0, 0)))).getpixel((0, 0)) == WHITE


def test_a_palette_with_a_transparent_colour():
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 0, 255, 0])
    palette.putpixel((1, 0), 1)
    for data in (encoded(palette, transparency=0), encoded(palette, "GIF", transparency=0)):
        image = read_image(data)
        assert (image.getpixel((0, 0)), image.getpixel((1, 0))) == (WHITE, GREEN)


def test_cmyk():
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    assert near(read_image(encoded(cyan, "JPEG", quality=100)).getpixel((8, 8)), (0, 255, 255), 6)
    assert near(read_image(encoded(cyan, "TIFF")).getpixel((8, 8)), (0, 255, 255), 6)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_16_bit_grey_is_scaled_and_not_cut(kind):
    deep = Image.fromarray(np.array([[0, 255, 32768, 65535]], np.uint16))
    image = read_image(encoded(deep, kind))
    assert [image.getpixel((x, 0))[0] for x in range(4)] == [0, 1, 128, 255]


def test_floating_point_grey():
    def tiff(values):
        return encoded(Image.fromarray(np.array([values], np.float32)), "TIFF")

    assert read_image(tiff([0.0, 0.5, 1.0])).getpixel((2, 0)) == WHITE
    for odd in ([0.0, 300.0], [-1.0, 1.0], [float("nan"), 0.0]):
        with pytest.raises(ImageError, match="between 0 and 1"):
            read_image(tiff(odd))


def test_colours_that_rgb_has_no_way_to():
    with pytest.raises(ImageError, match=r"\(La\) cannot be turned into RGB"):
        read_image(Image.new("La", (4, 4)))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_frame(kind):
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, GREEN)]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert near(read_image(data).getpixel((8, 8)), RED)


# What is no picture


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_truncated(kind, part):
    data = encoded(noise(), kind)
    with pytest.raises(ImageError, match="damaged"):
        read_image(data[: int(len(data) * part)])


def test_damaged_in_the_middle():
    data = bytearray(encoded(noise()))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(ImageError, match="damaged"):
        read_image(bytes(data))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims a size; decoding it would need all the memory."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(11_000, 11_000), (13_000, 13_000), (100_000, 100_000)])
def test_huge_pictures_are_refused_by_their_header(size, recwarn):
    start = time.perf_counter()
    with pytest.raises(ImageError, match=r"more than 120 million pixels.*smaller copy"):
        read_image(bomb(*size))
    assert time.perf_counter() - start < 1
    assert not recwarn.list


def test_a_large_photo_is_no_huge_one():
    assert read_image(encoded(Image.new("L", (10_000, 10_000)))).size == (10_000, 10_000)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"hello", "not a picture"),
        (b"\0" * 5000, "not a picture"),
        (b"\n<!DOCTYPE html><html>", "a web page"),
        (b"<?xml version='1.0'?><svg xmlns='x'/>", "SVG"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC.*JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    ],
)
def test_not_an_image(data, words, tmp_path):
    path = tmp_path / "picture.jpg"
    path.write_bytes(data)
    for source in (data, path):
        with pytest.raises(ImageError, match=words):
            read_image(source)


def test_missing_file(tmp_path):
    with pytest.raises(ImageError, match=r"no file.*nothing\.png.*spelling"):
        read_image(tmp_path / "nothing.png")
    two_tone().save(tmp_path / "holiday.png")
    with pytest.raises(ImageError, match="Did you mean 'holiday"):
        read_image(tmp_path / "holidy.png")
    with pytest.raises(ImageError, match="no file"):
        read_image(tmp_path / "no folder" / "a.png")


def test_folder_pipe_and_impossible_names(tmp_path):
    with pytest.raises(ImageError, match="is a folder"):
        read_image(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ImageError, match="not an ordinary file"):
        read_image(tmp_path / "pipe")
    for name in ("a\0b", "x" * 5000, "/etc/hostname/a.png"):
        with pytest.raises(ImageError, match=r"cannot be opened: \w"):
            read_image(name)


def test_forbidden_file(tmp_path):
    path = tmp_path / "mine.png"
    two_tone().save(path)
    path.chmod(0)
    root = os.geteuid() == 0
    if root:  # root reads everything, so be someone else for a moment
        os.seteuid(65534)
    try:
        with pytest.raises(ImageError, match=r"may not be read.*permissions"):
            read_image(path)
    finally:
        if root:
            os.seteuid(0)


def test_odd_file_objects(tmp_path):
    (tmp_path / "a.txt").write_text("text")
    with (tmp_path / "a.txt").open() as file, pytest.raises(ImageError, match="text mode"):
        read_image(file)
    closed = io.BytesIO(b"x")
    closed.close()
    with pytest.raises(ImageError, match="closed file"):
        read_image(closed)


def test_a_file_larger_than_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "MAX_BYTES", 1_000_000)
    (tmp_path / "a.bmp").write_bytes(b"BM" + bytes(1_000_000))
    with pytest.raises(ImageError, match="larger than 1 MB"):
        read_image(tmp_path / "a.bmp")


def test_an_endless_file_is_not_read_to_its_end():
    class Endless:
        def read(self, size=-1):
            assert 0 < size <= images.MAX_BYTES + 1, "all of it was asked for"
            return bytes(size)

    with pytest.raises(ImageError, match="larger than 100 MB"):
        read_image(Endless())


def test_the_error_shows_no_internals():
    with pytest.raises(ImageError) as caught:
        read_image(b"not a picture")
    shown = "".join(traceback.format_exception(caught.value))
    assert "UnidentifiedImageError" not in shown and "During handling" not in shown
    assert "_decode" not in shown
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value.args[0], str)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


# Addresses


class Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    picture = encoded(two_tone())
    asked: list[str] = []  # noqa: RUF012

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.asked.append(self.path)
        self.close_connection = True
        page = getattr(self, "page_" + self.path.strip("/").partition(".")[0].replace("-", "_"), None)
        with contextlib.suppress(OSError):  # the reader went away, as it should from some of these
            page() if page else self.answer(404, b"nothing here")

    def answer(self, code: int, body: bytes = b"", **headers: str):
        self.send_response(code)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def page_ok(self):
        self.answer(200, self.picture, Content_Type="image/png")

    def page_plain(self):
        self.answer(200, self.picture, Content_Type="text/plain")

    def page_html(self):
        self.answer(200, b"<!doctype html><p>Log in first", Content_Type="image/png")

    def page_nothing(self):
        self.answer(200)

    def page_gzip(self):
        self.answer(200, gzip.compress(self.picture), Content_Encoding="gzip")

    def page_chunked(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for start in range(0, len(self.picture), 10):
            piece = self.picture[start : start + 10]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def page_forbidden(self):
        self.answer(403)

    def page_broken(self):
        self.answer(503)

    def page_redirect(self):
        self.answer(302, Location="/ok.png")

    def page_loop(self):
        self.answer(302, Location="/loop")

    def page_to_file(self):
        self.answer(302, Location="file:///etc/hostname")

    def page_to_ftp(self):
        self.answer(301, Location="ftp://127.0.0.1/a.png")

    def page_silent(self):
        time.sleep(5)

    def page_drip(self):
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"x")
            time.sleep(0.1)

    def page_header_drip(self):
        for _piece in range(100):
            self.wfile.write(b"H")
            time.sleep(0.1)

    def page_endless(self):
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(bytes(2**16))

    def page_large(self):
        self.send_response(200)
        self.send_header("Content-Length", str(10**12))
        self.end_headers()
        self.page_drip()

    def page_gzip_bomb(self):
        self.answer(200, gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")

    def page_truncated(self):
        self.answer(200, self.picture[:40], Content_Length=str(len(self.picture)))

    def page_pause(self):
        self.send_response(200)
        self.send_header("Content-Length", "2000000")
        self.end_headers()
        for _piece in range(4):
            self.wfile.write(bytes(200_000))
            time.sleep(0.5)


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as running:
        running.daemon_threads = True
        running.block_on_close = False
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def strict(monkeypatch):
    monkeypatch.setattr(images, "TIMEOUT_S", 0.5)
    monkeypatch.setattr(images, "DEADLINE_S", 1.0)
    monkeypatch.setattr(images, "MAX_BYTES", 1_000_000)


@pytest.mark.parametrize("page", ["ok.png", "plain", "gzip", "chunked", "redirect"])
def test_addresses_are_read(server, page):
    assert read_image(f"{server}/{page}").getpixel((3, 0)) == GREEN


def test_the_scheme_may_be_written_large(server):
    assert read_image(server.replace("http", "HTTP") + "/ok.png").size == (4, 2)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("absent.png", r"no such page \(404\)"),
        ("forbidden", r"refuses it \(403\)"),
        ("broken", "answered 503"),
        ("html", "a web page, not a picture"),
        ("nothing", "empty"),
        ("truncated", "broke off before its end"),
        ("loop", "leads on"),
        ("to_file", "'file:///etc/hostname' is not an http"),
        ("to_ftp", "'ftp://.*' is not an http"),
        ("silent", "did not answer in time"),
        ("drip", "not there after 1 seconds"),
        ("header_drip", "not there after 1 seconds"),
        ("endless", "larger than 1 MB"),
        ("large", "larger than 1 MB"),
        ("gzip_bomb", "larger than 1 MB"),
    ],
)
def test_odd_servers(server, strict, page, words):
    start = time.perf_counter()
    with pytest.raises(ImageError, match=words) as caught:
        read_image(f"{server}/{page}")
    assert time.perf_counter() - start < 3
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_a_redirect_loop_is_left_after_a_few_hops(server):
    Pages.asked.clear()
    with pytest.raises(ImageError):
        read_image(f"{server}/loop")
    assert Pages.asked.count("/loop") == images.MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.org/a.png", "not an http or https address"),
        ("file:///etc/hostname", "not an http or https address"),
        ("http://", "not a usable address"),
        ("http://[::1/a.png", "usable|cannot be read"),
        ("http://no-such-host.invalid/a.png", "cannot be reached"),
    ],
)
def test_unusable_addresses(url, words):
    with pytest.raises(ImageError, match=words):
        read_image(url)


def test_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ImageError, match="cannot be reached"):
        read_image(f"http://127.0.0.1:{port}/a.png")


def test_a_server_that_speaks_no_tls(server):
    with pytest.raises(ImageError, match="no secure connection"):
        read_image(server.replace("http://", "https://") + "/ok.png")


def test_the_bar_of_a_stopped_download_is_closed(server, monkeypatch, capsys):
    from tqdm import tqdm

    monkeypatch.setattr(images, "DEADLINE_S", 1.7)
    with pytest.raises(ImageError, match="not there after"):
        read_image(f"{server}/pause")
    assert "B/s]" in capsys.readouterr().err, "no progress bar was shown"
    assert not getattr(tqdm, "_instances", ())


def test_the_thread_of_a_stopped_download_ends(server, strict):
    before = set(threading.enumerate())
    with pytest.raises(ImageError, match="not there after"):
        read_image(f"{server}/drip")
    (mine,) = [thread for thread in set(threading.enumerate()) - before if "_talk" in thread.name]
    mine.join(1)
    assert not mine.is_alive()


def test_a_quick_download_shows_no_bar(server, capsys):
    read_image(f"{server}/ok.png")
    assert capsys.readouterr() == ("", "")


# Showing


def test_shown_pictures_say_what_they_are_and_leave_no_figure_open(capsys):
    import matplotlib.pyplot as plt

    from helpers.models import Prediction

    plots.show_top5(photo("cat"), [Prediction("tabby", 0.614, 281), Prediction("lynx", 0.001, 287)], "A cat")
    plots.show_images([photo("cat"), torch.rand(3, 8, 9), torch.randn(1, 8, 9), torch.rand(8, 9)], columns=3)
    plots.show_images(torch.zeros(2, 3, 4, 4, dtype=torch.uint8), ["a", "b"])
    plots.show_images([])
    assert capsys.readouterr().out.splitlines() == [
        "A cat: tabby 61%, lynx <1%",
        "pictures: 451×300, 9×8, 9×8, 9×8",
        "pictures: a, b",
    ]
    assert plt.get_fignums() == []


def test_a_notebook_gets_the_picture_with_its_words():
    data, more = plots.Picture(b"png", "a cat")._repr_mimebundle_()
    assert data == {"image/png": "cG5n", "text/plain": "a cat"} and more["image/png"]["alt"] == "a cat"


def test_tensors_keep_their_colours_or_are_stretched():
    exact = torch.tensor([[[0.0]], [[0.5]], [[1.0]]])
    assert plots._pixels(exact).tolist() == [[[0, 128, 255]]]
    assert plots._pixels(exact * 4 - 2).tolist() == [[[0, 128, 255]]]
    assert plots._pixels(torch.full((2, 2), 5.0)).max() == 0, "one value everywhere must not divide by zero"
    with pytest.raises(ValueError, match="shape"):
        plots.show_images([torch.zeros(5, 4, 4)])
    with pytest.raises(ValueError, match="1 titles for 2 pictures"):
        plots.show_images([exact, exact], ["one"])


def test_a_table_is_safe_and_plain():
    table = plots.Table(("a", "<i>"), (("<b>", "1.0 ms"), ("x", "100 ms")))
    assert repr(table) == "a | <i>\n<b> | 1.0 ms\nx | 100 ms"
    assert "&lt;b&gt;" in table._repr_html_() and "&lt;i&gt;" in table._repr_html_()
    assert "<b>" not in table._repr_html_() and "<i>" not in table._repr_html_()
