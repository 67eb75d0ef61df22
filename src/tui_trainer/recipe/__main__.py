"""Trains the built-in model anew: `python -m tui_trainer.recipe --minutes 75 --work DIR`.

Seeded and resumable. `--work` keeps the corpus's token IDs and the checkpoint; `--out` is where the
finished model folder is written; `--measure` prints a finished model's held-out figures.
"""

import argparse
from pathlib import Path

import torch
from transformers import AutoTokenizer, Qwen3ForCausalLM

from tui_trainer.builtin import MODEL_FOLDER
from tui_trainer.recipe.architecture import configuration
from tui_trainer.recipe.finished_model import export
from tui_trainer.recipe.measure import measure
from tui_trainer.recipe.pretrain import Plan, load_checkpoint, train
from tui_trainer.recipe.token_store import open_store, prepare


def main(arguments: list[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    if options.measure:
        _measure(options.out)
        return
    work: Path = options.work
    if not (work / "tokens.npy").exists():
        print("preparing the corpus", flush=True)
        prepare(work)
    model = _new_model(work, options.seed)
    if options.export:
        load_checkpoint(work, model, [])
    else:
        if not options.resume and (work / "checkpoint.safetensors").exists():
            raise SystemExit(f"{work} holds a checkpoint: pass --resume, or another --work")
        train(model, open_store(work), Plan(options.seed, options.steps, options.minutes), work)
    export(model, work, options.out)
    _measure(options.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tui_trainer.recipe")
    parser.add_argument("--minutes", type=float, default=75, help="how long to train")
    parser.add_argument("--steps", type=int, help="how many updates to make, instead of minutes")
    parser.add_argument("--work", type=Path, default=Path("build/builtin"))
    parser.add_argument("--out", type=Path, default=MODEL_FOLDER)
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --work")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--export", action="store_true", help="write the checkpoint's model only")
    parser.add_argument("--measure", action="store_true", help="print the figures of --out only")
    return parser


def _new_model(work: Path, seed: int) -> Qwen3ForCausalLM:
    tokenizer = AutoTokenizer.from_pretrained(work)
    torch.manual_seed(seed)
    return Qwen3ForCausalLM(configuration(tokenizer.eos_token_id))


def _measure(folder: Path) -> None:
    for line in measure(folder):
        print(line, flush=True)


if __name__ == "__main__":
    main()
