"""The tokenizers in use, by the names of their models: read once while their files are the same."""

from tui_trainer.engine.models.loading import load_vocabulary
from tui_trainer.engine.models.sources import FilesIdentity, Source, find_source
from tui_trainer.engine.models.tokens import Vocabulary
from tui_trainer.engine.models.vocabulary_entries import VocabularyEntries
from tui_trainer.reports.progress import Progress
from tui_trainer.reports.tokens import TokenizerReport
from tui_trainer.settings.model import ModelChoice


class Vocabularies:
    """Tokenizers, each with the files that it was read from."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._kept: dict[str, tuple[FilesIdentity, Vocabulary]] = {}
        self._entries: dict[str, VocabularyEntries] = {}
        """Of the tokenizers whose entries were looked at."""

    def load(self, name: str) -> TokenizerReport:
        """The tokenizer of the model `name`, without its weights."""
        source = find_source(name, self._progress, weights=False)
        return TokenizerReport(name, len(self.read(source, ModelChoice(name))))

    def read(self, source: Source, choice: ModelChoice) -> Vocabulary:
        """The one that is kept, where the files are as they were when it was read."""
        kept = self._kept.get(choice.source)
        if kept is None or kept[0] != source.identity:
            vocabulary = load_vocabulary(source, choice)
            self.keep(source, choice, vocabulary)
            return vocabulary
        return kept[1]

    def keep(self, source: Source, choice: ModelChoice, vocabulary: Vocabulary) -> None:
        """Have it found by the name that was chosen: a model may have made it fit its weights."""
        self._kept[choice.source] = source.identity, vocabulary
        self._entries.pop(choice.source, None)

    def entries(self, name: str) -> VocabularyEntries:
        """The entries of the tokenizer that `named` gives."""
        if name not in self._entries:
            self._entries[name] = VocabularyEntries(self.named(name))
        return self._entries[name]

    def named(self, name: str) -> Vocabulary:
        """The one that was loaded last under that name, else from the model of that name."""
        if name not in self._kept:
            self.load(name)
        return self._kept[name][1]
