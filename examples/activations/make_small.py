"""Makes small/, the folders that the tests of the format read: python make_small.py (needs sae-lens)

Two are written by SAELens' own CacheActivationsRunner, of a model of one layer with random weights, and expected.json says
what Python's `datasets` reads from them. The third is made by cache_without_hub.py of this repository's README.md.
"""

import hashlib
import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import sae_lens.cache_activations_runner as runner
import torch
from datasets import Dataset, load_from_disk
from sae_lens.config import CacheActivationsRunnerConfig
from safetensors.torch import load_file
from transformer_lens import HookedTransformer, HookedTransformerConfig

HERE = pathlib.Path(__file__).parent
SMALL = HERE / "small"
CONTEXT, D, HOOK = 8, 16, "blocks.0.hook_resid_post"


def describe(x, tokens):
    """Shape, hashes of x as float32 and of tokens as int32, and the first numbers of the last row."""
    x, tokens = np.ascontiguousarray(x, "<f4"), np.ascontiguousarray(tokens, "<i4")
    return {
        "rows": x.shape[0],
        "d": x.shape[1],
        "x": hashlib.sha256(x.tobytes()).hexdigest(),
        "tokens": hashlib.sha256(tokens.tobytes()).hexdigest(),
        "last": x[-1, :4].tolist(),
    }


def by_saelens(dtype):
    torch.manual_seed(0)
    shape = {"n_layers": 1, "d_model": D, "n_ctx": CONTEXT, "d_head": 8, "n_heads": 2, "d_vocab": 50}
    model = HookedTransformer(HookedTransformerConfig(**shape, act_fn="relu", seed=0))
    runner.load_model = lambda **_: model
    out = SMALL / f"saelens-{dtype}"
    tokens = torch.randint(0, 50, (200, CONTEXT), generator=torch.Generator().manual_seed(1))
    config = CacheActivationsRunnerConfig(
        **{"dataset_path": "", "model_name": "", "hook_name": HOOK, "d_in": D, "dtype": dtype, "device": "cpu"},
        **{"context_size": CONTEXT, "training_tokens": CONTEXT * 60, "model_batch_size": 4},
        **{"buffer_size_gb": 1e-5, "prepend_bos": False, "streaming": False, "shuffle": False},
        new_cached_activations_path=str(out),
    )
    text = Dataset.from_list([{"input_ids": row.tolist()} for row in tokens])
    runner.CacheActivationsRunner(config, override_dataset=text).run()
    for cache in out.glob("cache-*.arrow"):
        cache.unlink()
    read = load_from_disk(str(out)).with_format("numpy")
    return describe(np.stack(read[HOOK]).reshape(-1, D), np.stack(read["token_ids"]).reshape(-1))


def by_minilm():
    out = SMALL / "minilm"
    text = HERE.parent.parent / "README.md"
    script = [sys.executable, HERE / "cache_without_hub.py", out, text, "--tokens", "630", "--shard", "300"]
    subprocess.run(script, check=True)
    shards = [load_file(path) for path in sorted(out.glob("*.safetensors"))]
    return describe(*(torch.cat([shard[name] for shard in shards]).float().numpy() for name in ("x", "tokens")))


shutil.rmtree(SMALL, ignore_errors=True)
SMALL.mkdir()
expected = {
    "saelens-float32": by_saelens("float32"),
    "saelens-float16": by_saelens("float16"),
    "minilm": by_minilm(),
}
(SMALL / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")
