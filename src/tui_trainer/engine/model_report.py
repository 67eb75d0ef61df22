"""What is to be known of a model that was loaded."""

from torch import nn
from transformers import PreTrainedModel

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


def largest_dropout(model: nn.Module) -> float:
    """The largest dropout probability that train mode turns on; 0 where there is none."""
    layers = [module.p for module in model.modules() if isinstance(module, nn.Dropout)]
    attention = [getattr(module, "attention_dropout", 0.0) for module in model.modules()]
    return max([0.0, *layers, *(p for p in attention if isinstance(p, float))])
