"""A file that is written is there at once and whole, or as it was before: whatever goes wrong in between."""

import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from attacks import SCRIPT, csmetrics, surroundings
from csmetrics_addin.hosts import classic
from csmetrics_addin.writing import NotWritten, whole_file, write_whole

KIND = "Files: kills, full disks, links, permissions, two writers at once"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="links, permissions and signals of POSIX")

#: Each command that writes, and the file it makes.
WRITERS = {
    "workbook": (["workbook", "new", "usage", "--force", "--out", "x.xlsx"], "x.xlsx"),
    "lite": (["workbook", "new", "usage", "--force", "--host", "lite", "--out", "x.xlsx"], "x.xlsx"),
    "excel": (["addin", "build", "--out", "."], "csmetrics.xlam"),
    "libreoffice": (["addin", "build", "--host", "libreoffice", "--out", "."], "csmetrics.oxt"),
    "demo": (["demo", "--out", "."], "scorecard.xlsx"),
}


def is_whole(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return archive.testzip() is None


@pytest.mark.parametrize("name", ["workbook", "excel", "libreoffice"])
def test_a_link_stays_a_link_and_leads_to_the_new_file(name, tmp_path):
    words, made = WRITERS[name]
    (tmp_path / "elsewhere").mkdir()
    old = tmp_path / "elsewhere" / "old.bin"
    old.write_bytes(b"before")
    old.chmod(0o640)
    (tmp_path / made).symlink_to("elsewhere/old.bin")
    done = csmetrics(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert os.readlink(tmp_path / made) == "elsewhere/old.bin"
    assert is_whole(old)
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert [path.name for path in old.parent.iterdir()] == ["old.bin"]


def test_a_link_to_nothing_is_filled_and_one_in_a_circle_refused(tmp_path):
    (tmp_path / "link").symlink_to("not-there-yet")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "not-there-yet").read_bytes() == b"new"
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(NotWritten, match="cannot be written"):
        write_whole(tmp_path / "a", b"new")


@pytest.mark.parametrize("name", [".x.xlsx.part", ".csmetrics-x.part", "x.xlsx.part", "x.xlsx.tmp", "~x.xlsx"])
@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_what_others_put_in_the_way_is_neither_followed_nor_written(name, kind, tmp_path):
    (tmp_path / "folder").mkdir()
    theirs = tmp_path / "theirs"
    theirs.write_bytes(b"theirs")
    trap = tmp_path / "folder" / name
    if kind == "file":
        trap.write_bytes(b"theirs")
    elif kind == "link":
        trap.symlink_to(theirs)
    else:
        trap.mkdir()
    write_whole(tmp_path / "folder" / "x.xlsx", b"ours")
    assert (tmp_path / "folder" / "x.xlsx").read_bytes() == b"ours"
    assert theirs.read_bytes() == b"theirs"
    if not name.startswith(".csmetrics-"):
        assert os.path.lexists(trap)


def test_permissions_are_those_of_the_file_or_of_any_new_one(tmp_path):
    for mode in (0o600, 0o644, 0o664, 0o755):
        (tmp_path / "x").write_bytes(b"old")
        (tmp_path / "x").chmod(mode)
        write_whole(tmp_path / "x", b"new")
        assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == mode
    (tmp_path / "plain").touch()
    write_whole(tmp_path / "new", b"new")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("what", ["folder", "pipe", "device"])
def test_only_files_are_replaced(what, tmp_path):
    target = tmp_path / "x"
    if what == "folder":
        target.mkdir()
    elif what == "pipe":
        os.mkfifo(target)
    else:
        target.symlink_to("/dev/null")
    with pytest.raises(NotWritten, match="it is no file"):
        write_whole(target, b"new")
    assert not target.is_file()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only an administrator can act as another person")
def test_what_may_not_be_written_stays():
    with TemporaryDirectory() as name:
        shut, opened = Path(name), Path(name) / "open"
        opened.mkdir()
        opened.chmod(0o777)
        shut.chmod(0o755)
        for place in (opened / "x", shut / "x"):
            place.write_bytes(b"before")
            place.chmod(0o444)
        try:
            os.seteuid(65534)
            for place in (opened / "x", shut / "x", shut / "new"):
                with pytest.raises(NotWritten, match=r"cannot be written \(Permission denied\)\. Close it"):
                    write_whole(place, b"new")
        finally:
            os.seteuid(0)
        assert [place.read_bytes() for place in (opened / "x", shut / "x")] == [b"before"] * 2
        assert {path.name for path in (*shut.iterdir(), *opened.iterdir())} == {"open", "x"}


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a few hundred kB, which only an administrator of Linux can make."""
    if sys.platform != "linux" or os.geteuid() or not shutil.which("mount"):
        pytest.skip("needs an administrator of Linux")
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", disk], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("may not mount here")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("temporary", ["elsewhere", "there too"])
def test_a_full_disk_is_said_and_nothing_is_lost(name, temporary, small_disk, tmp_path):
    words, made = WRITERS[name]
    if name != "demo":  # which replaces only what it wrote
        (small_disk / made).write_bytes(b"the one before")
    before = sorted(path.name for path in small_disk.iterdir())
    (small_disk / "filling").write_bytes(b"x" * 100_000)
    settings = {"TMPDIR": str(small_disk)} if temporary == "there too" else {}
    done = csmetrics(*words, cwd=small_disk, **settings)
    said = b" ".join(done.stderr.split()).decode()
    assert "Traceback" not in said
    assert (done.returncode, "disk is full" in said or "No space left" in said) == (3, True), said
    left = {path.name for path in small_disk.iterdir()} - {"filling"}
    assert left - set(before) <= ({"sample-company.xlsx"} if name == "demo" else set())
    if name != "demo":
        assert (small_disk / made).read_bytes() == b"the one before"


def test_two_at_once_both_end_well(tmp_path, tries):
    def write(content: bytes) -> None:
        for _ in range(100):
            write_whole(tmp_path / "x", content)
            assert (tmp_path / "x").read_bytes() in {b"a" * 50_000, b"b" * 50_000}

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, (b"a" * 50_000, b"b" * 50_000)))
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    tries(200)


def test_of_two_commands_that_make_one_file_one_is_told(tmp_path):
    words = [SCRIPT, "workbook", "new", "usage", "--out", "x.xlsx"]
    both = [
        subprocess.Popen(words, cwd=tmp_path, env=surroundings(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    said = [one.communicate(timeout=120)[1] for one in both]
    assert sorted(one.returncode != 0 for one in both) == [False, True]
    assert any(b"somebody else wrote it" in text or b"is there already" in text for text in said)
    assert is_whole(tmp_path / "x.xlsx")
    assert len(list(tmp_path.iterdir())) == 1


def test_without_leave_to_replace_nothing_is_replaced(tmp_path):
    writing = whole_file(tmp_path / "x", replace=False)
    writing.__enter__().write_bytes(b"ours")
    (tmp_path / "x").write_bytes(b"theirs")
    with pytest.raises(NotWritten, match="somebody else wrote it meanwhile"):
        writing.__exit__(None, None, None)
    assert (tmp_path / "x").read_bytes() == b"theirs"
    assert len(list(tmp_path.iterdir())) == 1


def test_what_a_living_writer_holds_is_not_taken_for_remains(tmp_path):
    with ExitStack() as both:
        parts = [both.enter_context(whole_file(tmp_path / name)) for name in ("x", "y")]
        for part in parts:
            part.write_bytes(part.name.encode())
    assert [(tmp_path / name).read_bytes() for name in ("x", "y")] == [part.name.encode() for part in parts]


def killed_at_random(name: str, folder: Path, times: int, seed: int) -> int:
    """Kill a writing command at random points of its run; gives how often the file was there and whole."""
    words, made = WRITERS[name]
    chance, whole = random.Random(seed), 0
    csmetrics(*words, cwd=folder)
    begun = time.monotonic()
    csmetrics(*words, cwd=folder)
    longest = time.monotonic() - begun
    for _ in range(times):
        process = subprocess.Popen(
            [SCRIPT, *words], cwd=folder, env=surroundings(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(chance.uniform(0.4, 1.05) * longest)
        process.send_signal(signal.SIGKILL)
        process.wait()
        whole += is_whole(folder / made)
    return whole


@pytest.mark.slow
@pytest.mark.parametrize("name", ["workbook", "libreoffice"])
def test_a_kill_at_any_moment_leaves_the_file_whole(name, tmp_path, tries):
    assert killed_at_random(name, tmp_path, 6, seed=17) == 6
    words, made = WRITERS[name]
    assert csmetrics(*words, cwd=tmp_path).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == [made], "the next run takes away what the killed ones left"
    tries(6)


def test_remains_of_a_killed_writer_go_with_the_next(tmp_path):
    code = "import os, sys; from pathlib import Path; from csmetrics_addin.writing import whole_file\n"
    code += "with whole_file(Path('x')) as part: part.write_bytes(b'half'); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert len(list(tmp_path.iterdir())) == 1
    write_whole(tmp_path / "x", b"whole")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"whole"]


def test_an_install_that_breaks_off_leaves_both_files_as_they_were(tmp_path, monkeypatch):
    places = classic.Places(tmp_path / "XLSTART" / "csmetrics.xlam", tmp_path / "conf" / "csmetrics.conf")
    write_whole(places.configuration, b"before")
    (tmp_path / "XLSTART").write_bytes(b"no folder")
    with pytest.raises(OSError, match="XLSTART"):
        classic.install(places)
    assert places.configuration.read_bytes() == b"before"
    (tmp_path / "XLSTART").unlink()
    places.configuration.unlink()
    monkeypatch.setattr(classic, "build", _no_build)
    with pytest.raises(OSError, match="full"):
        classic.install(places)
    assert not places.configuration.exists()


def _no_build(target):
    raise NotWritten(target, "the disk is full")
