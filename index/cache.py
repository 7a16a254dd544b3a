"""Prepared models in the user's cache: made once, whole or not at all, and verified each time they are opened."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from index.errors import ModelError
from index.settings import cache_folder

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

_MANIFEST = "manifest.json"


def prepared(name: str, write: Callable[[Path], None]) -> Path:
    """Return the cache's folder `name`, having `write` fill it first where it is missing or damaged.

    `name` says all that the content depends on. The folder is written aside and moved into place at once, under a lock
    that ends with its process: a kill leaves nothing half made, and of two processes one waits for the other.

    Raises:
        ModelError: The cache cannot be read or written.
    """
    from filelock import FileLock

    home = cache_folder()
    folder = home / name
    try:
        home.mkdir(parents=True, exist_ok=True)
        if _is_whole(folder):
            return folder
        with FileLock(home / f"{name}.lock"):
            if not _is_whole(folder):
                _make(folder, home / f"{name}.partial", write)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelError(
            f"{error.filename or folder}: {reason}; make room there or name another cache by XDG_CACHE_HOME"
        ) from error
    return folder


def put_in_place(partial: Path, target: Path) -> None:
    """Move a file or a folder to where it belongs, at once and after its content: a power cut leaves all of it or none.

    Raises:
        OSError: It cannot be moved.
    """
    for path in (*partial.rglob("*"), partial):
        _sync(path)
    os.replace(partial, target)
    _sync(target.parent)


def _make(folder: Path, partial: Path, write: Callable[[Path], None]) -> None:
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    write(partial)
    manifest = {path.relative_to(partial).as_posix(): _hash(path) for path in partial.rglob("*") if path.is_file()}
    (partial / _MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    put_in_place(partial, folder)


def _is_whole(folder: Path) -> bool:
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
        return bool(manifest) and all(_hash(folder / name) == wanted for name, wanted in manifest.items())
    except (OSError, ValueError):
        return False


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
