#!/bin/sh
# Installs what tests need and pip cannot give: a browser. Does nothing where it is there already.
set -eu

missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v git >/dev/null 2>&1 || missing="$missing git"
[ -z "$missing" ] && exit 0

line="apt-get update && apt-get install -y --no-install-recommends$missing"
if ! command -v apt-get >/dev/null 2>&1; then
  echo "Tests need$missing; install it with your package manager." >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "Tests need$missing. As root: $line" >&2
  exit 1
fi
echo "Installing$missing …"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $missing >/dev/null
