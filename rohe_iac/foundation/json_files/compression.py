"""Compression of files with gzip (RFC 1952), and its reverse with a bound on what comes out."""

from __future__ import annotations

import errno
import gzip
import zlib

from rohe_iac.foundation.regular_file import TooLarge

SUFFIX = ".gz"
"""The end of the name of a compressed file."""

MAGIC = b"\x1f\x8b"
"""The first bytes of a compressed file, by which it is recognised whatever its name is."""

GZIP_WINDOW = 16 + zlib.MAX_WBITS
"""The window size that has zlib read the header and the checksum of gzip."""


class DamagedCompression(ValueError):
    """The bytes begin like a gzip file and are no whole one."""


def compress(content: bytes) -> bytes:
    """Returns the content as a gzip file without name and time, so that equal contents give equal files."""
    return gzip.compress(content, compresslevel=6, mtime=0)


def decompress(content: bytes, most: int) -> bytes:
    """Returns what a gzip file holds.

    Args:
        content: The file's bytes.
        most: The most bytes that come out, of which no more are made.

    Raises:
        DamagedCompression: The file is damaged, cut off, or followed by other bytes.
        TooLarge: The file holds more than `most` bytes. `strerror` continues a sentence after a colon.
    """
    unpacking = zlib.decompressobj(GZIP_WINDOW)
    try:
        found = unpacking.decompress(content, most + 1)
    except zlib.error as error:
        raise DamagedCompression(f"its compression is damaged: {error}") from error
    if len(found) > most:
        raise TooLarge(errno.EFBIG, f"the file unpacks to more than {most >> 20} MiB, which is the most that is read")
    if not unpacking.eof:
        raise DamagedCompression("it is cut off before the end of its compression")
    if unpacking.unused_data:
        raise DamagedCompression("bytes follow the end of its compression")
    return found
