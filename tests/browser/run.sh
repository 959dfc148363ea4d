#!/usr/bin/env bash
# Runs the browser tests, or those that are named; 77 = skipped, with the reason. Fetches their one npm package when it is missing.
set -uo pipefail
cd "$(dirname "$0")"
skip() { echo "skipped: $1"; exit 77; }

command -v node >/dev/null || skip "node is not installed"
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || skip "no browser at ${CHROMIUM:-/usr/bin/chromium}"
if [ ! -d node_modules/playwright-core ]; then
  command -v npm >/dev/null || skip "npm is not installed"
  npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1 || { cat npm.log; skip "npm could not fetch playwright-core"; }
  rm -f npm.log
fi
[ $# -gt 0 ] || set -- *.test.mjs
exec node --test --test-reporter=spec "$@"
