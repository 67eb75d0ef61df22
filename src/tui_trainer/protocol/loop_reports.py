"""What any loop reports, a step each."""

from tui_trainer.reports.bench_result import BenchReport
from tui_trainer.reports.evaluation import EvaluationReport
from tui_trainer.reports.generation import GeneratedToken
from tui_trainer.reports.loop import LoopReport
from tui_trainer.reports.updates import UpdateReport

Report = LoopReport | UpdateReport | GeneratedToken | EvaluationReport | BenchReport
