"""Downloads from servers that stall, break off, redirect, refuse or never end."""

import contextlib
import errno
import socket
import threading
import time

import pytest

from generative_classifiers.io.errors import InputError
from generative_classifiers.stimuli import file_kinds, transfers
from generative_classifiers.stimuli.downloads import STAGING, fetch

URL = "https://example.org/file.bin"
OK = b"HTTP/1.1 200 OK\r\n"
WHOLE = OK + b"Content-Length: 5\r\n\r\nright"


@contextlib.contextmanager
def answering(*answers):
    """A server; the n-th answer says what the n-th client gets: bytes, or a function of the connection."""
    clients, over = [], threading.Event()

    def serve(listener):
        while not over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                clients.append(connection.recv(65536))
                answer = answers[min(len(clients), len(answers)) - 1]
                threading.Thread(target=give, args=(connection, answer), daemon=True).start()

    def give(connection, answer):
        with connection, contextlib.suppress(OSError):
            connection.sendall(answer) if isinstance(answer, bytes) else answer(connection, over)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", clients
        over.set()
        listener.shutdown(socket.SHUT_RDWR)


def stalled(connection, over):
    connection.sendall(OK + b"Content-Length: 5\r\n\r\nri")
    over.wait(20)


def silent(connection, over):
    over.wait(20)


def trickling(connection, over):
    connection.sendall(OK + b"Content-Length: 100000\r\n\r\n")
    while not over.wait(0.05):
        connection.sendall(b"x")


def endless(connection, over):
    connection.sendall(OK + b"\r\n")
    while not over.is_set():
        connection.sendall(bytes(65536))


def endless_chunks(connection, over):
    connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    while not over.is_set():
        connection.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """Short limits; gives the seconds that were waited for."""
    waited = []
    monkeypatch.setattr(transfers, "READ", 0.4)
    monkeypatch.setattr(transfers, "WINDOW", 0.5)
    monkeypatch.setattr(transfers, "WAITS", (1, 2))
    monkeypatch.setattr(transfers.time, "sleep", waited.append)
    monkeypatch.setattr(file_kinds, "WEIGHTS", file_kinds.WEIGHTS._replace(limit=1_000_000))
    return waited


def failing(tmp_path, address, url=URL):
    """The error of a download, which must leave nothing and be one line."""
    start = time.monotonic()
    with pytest.raises(InputError) as error:
        fetch(url, None, tmp_path / "kept", address)
    assert time.monotonic() - start < 15
    message = str(error.value)
    assert message.startswith(f"{url}: ") and "\n" not in message
    files = [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]
    assert [path for path in files if path.suffix != ".lock"] == []
    return message


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (silent, "the server sent nothing for 0.4 s, tried 3 times"),
        (stalled, "the server sent nothing for 0.4 s, tried 3 times"),
        (trickling, "bytes came in 0.5 s, tried 3 times"),
        (OK + b"Content-Length: 5\r\n\r\nri", "tried 3 times"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nri", "tried 3 times"),
        (b"HTTP/1.1 500 Sorry\r\nContent-Length: 0\r\n\r\n", "the server says 500 Sorry, tried 3 times"),
        (b"no HTTP at all\r\n\r\n", "tried 3 times"),
        (b"", "tried 3 times"),
    ],
    ids=["silent", "stalled", "trickling", "half", "half a chunk", "500", "no HTTP", "closed"],
)
def test_failures_of_a_moment_are_tried_again(tmp_path, waits, answer, reason):
    with answering(answer) as (address, clients):
        message = failing(tmp_path, address)
        assert message.endswith(reason) and f"(mirror {address})" in message
        assert len(clients) == 3 and waits == [1, 2]


@pytest.mark.parametrize(
    "status", ["400 Bad", "401 No", "403 Forbidden", "404 Not Found", "410 Gone", "304 Same", "204 No"]
)
def test_refusals_are_tried_once(tmp_path, waits, status):
    with answering(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()) as (address, clients):
        assert failing(tmp_path, address).endswith(f": the server says {status}")
        assert len(clients) == 1 and not waits


@pytest.mark.parametrize("answer", [endless, endless_chunks])
def test_endless_files_are_refused(tmp_path, answer):
    with answering(answer) as (address, clients):
        assert failing(tmp_path, address).endswith(
            "it has more than 1,000,000 bytes, which is the limit for such a file"
        )
        assert len(clients) == 1


def test_large_files_are_refused_before_they_come(tmp_path, monkeypatch):
    with answering(OK + b"Content-Length: 1000001\r\n\r\n") as (address, _):
        assert failing(tmp_path, address).endswith("it has 1,000,001 bytes; the limit for such a file is 1,000,000")
    full = shutil_usage(free=999)
    monkeypatch.setattr(transfers.shutil, "disk_usage", full)
    with answering(OK + b"Content-Length: 1000\r\n\r\n") as (address, _):
        assert "it has 1,000 bytes, but only 999 are free in " in failing(tmp_path, address)


def shutil_usage(free):
    return lambda _: type("Usage", (), {"free": free})


def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transfers.Downloader, "_receive", full)
    with answering(WHOLE) as (address, clients):
        assert "no space is left in " in failing(tmp_path, address)
        assert len(clients) == 1


def test_folders_that_cannot_be_written_are_one_line(tmp_path):
    (tmp_path / "kept").write_text("a file")
    with pytest.raises(InputError, match=rf"^{URL}: cannot be kept in .*kept"):
        fetch(URL, None, tmp_path / "kept")


@pytest.mark.parametrize(("header", "wait"), [("7", 7), ("x", 1), ("0", 1)])
def test_servers_may_ask_to_wait(tmp_path, waits, header, wait):
    busy = f"HTTP/1.1 429 Busy\r\nRetry-After: {header}\r\nContent-Length: 0\r\n\r\n".encode()
    with answering(busy, WHOLE) as (address, clients):
        assert fetch(URL, None, tmp_path / "kept", address).read_bytes() == b"right"
        assert len(clients) == 2 and waits == [wait]


def test_nobody_waits_for_an_hour(tmp_path, waits):
    busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"
    with answering(busy) as (address, clients):
        assert failing(tmp_path, address).endswith("the server says 503 Busy and asks to wait 3,600 s")
        assert len(clients) == 1 and not waits


def redirect(target):
    return b"HTTP/1.1 302 Found\r\nLocation: " + target + b"\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize("target", [b"ftp://example.org/file", b"file:///etc/passwd", b"data:text/plain,x"])
def test_redirects_to_other_schemes_are_refused(tmp_path, target):
    with answering(redirect(target)) as (address, clients):
        assert f"the server redirects to {target.decode()!r}; expected https://…" in failing(tmp_path, address)
        assert len(clients) == 1


def test_redirects_are_followed_but_not_for_ever(tmp_path):
    with answering(redirect(b"/elsewhere"), WHOLE) as (address, clients):
        assert fetch(URL, None, tmp_path / "kept", address).read_bytes() == b"right"
        assert clients[1].startswith(b"GET /elsewhere")
    with answering(redirect(b"/elsewhere")) as (address, clients):
        assert failing(tmp_path / "again", address).endswith("the server redirects more than 10 times")
        assert len(clients) == 11


def test_redirects_with_endless_bodies_are_followed(tmp_path):
    def everlasting(connection, over):
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n")
        while not over.is_set():
            connection.sendall(bytes(65536))

    with answering(everlasting, WHOLE) as (address, _):
        assert fetch(URL, None, tmp_path / "kept", address).read_bytes() == b"right"


def test_bytes_are_kept_as_they_are_sent(tmp_path):
    packed = OK + b"Content-Encoding: gzip\r\nContent-Length: 6\r\n\r\npacked"
    with answering(packed) as (address, clients):
        assert fetch(URL, None, tmp_path / "kept", address).read_bytes() == b"packed"
        assert b"Accept-Encoding: identity" in clients[0]


def test_the_next_try_succeeds(tmp_path, waits):
    with answering(stalled, WHOLE) as (address, _):
        assert fetch(URL, None, tmp_path / "kept", address).read_bytes() == b"right"
    assert waits == [1] and list((tmp_path / "kept" / STAGING).rglob("*.bin")) == []
