#!/usr/bin/env bash
# Makes ready the implementations that test/peers talks to: Python's websockets, hypercorn, h2 with wsproto and libcurl (in a virtual environment),
# coder/websocket (Go) and tungstenite (Rust), built once. What it makes lies in test/peers/.cache.
#
#   test/peers/install.sh              all of them; fails when one cannot be made
#   test/peers/install.sh python go    only those named
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tools=$here/.cache
mkdir -p "$tools"

say() { printf 'peers: %s\n' "$*"; }

install_python() {
  [ -x "$tools/python/bin/python" ] || python3 -m venv "$tools/python"
  "$tools/python/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/python/requirements.txt"
  say "python: $("$tools/python/bin/python" -m pip list --disable-pip-version-check 2>/dev/null | grep -iE '^(websockets|curl|h2|hypercorn|wsproto)' | tr -s ' ' | paste -sd, -)"
}

install_go() {
  (cd "$here/go" && go build -o "$tools/go-peer" .)
  say "go: $(cd "$here/go" && go list -m github.com/coder/websocket)"
}

install_rust() {
  (cd "$here/rust" && cargo build --release --quiet --locked --target-dir "$tools/rust-target")
  cp "$tools/rust-target/release/peer" "$tools/rust-peer"
  say "rust: tungstenite $(sed -n '/name = "tungstenite"/{n;s/.*"\(.*\)"/\1/p;}' "$here/rust/Cargo.lock")"
}

[ $# -gt 0 ] || set -- python go rust
for one in "$@"; do "install_$one"; done
