"""What is to be known of a model that was loaded."""

from torch import nn
from transformers import PreTrainedModel

from tui_trainer.engine.models.dropout import largest_dropout
from tui_trainer.reports.models import ModelReport

CONTEXTS = "max_position_embeddings", "max_seq_len", "max_target_positions"
"""What configs call the number of positions."""


def report_model(
    model: PreTrainedModel,
    name: str,
    device: str,
    precision: str,
    seconds: float,
    notes: tuple[str, ...] = (),
) -> ModelReport:
    """`seconds` is how long loading took, `notes` what it has to say."""
    config = model.config.get_text_config()
    return ModelReport(
        name=name,
        architecture=type(model).__name__,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        device=device,
        precision=precision,
        context=context_of(model),
        vocabulary=config.vocab_size,
        dropout=largest_dropout(model),
        load_seconds=seconds,
        notes=notes,
    )


def embedding_rows(model: PreTrainedModel) -> int:
    """How many token IDs the model has a row for."""
    weight = getattr(model.get_input_embeddings(), "weight", None)
    return int(model.config.get_text_config().vocab_size if weight is None else len(weight))


def context_of(model: PreTrainedModel) -> int | None:
    """How many tokens a text may have; None where the model sets no limit, which XLNet says by -1.

    RoBERTa's table of positions has no use for those up to the one of padding, which is that many
    tokens fewer. ProphetNet, which guesses n-grams, looks up the position after each token's too.
    """
    config = model.config.get_text_config()
    named = (getattr(config, name, None) for name in CONTEXTS)
    positions = next((size for size in named if size is not None and size > 0), None)
    words = model.get_input_embeddings()
    unused = [
        table.padding_idx + 1
        for table in model.modules()
        if isinstance(table, nn.Embedding) and table is not words
        if table.num_embeddings == positions and table.padding_idx is not None
    ]
    ahead = 1 if getattr(config, "ngram", None) else 0
    return positions if positions is None else positions - max(unused, default=0) - ahead
