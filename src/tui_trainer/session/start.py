"""What the app starts with: what was set once, and what was kept from last time."""

from dataclasses import dataclass, field, replace

from tui_trainer.configuration.kept import Kept
from tui_trainer.configuration.layers import Configuration
from tui_trainer.settings.model import ModelChoice


@dataclass(frozen=True)
class Start:
    """Beside the model that was asked for."""

    configuration: Configuration = field(default_factory=Configuration)
    kept: Kept = field(default_factory=Kept)
    names_model: bool = True
    """Whether a flag, the environment or config.toml names the model to load first."""

    @property
    def theme(self) -> str | None:
        """None for the usual one."""
        return self.configuration.theme or self.kept.theme

    def model(self, asked: ModelChoice) -> ModelChoice:
        """The model to load first: where none is named, that of last time."""
        if self.names_model or self.kept.model is None:
            return asked
        return replace(asked, source=self.kept.model)
