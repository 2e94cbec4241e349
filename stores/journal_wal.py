"""Damage in a segment's write-ahead log, which SQLite takes for the end of what was written.

A commit whose pages fail their checksum ends the log for SQLite: it and all commits behind it are
passed over without a word, though they were acknowledged. A power cut leaves the same picture for
the last commit alone, because the next one begins only when the one before is synced.
Format: sqlite.org/fileformat2.html#walformat and sqlite.org/walformat.html.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from struct import Struct, unpack
from typing import BinaryIO

from stores.journal_format import PAGE_BYTES

_LOG_HEADER_BYTES = 32
_MAGICS = {0x377F0682: "<", 0x377F0683: ">"}
"""First word of a log, and the byte order of its checksums."""
_FRAME_HEADER = Struct(">2I8s8x")
"""Page number, pages of the file after a commit (else 0), the two salts, checksum."""
_FRAME_BYTES = _FRAME_HEADER.size + PAGE_BYTES
_SOUND_FRAMES_AT = 16
"""Where the index file has the number of sound frames, in the machine's byte order."""


def damage_of(log: Path, index: Path, after_connection: ExitStack) -> str:
    """What is wrong with a log, or "".

    Args:
        log: The ``-wal`` file; may be missing.
        index: The ``-shm`` file, as SQLite made it when it opened the segment just now.
        after_connection: Closes the index file; it ends after this process's connection to the
            segment. POSIX frees a process's locks with the first handle that it closes: SQLite's
            own would be gone, another process would take itself for the first one and cut the
            index off below us (SIGBUS; seen six times in an hour of chaos, 2026-11-29).
    """
    try:
        with log.open("rb") as file:
            head = file.read(_LOG_HEADER_BYTES)
            salts = _salts(head)
            if not salts:
                behind, sound = _commits_behind(file, 0, salts), 0
            else:
                frames = after_connection.enter_context(index.open("rb", buffering=0))
                behind, sound = -1, -1
                while sound != (now := _sound_frames(frames)):  # somebody wrote meanwhile
                    sound, behind = now, _commits_behind(file, now, salts)
    except FileNotFoundError:
        return ""
    if not behind:
        return ""
    if not salts:
        return "the head of its write-ahead log is noise"
    return f"its write-ahead log is noise behind page {sound}, with {behind} or more commits there"


def _salts(head: bytes) -> bytes:
    """The two salts of a log whose head is sound, b"" otherwise."""
    if len(head) < _LOG_HEADER_BYTES:
        return b""
    order = _MAGICS.get(int.from_bytes(head[:4], "big"))
    if order is None:
        return b""
    words = unpack(f"{order}6I", head[:24])
    first = second = 0
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return head[16:24] if (first, second) == unpack(">2I", head[24:32]) else b""


def _sound_frames(index: FileIO) -> int:
    index.seek(_SOUND_FRAMES_AT)
    return int(unpack("=I", index.read(4))[0])


def _commits_behind(file: BinaryIO, sound: int, salts: bytes) -> int:
    """Commits of this log behind its sound frames that must have been whole once.

    Without salts: frames of any log.
    """
    whole, ended = 0, False
    for page, pages_after, of in _frames(file, sound):
        if page and not salts:
            return 1
        if page and of == salts:
            whole += ended
            ended = pages_after > 0
    return whole


def _frames(file: BinaryIO, begin: int) -> Iterator[tuple[int, int, bytes]]:
    place = _LOG_HEADER_BYTES + begin * _FRAME_BYTES
    while True:
        file.seek(place)
        head = file.read(_FRAME_HEADER.size)
        if len(head) < _FRAME_HEADER.size:
            return
        yield _FRAME_HEADER.unpack(head)
        place += _FRAME_BYTES
