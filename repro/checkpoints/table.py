"""Sorted string tables, the container of a V1 checkpoint and of a V2 checkpoint's index.

A table is a row of blocks, each followed by its compression type (one byte) and a masked CRC32C,
then a block that tells where the others lie, then a footer that tells where that block lies and
ends in a fixed number (tensorflow/core/lib/io/table_format.txt and format.cc).
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

_FOOTER_BYTES = 48
_MAGIC = bytes.fromhex("57fb808b247547db")
_TRAILER_BYTES = 5
_UNCOMPRESSED = 0
_REVERSED_CASTAGNOLI = 0x82F63B78


class DamagedTableError(ValueError):
    """The bytes of a table are not those that were once written."""


def is_table(file: Path) -> bool:
    """Returns whether a file ends as a table does."""
    with file.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - _FOOTER_BYTES))
        footer = stream.read()
    return len(footer) == _FOOTER_BYTES and footer.endswith(_MAGIC)


def index_block(file: Path) -> tuple[int, int]:
    """Returns offset and length in bytes of the block that tells where the others lie.

    The footer is the one part without a checksum. TensorFlow believes the length that it finds
    there, and tries to allocate it.

    Args:
      file: a table by `is_table`.

    Raises:
      DamagedTableError: the block would not lie within the file.
    """
    with file.open("rb") as stream:
        end = stream.seek(-_FOOTER_BYTES, os.SEEK_END)
        footer = stream.read()
    _, position = _handle(footer, 0)  # of the meta-index block, which nobody uses
    (offset, length), _ = _handle(footer, position)
    if offset + length + _TRAILER_BYTES > end:
        raise DamagedTableError(f"{file}: the index block ends at {offset + length} of {end}")
    return offset, length


def verify(file: Path) -> None:
    """Compares the checksum of every block.

    A few MB/s: meant for an index, which seldom has a megabyte, not for a whole V1 checkpoint.

    Args:
      file: a table by `is_table`.

    Raises:
      DamagedTableError: a checksum does not match, or the blocks cannot be told apart.
    """
    with file.open("rb") as stream:
        data = stream.read()
    for offset, length in _data_blocks(_block(data, *index_block(file))):
        _block(data, offset, length)


def first_value(file: Path) -> bytes:
    """Returns the value of a table's first entry, not verified, at most its first 64 bytes."""
    with file.open("rb") as stream:
        head = stream.read(128)
    _, _, value, _ = _entry(head, 0)
    return value[:64]


def varint(data: bytes, position: int) -> tuple[int, int]:
    """Returns a protocol-buffer integer and the position after it.

    Raises:
      DamagedTableError: no integer ends within the ten bytes that it may have.
    """
    value = 0
    for i, byte in enumerate(data[position : position + 10]):
        value |= (byte & 127) << (7 * i)
        if byte < 128:
            return value, position + i + 1
    raise DamagedTableError(f"no integer at byte {position}")


def _block(data: bytes, offset: int, length: int) -> bytes:
    contents = data[offset : offset + length + 1]  # with its compression type
    trailer = data[offset + length : offset + length + _TRAILER_BYTES]
    if len(trailer) < _TRAILER_BYTES or _masked_crc32c(contents) != _uint32(trailer, 1):
        raise DamagedTableError(f"the checksum of the block at byte {offset} does not match")
    if trailer[0] != _UNCOMPRESSED:
        raise DamagedTableError(f"the block at byte {offset} is compressed; TF-Slim's never are")
    return contents[:-1]


def _data_blocks(index: bytes) -> Iterator[tuple[int, int]]:
    """Yields offset and length of each block: the values of the index block's entries."""
    restarts = _uint32(index, len(index) - 4)
    end = len(index) - 4 - 4 * restarts
    position = 0
    while position < end:
        _, _, value, position = _entry(index, position)
        yield _handle(value, 0)[0]


def _entry(block: bytes, position: int) -> tuple[int, bytes, bytes, int]:
    """Returns the length shared with the key before, the rest of the key, the value, the end."""
    shared, position = varint(block, position)
    key_length, position = varint(block, position)
    value_length, position = varint(block, position)
    key_end = position + key_length
    end = key_end + value_length
    return shared, block[position:key_end], block[key_end:end], end


def _handle(data: bytes, position: int) -> tuple[tuple[int, int], int]:
    """Returns a block's (offset, length) and the position after them."""
    offset, position = varint(data, position)
    length, position = varint(data, position)
    return (offset, length), position


def _uint32(data: bytes, position: int) -> int:
    return struct.unpack_from("<I", data, position)[0]


def _crc_table() -> tuple[int, ...]:
    table = []
    for crc in range(256):
        for _ in range(8):
            crc = crc >> 1 ^ (_REVERSED_CASTAGNOLI if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_CRC_TABLE = _crc_table()


def crc32c(data: bytes) -> int:
    """Returns the CRC-32C (Castagnoli, RFC 3720 appendix B.4) of some bytes."""
    table = _CRC_TABLE
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _masked_crc32c(data: bytes) -> int:
    """Returns what is stored: a checksum of data that holds its own checksum would be weak."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
