"""The extension csmetrics.oxt: the interface and the component that LibreOffice Calc reads the functions from."""

import io
import json
import zipfile
from importlib.resources import files
from pathlib import Path

from csmetrics_addin.hosts import wheel
from csmetrics_addin.slots import description, slots
from csmetrics_addin.writing import write_whole
from csmetrics_core import CATALOG
from csmetrics_core.declaration.spec import DATE, MOMENT, Metric
from csmetrics_core.version import __version__

EXTENSION_NAME = "csmetrics.oxt"
#: Names of the extension, its interface and its methods stand in stored formulas: never rename them.
IDENTIFIER = "org.csmetrics.calc"
_COMPONENT = "csmetrics_calc.py"
_FIXED_TIME = (2020, 1, 1, 0, 0, 0)
_IDL_HEAD = "module org { module csmetrics { interface XMetrics {\n"
_DESCRIPTION = """<?xml version="1.0" encoding="UTF-8"?>
<description xmlns="http://openoffice.org/extensions/description/2006"
             xmlns:xlink="http://www.w3.org/1999/xlink">
  <identifier value="{identifier}"/>
  <version value="{version}"/>
  <display-name><name lang="en">csmetrics: customer success metrics</name></display-name>
  <dependencies xmlns:d="http://openoffice.org/extensions/description/2006">
    <lo:LibreOffice-minimal-version value="7.4" d:name="LibreOffice 7.4"
        xmlns:lo="http://libreoffice.org/extensions/description/2011"/>
  </dependencies>
</description>
"""
_MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="http://openoffice.org/2001/manifest">
  <manifest:file-entry manifest:full-path="XMetrics.idl"
      manifest:media-type="application/vnd.sun.star.uno-typelibrary;type=RDB"/>
  <manifest:file-entry manifest:full-path="csmetrics_calc.py"
      manifest:media-type="application/vnd.sun.star.uno-component;type=Python"/>
</manifest:manifest>
"""


def build(target: Path, packages: tuple[str, ...] = ()) -> Path:
    """Write the extension.

    Args:
        target: where to.
        packages: folders on this computer to import packages from, for a copy that is installed here only.
    """
    data = files("csmetrics_addin.hosts") / "data"
    contents = {
        "META-INF/manifest.xml": _MANIFEST.encode(),
        "description.xml": _DESCRIPTION.format(identifier=IDENTIFIER, version=__version__).encode(),
        "XMetrics.idl": interface().encode(),
        "functions.json": json.dumps(_about(packages), ensure_ascii=False, indent=1).encode(),
        _COMPONENT: (data / _COMPONENT).read_bytes(),
        wheel.file_name(): wheel.build(),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name, _FIXED_TIME), content, zipfile.ZIP_DEFLATED)
    write_whole(target, packed.getvalue())
    return target


def interface() -> str:
    """The interface Calc reads the functions from, as plain text of its interface language."""
    methods = []
    for metric in CATALOG.values():
        # Calc fills in the document itself, which knows its date system; handing it over costs as much as a metric.
        document = ["[in] com::sun::star::beans::XPropertySet document"] if _has_dates(metric) else []
        # Calc offers an argument as optional exactly where its type is `any`; both types take cells and ranges.
        types = [("sequence< sequence< any > >" if slot.required else "any", slot.name) for slot in slots(metric)]
        given = ", ".join([*document, *(f"[in] {kind} {_method('given_' + name)}" for kind, name in types)])
        methods.append(f"  sequence< sequence< any > > {_method(metric.name)}({given});\n")
    return _IDL_HEAD + "".join(methods) + "}; }; };\n"


def _method(name: str) -> str:
    """A name as the interface language allows it: churn_rate -> churnRate."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _about(packages: tuple[str, ...]) -> dict[str, object]:
    """All the component must know before it can import anything."""
    functions = [
        {
            "metric": metric.name,
            "method": _method(metric.name),
            "name": metric.excel_name,
            "has_dates": _has_dates(metric),
            "help": description(metric),
            "arguments": [[slot.name, slot.shown_help] for slot in slots(metric)],
        }
        for metric in CATALOG.values()
    ]
    return {"wheel": wheel.file_name(), "packages": list(packages), "functions": functions}


def _has_dates(metric: Metric) -> bool:
    """Whether a call takes or gives dates, or hands its arguments to a metric that may."""
    taken = any(argument.variadic or argument.kind.is_date for argument in metric.arguments)
    return taken or any(column.unit in (DATE, MOMENT) for column in metric.columns)
