"""The dashboards served to one person: Voila on this machine, behind a gate that opens to who has the address."""

import secrets
import signal
from collections.abc import Callable
from hmac import compare_digest
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets
from tornado.routing import Router
from tornado.web import Application, RequestHandler
from traitlets.config import Config
from voila.app import Voila

_LONGEST_SOCKET_PATH = 100  # bytes; some systems take 103
_CLOSED = "This page is for the person who started it. Open the whole address that csmetrics panel printed."


class Page(Voila):  # type: ignore[misc]  # Voila has no types
    """Voila without settings found on the disk, under an address nobody can guess.

    Other people of this machine reach its port as well, and cookies are sent to every port. So the secret is the first
    folder of every address of the page: whoever does not know it gets nothing, not even a name.
    """

    def __init__(self, notebook: Path, port: int, tell: Callable[[str], None]) -> None:
        self.secret, self.tell = secrets.token_urlsafe(24), tell
        self.sockets = bind_sockets(port, "127.0.0.1")
        self.host = f"127.0.0.1:{self.sockets[0].getsockname()[1]}"
        folder = str(notebook.parent)
        own: dict[str, Any] = {"VoilaConfiguration": {"template": "csmetrics", "show_tracebacks": True}}
        if (
            len(folder) + len("/voila_12345678/kernel-12345678-1234-1234-1234-123456789012-ipc-1")
            < _LONGEST_SOCKET_PATH
        ):
            own["KernelManager"] = {"transport": "ipc"}  # what a kernel says on a port, anybody here could hear
        super().__init__(
            config=Config(own), config_file_paths=[], log_level="ERROR", open_browser=False, ip="127.0.0.1",
            base_url=f"/{self.secret}/", notebook_path=str(notebook), connection_dir_root=folder,
            tornado_settings={"headers": _headers(self.host)},
        )  # fmt: skip

    def listen(self) -> None:
        """Answer until the command is ended."""
        HTTPServer(Gate(self.app, self.host, self.secret)).add_sockets(self.sockets)
        self.tell(f"http://{self.host}/?token={self.secret}")
        self.ioloop = IOLoop.current()
        try:
            self.ioloop.start()
        except KeyboardInterrupt:
            pass
        finally:
            self.stop()


class Gate(Router):
    """Lets through what the page itself asks for, and what somebody asks who knows the secret."""

    def __init__(self, app: Application, host: str, secret: str) -> None:
        self._app, self._secret = app, secret
        self._hosts = {host, host.replace("127.0.0.1", "localhost")}
        self._origins = {f"http://{known}" for known in self._hosts}
        self._entrance = Application([("/", _Entrance, {"secret": secret}), (".*", _Closed)], log_function=_silent)
        self._closed = Application([(".*", _Closed)], log_function=_silent)

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """Who answers a request; a page of another origin or name gets nothing, whatever it knows."""
        if not self._comes_from_here(request):
            return self._closed.find_handler(request, **kwargs)
        first = request.path.removeprefix("/").partition("/")[0]
        inside = compare_digest(first.encode("utf-8", "surrogatepass"), self._secret.encode())
        return (self._app if inside else self._entrance).find_handler(request, **kwargs)

    def _comes_from_here(self, request: HTTPServerRequest) -> bool:
        hosts, origins = (request.headers.get_list(name) for name in ("Host", "Origin"))
        return len(hosts) == 1 and hosts[0] in self._hosts and self._origins.issuperset(origins)


class _Closed(RequestHandler):
    def prepare(self) -> None:
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(_CLOSED)


class _Entrance(_Closed):
    def initialize(self, secret: str) -> None:
        self._secret = secret

    def prepare(self) -> None:
        """The address printed leads to the page."""
        given = self.request.query_arguments.get("token", [b""])
        if not compare_digest(given[0], self._secret.encode()):
            super().prepare()
            return
        self.set_header("Referrer-Policy", "no-referrer")
        self.redirect(f"/{self._secret}/")


def _silent(handler: RequestHandler) -> None:
    """Who is turned away leaves no line on the terminal, where the address and its secret would stand."""


def _headers(host: str) -> dict[str, str]:
    """The page loads from and speaks to itself alone, stands in no other page, and tells nobody its address."""
    own = f"'self' ws://{host} http://{host} data: blob:"
    policy = f"default-src {own} 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'none'; form-action 'self'"
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def serve(notebook: Path, port: int, tell: Callable[[str], None]) -> None:
    """Serve a notebook until the command is asked to end.

    Args:
        notebook: in a folder that only this person can read.
        port: on this machine; 0 takes a free one.
        tell: is given the address once the page answers.

    Raises:
        OSError: the port is taken.
    """
    page = Page(notebook, port, tell)
    page.initialize([])
    for name in ("SIGTERM", "SIGHUP"):
        asked = getattr(signal, name, None)  # Windows hangs up nobody
        if asked is not None and signal.getsignal(asked) is not signal.SIG_IGN:
            signal.signal(asked, signal.default_int_handler)
    page.start()
