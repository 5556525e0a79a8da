"""Caches activations of GPT-2 with SAELens, in a folder that `npm run serve` reads.

    python cache_with_saelens.py /data/gpt2-layer-6
    npm run serve -- --world activations:/data/gpt2-layer-6 | ...
"""

import sys

from sae_lens import CacheActivationsRunner, CacheActivationsRunnerConfig

CacheActivationsRunner(
    CacheActivationsRunnerConfig(
        dataset_path="NeelNanda/c4-10k",
        model_name="gpt2",
        hook_name="blocks.6.hook_resid_post",
        d_in=768,
        context_size=128,
        training_tokens=2_000_000,
        model_batch_size=32,
        dtype="float16",
        new_cached_activations_path=sys.argv[1],
    )
).run()
