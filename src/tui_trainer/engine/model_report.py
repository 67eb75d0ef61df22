"""What is to be known of a model that was loaded."""

from transformers import PreTrainedModel

from tui_trainer.engine.dropout import largest_dropout
from tui_trainer.engine.reports import ModelReport


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
        context=getattr(config, "max_position_embeddings", None),
        vocabulary=config.vocab_size,
        dropout=largest_dropout(model),
        load_seconds=seconds,
        notes=notes,
    )


def embedding_rows(model: PreTrainedModel) -> int:
    """How many token IDs the model has a row for."""
    weight = getattr(model.get_input_embeddings(), "weight", None)
    return int(model.config.get_text_config().vocab_size if weight is None else len(weight))
