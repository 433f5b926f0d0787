"""Text -> unit vector, with an ONNX sentence encoder on one thread.

Each text is run alone: the activations are quantised over a whole batch, so in company a text would
get another vector. onnxruntime and tokenizers are imported when an encoder is loaded, not before.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from turnout.errors import ArtifactError
from turnout.route import artifact

if TYPE_CHECKING:
    from tokenizers import Tokenizer

type Vectors = NDArray[np.float32]  # (texts, dim), each row of length one

CHARACTERS = 4096  # of a text that are looked at, half of them from each end
WIDE = 8  # characters, blanks counted once, that are tokenised for each token that is read
# onnxruntime fuses a sum with the norm after it; that takes five times as long as one by one
SLOW = ["SkipLayerNormFusion"]


class Embedder:
    """A folder holding manifest.json, model.onnx and tokenizer.json. Threads may share it."""

    def __init__(self, folder: Path) -> None:
        manifest = artifact.trusted(folder, "model.onnx", "tokenizer.json")
        path = folder / "manifest.json"
        self.id = artifact.field(manifest, "id", str, path)
        self.dim = artifact.field(manifest, "dim", int, path)
        self.max_tokens = artifact.field(manifest, "max_tokens", int, path)
        try:
            self._tokenizer = _tokenizer(folder / "tokenizer.json")
            self._session = _session(folder / "model.onnx")
            self._wants = {node.name for node in self._session.get_inputs()}
            found = self._hidden("?").shape[-1]
        except Exception as e:  # both libraries raise Exception itself
            raise ArtifactError(f"{folder}: no encoder: {e}") from e
        if found != self.dim:
            raise ArtifactError(f"{path}: dim is {self.dim}, but model.onnx gives {found}")

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """(texts) -> (texts, dim)"""
        rows = [self._hidden(text).mean(axis=0) for text in texts]
        return unit(np.array(rows, np.float32).reshape(len(rows), self.dim))

    def tokens(self, text: str) -> list[int]:
        """The ids that are read of it: both ends."""
        words = " ".join(ends(text, CHARACTERS).split())
        ids = self._tokenizer.encode(ends(words, WIDE * self.max_tokens)).ids
        return ends(ids, self.max_tokens)

    def _hidden(self, text: str) -> NDArray[np.float32]:
        """(tokens, dim): the encoder's last layer."""
        ids = np.array([self.tokens(text)], np.int64)
        feed = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        (hidden, *_) = self._session.run(None, {k: v for k, v in feed.items() if k in self._wants})
        return np.asarray(hidden[0], np.float32)


def ends[S: (str, list[int])](items: S, limit: int) -> S:
    """At most `limit` of `items`, half from each end: first and last say as much as all of them."""
    if len(items) <= limit:
        return items
    head = limit // 2
    return items[:head] + items[len(items) - (limit - head) :]


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length one; a row of zeros stays."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float32)


def _tokenizer(path: Path) -> "Tokenizer":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()  # `ends` cuts the middle out instead
    tokenizer.no_padding()
    return tokenizer


def _session(path: Path) -> Any:
    """One thread that sleeps when idle: the proxy's own loop wants the other cores.

    Official builds of onnxruntime report home; only this, before the import, stops all of it:
    https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOW
    )
