"""The pre-training loop: Muon for the matrices, AdamW for the rest, bf16 compute on fp32 weights.

A step's rows are a pure function of (seed, step), and a checkpoint holds the weights, both
optimizers' state and the progress, so that a run that was cut off goes on where it was.
"""

import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F
from torch.optim import AdamW, Muon, Optimizer
from transformers import Qwen3ForCausalLM

from tui_trainer.recipe.token_store import TokenStore

# 3,072 tokens a pass stay in the cache; long rows come last, since their attention costs more.
PASS_TOKENS = 3072
PASSES = 2
SHORT_ROW, LONG_ROW, LONG_FROM = 256, 512, 0.8
MATRIX_RATE = 0.02
OTHER_RATE = 4e-3
WARM_UP = 0.02
CHECKPOINT_SECONDS = 240.0


@dataclass(frozen=True)
class Plan:
    """How long to train: a number of steps, or minutes of work where `steps` is None."""

    seed: int
    steps: int | None
    minutes: float


@dataclass(frozen=True)
class Progress:
    """Updates made, and the seconds they took, over all the runs that a resume joined."""

    step: int = 0
    seconds: float = 0.0

    def share(self, plan: Plan) -> float:
        """0 at the start, 1 at the end of the plan."""
        if plan.steps is not None:
            return self.step / plan.steps
        return self.seconds / (60 * plan.minutes)


def rate_factor(share: float) -> float:
    """Linear warm-up, then a cosine to zero."""
    if share < WARM_UP:
        return max(share / WARM_UP, 0.02)
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, (share - WARM_UP) / (1 - WARM_UP)))


def make_optimizers(model: Qwen3ForCausalLM) -> list[Optimizer]:
    embedding = model.lm_head.weight
    matrices = [p for p in model.parameters() if p.dim() == 2 and p is not embedding]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    return [
        Muon(matrices, lr=MATRIX_RATE, momentum=0.95, nesterov=True, weight_decay=0.01),
        AdamW([embedding, *vectors], lr=OTHER_RATE, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def train(model: Qwen3ForCausalLM, store: TokenStore, plan: Plan, folder: Path) -> Progress:
    """Trains until the plan is done, from the checkpoint in `folder` where there is one."""
    optimizers = make_optimizers(model)
    start = progress = load_checkpoint(folder, model, optimizers)
    model.train()
    saved = progress.seconds
    for progress, loss in _steps(model, store, plan, optimizers, start):
        if progress.step % 20 == 0:
            _print_line(progress, loss, plan)
        if progress.seconds - saved > CHECKPOINT_SECONDS:
            save_checkpoint(folder, model, optimizers, progress)
            saved = progress.seconds
    save_checkpoint(folder, model, optimizers, progress)
    return progress


def _steps(
    model: Qwen3ForCausalLM,
    store: TokenStore,
    plan: Plan,
    optimizers: list[Optimizer],
    progress: Progress,
) -> Iterator[tuple[Progress, float]]:
    while progress.share(plan) < 1:
        began = time.perf_counter()
        for optimizer, rate in zip(optimizers, (MATRIX_RATE, OTHER_RATE), strict=True):
            optimizer.param_groups[0]["lr"] = rate * rate_factor(progress.share(plan))
        length = LONG_ROW if progress.share(plan) >= LONG_FROM else SHORT_ROW
        rows = PASSES * PASS_TOKENS // length
        ids = torch.from_numpy(store.rows(plan.seed, progress.step, rows, length))
        loss = 0.0
        for part in ids.chunk(PASSES):
            part_loss = _loss(model, part) / PASSES
            part_loss.backward()
            loss += part_loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        took = time.perf_counter() - began
        progress = replace(progress, step=progress.step + 1, seconds=progress.seconds + took)
        yield progress, loss


def _loss(model: Qwen3ForCausalLM, ids: Tensor) -> Tensor:
    """Mean loss over every next token; ids: [row, position]."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(input_ids=ids[:, :-1], use_cache=False).logits
    return F.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten())


def _print_line(progress: Progress, loss: float, plan: Plan) -> None:
    speed = progress.step * PASSES * PASS_TOKENS / progress.seconds
    print(
        f"step {progress.step}  loss {loss:.3f}  {100 * progress.share(plan):.1f}%  "
        f"{speed:.0f} tokens/s",
        flush=True,
    )


def save_checkpoint(
    folder: Path, model: Qwen3ForCausalLM, optimizers: list[Optimizer], progress: Progress
) -> None:
    """Writes one file beside the last and renames it into place, so that it is whole or not there.

    The progress is in the file's metadata: weights, optimizer state and progress belong together.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"model.{name}": p.detach() for name, p in model.named_parameters()}
    for number, optimizer in enumerate(optimizers):
        for index, state in optimizer.state_dict()["state"].items():
            for key, value in state.items():
                tensors[f"optimizer.{number}.{index}.{key}"] = torch.as_tensor(value)
    written = folder / "checkpoint.writing"
    save_file(tensors, written, metadata={"progress": json.dumps(asdict(progress))})
    written.replace(folder / "checkpoint.safetensors")


def load_checkpoint(folder: Path, model: Qwen3ForCausalLM, optimizers: list[Optimizer]) -> Progress:
    """Fills model and optimizers from `folder`; a fresh Progress where it holds no checkpoint."""
    path = folder / "checkpoint.safetensors"
    if not path.exists():
        return Progress()
    tensors = load_file(path)
    weights = {n[6:]: t for n, t in tensors.items() if n.startswith("model.")}
    model.load_state_dict(weights, strict=False)
    for number, optimizer in enumerate(optimizers):
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            kind, *rest = name.split(".")
            if kind == "optimizer" and int(rest[0]) == number:
                state.setdefault(int(rest[1]), {})[rest[2]] = tensor
        optimizer.load_state_dict(
            {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}
        )
    return read_progress(path)


def read_progress(path: Path) -> Progress:
    with safe_open(path, framework="pt") as file:
        return Progress(**json.loads(file.metadata()["progress"]))
