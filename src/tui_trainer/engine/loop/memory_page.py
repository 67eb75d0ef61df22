"""docs/gpu.md, from the shapes of a model alone: `make docs` writes it."""

from collections.abc import Iterator

import torch
from transformers import PreTrainedConfig

from tui_trainer.engine.loop.smaller_loops import fewest_changes
from tui_trainer.engine.loop.usual_needs import STEP, USES, loop_bytes, usual_needs
from tui_trainer.engine.memory.dry_model import DryModel
from tui_trainer.engine.models.shapes import shape_config
from tui_trainer.settings.model import BF16_STOCHASTIC, MIXED
from tui_trainer.settings.presets import PRESETS
from tui_trainer.words.numbers import gigabytes

MODEL = "qwen3-1.7b"
CARDS = 16, 24, 40, 48, 80, 141
"""GB, as cards are called."""
CONTEXT = 500_000_000
"""Bytes that a process takes of a card for itself: 0.3 to 0.5 GB."""
CUDA = torch.device("cuda")
PRECISIONS = MIXED, BF16_STOCHASTIC

HEAD = """# Memory on a GPU

What Qwen3-1.7B (1.72 billion weights) needs, and what fits on which card. No card was asked: the
model's own code, autograd and the loops were run on shapes alone (`engine/memory/`), and
`make docs` writes this page from what was counted. The program works out the same before it loads a
model in precision `auto`, before an update on Step and before a loop, for any model and for what is
free then.

- Step: updates on a text of 512 tokens, with AdamW (fused on a GPU).
- `tutorial`: items of at most 512 tokens, with torch's own AdamW (`foreach`), which holds the
  weights once more for a moment.
- `tuned-cuda`: rows of 2,048 tokens. Counted as if its blocks were not compiled: compiled they hold
  less.

Undo, and the weights from before an update, are in the host's memory and are not counted here. A
margin of 3% is added for gaps between allocations, and 0.07 GB for cuBLAS. `auto` takes `mixed`
where all three have room, else `bf16-sr`, and says why.
"""
NEEDS = """
## What is needed, in GB

| | mixed | bf16-sr |
|---|---:|---:|
"""
FITS = """
## What fits

A card of so many GB, less 0.5 GB for the process's own context, with nobody else on it. Where
something is refused, the remedy stands in its place.

| card | `auto` takes | Step | `tutorial` | `tuned-cuda` | the other precision |
|---|---|---|---|---|---|
"""


def page(config: PreTrainedConfig) -> str:
    """All of docs/gpu.md, of a model of this config."""
    models = {precision: DryModel.of(config, precision) for precision in PRECISIONS}
    needs = {precision: usual_needs(dry, CUDA) for precision, dry in models.items()}
    rows = [fits_row(card, models, needs) for card in CARDS]
    return "".join((HEAD, NEEDS, *need_rows(models, needs), FITS, *rows))


def need_rows(models: dict[str, DryModel], needs: dict[str, dict[str, int]]) -> Iterator[str]:
    """The weights alone, and each use with all that it takes."""
    weights = {precision: sum(dry.weight_sizes) for precision, dry in models.items()}
    yield row("the weights alone", *(gigabytes(weights[precision]) for precision in PRECISIONS))
    for use in USES:
        yield row(use, *(gigabytes(needs[precision][use]) for precision in PRECISIONS))


def fits_row(card: int, models: dict[str, DryModel], needs: dict[str, dict[str, int]]) -> str:
    """What `auto` takes on a card, and what has room then, or what to do."""
    free = card * 10**9 - CONTEXT
    taken = MIXED if max(needs[MIXED].values()) <= free else BF16_STOCHASTIC
    other = next(precision for precision in PRECISIONS if precision != taken)
    cells = [fits(models[taken], use, needs[taken][use], free) for use in USES]
    return row(f"{card} GB", taken, *cells, summary(other, needs[other], free))


def fits(dry: DryModel, use: str, needed: int, free: int) -> str:
    """`fits`, or the remedy."""
    if needed <= free:
        return "fits"
    if use == STEP:
        return "refused: shorten the text, take SGD, or a smaller model"
    changes = fewest_changes(PRESETS[use], lambda settings: loop_bytes(dry, settings, CUDA) <= free)
    if changes:
        return f"refused: set {changes}"
    less = "" if dry.is_stochastic else f"precision {BF16_STOCHASTIC}, or "
    return f"refused: take {less}a smaller model"


def summary(precision: str, needs: dict[str, int], free: int) -> str:
    """What would fit in the precision that `auto` does not take."""
    fitting = [use for use in USES if needs[use] <= free]
    if len(fitting) == len(USES):
        return f"{precision}: all three fit"
    return f"{precision}: {', '.join(fitting)} would fit" if fitting else f"{precision}: none fits"


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    print(page(shape_config(MODEL, None)), end="")
