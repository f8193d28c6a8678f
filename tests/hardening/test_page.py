"""The page of `csmetrics panel` is for who started it: nobody else of the machine, and no other page, gets a word."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from attacks import csmetrics, gone, page

KIND = "The panel's page: strangers, other pages, and its end"
pytestmark = pytest.mark.slow
FIGURES = "date,nps\n2026-09-01,10\n2026-09-02,9\n2026-09-03,0\n"


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """A page that answers: its port and its secret."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "data.csv").write_text(FIGURES)
    with page(folder, "data.csv") as running:
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\?token=([\w-]{32,})", running.address())
        assert found, "the address is of this machine and carries a key"
        running.port, running.secret = int(found[1]), found[2]
        running.shown = running.read()
        yield running


def ask(opened, path: str, method: str = "GET", **headers: str) -> tuple[int, str, dict]:
    """The answer to a request whose headers, Host too, are as given."""
    connection = http.client.HTTPConnection("127.0.0.1", opened.port, timeout=60)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.getheaders()}
    finally:
        connection.close()


def test_the_whole_address_leads_to_the_page(opened):
    assert "jupyter-widgets" in opened.shown
    assert ask(opened, f"/?token={opened.secret}")[2]["location"] == f"/{opened.secret}/"
    assert ask(opened, f"/?token={opened.secret}", Host=f"localhost:{opened.port}")[0] == 302


PATHS = (
    "/", "/?token=", "/?token=x", "/?token=%00", "/?token=%ed%a0%80", "/voila/static/main.js", "/api/kernels",
    "/voila/files/csmetrics.ipynb", "/voila/render/csmetrics.ipynb", "/x/", "//", "/login", "/logout", "/%2e%2e/",
    "/?token={secret}x", "/?token={part}", "/{part}/", "/{secret}x/", "/x/../{secret}/", "/x?token={secret}",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_without_the_key_nothing_is_shown(path, opened):
    said = ask(opened, path.format(secret=opened.secret, part=opened.secret[:-1]))
    assert said[0] == 403
    assert said[1].startswith("This page is for the person who started it.")
    assert opened.secret not in said[1]


HOSTS = ("", "evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{port}",
         "localhost.evil.example:{port}", "0.0.0.0:{port}", "[::1]:{port}", "evil@127.0.0.1:{port}")  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_a_name_that_was_bound_to_this_machine_gets_nothing_even_with_the_key(host, opened):
    for path in (f"/{opened.secret}/", f"/?token={opened.secret}"):
        assert ask(opened, path, Host=host.format(port=opened.port))[0] in (400, 403)


ORIGINS = ("http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", "https://127.0.0.1:{port}",
           "http://127.0.0.1:{port}.evil.example", "file://", "http://LOCALHOST:{port}x")  # fmt: skip


@pytest.mark.parametrize("origin", ORIGINS)
def test_another_origin_is_refused_pages_and_websockets_alike(origin, opened):
    origin = origin.format(port=opened.port)
    assert ask(opened, f"/{opened.secret}/", Origin=origin)[0] == 403
    assert ask(opened, f"/{opened.secret}/voila/api/shutdown/x", "POST", Origin=origin)[0] == 403
    assert upgrade(opened, f"/{opened.secret}/api/kernels/{kernel(opened)}/channels", Origin=origin) == 403


def kernel(opened) -> str:
    return re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", opened.shown)[0]


def upgrade(opened, path: str, **headers: str) -> int:
    wanted = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    connection = http.client.HTTPConnection("127.0.0.1", opened.port, timeout=60)
    try:
        connection.request("GET", path, headers={**wanted, **key, **headers})
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_page_itself_may_speak_to_its_kernel_and_nobody_without_the_key(opened):
    channels = f"api/kernels/{kernel(opened)}/channels"
    own = f"http://127.0.0.1:{opened.port}"
    assert upgrade(opened, f"/{opened.secret}/{channels}", Origin=own) == 101
    assert upgrade(opened, f"/{channels}", Origin=own) == 403
    assert upgrade(opened, f"/{channels}?token={opened.secret}", Origin=own) == 403


def test_the_page_stands_in_no_other_and_asks_nothing_of_others(opened):
    headers = ask(opened, f"/{opened.secret}/")[2]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert f"default-src 'self' ws://127.0.0.1:{opened.port}" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers


def test_only_this_machine_reaches_it(opened):
    table = "".join(
        Path(f"/proc/net/{kind}").read_text() for kind in ("tcp", "tcp6") if Path(f"/proc/net/{kind}").exists()
    )
    listening = re.findall(rf"(\w+):{opened.port:04X} \w+:0000 0A", table)
    assert listening == ["0100007F"]


@pytest.mark.skipif(os.name == "nt", reason="folders of Windows are private to their user")
def test_other_people_of_the_machine_read_neither_its_folder_nor_its_key(opened):
    folder = Path(f"/proc/{opened.process.pid}/cwd").resolve()
    assert folder.stat().st_mode & 0o077 == 0
    commands = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert opened.secret not in commands
    kernels = [json.loads(path.read_text()) for path in folder.glob("voila_*/kernel-*.json")]
    assert {kernel["transport"] for kernel in kernels} == {"ipc"}, "a port tells results to anybody who asks there"


def left(folder: Path) -> list[Path]:
    return list(folder.glob("csmetrics-panel-*"))


def running(folder: Path) -> str:
    """Kernels of a page still there."""
    return subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True, check=False).stdout


ENDS = [("shown", end) for end in ("SIGINT", "SIGTERM", "SIGHUP", "SIGKILL")]
ENDS += [("starting", end) for end in ("SIGTERM", "SIGKILL")]


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(("when", "name"), ENDS)
def test_however_the_command_ends_nothing_stays(when, name, tmp_path):
    (tmp_path / "data.csv").write_text(FIGURES)
    with page(tmp_path, "data.csv", TMPDIR=str(tmp_path)) as opened:
        if when == "shown":
            opened.read()
        else:
            assert gone(lambda: not left(tmp_path))
        (folder,) = left(tmp_path)
        opened.process.send_signal(getattr(signal, name))
        opened.process.wait(60)
        assert gone(folder.exists), "its folder"
        assert gone(lambda: running(folder)), "its kernel"
    assert "Traceback" not in opened.log.read_text()


def test_a_port_that_is_taken_is_said(tmp_path):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        done = csmetrics("panel", "--no-browser", "--port", port, cwd=tmp_path, TMPDIR=str(tmp_path))
    assert done.returncode == 2
    assert f"port {port} cannot be used".encode() in done.stderr
    assert not left(tmp_path), "nor is a folder left"


def test_the_address_is_said_once_the_page_answers(tmp_path):
    with page(tmp_path) as opened:
        port = re.search(r":(\d+)/", opened.address())[1]
        socket.create_connection(("127.0.0.1", int(port))).close()
