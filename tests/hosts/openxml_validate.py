"""Asks the Open XML SDK what is wrong with workbooks; runs in an environment that has pythonnet."""

import os
import sys
from collections import Counter
from pathlib import Path

cache = Path(sys.argv[1])
os.environ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1"
from clr_loader import get_coreclr  # noqa: E402
from pythonnet import set_runtime  # noqa: E402

set_runtime(get_coreclr(runtime_config=str(cache / "runtime.json"), dotnet_root=str(cache / "dotnet")))
import clr  # noqa: E402

for name in ("System.IO.Packaging", "DocumentFormat.OpenXml.Framework", "DocumentFormat.OpenXml"):
    clr.AddReference(str(cache / "sdk" / name))
from DocumentFormat.OpenXml import FileFormatVersions  # noqa: E402
from DocumentFormat.OpenXml.Packaging import SpreadsheetDocument  # noqa: E402
from DocumentFormat.OpenXml.Validation import OpenXmlValidator  # noqa: E402


def errors(path: str) -> Counter:
    """Each error with how often it stands there."""
    document = SpreadsheetDocument.Open(path, False)
    try:
        validator = OpenXmlValidator(FileFormatVersions.Microsoft365)
        validator.MaxNumberOfErrors = 0
        found = validator.Validate(document)
        return Counter((e.Id, str(e.Description), str(e.Part.Uri) if e.Part else "") for e in found)
    finally:
        document.Dispose()


total = 0
for path in sys.argv[2:]:
    found = errors(path)
    total += sum(found.values())
    for error, count in found.most_common(5):
        print(Path(path).name, count, *error)
print(f"{total} errors in {len(sys.argv) - 2} workbooks")
sys.exit(1 if total else 0)
