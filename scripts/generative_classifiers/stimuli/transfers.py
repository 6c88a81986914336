"""One file from a server: within limits of time and size, with further tries where another try can help."""

import errno
import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.cookies import extract_cookies_to_jar
from tqdm import tqdm

from generative_classifiers.io.errors import InputError

CONNECT = 10  # seconds for a connection
READ = 15  # seconds without a byte
WINDOW = 30  # seconds in which at least `SLOWEST` bytes must come each
SLOWEST = 1000  # bytes per second
WAITS = (1, 2, 4)  # seconds before each further try
LONGEST_WAIT = 60  # seconds that a server may ask for
REDIRECTS = 10
CHUNK = 1 << 20  # bytes
# Answers after which another try can help: RFC 9110 and RFC 6585.
TEMPORARY = (408, 425, 429, 500, 502, 503, 504)
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Refused(Exception):
    """A download failed, and another try will not help; the text says why."""


class Interrupted(Exception):
    """A download failed, and another try may help; the text says why.

    Attributes
    ----------
    wait : float or None
        Seconds that the server asks for.
    """

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class _Redirected(Exception):
    """A server sends its client to another address."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target


class Downloader:
    """Download one file, in the place of `pooch.HTTPDownloader`.

    Pooch passes time limits on to requests, which apply them to each wait for the network. A server that sends a byte
    now and then, or without end, needs the further limits here.

    Parameters
    ----------
    limit : int
        Bytes that the file may have.
    progress : bool
        Whether to show a progress bar.
    """

    def __init__(self, limit: int, progress: bool) -> None:
        self.limit = limit
        self.progress = progress

    def __call__(self, url: str, output_file: str, pooch: object = None) -> None:
        """Download a file.

        Raises
        ------
        InputError
            That names the address, what happened, and after how many tries.
        """
        for tries, wait in enumerate((*WAITS, None), start=1):
            try:
                return self._try(url, Path(output_file))
            except Refused as error:
                raise InputError(f"{error}") from None
            except Interrupted as error:
                if wait is None:
                    raise InputError(f"{error}, tried {tries} times") from None
                time.sleep(max(wait, error.wait or 0))

    def _try(self, url: str, file: Path) -> None:
        try:
            with requests.Session() as session, _open(session, url) as response, file.open("wb") as output:
                self._receive(response, output)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _explained(error) from None
        except OSError as error:
            if error.errno in FULL:
                raise Refused(f"no space is left in {file.parent}") from None
            raise

    def _receive(self, response: requests.Response, output) -> None:
        _check_status(response)
        size = response.raw.length_remaining
        self._check_size(size or 0, Path(output.name).parent)
        with tqdm(total=size, unit="B", unit_scale=True, disable=not self.progress, leave=False) as bar:
            received = 0
            for chunk in _chunks(response):
                received += len(chunk)
                if received > self.limit:
                    raise Refused(f"it has more than {self.limit:,} bytes, which is the limit for such a file")
                output.write(chunk)
                bar.update(len(chunk))
        if size is not None and received != size:
            raise Interrupted(f"the connection ended after {received:,} of {size:,} bytes")

    def _check_size(self, size: int, folder: Path) -> None:
        """Refuse a file, by the size that its server tells, before anything is written."""
        if size > self.limit:
            raise Refused(f"it has {size:,} bytes; the limit for such a file is {self.limit:,}")
        free = shutil.disk_usage(folder).free
        if size > free:
            raise Refused(f"it has {size:,} bytes, but only {free:,} are free in {folder}")


def _open(session: requests.Session, url: str) -> requests.Response:
    """Ask for a file, and follow redirects, but not from https to http, nor to anything that is no server of files."""
    options: dict[str, Any] = {
        "headers": {"Accept-Encoding": "identity"},  # the bytes of the file itself, whose number is known
        "stream": True,
        "timeout": (CONNECT, READ),
        "hooks": {"response": partial(_stop_at_redirect, session)},
    }
    for _ in range(REDIRECTS + 1):
        try:
            return session.get(url, **options)
        except _Redirected as redirect:
            target = urljoin(url, redirect.target)
        if urlsplit(target).scheme not in ("https", urlsplit(url).scheme):
            raise Refused(f"the server redirects to {target[:200]!r}; expected https://…")
        url = target
    raise Refused(f"the server redirects more than {REDIRECTS} times")


def _stop_at_redirect(session: requests.Session, response: requests.Response, **_: object) -> None:
    """Stop requests, which would read the body of a redirect to its end, though that may never come."""
    target = session.get_redirect_target(response)
    if target is not None:
        extract_cookies_to_jar(session.cookies, response.request, response.raw)
        response.close()
        raise _Redirected(target)


def _check_status(response: requests.Response) -> None:
    if response.status_code == 200:
        return
    answer = f"the server says {response.status_code} {response.reason}"
    if response.status_code not in TEMPORARY:
        raise Refused(answer)
    wait = _retry_after(response)
    if wait and wait > LONGEST_WAIT:
        raise Refused(f"{answer} and asks to wait {wait:,.0f} s")
    raise Interrupted(answer, wait)


def _retry_after(response: requests.Response) -> float | None:
    """Seconds that the server asks to wait."""
    header = response.headers.get("Retry-After")
    try:
        return urllib3.util.Retry().parse_retry_after(header) if header else None
    except urllib3.exceptions.InvalidHeader:
        return None


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """The bytes of the body as they come.

    Raises
    ------
    Interrupted
        They come too slowly.
    """
    start, in_window = time.monotonic(), 0
    while chunk := response.raw.read1(CHUNK, decode_content=False):
        yield chunk
        in_window += len(chunk)
        if time.monotonic() - start >= WINDOW:
            if in_window < WINDOW * SLOWEST:
                raise Interrupted(f"only {in_window:,} bytes came in {WINDOW} s")
            start, in_window = time.monotonic(), 0


def _explained(error: Exception) -> Exception:
    """A failure of the network in words, and whether another try can help."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Interrupted(f"no connection within {CONNECT} s")
    if isinstance(error, (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError)):
        return Interrupted(f"the server sent nothing for {READ} s")
    reason = f"{type(error).__name__} ({_cause(error)})"
    permanent = (
        requests.exceptions.SSLError,
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidSchema,
        requests.exceptions.InvalidHeader,
    )
    return Refused(reason) if isinstance(error, permanent) else Interrupted(reason)


def _cause(error: BaseException) -> str:
    """What the first of a chain of errors says."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split())[:200]
