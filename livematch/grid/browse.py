"""The server behind the page to browse: HTTP on this machine only, no script, no state in a GET.

Nothing that comes in names a path: pictures are asked for by the number of a moment. A page of
another site can neither read (the Host it would come under is not ours) nor write (it does not know
the token).
"""

import hmac
import logging
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from livematch.archive.marks import valid_tag
from livematch.control.params import WEIGHTS, Params, changed
from livematch.errors import ArchiveError, UsageError
from livematch.grid import browsepages as pages
from livematch.grid.holdings import Library, Seen

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
LARGEST_BYTES = 4096  # of a form
MOST_FIELDS = 16
MOST_CONNECTIONS = 24
IDLE_S = 20.0
LIKE = 24  # moments that are like one
TAGS = "a tag is 1 to 40 lower-case letters, digits, - and _, with no - first"
_NUMBER = re.compile(r"\d{1,15}")
_HEADERS = {
    "Content-Security-Policy": pages.POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back. `to` is where a browser goes on."""

    status: HTTPStatus
    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    to: str = ""
    keep_s: int = 0


class Refused(Exception):  # noqa: N818 - it is an answer, not a failure
    """What was asked for is answered with a fault."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Site:
    """Which path is which page. Any thread; no sockets."""

    def __init__(self, library: Library, token: str) -> None:
        self._library, self._token = library, token

    def get(self, target: str) -> Answer:
        """Answer a GET; nothing is changed by it."""
        path, params = self._asked(target)
        word, rest = _parted(path)
        link = pages.carried(params, self._library.params)
        match word:
            case "" if not rest:
                groups, alone = self._library.groups()
                tags = self._library.tags()
                return _page(pages.home(self._library.name, groups, alone, tags, link))
            case "group":
                return self._group(rest, link)
            case "moment":
                return self._moment(_row(rest), params, link)
            case "still" if rest.endswith(".jpg"):
                return self._still(_row(rest.removesuffix(".jpg")))
            case "banned" if not rest:
                about = "A show never brings these in."
                return self._several("Banned", about, "", "banned", link)
            case "tagged" if valid_tag(rest):
                about = "Every shot with this tag."
                return self._several(f"#{rest}", about, rest, f"tag {rest}", link)
        raise Refused(HTTPStatus.NOT_FOUND, "There is no such page.")

    def post(self, target: str, form: bytes) -> Answer:
        """Answer a POST: tag, untag, ban or unban the shot of a moment."""
        path, params = self._asked(target)
        word, rest = _parted(path)
        if word != "moment":
            raise Refused(HTTPStatus.NOT_FOUND, "There is no such page.")
        row, fields = _row(rest), _fields(form)
        if not hmac.compare_digest(fields.get("token", "").encode(), self._token.encode()):
            raise Refused(
                HTTPStatus.FORBIDDEN,
                "This page is from an earlier run, or another site sent it: load it again.",
            )
        try:
            self._act(row, fields)
        except KeyError:
            raise _unknown(row) from None
        except ArchiveError as error:
            raise Refused(HTTPStatus.CONFLICT, f"Nothing was changed: {error}") from None
        link = pages.carried(params, self._library.params)
        return Answer(HTTPStatus.SEE_OTHER, to=f"/moment/{row}{link}")

    def _act(self, row: int, fields: dict[str, str]) -> None:
        tag = fields.get("tag", "").strip().lower()
        action = fields.get("action", "")
        if action in {"tag", "untag"} and not valid_tag(tag):
            raise Refused(HTTPStatus.BAD_REQUEST, f"{tag!r} cannot be a tag: {TAGS}.")
        match action:
            case "tag":
                self._library.mark(row, tag)
            case "untag":
                self._library.unmark(row, tag)
            case "ban":
                self._library.mark(row, "")
            case "unban":
                self._library.unmark(row, "")
            case _:
                raise Refused(HTTPStatus.BAD_REQUEST, "A moment can be tagged or banned.")

    def _asked(self, target: str) -> tuple[str, Params]:
        """Read path and parameters of what was asked for."""
        asked = urlsplit(target)
        params = self._library.params
        try:
            fields = parse_qsl(asked.query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
            for name, value in fields:
                if name in {*WEIGHTS, "tag"}:
                    params = changed(params, name, value)
        except (UsageError, ValueError) as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from None
        return asked.path, params

    def _group(self, which: str, link: str) -> Answer:
        groups, alone = self._library.groups()
        if which == "alone":
            return self._list("Unlike anything else", "These are in no group.", alone, link)
        number = int(which) if _NUMBER.fullmatch(which) else 0
        if not 1 <= number <= len(groups):
            raise Refused(HTTPStatus.NOT_FOUND, f"There is no group {which[:20]}.")
        about = "The most typical first, then those most like it."
        return self._list(f"Group {number}", about, groups[number - 1], link)

    def _several(self, title: str, about: str, tag: str, here: str, link: str) -> Answer:
        seen = self._library.marked(tag)
        said = about if seen else "There is none."
        return _page(pages.several(title, said, seen, self._library.tags(), here, link))

    def _list(self, title: str, about: str, seen: tuple[Seen, ...], link: str) -> Answer:
        return _page(pages.several(title, about, seen, self._library.tags(), "", link))

    def _moment(self, row: int, params: Params, link: str) -> Answer:
        try:
            seen = self._library.moment(row)
            alike = self._library.like(row, params, LIKE)
        except KeyError:
            raise _unknown(row) from None
        parts, tags = self._library.parts, self._library.tags()
        return _page(pages.moment(seen, alike, params, parts, tags, self._token, link))

    def _still(self, row: int) -> Answer:
        try:
            data = self._library.still(row)
        except KeyError:
            raise _unknown(row) from None
        if data is None:
            raise Refused(HTTPStatus.NOT_FOUND, "There is no picture of it.")
        return Answer(HTTPStatus.OK, data, "image/jpeg", keep_s=3600)


class Browser:
    """Serves an archive to a browser on this machine; a context manager.

    `serve` runs until `close`, or Ctrl-C. UsageError when the port cannot be had.
    """

    def __init__(
        self, folder: Path, params: Params, groups: int | None = None, port: int = 0
    ) -> None:
        self.token = secrets.token_urlsafe(24)
        site = Site(Library(folder, params, groups), self.token)
        try:
            self._server = _Server((HOST, port), site)
        except OSError as error:
            raise UsageError(
                f"port {port} cannot be had: {error.strerror or error}; --port 0 takes any"
            ) from None

    @property
    def port(self) -> int:
        """The port that is really bound."""
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{HOST}:{self.port}/"

    def serve(self) -> None:
        """Answer until it is closed, from another thread, or interrupted."""
        self._server.serve_forever(poll_interval=0.2)

    def end(self) -> None:
        """Make `serve` return; from another thread."""
        self._server.shutdown()

    def close(self) -> None:
        """Free the port."""
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    # else somebody else's page could be served under the address before it is ours
    allow_reuse_port = False

    def __init__(self, address: tuple[str, int], site: Site) -> None:
        self.site = site
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(address, _Handler)
        port = self.server_address[1]
        self.hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self.hosts |= {"127.0.0.1", "localhost"} if port == 80 else set()

    def process_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        if not self._room.acquire(timeout=1.0):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request, client_address) -> None:  # type: ignore[no-untyped-def]  # noqa: ARG002
        log.info("%s: a connection broke off", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "livematch", ""
    timeout = IDLE_S
    server: _Server

    def do_GET(self) -> None:
        self._answer(lambda: self.server.site.get(self.path))

    def do_HEAD(self) -> None:
        self._answer(lambda: self.server.site.get(self.path))

    def do_POST(self) -> None:
        self._answer(self._posted)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        log.info(format, *args)

    def _posted(self) -> Answer:
        length = self.headers.get("Content-Length", "")
        if not _NUMBER.fullmatch(length):
            self.close_connection = True
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "A form says how long it is.")
        if int(length) > LARGEST_BYTES:
            self.close_connection = True  # what comes is not read
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That is too long for a form.")
        form = self.rfile.read(int(length))
        kind = self.headers.get_content_type()
        if kind != "application/x-www-form-urlencoded":
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "That is no form.")
        origin = self.headers.get("Origin")
        if origin is not None and origin.removeprefix("http://") not in self.server.hosts:
            raise Refused(HTTPStatus.FORBIDDEN, "Another site sent this.")
        return self.server.site.post(self.path, form)

    def _answer(self, make: Callable[[], Answer]) -> None:
        try:
            self._refuse_other_hosts()
            answer = make()
        except Refused as refused:
            answer = _page(pages.fault(str(refused), self._back()), refused.status)
        except ArchiveError as error:
            answer = _page(pages.fault(str(error), "/"), HTTPStatus.SERVICE_UNAVAILABLE)
        except Exception:
            log.exception("%s %s", self.command, self.path)
            self.close_connection = True
            message = "Something went wrong within; the terminal says what."
            answer = _page(pages.fault(message, "/"), HTTPStatus.INTERNAL_SERVER_ERROR)
        self._send(answer)

    def _refuse_other_hosts(self) -> None:
        if self.headers.get("Host", "") not in self.server.hosts:
            self.close_connection = True
            raise Refused(HTTPStatus.MISDIRECTED_REQUEST, "This page is for this machine only.")

    def _back(self) -> str:
        return self.path if self.command == "POST" and self.path.startswith("/moment/") else "/"

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        keep = f"private, max-age={answer.keep_s}" if answer.keep_s else "no-store"
        self.send_header("Cache-Control", keep)
        if answer.to:
            self.send_header("Location", answer.to)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)


def _page(html: str, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer(status, html.encode("utf-8", "replace"))


def _parted(path: str) -> tuple[str, str]:
    """Take a path apart: its first word, and what comes after it."""
    word, _, rest = unquote(path).removeprefix("/").partition("/")
    return word, rest


def _row(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise Refused(HTTPStatus.NOT_FOUND, "There is no such moment.")
    return int(text)


def _unknown(row: int) -> Refused:
    return Refused(
        HTTPStatus.NOT_FOUND, f"There is no moment {row}: it may have been indexed anew."
    )


def _fields(form: bytes) -> dict[str, str]:
    """Read a form; of a field that is there twice the first counts."""
    try:
        found = parse_qs(form.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Refused(HTTPStatus.BAD_REQUEST, "That is no form.") from None
    return {name: values[0] for name, values in found.items()}
