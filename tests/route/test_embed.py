import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from turnout.errors import ArtifactError
from turnout.route.embed import CHARACTERS, SLOW, Embedder, ends, unit

ENCODER = Path(__file__).parents[2] / "artifacts" / "encoder"


@pytest.fixture(scope="module")
def embed() -> Embedder:
    return Embedder(ENCODER)


TEXTS = {
    "one word": "train",
    "empty": "",
    "one emoji": "🚂",
    "another language": "Почему падает этот тест?",
    "longer than the encoder reads": "why does this test fail? " * 40,
    "500 kB": "a b " * 125_000,
    "one endless word": "a" * 500_000,
    "NUL and controls": "\x00\x01\x02 \ufffe",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_vector_has_length_one(embed: Embedder, text: str) -> None:
    vectors = embed([text])
    assert (vectors.shape, vectors.dtype) == ((1, embed.dim), np.float32)
    assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-5)


def test_no_texts(embed: Embedder) -> None:
    assert embed([]).shape == (0, embed.dim)


def test_company_does_not_matter(embed: Embedder) -> None:
    together = embed(list(TEXTS.values()))
    alone = np.concatenate([embed([text]) for text in TEXTS.values()])
    assert np.array_equal(together, alone)


def test_threads_may_share_it(embed: Embedder) -> None:
    texts = [f"sort {n} numbers" for n in range(40)]
    expected = embed(texts)
    with ThreadPoolExecutor(4) as threads:
        found = np.concatenate(list(threads.map(lambda text: embed([text]), texts)))
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("fix the failing unit test", "repair a broken test", "bake a chocolate cake"),
        ("What is 12 times 9?", "multiply twelve by nine", "write a poem about rain"),
    ],
    ids=["tests", "sums"],
)
def test_what_means_the_same_is_near(embed: Embedder, text: str, near: str, far: str) -> None:
    origin, close, away = embed([text, near, far])
    assert origin @ close > origin @ away + 0.2


def test_the_middle_of_a_long_text_is_not_read(embed: Embedder) -> None:
    head, tail = "fix the parser " * 30, "and run all the tests again " * 30
    one, other = embed([head + "apples " * 300 + tail, head + "pears " * 300 + tail])
    assert np.array_equal(one, other)
    assert not np.array_equal(one, embed([head + "apples " * 300])[0])


def test_blanks_take_no_room_from_words(embed: Embedder) -> None:
    words = [f"step {n}" for n in range(30)]
    wide = (" \n" * 30).join(words)
    assert len(wide) < CHARACTERS
    assert embed.tokens(wide) == embed.tokens(" ".join(words))


def test_what_is_slow_is_not_fused(tmp_path: Path) -> None:
    """onnxruntime would not say that it knows no optimiser of this name."""
    made = {}
    for name, off in (("as it is", []), ("ours", SLOW)):
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = str(tmp_path / name)
        onnxruntime.InferenceSession(
            str(ENCODER / "model.onnx"),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=off,
        )
        made[name] = b"SkipLayerNormalization" in (tmp_path / name).read_bytes()
    assert made == {"as it is": True, "ours": False}


def test_only_the_ends_are_tokenised(embed: Embedder) -> None:
    half = "x y " * (CHARACTERS // 8)
    one, other = embed([half + "字" * 9000 + half, half + "é" * 9 + half])
    assert np.array_equal(one, other)


ENDS: dict[str, tuple[str, int, str]] = {
    "short": ("abc", 4, "abc"),
    "just fits": ("abcd", 4, "abcd"),
    "even": ("abcdef", 4, "abef"),
    "odd": ("abcdef", 3, "aef"),
    "one": ("abc", 1, "c"),
    "empty": ("", 2, ""),
}


@pytest.mark.parametrize(("items", "limit", "kept"), ENDS.values(), ids=ENDS)
def test_ends(items: str, limit: int, kept: str) -> None:
    assert ends(items, limit) == kept
    assert ends([ord(c) for c in items], limit) == [ord(c) for c in kept]


def test_a_row_of_zeros_stays() -> None:
    assert unit(np.array([[3, 4], [0, 0]], np.float32)).tolist() == [
        pytest.approx([0.6, 0.8]),
        [0, 0],
    ]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The encoder's folder, its model by link: tests replace the file, never write into it."""
    for name in ("manifest.json", "tokenizer.json", "LICENSE"):
        shutil.copyfile(ENCODER / name, tmp_path / name)
    (tmp_path / "model.onnx").symlink_to(ENCODER / "model.onnx")
    return tmp_path


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def digest_of(folder: Path, name: str) -> None:
    """Makes the manifest agree with the file as it is now."""
    import hashlib

    files = json.loads((folder / "manifest.json").read_text())["files"]
    files[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    rewrite(folder, files=files)


def no_model(folder: Path) -> None:
    (folder / "model.onnx").unlink()


def truncated(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    (folder / "model.onnx").write_bytes((ENCODER / "model.onnx").read_bytes()[:1_000_000])


def truncated_and_signed(folder: Path) -> None:
    truncated(folder)
    digest_of(folder, "model.onnx")


def tokenizer_changed(folder: Path) -> None:
    path = folder / "tokenizer.json"
    path.write_bytes(path.read_bytes().replace(b"[CLS]", b"[CLZ]"))


def tokenizer_of_another_kind(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")
    digest_of(folder, "tokenizer.json")


# what is wrong                      -> how, what the error says
WRONG = {
    "c46 no manifest": (lambda f: (f / "manifest.json").unlink(), "manifest.json: No such file"),
    "c46 manifest is not JSON": (
        lambda f: (f / "manifest.json").write_text("{"),
        "manifest.json: not JSON",
    ),
    "c46 manifest is a list": (lambda f: (f / "manifest.json").write_text("[]"), "table `files`"),
    "c46 manifest without digests": (lambda f: rewrite(f, files={}), "no digest of model.onnx"),
    "c46 manifest without dim": (lambda f: rewrite(f, dim=None), "`dim` is None"),
    "c46 dim is true": (lambda f: rewrite(f, dim=True), "`dim` is True"),
    "c46 dimension mismatch": (lambda f: rewrite(f, dim=768), "dim is 768, but model.onnx gives"),
    "c46 wrong checksum": (tokenizer_changed, "tokenizer.json: SHA-256 is"),
    "c46 truncated model": (truncated, "model.onnx: SHA-256 is"),
    "c46 no model": (no_model, "model.onnx: No such file"),
    "c46 truncated model, signed": (truncated_and_signed, "no encoder"),
    "c46 no tokenizer, signed": (tokenizer_of_another_kind, "no encoder"),
}


@pytest.mark.parametrize(("spoil", "says"), WRONG.values(), ids=WRONG)
def test_refused(copy: Path, spoil, says: str) -> None:
    spoil(copy)
    with pytest.raises(ArtifactError, match=says) as caught:
        Embedder(copy)
    assert str(copy) in str(caught.value)


def test_the_untouched_copy_loads(copy: Path, embed: Embedder) -> None:
    assert Embedder(copy).id == embed.id
