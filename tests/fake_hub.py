"""A small Hugging Face hub on loopback: it answers what the hub's clients ask, and records which files it gave out."""

import contextlib
import hashlib
import http.server
import json
import re
import threading
from urllib.parse import unquote, urlsplit

from huggingface_hub import constants, hf_api

API = re.compile(r"/api/models/(?P<id>[^/]+/[^/]+)(?:/(?P<what>revision|tree)/(?P<revision>[^/]+))?")
FILE = re.compile(r"/(?P<id>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)")


def commit_of(repository):
    """The only commit of a repository."""
    return hashlib.sha1(repository.encode()).hexdigest()


class FakeHub:
    """The repositories of a folder, `<folder>/<owner>/<name>`.

    Attributes
    ----------
    sent : list of str
        Files given out so far, by their paths in the repository.
    """

    def __init__(self, folder):
        self.folder, self.sent = folder, []

    def answer(self, path):
        """Status, headers and content of the answer to a request."""
        if match := FILE.fullmatch(path):
            return self._file(match["id"], match["file"])
        match = API.fullmatch(path)
        if not (match and (self.folder / match["id"]).is_dir()):
            return 404, {"X-Error-Code": "RepoNotFound"}, b""
        found = self._tree(match["id"]) if match["what"] == "tree" else self._info(match["id"])
        return 200, {"Content-Type": "application/json"}, json.dumps(found).encode()

    def _file(self, repository, name):
        file = self.folder / repository / name
        headers = {"X-Repo-Commit": commit_of(repository)}
        if not file.is_file():
            return 404, headers | {"X-Error-Code": "EntryNotFound"}, b""
        content = file.read_bytes()
        return 200, headers | {"ETag": f'"{hashlib.sha1(content).hexdigest()}"'}, content

    def _names(self, repository):
        folder = self.folder / repository
        return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())

    def _info(self, repository):
        siblings = [{"rfilename": name} for name in self._names(repository)]
        return {"id": repository, "sha": commit_of(repository), "siblings": siblings}

    def _tree(self, repository):
        contents = {name: (self.folder / repository / name).read_bytes() for name in self._names(repository)}
        return [
            {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
            for name, content in contents.items()
        ]


@contextlib.contextmanager
def serving_hub(folder):
    """Serve the repositories of a folder; gives the `FakeHub` and its address."""
    hub = FakeHub(folder)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self):
            self._answer()

        def do_GET(self):
            content = self._answer()
            if content and (match := FILE.fullmatch(self._path())):
                hub.sent.append(match["file"])
            self.wfile.write(content)

        def _path(self):
            return unquote(urlsplit(self.path).path)

        def _answer(self):
            status, headers, content = hub.answer(self._path())
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            return content

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield hub, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def connect(monkeypatch, address, cache):
    """Make the hub's clients in this process use an address and a cache, as HF_ENDPOINT and HF_HUB_CACHE would."""
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hf_api.api, "endpoint", address)  # made when the library was imported
