"""Zstandard (RFC 8878), written by hand because Python 3.11 has no module for it: runs and raw blocks."""

CHECKED = 0x00  # frame header: no checksum, no size, a window


def zstd(text: bytes) -> bytes:
    """A frame of blocks of at most 128 KB; a block of one repeated byte is a run, four bytes long."""
    block_size = 128 << 10
    window = ((20 - 10) << 3).to_bytes(1, "little")  # 1 MiB
    out = [b"\x28\xb5\x2f\xfd", bytes([CHECKED]), window]
    blocks = [text[at:at + block_size] for at in range(0, len(text), block_size)] or [b""]
    for number, block in enumerate(blocks):
        last = number == len(blocks) - 1
        is_run = len(block) > 1 and block.count(block[:1]) == len(block)
        head = int(last) | int(is_run) << 1 | len(block) << 3
        out += [head.to_bytes(3, "little"), block[:1] if is_run else block]
    return b"".join(out)
