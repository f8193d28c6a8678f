#!/bin/sh
# Programs that some tests drive. Root gets them installed where they are missing; anybody else is told, and those tests skip.
missing=""
command -v soffice >/dev/null 2>&1 || missing="$missing libreoffice-calc"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v pdftoppm >/dev/null 2>&1 || missing="$missing poppler-utils"
command -v java >/dev/null 2>&1 || missing="$missing default-jre-headless"
python3 -c "import uno" >/dev/null 2>&1 || /usr/bin/python3 -c "import uno" >/dev/null 2>&1 || missing="$missing python3-uno"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "Some tests will skip; to run them, install:$missing (LibreOffice 25.2 or newer)"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
echo "Installing:$missing"
# LibreOffice before 24.8 does not resolve add-in names in an .xlsx: Debian 12 has a newer one among its backports.
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
sources=/etc/apt/sources.list.d/debian.sources
backports=/etc/apt/sources.list.d/csmetrics-backports.sources
release=""
if [ "$codename" = bookworm ] && [ -f "$sources" ]; then
  if ! grep -rqs "bookworm-backports" /etc/apt/sources.list.d; then
    sed 's/^Suites: bookworm.*/Suites: bookworm-backports/;/^$/,$d' "$sources" > "$backports"
  fi
  release="-t bookworm-backports"
fi
apt-get update -qq
office=""; rest=""
for package in $missing; do
  case $package in libreoffice-calc|python3-uno) office="$office $package" ;; *) rest="$rest $package" ;; esac
done
# shellcheck disable=SC2086
[ -z "$office" ] || apt-get install -y -qq --no-install-recommends $release $office libreoffice-calc python3-uno </dev/null >/dev/null
# shellcheck disable=SC2086
[ -z "$rest" ] || apt-get install -y -qq --no-install-recommends $rest </dev/null >/dev/null
