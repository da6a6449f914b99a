#!/usr/bin/env bash
# Installs the Autobahn test suite's `wstest` into a virtual environment of Python 2.7, in pinned versions.
#
#   autobahn/install-suite.sh [DIR]      DIR defaults to autobahn/.venv
#
# Afterwards `npm run autobahn` finds autobahn/.venv/bin/wstest by itself; for another DIR set WSTEST=DIR/bin/wstest.
# Python 2.7 is taken from $PYTHON27, from pyenv, or from PATH. Running it again on a finished DIR does nothing.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=${1:-$here/.venv}

say() { printf 'install-suite: %s\n' "$*"; }
die() { printf 'install-suite: %s\n' "$*" >&2; exit 1; }

is_python27() { [ -n "${1:-}" ] && "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (2, 7))' >/dev/null 2>&1; }

find_python27() {
  local candidate pyenv_root
  pyenv_root=${PYENV_ROOT:-$HOME/.pyenv}
  for candidate in "${PYTHON27:-}" "$pyenv_root"/versions/2.7.*/bin/python2.7 \
    "$(command -v python2.7 || true)" "$(command -v python2 || true)" "$(command -v python || true)"; do
    if is_python27 "$candidate"; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

if [ -x "$dir/bin/wstest" ] && [ -f "$dir/.complete" ]; then
  say "already there: $dir/bin/wstest"
  exit 0
fi

python=$(find_python27) || die "needs Python 2.7 (for example 'pyenv install 2.7.18'), or name one in PYTHON27"
"$python" -m pip --version >/dev/null 2>&1 || "$python" -m ensurepip >/dev/null 2>&1 || die "$python has no pip"
say "$("$python" --version 2>&1) at $python"

# pip 20 warns of Python 2.7 on every run; PYTHONWARNINGS keeps cryptography from doing the same.
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_PYTHON_VERSION_WARNING=1 PIP_NO_INPUT=1 PYTHONWARNINGS=ignore
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The last virtualenv that is one file and carries its own pip wheel, so that nothing is needed beside it.
rm -rf "$dir"
"$python" -m pip install --quiet --target "$scratch/virtualenv" 'virtualenv==16.7.12'
PYTHONPATH="$scratch/virtualenv" "$python" -m virtualenv --quiet --no-download --no-wheel "$dir"

pip=("$dir/bin/python" -m pip install --quiet --no-cache-dir)
"${pip[@]}" 'pip==20.3.4' 'setuptools==44.0.0' 'wheel==0.37.1'

# --no-deps: the suite's metadata asks for more than its WebSocket part imports, some of it gone for Python 2.7.
"${pip[@]}" --no-deps \
  'autobahntestsuite==25.10.1' 'autobahn==0.10.9' 'Twisted==19.10.0' 'zope.interface==4.6.0' 'txaio==2.1.0' \
  'six==1.16.0' 'incremental==16.10.1' 'constantly==15.1.0' 'attrs==19.3.0' 'Automat==0.8.0' \
  'hyperlink==19.0.0' 'idna==2.10' 'Jinja2==2.11.3' 'MarkupSafe==1.1.1' 'PyHamcrest==1.9.0' \
  'pyOpenSSL==19.1.0' 'cryptography==3.3.2' 'cffi==1.15.1' 'pycparser==2.21' 'enum34==1.1.10' 'ipaddress==1.0.23' \
  'service_identity==18.1.0' 'pyasn1==0.4.8' 'pyasn1-modules==0.2.8' \
  'unittest2==1.1.0' 'traceback2==1.4.0' 'linecache2==1.0.0'

# Compiled masking and UTF-8 checking: without it section 9 takes five times longer, with the same verdict.
"${pip[@]}" --no-deps 'wsaccel==0.6.2' || say 'no wsaccel (it needs a C compiler and the headers of Python): slower, same verdict'

"$dir/bin/wstest" --help >/dev/null 2>&1 || {
  "$dir/bin/wstest" --help || true
  die 'wstest is installed but does not start'
}
touch "$dir/.complete"
say "ready: $dir/bin/wstest"
