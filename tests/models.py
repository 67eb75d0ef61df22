"""Tiny random models of every architecture, saved as a person would have them on disk."""

from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

import torch
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    AutoModelForCausalLM,
    GemmaConfig,
    GPT2Config,
    GPTBigCodeConfig,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Starcoder2Config,
)

NOTEBOOK_TEXT = "def hello():\n\treturn"
END_OF_TEXT = "<|endoftext|>"
CONTEXT = 128
VOCABULARY = 400

CORPUS = [
    "def hello():\n\treturn 'hello'\n\n\nfor item in range(10):\n    print(item)\n",
    "Question: Natalia sold clips to 48 of her friends, and half as many in May. How many?\n"
    "Answer: She sold 48/2 = <<48/2=24>>24 clips in May, 48+24 = 72 altogether.\n#### 72",
    "The loss of a token is the negative logarithm of its probability, naïve as that may sound.",
]


def byte_level_tokenizer() -> PreTrainedTokenizerFast:
    """As GPT-2, Qwen and StarCoder have it: every byte is a token, merges above them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END_OF_TEXT)


def byte_fallback_tokenizer() -> PreTrainedTokenizerFast:
    """As SentencePiece makes it for Llama and Gemma: `▁` for a space, `<0x0A>` for the rest."""
    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=120, show_progress=False)
    words.train_from_iterator(CORPUS[1:2], trainer)
    learned = [piece for piece, _ in sorted(words.get_vocab().items(), key=lambda entry: entry[1])]
    learned = [piece for piece in learned if piece not in "\n"]
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *learned]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    merges = [
        (piece[:cut], piece[cut:])
        for piece in learned
        for cut in range(1, len(piece))
        if piece[:cut] in vocabulary and piece[cut:] in vocabulary
    ]
    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocabulary, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True
        )
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer.add_special_tokens(
        [AddedToken(piece, special=True) for piece in ("<unk>", "<s>", "</s>")]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )


def _qwen3(vocabulary: int) -> PreTrainedConfig:
    return Qwen3Config(**_common(vocabulary), head_dim=8, num_key_value_heads=1)


def _llama(vocabulary: int) -> PreTrainedConfig:
    return LlamaConfig(**_common(vocabulary), num_key_value_heads=1, tie_word_embeddings=True)


def _starcoder2(vocabulary: int) -> PreTrainedConfig:
    return Starcoder2Config(**_common(vocabulary), num_key_value_heads=1)


def _gemma(vocabulary: int) -> PreTrainedConfig:
    return GemmaConfig(**_common(vocabulary), head_dim=8, num_key_value_heads=1)


def _gpt2(vocabulary: int) -> PreTrainedConfig:
    return GPT2Config(**_gpt_common(vocabulary))


def _gpt_bigcode(vocabulary: int) -> PreTrainedConfig:
    return GPTBigCodeConfig(**_gpt_common(vocabulary))


class _GptSizes(TypedDict):
    vocab_size: int
    n_embd: int
    n_layer: int
    n_head: int
    n_positions: int
    bos_token_id: int
    eos_token_id: int


def _gpt_common(vocabulary: int) -> _GptSizes:
    return {
        "vocab_size": vocabulary,
        "n_embd": 16,
        "n_layer": 2,
        "n_head": 2,
        "n_positions": CONTEXT,
        "bos_token_id": 0,
        "eos_token_id": 0,
    }


class _Sizes(TypedDict):
    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    max_position_embeddings: int
    bos_token_id: int | None
    eos_token_id: int
    pad_token_id: int


def _common(vocabulary: int) -> _Sizes:
    return {
        "vocab_size": vocabulary,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": CONTEXT,
        "bos_token_id": None,
        "eos_token_id": 0,
        "pad_token_id": 0,
    }


BYTE_LEVEL: dict[str, Callable[[int], PreTrainedConfig]] = {
    "Qwen3": _qwen3,
    "GPT2": _gpt2,
    "GPTBigCode": _gpt_bigcode,
    "Starcoder2": _starcoder2,
}
BYTE_FALLBACK: dict[str, Callable[[int], PreTrainedConfig]] = {"Llama": _llama, "Gemma": _gemma}
ARCHITECTURES = (*BYTE_LEVEL, *BYTE_FALLBACK)


def put_in(folder: Path, *, before: bool = False, after: bool = False) -> Path:
    """Have the tokenizer of a model put the end of text before or after every text."""
    tokenizer = byte_level_tokenizer()
    single = " ".join([END_OF_TEXT] * before + ["$A"] + [END_OF_TEXT] * after)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=single, special_tokens=[(END_OF_TEXT, 0)]
    )
    tokenizer.save_pretrained(folder)
    return folder


def save_model(architecture: str, folder: Path) -> Path:
    """A random model of an architecture and its tokenizer in `folder`; the same every time."""
    if architecture in BYTE_LEVEL:
        tokenizer, configure = byte_level_tokenizer(), BYTE_LEVEL[architecture]
    else:
        tokenizer, configure = byte_fallback_tokenizer(), BYTE_FALLBACK[architecture]
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(configure(len(tokenizer)))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
