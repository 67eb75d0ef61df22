"""`tui-trainer predict`: a forward pass and generation."""

import math

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.headless.conftest import Program, obeyed_characters
from tests.headless.test_tokens import HOSTILE

TEXT = "def hello():\n\treturn"


def forward(folder: str) -> tuple[torch.Tensor, torch.Tensor]:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = AutoTokenizer.from_pretrained(folder)(TEXT, return_tensors="pt").input_ids
    with torch.no_grad():
        return ids[0], model(ids).logits[0]


def test_the_line_is_the_forward_pass_written_out(program: Program, tiny: str) -> None:
    ended = program("predict", TEXT, "--top", "3", "--model", tiny, "--json")
    assert (ended.status, ended.err) == (0, "")
    (line,) = ended.lines
    assert list(line) == ["shape", "logits_shape", "loss", "positions"]
    ids, logits = forward(tiny)
    p = logits.softmax(dim=-1)
    assert line["shape"] == [1, len(ids)]
    assert line["logits_shape"] == [1, *logits.shape]
    loss = torch.nn.functional.cross_entropy(logits[:-1], ids[1:]).item()
    assert line["loss"] == pytest.approx(loss, rel=1e-5)
    decode = AutoTokenizer.from_pretrained(tiny).decode
    for n, position in enumerate(line["positions"]):
        assert list(position) == [
            *("index", "id", "text", "expected_id", "expected_p", "expected_rank"),
            *("loss", "entropy", "p_sum", "top"),
        ]
        assert (position["index"], position["id"]) == (n, ids[n].item())
        assert position["text"] == decode([int(ids[n])])
        assert position["p_sum"] == pytest.approx(1, abs=1e-5)
        entropy = -(p[n] * p[n].log()).sum().item()
        assert position["entropy"] == pytest.approx(entropy, rel=1e-4)
        best = logits[n].topk(3)
        assert [token["id"] for token in position["top"]] == best.indices.tolist()
        assert [token["logit"] for token in position["top"]] == pytest.approx(
            best.values.tolist(), rel=1e-4
        )
        assert [token["p"] for token in position["top"]] == pytest.approx(
            p[n, best.indices].tolist(), rel=1e-4
        )
    last = line["positions"].pop()
    for name in ("expected_id", "expected_p", "expected_rank", "loss"):
        assert last[name] is None
    for n, position in enumerate(line["positions"]):
        label = int(ids[n + 1])
        assert position["expected_id"] == label
        assert position["expected_p"] == pytest.approx(p[n, label].item(), rel=1e-4)
        assert position["loss"] == pytest.approx(-math.log(p[n, label].item()), rel=1e-4)
        assert position["expected_rank"] == int((logits[n] > logits[n, label]).sum()) + 1


def test_the_steps_of_sampling_at_a_position(program: Program, tiny: str) -> None:
    settings = "--temperature", "0.5", "--top-k", "4", "--top-p", "0.6"
    arguments = "predict", TEXT, "--position", "-2", *settings, "--top", "2", "--model", tiny
    ended = program(*arguments, "--json")
    assert ended.status == 0
    ids, logits = forward(tiny)
    index = len(ids) - 2
    _, *steps = ended.lines
    assert [step["step"] for step in steps] == ["softmax", "temperature", "top-k", "top-p"]
    assert {(step["event"], step["index"]) for step in steps} == {("sampling", index)}
    scaled = (logits[index].double() / 0.5).softmax(-1).sort(descending=True).values
    kept = scaled[:4] / scaled[:4].sum()
    left = next(n for n in range(1, 5) if kept[:n].sum() >= 0.6)
    assert [step["survivors"] for step in steps] == [logits.shape[1], logits.shape[1], 4, left]
    assert steps[2]["top"][0]["p"] == pytest.approx(kept[0].item(), rel=1e-4)
    nucleus = kept[:left] / kept[:left].sum()
    assert steps[3]["top"][0]["p"] == pytest.approx(nucleus[0].item(), rel=1e-4)
    shown = program(*arguments).out
    assert f"the steps of sampling at position {index}" in shown
    assert f"top-p        {left:>7}" in shown


def test_greedy_generation_is_that_of_transformers(program: Program, tiny: str) -> None:
    ended = program("predict", TEXT, "--generate", "8", "--model", tiny, "--json")
    model = AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    ids = tokenizer(TEXT, return_tensors="pt").input_ids
    whole = model.generate(ids, max_new_tokens=8, do_sample=False)[0, ids.shape[1] :].tolist()
    _, *tokens, end = ended.lines
    assert [token["id"] for token in tokens] == whole
    assert [token["index"] for token in tokens] == [ids.shape[1] + n for n in range(len(whole))]
    assert {(token["event"], token["draw"]) for token in tokens} == {("token", None)}
    assert end == {"event": "generated", "tokens": len(whole), "text": tokenizer.decode(whole)}


def test_a_seed_samples_the_same_again(program: Program, tiny: str) -> None:
    def sampled(seed: str) -> list[int]:
        ended = program(
            *("predict", TEXT, "--generate", "6", "--sample", "--seed", seed),
            *("--temperature", "2", "--top-k", "300", "--model", tiny, "--json"),
        )
        _, *tokens, _ = ended.lines
        assert all(0 <= token["draw"] < 1 for token in tokens)
        return [token["id"] for token in tokens]

    assert sampled("1") == sampled("1")
    assert sampled("1") != sampled("2")


def test_the_table_for_people(program: Program, tiny: str) -> None:
    arguments = "predict", TEXT, "--generate", "3", "--model", tiny
    out = program(*arguments).out.splitlines()
    first, *tokens, _ = program(*arguments, "--json").lines
    length = len(first["positions"])
    assert out[0].startswith(f"input_ids (1, {length}), logits (1, {length}, ")
    assert out[0].endswith(f"loss {first['loss']:.4f} nats")
    assert out[2].split()[5] == f"{first['positions'][0]['loss']:.4f}"
    assert [int(line.split()[1]) for line in out[4 + length : 7 + length]] == [
        token["id"] for token in tokens
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a", "--top", "0"), "At least 1 token"),
        (("a", "--generate", "-1"), "fewer than 0"),
        (("a", "--temperature", "0"), "temperature"),
        (("a", "--top-k", "0"), "Top-k"),
        (("a", "--top-p", "2"), "Top-p"),
        (("a", "--seed", "-1"), "seed"),
        (("",), "empty"),
        (("word " * 600,), "512"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    program: Program, tiny: str, arguments: tuple[str, ...], said: str
) -> None:
    ended = program("predict", *arguments, "--model", tiny)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert said in ended.err


def test_a_position_that_is_not_there_is_refused(program: Program, tiny: str) -> None:
    ended = program("predict", "a", "--position", "1", "--model", tiny, "--json")
    assert ended.status == 2
    assert "There is no position 1" in ended.err


def test_hostile_text_never_reaches_the_terminal_raw(program: Program, tiny: str) -> None:
    ended = program("predict", HOSTILE, "--position", "0", "--generate", "2", "--model", tiny)
    assert ended.status == 0
    assert obeyed_characters(ended.out + ended.err) == set()
