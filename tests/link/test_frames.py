"""Messages over a stream: whole, in order, and never more than may be."""

import socket
import threading

import pytest

from tui_trainer.link.frames import (
    LENGTH,
    MOST_BYTES,
    Ended,
    TooLong,
    receive_frame,
    send_frame,
)


def test_messages_come_whole_and_in_order_however_they_are_cut() -> None:
    here, there = socket.socketpair()
    messages = [b"", b"x", bytes(range(256)) * 5_000, b"end"]
    sent = b"".join(LENGTH.pack(len(message)) + message for message in messages)

    def send_in_pieces() -> None:
        for start in range(0, len(sent), 4_099):
            here.sendall(sent[start : start + 4_099])

    sender = threading.Thread(target=send_in_pieces)
    sender.start()
    assert [receive_frame(there) for _ in messages] == messages
    sender.join()


@pytest.mark.parametrize("cut", [0, 2, 4, 6])
def test_an_end_in_the_middle_of_a_message_is_an_end(cut: int) -> None:
    here, there = socket.socketpair()
    here.sendall((LENGTH.pack(5) + b"hello")[:cut])
    here.close()
    with pytest.raises(Ended):
        receive_frame(there)


def test_a_length_that_no_message_has_is_refused_before_it_is_read() -> None:
    here, there = socket.socketpair()
    here.sendall(LENGTH.pack(MOST_BYTES + 1))
    with pytest.raises(TooLong):
        receive_frame(there)
    with pytest.raises(TooLong):
        send_frame(here, bytes(MOST_BYTES + 1))


def test_to_send_to_somebody_who_is_gone_is_an_end() -> None:
    here, there = socket.socketpair()
    there.close()
    with pytest.raises(Ended):
        for _ in range(3):
            send_frame(here, b"x")
