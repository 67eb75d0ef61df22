"""A Hub on loopback: as much of the real one's API as a snapshot and a data set need."""

import hashlib
import json
import re
import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

API = re.compile(
    r"/api/(?P<kind>models|datasets)/(?P<repo>[^/]+/[^/]+)"
    r"(?:/(?P<what>revision|tree|paths-info)/(?P<revision>[^/]+)(?P<path>/.*)?)?"
)
FILE = re.compile(
    r"/(?P<kind>datasets/)?(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)"
)


@dataclass(frozen=True)
class Refusal:
    """How the Hub says no to everything about a repository."""

    status: int
    code: str
    message: str


NO_ENTRY = Refusal(404, "EntryNotFound", "Entry not found")
NOT_FOUND = Refusal(404, "RepoNotFound", "Repository not found")
PRIVATE = Refusal(401, "RepoNotFound", "Invalid username or password.")
GATED = Refusal(401, "GatedRepo", "Access to this model is restricted.")


@dataclass
class Repository:
    """A model or data set; `commit` follows from its files, so a changed one is a new revision."""

    files: dict[str, bytes]
    refusal: Refusal | None = None

    @property
    def commit(self) -> str:
        digest = hashlib.sha1()
        for path, content in sorted(self.files.items()):
            digest.update(path.encode() + content)
        return digest.hexdigest()


@dataclass
class FakeHub:
    """Serves what tests put on it. `home` is where its client keeps its cache."""

    home: Path
    repositories: dict[tuple[str, str], Repository] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    """Method and path of each, oldest first."""
    break_off: str | None = None
    """The path of a file of which only the first half is ever sent."""
    hold: str | None = None
    """The path of a file that waits in its middle until `go_on` is set."""
    holding: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()

    def environment(self) -> dict[str, str]:
        """What makes a Hub client ask this server, and keep its cache to itself."""
        return {
            "HF_ENDPOINT": f"http://127.0.0.1:{self._server.server_port}",
            "HF_HOME": str(self.home),
            "HF_HUB_CACHE": str(self.home / "hub"),
            "HF_DATASETS_CACHE": str(self.home / "datasets"),
            "HF_TOKEN_PATH": str(self.home / "token"),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DOWNLOAD_TIMEOUT": "2",
            "HF_HUB_ETAG_TIMEOUT": "2",
            "NO_PROXY": "127.0.0.1",
        }

    def reset(self) -> None:
        """Forget everything, the client's cache too."""
        self.go_on.set()
        self.repositories.clear()
        self.requests.clear()
        self.break_off = self.hold = None
        self.holding, self.go_on = threading.Event(), threading.Event()
        for folder in self.home.iterdir():
            shutil.rmtree(folder)

    def add_model(self, repo: str, folder: Path) -> Repository:
        """Put the files of a folder on the Hub as a model."""
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        return self._add("models", repo, files)

    def add_dataset(self, repo: str, files: dict[str, bytes]) -> Repository:
        return self._add("datasets", repo, files)

    def refuse(self, kind: str, repo: str, refusal: Refusal) -> None:
        """Say no to everything about a repository; `kind` is `models` or `datasets`."""
        self._add(kind, repo, {}).refusal = refusal

    def _add(self, kind: str, repo: str, files: dict[str, bytes]) -> Repository:
        repository = Repository(files)
        self.repositories[kind, repo] = repository
        return repository


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_HEAD(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: object) -> None:
            pass

        def _answer(self) -> None:
            url = urlsplit(unquote(self.path))
            hub.requests.append(f"{self.command} {url.path}")
            match = API.fullmatch(url.path) or FILE.fullmatch(url.path)
            if match is None:
                return self._refuse(NO_ENTRY)
            kind = "datasets" if "datasets" in (match["kind"] or "") else "models"
            repository = hub.repositories.get((kind, match["repo"]), Repository({}, NOT_FOUND))
            refusal = repository.refusal
            if match["revision"] not in (None, "main", repository.commit):
                refusal = refusal or Refusal(404, "RevisionNotFound", "Invalid rev id")
            if refusal is not None:
                return self._refuse(refusal)
            path = (match["path"] or "").strip("/")
            if match.re is FILE:
                return self._send_file(repository, path)
            recursive = "recursive=true" in url.query.lower()
            return self._send_json(
                {
                    None: lambda: _information(kind, match["repo"], repository),
                    "revision": lambda: _information(kind, match["repo"], repository),
                    "tree": lambda: _tree(repository, path, recursive=recursive),
                    "paths-info": lambda: _paths_info(repository, self._body()),
                }[match["what"]]()
            )

        def _body(self) -> list[str]:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            if "json" in self.headers.get("Content-Type", ""):
                paths = json.loads(body)["paths"]
                return [paths] if isinstance(paths, str) else paths
            return parse_qs(body).get("paths", [])

        def _refuse(self, refusal: Refusal) -> None:
            self._send_json(
                {"error": refusal.message},
                refusal.status,
                {"X-Error-Code": refusal.code, "X-Error-Message": refusal.message},
            )

        def _send_json(
            self, what: object, status: int = 200, headers: dict[str, str] | None = None
        ) -> None:
            body = json.dumps(what).encode()
            self._begin(status, len(body), {"Content-Type": "application/json", **(headers or {})})
            if self.command != "HEAD":
                self.wfile.write(body)

        def _send_file(self, repository: Repository, path: str) -> None:
            content = repository.files.get(path)
            if content is None:
                return self._refuse(NO_ENTRY)
            headers = {
                "ETag": f'"{_object_id(content)}"',
                "X-Repo-Commit": repository.commit,
                "Accept-Ranges": "bytes",
            }
            start = 0
            if asked := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
                start = int(asked[1])
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self._begin(206 if asked else 200, len(content) - start, headers)
            if self.command == "HEAD":
                return None
            half = len(content) // 2
            if path == hub.break_off:
                self.wfile.write(content[start:half])
                self.close_connection = True
                return None
            if path == hub.hold:
                self.wfile.write(content[start:half])
                hub.holding.set()
                hub.go_on.wait(60)
                start = half
            with suppress(BrokenPipeError, ConnectionResetError):  # the client was cancelled
                self.wfile.write(content[start:])
            return None

        def _begin(self, status: int, length: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(length)}.items():
                self.send_header(name, value)
            self.end_headers()

    return Handler


def _information(kind: str, repo: str, repository: Repository) -> dict[str, object]:
    return {
        "_id": repo,
        "id": repo,
        "modelId" if kind == "models" else "datasetId": repo,
        "sha": repository.commit,
        "private": False,
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "siblings": [{"rfilename": path} for path in repository.files],
    }


def _tree(repository: Repository, folder: str, *, recursive: bool) -> list[dict[str, object]]:
    inside = f"{folder}/" if folder else ""
    below = {path.removeprefix(inside) for path in repository.files if path.startswith(inside)}
    folders = {path.split("/")[0] for path in below if "/" in path}
    files = {path for path in below if recursive or "/" not in path}
    return [_folder(inside + path) for path in sorted(folders)] + [
        _entry(inside + path, repository.files[inside + path]) for path in sorted(files)
    ]


def _paths_info(repository: Repository, paths: list[str]) -> list[dict[str, object]]:
    files = repository.files
    folders = [path for path in paths if any(name.startswith(path + "/") for name in files)]
    found = [_entry(path, files[path]) for path in paths if path in files]
    return found + [_folder(path) for path in folders]


def _folder(path: str) -> dict[str, object]:
    return {"type": "directory", "path": path, "oid": _object_id(path.encode())}


def _entry(path: str, content: bytes) -> dict[str, object]:
    return {"type": "file", "path": path, "size": len(content), "oid": _object_id(content)}


def _object_id(content: bytes) -> str:
    """As git names a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
