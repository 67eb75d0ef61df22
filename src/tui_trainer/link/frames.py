"""Messages over a stream: four bytes of length, big end first, then so many bytes."""

import socket
import struct

LENGTH = struct.Struct(">I")
MOST_BYTES = 64 * 2**20
"""Of one message: no table of positions comes near it, and no peer can have more reserved."""


class Ended(Exception):  # noqa: N818  # as EOFError, it tells what came, not what failed
    """The peer has closed its end, or is gone."""


class TooLong(ValueError):  # noqa: N818
    """A message that is longer than any may be."""


def send_frame(stream: socket.socket, message: bytes) -> None:
    """Blocks while the peer does not read. Ended where it is gone."""
    if len(message) > MOST_BYTES:
        raise TooLong(f"a message of {len(message):,} bytes")
    try:
        stream.sendall(LENGTH.pack(len(message)) + message)
    except OSError as error:
        raise Ended from error


def receive_frame(stream: socket.socket) -> bytes:
    """The next message. Ended at the end, in the middle of one too; TooLong where it says so."""
    (length,) = LENGTH.unpack(_receive(stream, LENGTH.size))
    if length > MOST_BYTES:
        raise TooLong(f"a message of {length:,} bytes")
    return _receive(stream, length)


def _receive(stream: socket.socket, count: int) -> bytes:
    """So many bytes; taken as they come, so that a length that is a lie reserves nothing."""
    pieces = bytearray()
    while len(pieces) < count:
        try:
            piece = stream.recv(min(count - len(pieces), 2**18))
        except OSError as error:
            raise Ended from error
        if not piece:
            raise Ended
        pieces += piece
    return bytes(pieces)
