"""The bundle for Windows as a person has it: unpacked, installed, every example by its own Python, taken out again.

Run by windows.sh, whose Python stands for Excel's process; the answers come from the bundle's. Install.cmd and its like
are not started: a command window under Wine does not come to its end.
"""

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from csmetrics_addin.hosts import classic
from windows_calls import Excel, every_example

#: As people's folders are called.
_FOLDER = "M\u00fcllers \u00dcbersicht (1) & mehr"


def asked(python: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """What the .cmd files ask of the bundle's Python."""
    command = [str(python), "-P", "-m", "csmetrics_addin", "addin", *words]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False
    )


def main() -> int:
    home, started = Path(os.environ["USERPROFILE"]), time.perf_counter()
    with zipfile.ZipFile(sys.argv[1]) as archive:
        archive.extractall(home / _FOLDER)
    top = home / _FOLDER / "csmetrics"
    python, places = top / "python" / "python.exe", classic.Places.of_this_user()
    print(f"unpacked after {time.perf_counter() - started:.1f} s")
    done = asked(python, "install", "--host", "excel")
    wrong = done.returncode + (not places.addin.exists()) + (_FOLDER not in places.configuration.read_text("mbcs"))
    print(done.stdout.decode(errors="replace"), asked(python, "doctor").stdout.decode(errors="replace"), sep="\n")
    excel = Excel(python.parent, str(python))
    answering = excel.python()
    answers = str(answering.Str(answering.Eval("__import__('sys').executable")))
    print(f"{answers} answers")
    wrong += Path(answers).parent != python.parent
    wrong += every_example(excel)
    excel.forget()
    wrong += asked(python, "uninstall", "--host", "excel").returncode
    wrong += places.addin.exists() + places.configuration.parent.exists()
    print(f"the bundle: {wrong} wrong after {time.perf_counter() - started:.1f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
