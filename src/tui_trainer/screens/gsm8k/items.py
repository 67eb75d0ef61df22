"""The part of GSM8K that shows the items it trains on, whether a run goes or not."""

from tui_trainer.reports.steps import StepReport
from tui_trainer.screens.gsm8k.evaluation import Gsm8kEvaluation
from tui_trainer.screens.gsm8k.item_browser import ItemBrowser


class Gsm8kItems(Gsm8kEvaluation):
    """Opens the browser over the loop, at the item of the last step."""

    report: StepReport | None

    def action_items(self) -> None:
        item = 0 if self.report is None else self.report.item.problem
        self.app.push_screen(ItemBrowser(self.session, self.trains_with, item))
