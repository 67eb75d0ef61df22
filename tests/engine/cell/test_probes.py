"""Probes: then and now, as plain torch has it, and a forward pass only where one is asked for."""

import pytest
import torch
import torch.nn.functional as F

from tests.known import present
from tests.models import NOTEBOOK_TEXT
from tui_trainer.engine.engine import Engine
from tui_trainer.errors import InputError

TEXTS = "def goodbye():\n\treturn", "The loss of a token"


def plain(engine: Engine, text: str) -> tuple[float, torch.Tensor]:
    """The loss of a text and the probabilities of what comes after it."""
    learner = engine.learner
    ids = learner.input_ids(text)
    with torch.no_grad():
        logits = learner.model(ids).logits[0]
    return F.cross_entropy(logits[:-1], ids[0, 1:]).item(), logits[-1].softmax(dim=-1)


def test_then_and_now_are_those_of_plain_torch(qwen3: Engine) -> None:
    qwen3.set_lr(1e-2)
    then = [plain(qwen3, text) for text in TEXTS]
    qwen3.follow_probes(TEXTS)
    for _ in range(3):
        qwen3.update(NOTEBOOK_TEXT)
    now = [plain(qwen3, text) for text in TEXTS]
    reports = qwen3.probe(TEXTS)
    assert [report.text for report in reports] == list(TEXTS)
    for report, (loss_then, p_then), (loss_now, p_now) in zip(reports, then, now, strict=True):
        assert present(report.start).update == 0
        assert present(report.start).loss == pytest.approx(loss_then, rel=1e-6)
        assert present(report.start).likeliest.id == int(p_then.argmax())
        assert present(report.start).likeliest.p == pytest.approx(p_then.max().item(), rel=1e-5)
        assert present(report.now).loss == pytest.approx(loss_now, rel=1e-6)
        assert report.change == pytest.approx(loss_now - loss_then, rel=1e-4)
        likeliest = int(p_now.argmax())
        assert present(report.now).likeliest.id == likeliest
        assert present(report.now).likeliest.p == pytest.approx(p_now[likeliest].item(), rel=1e-5)
        assert present(report.now).p_at_start == pytest.approx(p_then[likeliest].item(), rel=1e-5)
    assert any(abs(present(report.change)) > 0.01 for report in reports)


def test_a_text_is_measured_at_its_start_once(
    qwen3: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []
    qwen3.learner.model.register_forward_hook(lambda *_: passes.append(1))
    qwen3.follow_probes(TEXTS)
    qwen3.follow_probes(TEXTS)
    assert len(passes) == 2
    qwen3.update(NOTEBOOK_TEXT)
    passes.clear()
    qwen3.follow_probes((*TEXTS, "a third"))
    assert len(passes) == 1
    assert [present(r.start).update for r in qwen3.probe((*TEXTS, "a third"))] == [0, 0, 1]
    # One that was let go of starts anew
    qwen3.follow_probes(TEXTS[:1])
    assert [present(report.start).update for report in qwen3.probe(TEXTS)] == [0, 1]


def test_a_reload_starts_anew(qwen3: Engine) -> None:
    qwen3.set_lr(1e-2)
    qwen3.update(NOTEBOOK_TEXT)
    assert [present(report.start).update for report in qwen3.probe(TEXTS)] == [1, 1]
    qwen3.reload()
    reports = qwen3.probe(TEXTS)
    assert [present(report.start).update for report in reports] == [0, 0]
    assert [report.change for report in reports] == [0, 0]


def test_an_update_between_leaves_no_trace_of_the_probes(qwen3: Engine) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    qwen3.probe(TEXTS)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(p.grad is None for p in qwen3.learner.model.parameters())
    assert present(qwen3.status()).history.undo == 0


def test_what_cannot_be_read_says_so_and_the_others_are(qwen3: Engine) -> None:
    short, long, fine = qwen3.probe(("a", "word " * 500, TEXTS[0]))
    assert (present(short.now).loss, short.change) == (None, None)
    assert 0 < present(short.now).likeliest.p <= 1
    assert (long.start, long.now, long.change) == (None, None, None)
    assert "shorten it" in long.refused
    assert fine.change == 0
    with pytest.raises(InputError, match="At most 5 probes can be followed, not 6"):
        qwen3.probe(tuple("abcdef"))
