"""A small tokenizer of its own for the model made from scratch.

Byte-level, so that any text survives encoding and decoding byte for byte. What is to be copied is
cut alike wherever it stands: digits stand alone, the letters of an identifier keep their hyphen,
and a word that begins with a capital has no space in its tokens, so that a name has the same ones
at the start of a string, within a sentence and at its end. Knows nothing of models or worlds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import Regex as TokenizerRegex
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from rl_backend.hf_checkpoint import write_json
from rl_backend.tiny_template import CHAT_TEMPLATE, SpecialToken
from world_builder.frozen import Json

SIZE_MULTIPLE = 16
CHAT_TEMPLATE_FILE = "chat_template.jinja"


PIECES = r"\p{L}+-(?=\d)|\d| ?\p{Ll}\p{L}*+(?!-\d)|\p{L}+|[^\p{L}\d\s]+(?: [^\p{L}\d\s]+)*|\s+"
"""What no token reaches across: `ord-`, a digit, a word (a small one with the space before it),
punctuation, other white space."""

MIN_VOCAB_SIZE = -(-(256 + len(SpecialToken)) // SIZE_MULTIPLE) * SIZE_MULTIPLE


def train_tokenizer(texts: Iterable[str], *, vocab_size: int) -> Tokenizer:
    """A byte-level BPE tokenizer learned from `texts`.

    It has at most `vocab_size` tokens, and always a multiple of 16 (so that the vocabulary can
    be cut over ranks): what the texts do not fill is padded with reserved tokens. Special tokens
    in the texts are recognised, not learned as text. The same texts give the same tokenizer.

    Raises:
        ValueError: `vocab_size` has no room for the 256 bytes and the special tokens.
    """
    if vocab_size < MIN_VOCAB_SIZE:
        raise ValueError(f"vocab_size must be {MIN_VOCAB_SIZE} or more, got {vocab_size}")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(TokenizerRegex(PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(  # type: ignore[no-untyped-call]
        vocab_size=vocab_size // SIZE_MULTIPLE * SIZE_MULTIPLE,
        special_tokens=[str(token) for token in SpecialToken],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_plain_parts(texts), trainer)
    num_missing = -tokenizer.get_vocab_size() % SIZE_MULTIPLE
    tokenizer.add_special_tokens([f"<|reserved_{i}|>" for i in range(num_missing)])
    return tokenizer


def write_tokenizer(directory: Path, tokenizer: Tokenizer, *, context_length: int) -> None:
    """Writes the files from which transformers and SGLang load the tokenizer."""
    tokenizer.save(str(directory / "tokenizer.json"))
    (directory / CHAT_TEMPLATE_FILE).write_text(CHAT_TEMPLATE, encoding="utf-8")
    named: dict[str, Json] = {
        "bos_token": str(SpecialToken.BOS),
        "eos_token": str(SpecialToken.END),
        "pad_token": str(SpecialToken.PAD),
    }
    write_json(directory / "special_tokens_map.json", named)
    write_json(
        directory / "tokenizer_config.json",
        named
        | {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": context_length,
            "clean_up_tokenization_spaces": False,
            "add_prefix_space": False,
        },
    )


def _plain_parts(texts: Iterable[str]) -> Iterator[str]:
    boundary = re.compile("|".join(re.escape(token) for token in SpecialToken))
    for text in texts:
        yield from (part for part in boundary.split(text) if part)
