# Sourced by scripts/demo and scripts/test: makes .venv with the pinned dependencies, once for each pyproject.toml.
python=${PYTHON:-python3}
stamp=.venv/.installed
wanted=$(sha256sum pyproject.toml | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "baoda needs Python 3.11 or newer: set PYTHON to one" >&2; exit 2; }
  echo "── Making .venv with the pinned dependencies (about 2 GB; minutes on a first run)"
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  .venv/bin/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'
  echo "$wanted" > "$stamp"
else
  echo "── .venv is up to date"
fi
