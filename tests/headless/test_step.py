"""`tui-trainer step`: the training cell, as many times as asked."""

import io
import math
import sys

import pytest
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.headless.conftest import Program, obeyed_characters
from tests.headless.test_tokens import HOSTILE
from tests.known import present
from tui_trainer.words.numbers import nats, probability

TEXT = "def hello():\n\treturn"
LR = 1e-3


def training_cell(
    folder: str,
    text: str,
    updates: int,
    optimizer_class: type[torch.optim.SGD | torch.optim.AdamW],
    lr: float,
) -> list[tuple[float, float, int, list[int], list[float]]]:
    """The notebook's cell written out: a row for each update, and the last model."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    input_ids = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt").input_ids
    optimizer = optimizer_class(model.parameters(), lr=lr)
    rows = []
    for _ in range(updates):
        model.train()
        before = [p.detach().clone() for p in model.parameters()]
        logits = model(input_ids=input_ids).logits
        loss = F.cross_entropy(logits[0, :-1], input_ids[0, 1:])
        loss.backward()
        norm = torch.cat([present(p.grad).flatten() for p in model.parameters()]).norm().item()
        optimizer.step()
        optimizer.zero_grad()
        moved = sum(int((a != b).sum()) for a, b in zip(before, model.parameters(), strict=True))
        model.eval()
        with torch.no_grad():
            p, best = model(input_ids=input_ids).logits[0].softmax(dim=-1).max(dim=-1)
        rows.append((loss.item(), norm, moved, best.tolist(), p.tolist()))
    return rows


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD"])
def test_lines_equal_the_training_cell(program: Program, tiny: str, optimizer: str) -> None:
    ended = program(
        *("step", TEXT, "-n", "4", "--lr", str(LR), "--optimizer", optimizer),
        *("--model", tiny, "--json"),
    )
    assert (ended.status, ended.err) == (0, "")
    cell = training_cell(tiny, TEXT, 4, getattr(torch.optim, optimizer), LR)
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    assert len(ended.lines) == 4
    for number, (line, (loss, norm, moved, ids, p)) in enumerate(
        zip(ended.lines, cell, strict=True), start=1
    ):
        fields = ["update", "loss", "grad_norm", "lr", "moved", "predictions", "dropout"]
        assert list(line) == fields
        assert line["dropout"] == 0
        assert (line["update"], line["lr"], line["moved"]) == (number, LR, moved)
        assert line["loss"] == pytest.approx(loss, rel=1e-5)
        assert line["grad_norm"] == pytest.approx(norm, rel=1e-4)
        predictions = line["predictions"]
        assert [token["id"] for token in predictions] == ids
        assert [token["text"] for token in predictions] == [tokenizer.decode([i]) for i in ids]
        assert [token["p"] for token in predictions] == pytest.approx(p, rel=1e-3)


def test_layers_tell_which_weights_each_update_moved(program: Program, tiny: str) -> None:
    arguments = "step", TEXT, "-n", "2", "--lr", str(LR), "--model", tiny, "--layers"
    lines = program(*arguments, "--json").lines
    cell = training_cell(tiny, TEXT, 2, torch.optim.AdamW, LR)
    for line, (_, _, moved, _, _) in zip(lines, cell, strict=True):
        layers = line["layers"]
        names = [layer["name"] for layer in layers]
        assert names == ["embed_tokens", "layers.0", "layers.1", "norm"]
        assert sum(layer["moved"] for layer in layers) == moved == line["moved"]
        for layer in layers:
            assert layer["share"] == layer["moved"] / layer["parameters"]
            assert layer["ratio"] == layer["update_norm"] / layer["weight_norm"]
        together = math.hypot(*(layer["grad_norm"] for layer in layers))
        assert together == pytest.approx(line["grad_norm"], rel=1e-5)
    # AdamW's first updates move each weight by about lr
    norm = lines[0]["layers"][3]
    assert norm["update_norm"] == pytest.approx(LR * norm["parameters"] ** 0.5, rel=0.01)
    out = program(*arguments).out.splitlines()
    assert "what update 2 changed" in "\n".join(out)
    assert out[-5].split()[:4] == [
        "embed_tokens",
        f"{layers[0]['parameters']:,}",
        f"{layers[0]['grad_norm']:.4g}",
        f"{layers[0]['moved']:,}",
    ]
    total = sum(layer["moved"] for layer in layers)
    cells = out[-1].split()
    assert (cells[0], cells[2:4]) == ("all", [f"{lines[1]['grad_norm']:.4g}", f"{total:,}"])


def test_a_fork_tells_what_one_more_update_would_do(program: Program, tiny: str) -> None:
    arguments = "step", TEXT, "-n", "2", "--lr", str(LR), "--model", tiny, "--fork"
    lines = program(*arguments, "--json").lines
    outcomes = [line for line in lines if line.get("event") == "fork"]
    assert len(lines) == 5
    assert [line["lr"] for line in outcomes] == pytest.approx([LR / 3, LR, 3 * LR])
    third = program("step", TEXT, "-n", "4", "--lr", str(LR), "--model", tiny, "--json").lines[2:]
    kept = {key: outcomes[1][key] for key in third[0]}
    assert kept == third[0]
    assert outcomes[1]["loss_after"] == pytest.approx(third[1]["loss"], rel=1e-6)
    assert len({line["loss"] for line in outcomes}) == 1
    out = program(*arguments).out.splitlines()
    assert [line.split()[2] for line in out[-3:]] == [f"{o['loss_after']:.4f}" for o in outcomes]


def test_probes_tell_what_the_updates_do_to_other_texts(program: Program, tiny: str) -> None:
    other, long = "def bye():\n\treturn", "word " * 600
    arguments = ("step", TEXT, "-n", "2", "--lr", str(LR), "--model", tiny)
    probing = (*arguments, "--probe", other, "--probe", long, "--probe", other)
    plain = program(*arguments, "--json").lines
    lines = program(*probing, "--json").lines
    assert [{key: line[key] for key in plain[0]} for line in lines] == plain
    model = AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32).eval()
    ids = AutoTokenizer.from_pretrained(tiny)(other, return_tensors="pt").input_ids
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0]
    probe, refused = lines[1]["probes"]
    start = F.cross_entropy(logits[:-1], ids[0, 1:]).item()
    assert probe["loss_at_start"] == pytest.approx(start, rel=1e-5)
    p = logits[-1].softmax(dim=-1)[probe["next"]["id"]].item()
    assert probe["p_at_start"] == pytest.approx(p, rel=1e-4)
    assert probe["loss"] != lines[0]["probes"][0]["loss"] != probe["loss_at_start"]
    assert (refused["text"], "shorten it" in refused["error"]) == (long, True)
    out = program(*arguments, "--probe", other).out.splitlines()[-1]
    change = probe["loss"] - probe["loss_at_start"]
    assert f"{change:+.4f}" in out
    assert "def bye():⏎⇥return" in out
    ended = program(*arguments, *(word for text in "abcdef" for word in ("--probe", text)))
    assert (ended.status, ended.out) == (2, "")
    assert "At most 5 probes" in ended.err


def test_eval_mode_leaves_dropout_off(program: Program, tiny_dropout: str) -> None:
    arguments = "step", TEXT, "--model", tiny_dropout, "--json"
    (evaluated,) = program(*arguments, "--eval-mode").lines
    (trained,) = program(*arguments).lines
    model = AutoModelForCausalLM.from_pretrained(tiny_dropout, dtype=torch.float32).eval()
    ids = AutoTokenizer.from_pretrained(tiny_dropout)(TEXT, return_tensors="pt").input_ids
    with torch.no_grad():
        quiet = F.cross_entropy(model(input_ids=ids).logits[0, :-1], ids[0, 1:]).item()
    assert evaluated["loss"] == pytest.approx(quiet, rel=1e-5)
    assert trained["loss"] != pytest.approx(quiet, rel=1e-4)


def test_dropout_is_set_and_two_passes_of_each_mode_are_told(program: Program, tiny: str) -> None:
    arguments = "step", TEXT, "--model", tiny, "--dropout", "0.5", "--passes"
    update, passes = program(*arguments, "--json").lines
    (plain,) = program(*arguments[:4], "--json").lines
    assert (update["dropout"], plain["dropout"]) == (0.5, 0)
    assert update["loss"] != plain["loss"]
    assert (passes["event"], passes["dropout"]) == ("passes", 0.5)
    assert passes["train"][0] != passes["train"][1]
    assert passes["eval"][0] == passes["eval"][1]
    length = len(AutoTokenizer.from_pretrained(tiny)(TEXT).input_ids)
    assert len(passes["eval"][0]["p"]) == length
    out = program(*arguments).out
    assert "train mode (dropout 0.5)" in out
    assert "no dropout modules: train mode drops a share of the attention weights" in out
    assert f"eval  loss {passes['eval'][0]['loss']:.4f} and" in out
    assert "they differ" in out
    for bad in ("1", "-0.1", "nan", "x"):
        ended = program("step", TEXT, "--model", tiny, f"--dropout={bad}")
        assert (ended.status, ended.out) == (2, "")


def test_table_shows_each_update_and_the_predictions(program: Program, tiny: str) -> None:
    ended = program("step", TEXT, "-n", "3", "--model", tiny)
    lines = program("step", TEXT, "-n", "3", "--model", tiny, "--json").lines
    out = ended.out.splitlines()
    assert "cpu, fp32" in out[0]
    assert "no dropout" in out[1]
    assert [line.split()[1] for line in out[3:6]] == [nats(line["loss"]) for line in lines]
    change = lines[1]["loss"] - lines[0]["loss"]
    assert out[4].split()[2] == f"{change:+.4f}"
    length = len(AutoTokenizer.from_pretrained(tiny)(TEXT).input_ids)
    assert len(out) == 8 + length
    last = lines[-1]["predictions"][0]["p"]
    assert out[8].split()[-1] == probability(last).strip()


def test_table_names_the_mode_where_there_is_dropout(program: Program, tiny_dropout: str) -> None:
    arguments = "step", TEXT, "--model", tiny_dropout
    assert "train mode (dropout 0.1)" in program(*arguments).out
    assert "eval mode (dropout off)" in program(*arguments, "--eval-mode").out


def test_a_dash_reads_stdin(program: Program, tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    piped = program("step", "-", "--model", tiny, "--json")
    assert piped.out == program("step", TEXT, "--model", tiny, "--json").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a", "-n", "0"), "At least 1 update"),
        (("a", "--lr", "0"), "learning rate"),
        (("a", "--lr", "nan"), "learning rate"),
        (("a", "--optimizer", "Adam"), "AdamW"),
        (("a", "--device", "tpu"), "Device"),
        (("a", "--precision", "fp8"), "Precision"),
        (("",), "empty"),
        (("a",), "second one"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    program: Program, tiny: str, arguments: tuple[str, ...], said: str
) -> None:
    ended = program("step", *arguments, "--model", tiny)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert said in ended.err


def test_a_text_longer_than_the_context_is_refused(program: Program, tiny: str) -> None:
    ended = program("step", "word " * 600, "--model", tiny, "--json")
    assert (ended.status, ended.out) == (2, "")
    assert "512" in ended.err


def test_hostile_text_never_reaches_the_terminal_raw(program: Program, tiny: str) -> None:
    ended = program("step", HOSTILE, "--probe", HOSTILE, "--model", tiny)
    assert ended.status == 0
    assert obeyed_characters(ended.out + ended.err) == set()
