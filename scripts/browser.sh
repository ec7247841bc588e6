#!/usr/bin/env bash
# Makes sure that a Chromium is there for the browser tests; on Debian it is installed where it is missing.
set -euo pipefail

if command -v chromium || command -v chromium-browser || command -v google-chrome; then
    exit 0
fi
as_root=""
[ "$(id -u)" -eq 0 ] || as_root="sudo"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
$as_root apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core fonts-noto-cjk >/dev/null
command -v chromium
