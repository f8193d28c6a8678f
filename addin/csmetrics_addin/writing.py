"""How every file is written: under a fresh name beside it, and there at once and whole, or not at all."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

_START, _END = ".csmetrics-", ".part"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CLOSE = "Close it where it is open, or give another name."


class NotWritten(OSError):
    """A file that could not be written; whatever was there before still is.

    Args:
        target: the file.
        why: in a few words.
        fix: what to do.
    """

    def __init__(self, target: Path, why: str, fix: str = _CLOSE) -> None:
        super().__init__(f"{target} cannot be written ({why}). {fix}")


@contextmanager
def whole_file(target: Path, *, replace: bool = True) -> Iterator[Path]:
    """A new empty file to write to, which becomes the target once it is whole.

    A link stays a link and leads to the new content; permissions stay. Whatever breaks this off leaves nothing
    behind, but a kill, and what that leaves the next writing there takes away. Where a library packs the file, have it
    packed in memory: those that are refused in the middle of a file complain about it once more when they are gone.

    Args:
        target: the file to be.
        replace: whether one may be there already; told again at the end, as another command may be writing it too.

    Raises:
        NotWritten: the disk is full, the file is in use or not to be written to, or another was faster.
    """
    final = Path(os.path.realpath(target))
    try:
        _clear(final.parent)
        before = _to_replace(final)
        part, lock = final.parent / f"{_START}{token_hex(8)}{_END}", -1
        try:
            lock = _fresh(part)
            yield part
            _finish(part, before)
            if os.name == "nt":  # which renames no file that is open
                os.close(lock)
                lock = -1
            _put(part, final, replace)
        finally:
            part.unlink(missing_ok=True)
            if lock >= 0:
                os.close(lock)
    except FileExistsError:
        raise NotWritten(target, "somebody else wrote it meanwhile", "Look at it, and give another name.") from None
    except NotWritten:
        raise
    except Exception as error:
        # XlsxWriter wraps the system's error in one of its own.
        cause = next((one for one in (error, *error.args) if isinstance(one, OSError)), None)
        if cause is None:
            raise
        raise _told(target, cause) from error


def write_whole(target: Path, content: bytes) -> None:
    """Write some bytes to a file, making the folders it lies in.

    Raises:
        NotWritten: as `whole_file`.
    """
    with suppress(OSError):  # what is wrong with the folder is said by what follows
        target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as part:
        part.write_bytes(content)


def _told(target: Path, error: OSError) -> NotWritten:
    if error.errno in _FULL:
        return NotWritten(target, "the disk is full", "Make room, or give a name on another disk.")
    return NotWritten(target, error.strerror or str(error))


def _to_replace(final: Path) -> os.stat_result | None:
    """What is there now, if anything: a file that may be written to."""
    try:
        found = final.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise NotWritten(final, "it is no file", "Give another name.")
    if not os.access(final, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return found


def _fresh(part: Path) -> int:
    """Make a file that only this person reads, held by a lock that ends with this process."""
    while True:
        lock = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        if _hold(lock) and part.exists():
            return lock
        os.close(lock)  # taken for remains just now
        part.unlink(missing_ok=True)


def _hold(lock: int) -> bool:
    if os.name == "nt":  # nobody else can take an open file away there
        return True
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True


def _clear(folder: Path) -> None:
    """Take away what killed runs left: files of ours that no process holds."""
    for part in folder.glob(f"{_START}*{_END}"):
        with suppress(OSError):
            if os.name == "nt":
                part.unlink()
                continue
            opened = os.open(part, os.O_RDWR | os.O_NOFOLLOW)
            try:
                if _hold(opened):
                    part.unlink()
            finally:
                os.close(opened)


def _finish(part: Path, before: os.stat_result | None) -> None:
    """Give the new file the old one's permissions, and have it on the disk before it counts."""
    if before is None:
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)
    else:
        with suppress(OSError, AttributeError):  # only an administrator gives files away
            os.chown(part, before.st_uid, before.st_gid)
        part.chmod(stat.S_IMODE(before.st_mode))
    with part.open("rb+") as written:
        os.fsync(written.fileno())


def _put(part: Path, final: Path, replace: bool) -> None:
    if replace:
        os.replace(part, final)
    else:
        try:
            os.link(part, final)  # which, other than a renaming, never replaces
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if final.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
            os.rename(part, final)
    if os.name != "nt":
        with suppress(OSError):
            folder = os.open(final.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
