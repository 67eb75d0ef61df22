"""Views of one engine: what each asks is answered, and what one does the others see."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.fake_engine import FakeEngine
from tests.link.behind_socket import NAME, View, raw, served, soon, viewed
from tests.pilot import SECONDS_AT_MOST
from tui_trainer.errors import InputError
from tui_trainer.failures import Failure
from tui_trainer.link import messages
from tui_trainer.link.attach import Attach
from tui_trainer.link.feed import MESSAGES_KEPT, REPORTS_KEPT
from tui_trainer.link.finding import describe
from tui_trainer.link.frames import LENGTH, MOST_BYTES, receive_frame, send_frame
from tui_trainer.link.messages import Description, Hello, Refusal, read_message, write_message
from tui_trainer.link.place import path_of
from tui_trainer.link.server import FIRST
from tui_trainer.protocol.events import LoopBegun, LoopChanged, LoopState, TextTyped, WeightsChanged
from tui_trainer.protocol.loop_names import GSM8K
from tui_trainer.protocol.loops import Resume, Train
from tui_trainer.protocol.models import LoadModel, ReadStatus
from tui_trainer.protocol.updates import SetLr, Update
from tui_trainer.protocol.wire import write_request
from tui_trainer.reports.models import LearnerStatus
from tui_trainer.reports.steps import StepReport
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.train import TrainSettings
from tui_trainer.versions import version_of

VERSION = version_of("tui-trainer")
TRAIN = Train(TrainSettings(items=4))


def loops(view: View) -> list[LoopState]:
    return [event.state for event in view.events if isinstance(event, LoopChanged)]


class Refusing(FakeEngine):
    def set_lr(self, lr: float) -> LearnerStatus:
        raise InputError(f"{lr} is no learning rate.")


def test_requests_are_answered_with_equal_values_and_failures_are_raised() -> None:
    with served(lambda _: Refusing()), viewed() as view:
        status = view.worker.ask(LoadModel(ModelChoice())).result(SECONDS_AT_MOST)
        assert (status,) == view.worker.ask(ReadStatus()).result(SECONDS_AT_MOST)
        with pytest.raises(Failure, match="no learning rate"):
            view.worker.ask(SetLr(-1.0)).result(SECONDS_AT_MOST)


def test_a_loop_is_begun_paused_stepped_and_ended_from_afar() -> None:
    with served(lambda _: FakeEngine()), viewed() as view:
        view.worker.start_loop(GSM8K, TRAIN, playing=False).result(SECONDS_AT_MOST)
        view.worker.advance(GSM8K)
        soon(lambda: loops(view)[1:] == [LoopState.PAUSED])
        view.worker.play(GSM8K, True)
        soon(lambda: loops(view)[-1] is LoopState.FINISHED)
        reports = view.worker.drain(GSM8K)
        assert [report.number for report in reports] == [1, 2, 3, 4]
        losses = [report.what.loss for report in reports if isinstance(report.what, StepReport)]
        assert losses == [4.0, 3.0, 2.0, 1.0]
        assert view.numbers == sorted(set(view.numbers))
        assert not view.others  # what this view has done is no news to it


def test_steps_that_one_view_asks_for_are_told_to_the_others_and_so_is_the_pause() -> None:
    with served(lambda _: FakeEngine()), viewed() as one, viewed() as two:
        soon(lambda: two.worker.views == 2)
        one.worker.start_loop(GSM8K, TRAIN, playing=False).result(SECONDS_AT_MOST)
        one.worker.play(GSM8K, True, 3)
        paused = LoopState.PAUSED
        soon(lambda: loops(two) == [paused, LoopState.RUNNING, paused])
        told = [event.steps for event in two.events if isinstance(event, LoopChanged)]
        assert told == [0, 3, 0]
        soon(lambda: len(two.worker.drain(GSM8K)) == 3)


def test_what_one_view_does_the_others_hear_and_who_comes_later_hears_what_there_is() -> None:
    with served(lambda _: FakeEngine()), viewed() as one, viewed() as two:
        one.worker.ask(LoadModel(ModelChoice())).result(SECONDS_AT_MOST)
        soon(lambda: two.worker.views == 2)
        one.worker.ask(Update("text")).result(SECONDS_AT_MOST)
        one.worker.share_text("typed")
        soon(lambda: WeightsChanged() in two.others and TextTyped("typed") in two.others)
        one.worker.start_loop(GSM8K, TRAIN).result(SECONDS_AT_MOST)
        soon(lambda: LoopState.FINISHED in loops(two))
        with viewed() as late:
            soon(lambda: LoopState.FINISHED in loops(late))
            assert [late.worker.drain(GSM8K), two.worker.drain(GSM8K)] == 2 * [
                one.worker.drain(GSM8K)
            ]
            told = {type(other) for other in late.others}
            assert told >= {LoopBegun, TextTyped}
            (begun,) = [other for other in late.others if isinstance(other, LoopBegun)]
            assert begun == LoopBegun(GSM8K, TRAIN)
            assert not {type(other) for other in one.others}


def test_a_request_that_nobody_waits_for_any_more_is_not_answered() -> None:
    engine = FakeEngine(gated=True)
    with served(lambda _: engine), viewed() as view, viewed() as other:
        view.worker.ask(LoadModel(ModelChoice())).result(SECONDS_AT_MOST)
        view.worker.start_loop(GSM8K, TRAIN).result(SECONDS_AT_MOST)
        soon(lambda: view.worker.doing is not None and view.worker.doing.loop == GSM8K)
        waits, withdrawn = view.worker.ask(Update("a")), view.worker.ask(Update("b"))
        assert withdrawn.cancel()
        view.worker.share_text("after that")
        soon(lambda: TextTyped("after that") in other.others)
        engine.gate.release(4)
        assert waits.result(SECONDS_AT_MOST).text == "a"
        soon(lambda: LoopState.FINISHED in loops(view))
        (status,) = view.worker.ask(ReadStatus()).result(SECONDS_AT_MOST)
        assert status is not None and status.updates == 5  # four steps, and one update of two


GARBAGE = (
    b"\xff" * 64,
    LENGTH.pack(MOST_BYTES + 1),
    LENGTH.pack(3) + b"abc",
    LENGTH.pack(0),
)


@pytest.mark.parametrize("garbage", GARBAGE, ids=["noise", "huge", "unknown", "empty"])
@pytest.mark.parametrize("greets", [True, False])
def test_garbage_ends_that_connection_and_nothing_else(garbage: bytes, greets: bool) -> None:
    with served(lambda _: FakeEngine()) as server, viewed() as view:
        stream = raw(path_of(NAME))
        if greets:
            send_frame(stream, write_message(Hello(VERSION)))
            receive_frame(stream)
        stream.sendall(garbage)
        stream.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):  # it closed with garbage unread
            while stream.recv(2**16):
                pass
        stream.close()
        assert view.worker.ask(ReadStatus()).result(SECONDS_AT_MOST)
        soon(lambda: len(server.views) == 1)


@pytest.mark.parametrize(
    "message",
    [
        messages.Ask(1, b"\0garbage"),
        messages.Ask(1, write_request(TRAIN)),
        messages.Begin(1, GSM8K, write_request(ReadStatus()), True),
        messages.Views(3),
        Hello(VERSION),
    ],
)
def test_a_message_that_a_view_does_not_say_ends_it(message: messages.Message) -> None:
    with served(lambda _: FakeEngine()), viewed() as view:
        stream = raw(path_of(NAME))
        send_frame(stream, write_message(Hello(VERSION, looks=False)))
        receive_frame(stream)
        send_frame(stream, write_message(message))
        assert isinstance(read_message(receive_frame(stream)), Refusal)
        assert not stream.recv(1)
        stream.close()
        assert view.worker.ask(ReadStatus()).result(SECONDS_AT_MOST)


def test_another_version_of_the_program_is_told_so() -> None:
    with served(lambda _: FakeEngine()):
        stream = raw(path_of(NAME))
        send_frame(stream, write_message(Hello("0.0.1")))
        answer = read_message(receive_frame(stream))
        assert isinstance(answer, Refusal)
        assert VERSION in answer.sentence and "0.0.1" in answer.sentence
        stream.close()


def test_a_view_that_does_not_read_slows_nothing_and_hears_a_summary_when_it_does() -> None:
    """It is stopped in the middle of a run that reports more than any buffer holds."""
    steps = REPORTS_KEPT + 40 * MESSAGES_KEPT
    engine = FakeEngine([float(n) for n in range(steps)])
    with served(lambda _: engine) as server:
        stream = raw(path_of(NAME))
        send_frame(stream, write_message(Hello(VERSION)))
        receive_frame(stream)
        with viewed() as view:
            started = Train(TrainSettings(items=steps))
            view.worker.start_loop(GSM8K, started).result(SECONDS_AT_MOST)
            soon(lambda: LoopState.FINISHED in loops(view))
            assert len(server.views) == 2
        heard: list[messages.Message] = []
        while not (told := [m for m in heard if isinstance(m, messages.Told)]) or (
            b"FINISHED" not in told[-1].event and b"finished" not in told[-1].event
        ):
            heard.append(read_message(receive_frame(stream)))
        stream.close()


def test_an_engine_that_is_busy_is_described_at_once() -> None:
    engine = FakeEngine(gated=True)
    with served(lambda _: engine), viewed() as view:
        view.worker.ask(LoadModel(ModelChoice())).result(SECONDS_AT_MOST)
        view.worker.start_loop(GSM8K, TRAIN).result(SECONDS_AT_MOST)
        soon(lambda: view.worker.doing is not None and view.worker.doing.loop == GSM8K)
        told = describe(NAME)
        assert isinstance(told, Description)
        assert (told.name, told.views, told.loops) == (NAME, 1, ((GSM8K, "running"),))
        assert told.status is not None and told.status.model.architecture == "FakeForCausalLM"
        engine.gate.release(4)


def test_without_an_engine_of_that_name_everything_fails_with_a_sentence() -> None:
    view = View(Attach("nowhere"))
    with pytest.raises(Failure, match="nowhere"):
        view.worker.ask(ReadStatus()).result(SECONDS_AT_MOST)
    soon(lambda: view.events)
    view.worker.leave()


@pytest.mark.parametrize("looks", [True, False])
def test_whoever_has_an_engine_end_is_answered_before_its_process_does(
    monkeypatch: pytest.MonkeyPatch, looks: bool
) -> None:
    """What was saved was told in a thread that ended with the process, now and then before it."""
    sent: list[bytes] = []

    def send_slowly(stream: socket.socket, message: bytes) -> None:
        time.sleep(0.05)
        send_frame(stream, message)
        sent.append(message)

    monkeypatch.setattr("tui_trainer.link.view_at_engine.send_frame", send_slowly)
    with served(lambda _: FakeEngine()) as server:
        stream = raw(path_of(NAME))
        send_frame(stream, write_message(Hello(VERSION, looks=looks)))
        receive_frame(stream)
        request = write_request(ReadStatus())
        send_frame(stream, write_message(messages.EndEngine(1, request)))
        soon(lambda: server.worker.stop(0))
        server.part()
        assert any(isinstance(read_message(one), messages.Answer) for one in sent)
        stream.close()


def test_an_end_does_not_wait_for_a_view_that_reads_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui_trainer.link.server.PARTING_SECONDS", 0.2)
    released = threading.Event()
    monkeypatch.setattr(
        "tui_trainer.link.view_at_engine.send_frame", lambda *_: released.wait(SECONDS_AT_MOST)
    )
    with served(lambda _: FakeEngine()) as server:
        stream = raw(path_of(NAME))
        send_frame(stream, write_message(Hello(VERSION, looks=True)))
        soon(lambda: server.views)
        server.part()
        released.set()
        stream.close()


def test_two_views_that_end_one_loop_at_once_are_both_answered() -> None:
    from tui_trainer.protocol.keeping import Save  # noqa: PLC0415

    with served(lambda _: FakeEngine()), viewed() as one, viewed() as two:
        one.worker.ask(LoadModel(ModelChoice())).result(SECONDS_AT_MOST)
        one.worker.start_loop(GSM8K, TRAIN, playing=False).result(SECONDS_AT_MOST)
        barrier = threading.Barrier(2)
        futures = []

        def end(view: View) -> None:
            barrier.wait()
            futures.append(view.worker.end_loop(GSM8K, Save()))

        ends = [threading.Thread(target=end, args=(view,)) for view in (one, two)]
        for thread in ends:
            thread.start()
        for thread in ends:
            thread.join()
        for future in futures:
            future.result(SECONDS_AT_MOST)
        soon(lambda: loops(two).count(LoopState.STOPPED) == 1)
        time.sleep(0)
        assert loops(one).count(LoopState.STOPPED) == 1


def test_of_two_views_that_begin_a_loop_at_once_one_does_and_the_other_is_told() -> None:
    """As two that resume one run: neither has heard of the other's loop when it asks for its."""
    with served(lambda _: FakeEngine()), viewed() as one, viewed() as two:
        one.worker.ask(LoadModel(ModelChoice())).result(SECONDS_AT_MOST)
        resume = Resume("checkpoints/step-000001", TrainSettings(items=4))
        barrier = threading.Barrier(2)

        def begin(view: View) -> str:
            barrier.wait()
            try:
                view.worker.start_loop(GSM8K, resume, playing=False).result(SECONDS_AT_MOST)
            except Failure as failure:
                return str(failure)
            return ""

        with ThreadPoolExecutor(2) as pool:
            told = dict(zip(("one", "two"), pool.map(begin, (one, two)), strict=True))
        assert sorted(told.values()) == ["", FIRST.format("GSM8K")]
        first, second = (one, two) if not told["one"] else (two, one)
        soon(lambda: loops(second) == [LoopState.PAUSED])
        assert loops(first) == [LoopState.PAUSED]  # it was not ended by the other's
        # Once it has heard of that loop, it may put another in its place.
        soon(lambda: LoopBegun(GSM8K, resume) in second.others)
        second.worker.start_loop(GSM8K, TRAIN).result(SECONDS_AT_MOST)
        soon(lambda: LoopState.FINISHED in loops(first))
