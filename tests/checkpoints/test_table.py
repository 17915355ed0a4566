import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.checkpoints import table, write
from tests.checkpoints import made


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        # RFC 3720, appendix B.4 (there with the bytes of the checksum in the order of transmission)
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_the_checksum_is_castagnolis(data, crc):
    assert table.crc32c(data) == crc


def test_whole_tables_pass(v1, v2):
    for file in (v1, v2.with_name("model.ckpt.index")):
        assert table.is_table(file)
        table.verify(file)


def test_a_flipped_bit_in_any_block_is_told(v1, v2):
    for file in (v1, v2.with_name("model.ckpt.index")):
        whole = file.read_bytes()
        offset, length = table.index_block(file)
        unused = range(offset - 13, offset)  # the empty meta-index block
        for place in set(range(offset + length + 5)) - set(unused):
            file.write_bytes(made.flipped(whole, place, place % 8))
            with pytest.raises(table.DamagedTableError, match="checksum"):
                table.verify(file)


def test_damage_in_a_later_block_of_a_long_index_is_told(tmp_path):
    values = {f"{i:04d}{'/scope' * 40}": np.float32(i) for i in range(1500)}
    file = write(tmp_path / "model.ckpt", values).with_name("model.ckpt.index")
    table.verify(file)
    file.write_bytes(made.flipped(file.read_bytes(), -1000, 3))
    with pytest.raises(table.DamagedTableError, match="checksum of the block at byte 26"):
        table.verify(file)


@given(value=st.integers(0, 2**64 - 1), before=st.binary(max_size=3), after=st.binary(max_size=3))
def test_integers_are_read_where_they_stand(value, before, after):
    data = before + made.varint(value)
    assert table.varint(data + after, len(before)) == (value, len(data))


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 20])
def test_an_integer_without_an_end_is_damage(data):
    with pytest.raises(table.DamagedTableError):
        table.varint(data, 0)
