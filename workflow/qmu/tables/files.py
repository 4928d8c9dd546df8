"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import tempfile
from pathlib import Path

from qmu.errors import QmuError


class WriteError(QmuError, OSError):
    """A file that cannot be written: the text names it and the system's reason."""


class atomic:
    """Context: yields a temporary path in the target's folder and renames it on success.

    The temporary file stays locked while its process lives, so that the next writer of the same
    target can tell what a killed one left behind, and removes it. Raises WriteError, naming the
    target, where the file system refuses: a full disk, a read-only folder, no permission.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __enter__(self) -> Path:
        prefix = f".{self.path.name}."
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _remove_stale(self.path.parent, prefix)
            self._handle, name = tempfile.mkstemp(prefix=prefix, dir=self.path.parent)
        except OSError as error:
            raise _write_error(self.path, error) from None
        self.temporary = Path(name)
        _lock(self._handle)
        return self.temporary

    def __exit__(self, kind: object, error: object, *_: object) -> None:
        try:
            if kind is None:
                self._publish()
        except OSError as failed:
            error = failed
        finally:
            with contextlib.suppress(OSError):
                self.temporary.unlink(missing_ok=True)
            os.close(self._handle)
        own = (None, str(self.temporary))
        if isinstance(error, OSError) and not isinstance(error, QmuError) and error.filename in own:
            raise _write_error(self.path, error) from None

    def _publish(self) -> None:
        umask = os.umask(0)
        os.umask(umask)
        self.temporary.chmod(0o666 & ~umask)
        # On disk before it has its name: a crash of the machine leaves no empty table.
        os.fsync(self._handle)
        os.replace(self.temporary, self.path)


def _remove_stale(folder: Path, prefix: str) -> None:
    for name in glob.glob(glob.escape(prefix) + "*", root_dir=folder, include_hidden=True):
        handle = os.open(folder / name, os.O_RDONLY)
        try:
            if _lock(handle):
                os.unlink(folder / name)
        except FileNotFoundError:
            pass
        finally:
            os.close(handle)


def _lock(handle: int) -> bool:
    """Whether this process now holds the file; False where another does, or locks are unknown."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _write_error(path: Path, error: OSError) -> WriteError:
    # Arrow tells its errors in a sentence of its own, with the system's reason in brackets.
    reason = os.strerror(error.errno) if error.errno else str(error).splitlines()[0]
    return WriteError(f"{path}: cannot be written: {reason}")
