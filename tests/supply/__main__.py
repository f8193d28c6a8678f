"""`make audit-dependencies`: what is installed with csmetrics, under which licences, and which faults are known."""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

BUILD = Path("build")


def needed(name: str, extras: frozenset[str] = frozenset(), seen: set[str] | None = None) -> Iterator[Distribution]:
    """A distribution and all it needs, each once, as far as it is installed."""
    seen = set() if seen is None else seen
    try:
        found = distribution(name)
    except ModuleNotFoundError:  # for another system
        return
    key = f"{found.metadata['Name'].lower()}{sorted(extras)}"
    if key in seen:
        return
    seen.add(key)
    yield found
    for text in found.requires or ():
        one = Requirement(text)
        wanted = one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in (extras or {""}))
        if wanted:
            yield from needed(one.name, frozenset(one.extras), seen)


def licence(found: Distribution) -> str:
    """What the metadata say: the expression, the classifiers, or the first line of the text."""
    told = found.metadata
    classes = [c.split(" :: ")[-1] for c in told.get_all("Classifier") or () if c.startswith("License ::")]
    return told.get("License-Expression") or "; ".join(classes) or (told.get("License") or "unknown").splitlines()[0]


def main() -> int:
    """Write licences and the list of parts, then ask for known faults."""
    BUILD.mkdir(exist_ok=True)
    parts = {found.metadata["Name"]: found for found in needed("csmetrics", frozenset({"all"}))}
    rows = [f"{name}\t{found.version}\t{licence(found)}\n" for name, found in sorted(parts.items())]
    (BUILD / "licences.txt").write_text("".join(rows), encoding="utf-8")
    print(f"{len(rows)} packages; their licences are in {BUILD / 'licences.txt'}")
    pins = BUILD / "installed.txt"
    pins.write_text("".join(f"{n}=={f.version}\n" for n, f in sorted(parts.items()) if n != "csmetrics"), "utf-8")
    words = [sys.executable, "-P", "-m", "cyclonedx_py", "requirements", str(pins), "-o", str(BUILD / "sbom.json")]
    subprocess.run([*words, "--output-reproducible"], check=True)
    print(f"The CycloneDX list of them is {BUILD / 'sbom.json'}")
    return looked_up(pins)


def looked_up(pins: Path) -> int:
    """Say which faults of some packages are known; what could not be looked up is no "none known"."""
    audit = [sys.executable, "-P", "-m", "pip_audit", "--progress-spinner=off", "--no-deps", "--disable-pip"]
    done = subprocess.run([*audit, "--format=json", "-r", str(pins)], capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout)["dependencies"]
    except ValueError:
        print(f"Known faults: not looked up. {(done.stderr.strip().splitlines() or ['The tool says nothing.'])[-1]}")
        return 0
    missed = [one["name"] for one in found if "skip_reason" in one]
    faults = [(one["name"], one["version"], v["id"]) for one in found for v in one.get("vulns", ())]
    for name, version, fault in faults:
        print(f"{name} {version}: {fault}")
    print(f"Known faults: {len(faults)} in the {len(found) - len(missed)} packages looked up.")
    if missed:
        print(f"Not looked up, as the database does not answer for them from here: {len(missed)} packages.")
    return bool(faults)


if __name__ == "__main__":
    raise SystemExit(main())
