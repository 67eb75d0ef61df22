"""The built-in model's shape: Qwen3's architecture, small enough to step in a tenth of a second."""

from transformers import Qwen3Config

from tui_trainer.recipe.tokenizer import CONTEXT, VOCABULARY


def configuration(end_of_text: int) -> Qwen3Config:
    """4.3 million parameters, of which the tied embedding is 0.9 million."""
    return Qwen3Config(
        vocab_size=VOCABULARY,
        hidden_size=224,
        intermediate_size=576,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=end_of_text,
        pad_token_id=end_of_text,
    )
