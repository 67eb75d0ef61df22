"""Runs on disk: settings, metrics and checkpoints, for whoever lists, draws or resumes them.

`$XDG_DATA_HOME/tui-trainer/runs/<date>-<model>-<n>/` holds `run.json`, `metrics.jsonl` (a line a
step) and `checkpoints/step-000500/`. No torch and no textual here: the tensors of a checkpoint are
`engine/loop/checkpoint.py`'s.
"""
