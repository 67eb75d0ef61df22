"""`tui-trainer bench`: the loops side by side, each in a process of its own."""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
import torch
from transformers import AutoTokenizer

from tests.benches_on_disk import RESULT, write_bench
from tests.headless.conftest import Program, obeyed_characters
from tests.known import end, present, the
from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.engine.bench import turns
from tui_trainer.engine.bench.side import Reply, Task, written
from tui_trainer.engine.bench.turns import describe_exit, run_bench
from tui_trainer.headless.bench import chosen_loops
from tui_trainer.reports.bench_result import BenchReport
from tui_trainer.runs.benches import benches_home
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.model import ModelChoice

REPORT = BenchReport(1, 1, 1, 1, "notebook", 0.0)
BRIEF = "--rounds", "2", "--items", "30", "--held-out", "2", "--seconds", "0.2"


@pytest.fixture
def no_end_of_text(tiny: str, tmp_path: Path) -> str:
    """A model whose tokenizer has no end of text and no padding, which SFTTrainer needs."""
    shutil.copytree(tiny, tmp_path / "no-end")
    tokenizer = AutoTokenizer.from_pretrained(MODEL_FOLDER)
    tokenizer.eos_token = tokenizer.pad_token = None
    tokenizer.save_pretrained(tmp_path / "no-end")
    return str(tmp_path / "no-end")


@pytest.mark.long
@pytest.mark.timeout(300)  # six processes that import torch, one after another
def test_loops_in_turn_and_no_ratio_to_the_one_that_failed(
    program: Program, no_end_of_text: str
) -> None:
    loops = "--loops", "tutorial, notebook, sft_trainer"
    ended = program("bench", *BRIEF, *loops, "--model", no_end_of_text, "--device", "cpu", "--json")
    assert (ended.status, ended.err.count("\n")) == (1, 1)
    notebook, tutorial, failed = ended.lines
    assert [line["loop"] for line in ended.lines] == ["notebook", "tutorial", "sft_trainer"]
    for line in (notebook, tutorial):
        assert (line["runs"], line["rounds"], line["failed"]) == (2, 2, None)
        assert (line["model"], line["precision"]) == ("no-end", "fp32")
        rates = [line[f"tokens_per_second{which}"] for which in ("_low", "", "_high")]
        assert rates == sorted(rates)
        assert rates[0] > 0
        assert 0 < line["fraction_of_peak"] < 1
        assert line["peak_flops"] > 1e8
        assert list(line["phases_ms"]) == ["data", "forward", "backward", "optimizer", "other"]
        assert sum(line["phases_ms"].values()) == pytest.approx(line["step_ms"])
        assert line["peak_memory_bytes"] > 50e6
        assert line["held_out_equal_time"]["loss"] < line["held_out_loss_before"]
        assert line["held_out_equal_tokens"]["tokens"] > 0

    # Round by round the one is the inverse of the other.
    one, other = notebook["ratios"]["tutorial"], tutorial["ratios"]["notebook"]
    assert one["low"] == pytest.approx(1 / other["high"])
    assert one["high"] == pytest.approx(1 / other["low"])

    assert (failed["runs"], failed["ratios"], failed["tokens_per_second"]) == (0, None, None)
    assert "pad_token" in failed["failed"]
    assert f"sft_trainer failed: {failed['failed']}" in ended.err
    for line in (notebook, tutorial):
        assert "sft_trainer" not in line["ratios"]

    # What was printed is what was kept, and is shown again.
    (path,) = benches_home().iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-no-end-1\.jsonl", path.name)
    head, printed = path.read_text().split("\n", 1)
    assert printed == ended.out
    again = program("bench", "--last", "--json")
    assert (again.status, again.out) == (0, f"{head}\n{printed}")
    kept = again.lines[0]
    assert (kept["event"], kept["model"], kept["precision"]) == ("bench", "no-end", "auto")
    assert kept["settings"]["seconds"] == 0.2
    assert kept["machine"]["torch"] == torch.__version__
    assert (kept["machine"]["gpu"], kept["machine"]["threads"]) == (None, 1)
    assert time.time() - datetime.fromisoformat(kept["started"]).timestamp() < 600
    table = program("bench", "--last").out.splitlines()
    assert table[0] == str(path)
    assert any(line.startswith("tutorial / notebook") for line in table)
    assert "sft_trainer / notebook    no ratio: one of them failed" in table
    assert any(line.startswith("sft_trainer failed: ") for line in table)


def test_a_model_that_is_not_there_is_told_before_any_loop_runs(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "run_side", lambda *_, **__: pytest.fail("ran a loop"))
    ended = program("bench", "--model", "random:none\x1b[31m")
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "There is no shape" in ended.err
    assert obeyed_characters(ended.err) == set()


def test_an_earlier_bench_is_shown_again_past_what_cannot_be_read(program: Program) -> None:
    write_bench(2, model="first\x1b[2J")
    write_bench(3, model="second")
    benches_home().joinpath("bad.jsonl").write_text("{")
    for number, model in (("2", "first␛[2J"), ("1", "second")):
        ended = program("bench", "--last", number)
        assert ended.status == 0
        assert ended.out.splitlines()[1].startswith(f"{model}: Qwen3ForCausalLM")
        assert "bad.jsonl is not a bench of this program" in ended.err
        assert obeyed_characters(ended.out + ended.err) == set()
    ended = program("bench", "--last", "3")
    assert (ended.status, ended.out) == (2, "")
    assert "There are 2 benches" in ended.err


@pytest.mark.parametrize("keep", [True, False])
def test_no_keep_keeps_nothing(
    program: Program, monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    report = replace(REPORT, result=replace(RESULT, loops=RESULT.loops[:2]))
    monkeypatch.setattr(
        "tui_trainer.headless.bench.run_bench", lambda *_, **__: (r for r in (REPORT, report))
    )
    ended = program("bench", *([] if keep else ["--no-keep"]))
    assert ended.status == 0
    assert benches_home().exists() is keep
    assert (f"kept as {benches_home()}/2026-01-02-builtin-1.jsonl" in ended.out) is keep


def test_what_could_not_be_kept_is_printed_and_told(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = replace(REPORT, result=replace(RESULT, loops=RESULT.loops[:2]))
    monkeypatch.setattr(
        "tui_trainer.headless.bench.run_bench", lambda *_, **__: (r for r in (report,))
    )
    monkeypatch.setattr("os.fsync", lambda _: Path("/nowhere").stat())
    ended = program("bench", "--json")
    assert ended.status == 2
    assert [line["loop"] for line in ended.lines] == ["notebook", "tuned"]
    assert "cannot be kept" in ended.err


def test_a_loop_whose_extra_is_not_installed_is_left_out_and_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert chosen_loops(None)[:2] == ["notebook", "tutorial"]
    assert "sft_trainer" not in chosen_loops(None)
    assert "TRL is not installed, so sft_trainer is left out" in capsys.readouterr().err
    assert chosen_loops("sft_trainer,notebook") == ["notebook", "sft_trainer"]


def test_a_process_that_is_gone_says_how() -> None:
    assert "killed, as the system does where memory runs out" in describe_exit(-signal.SIGKILL)
    assert "SIGSEGV" in describe_exit(-signal.SIGSEGV)
    assert "status 3" in describe_exit(3)


def drained(reports: Generator[BenchReport, None, object]) -> object:
    """What the generator returns."""
    while True:
        try:
            next(reports)
        except StopIteration as end:
            return end.value


def test_a_run_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SIDE", "asyncio")  # which waits for its standard input
    reply = the(Reply, drained(turns.ask_side(Task(), 0.5, REPORT, on_terminal=False)))
    assert reply.failed in ("It did not end within 0 s.", "It did not end within 1 s.")


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def test_closing_a_bench_ends_its_process_and_it_reports_often() -> None:
    before = children()
    reports = run_bench(ModelChoice("random:tiny", "cpu"), BenchSettings(), ["notebook"])
    seconds = [next(reports).seconds for _ in range(5)]
    assert seconds == sorted(seconds)
    # The others may have waited for a busy machine.
    assert min(b - a for a, b in pairwise(seconds)) < 0.6
    assert len(children() - before) == 1
    end(reports)
    assert children() == before


def test_a_side_ends_when_the_one_that_asked_was_killed() -> None:
    """It notices by its standard input, which nobody holds open any more."""
    job = written(Task())
    code = (
        "import os, sys, time; from tui_trainer.headless import bench_side as side;"
        "side.do = lambda _: time.sleep(60); side.main()"
    )
    with subprocess.Popen([sys.executable, "-c", code, job], stdin=subprocess.PIPE) as process:
        time.sleep(0.5)
        assert process.poll() is None
        present(process.stdin).close()
        assert process.wait(30) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rounds", "1"), "rounds must be 2 or more"),
        (("--seconds", "0"), "seconds must be above 0"),
        (("--items", "0"), "items must be 1 or more"),
        (("--held-out", "0"), "held out must be 1 or more"),
        (("--loops", "notebook,x\x1b[31m"), "There is no loop"),
        (("--problems", "nowhere.jsonl"), "nowhere.jsonl"),
        (("--last", "0"), "--last counts from 1"),
        (("--last",), "There is no bench in"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(
    program: Program, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, str], said: str
) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("started a process"))
    ended = program("bench", *arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert said in ended.err
    assert obeyed_characters(ended.err) == set()
