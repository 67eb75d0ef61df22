"""One of each request."""

from tui_trainer.protocol.keeping import EndWork, Export, NameExport, Save
from tui_trainer.protocol.loops import (
    Bench,
    Evaluate,
    ReadBeginning,
    ReadRows,
    ReckonLoop,
    Resume,
    SetTrainingLr,
    Train,
)
from tui_trainer.protocol.models import FindModels, LoadModel, LoadTokenizer, ReadStatus, Reload
from tui_trainer.protocol.predictions import (
    CrossEntropy,
    Descend,
    Generate,
    Inspect,
    NextToken,
    Predict,
    SetSampling,
)
from tui_trainer.protocol.request import LoopRequest, Request
from tui_trainer.protocol.tokens import ReadItem, ReadTextRows, ReadVocabulary, Tokenize
from tui_trainer.protocol.updates import (
    FollowProbes,
    Fork,
    KeepUpdating,
    PrepareUndo,
    ReadViews,
    ReckonUpdate,
    Redo,
    RunPhase,
    SetDropout,
    SetLr,
    SetOptimizer,
    SetTraining,
    SetUndoBudget,
    Undo,
    Update,
    UpdateAt,
)
from tui_trainer.reports.labelled_logits import LabelledLogits
from tui_trainer.reports.problem import Problem
from tui_trainer.settings.bench import BenchSettings
from tui_trainer.settings.cell import CellSettings
from tui_trainer.settings.evaluation import EvaluationSettings
from tui_trainer.settings.model import ModelChoice
from tui_trainer.settings.sampling import Sampling
from tui_trainer.settings.train import TrainSettings

REQUESTS: tuple[Request[object], ...] = (
    FindModels(),
    LoadTokenizer("builtin"),
    LoadModel(ModelChoice()),
    ReadStatus(),
    Tokenize("def", "builtin", ("a", "bc"), "left", "other"),
    ReadItem(3, Problem("2 + 2?", "4"), TrainSettings(), "builtin"),
    ReadVocabulary("builtin", 100, 7),
    ReadTextRows(("a", "bc"), "left", "builtin"),
    Predict("def"),
    CrossEntropy(LabelledLogits((0.0, 1.0), 1)),
    Descend(LabelledLogits((0.0, 1.0), 1), 2, 1.0),
    Inspect("def", (97,), 1, Sampling()),
    NextToken("def", (97, 98), Sampling(greedy=False)),
    SetSampling(Sampling(temperature=0.5)),
    PrepareUndo(),
    Update("def"),
    UpdateAt("def", 1e-4),
    Fork("def"),
    RunPhase("forward", "def"),
    FollowProbes(("def",)),
    ReadViews(phases=True, moved=True, probes=("def",), passes="def"),
    Undo(),
    Redo(),
    SetUndoBudget(10**9),
    SetLr(1e-4),
    SetOptimizer("SGD"),
    SetTraining(False),
    ReckonUpdate("def", CellSettings(dropout=0.1)),
    SetDropout(0.1),
    SetDropout(None),
    ReadBeginning(),
    ReadRows(TrainSettings(items=2), made=1),
    ReckonLoop(TrainSettings(items=2)),
    SetTrainingLr(1e-4),
    NameExport(),
    Export("steps.py"),
    Save(),
    Reload(),
    EndWork(saves=True),
)
"""In an order in which an engine can answer all of them."""
LOOPS: tuple[LoopRequest[object], ...] = (
    Train(TrainSettings(items=2)),
    Resume("runs/one/checkpoints/step-000001", TrainSettings(items=2)),
    KeepUpdating("def"),
    Generate("def", (), Sampling(), 3),
    Evaluate(EvaluationSettings()),
    Bench(BenchSettings()),
)
