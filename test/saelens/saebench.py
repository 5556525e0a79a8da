"""Has SAEBench's own functions measure one exported folder: python saebench.py FOLDER. The language model is a random
one of the folder's width, since SAEBench's own come from a hub. Prints its numbers as JSON, with the same by hand."""

import json
import os
import sys
from pathlib import Path

# Its type checks take the sizes of one call of a function for those of all; they are no part of its numbers.
os.environ["JAXTYPING_DISABLE"] = "1"

import torch  # noqa: E402
from safetensors.torch import load_file
from sae_bench.evals.core import main as core
from sae_bench.evals.core.eval_config import CoreEvalConfig
from sae_bench.evals.sparse_probing.probe_training import train_probe_on_activations
from sae_bench.sae_bench_utils import activation_collection, general_utils
from sae_lens import SAE
from transformer_lens import HookedTransformer, HookedTransformerConfig

folder = sys.argv[1]
if (Path(folder) / "register_sae.py").exists():
    sys.path.insert(0, folder)
    import register_sae  # noqa: F401
torch.manual_seed(0)
sae = SAE.load_from_disk(folder)
general_utils._standardize_sae_cfg(sae.cfg)
LAYER = sae.cfg.hook_layer
D, CONTEXT, PROMPTS, BATCHES = sae.cfg.d_in, 16, 8, 2
config = HookedTransformerConfig(
    n_layers=LAYER + 1, d_model=D, n_ctx=CONTEXT, d_head=4, n_heads=2, d_vocab=50, act_fn="relu", seed=0
)
model = HookedTransformer(config)
# Rows as large as those of the parity file, half of which are sums of decoder rows.
rows = load_file(f"{folder}/parity.safetensors")["x"]
model.W_E.data = rows[torch.arange(50) % len(rows)]


class Store:
    """What run_evals asks of SAELens' ActivationsStore: tokens."""

    store_batch_size_prompts = PROMPTS
    context_size = CONTEXT

    def __init__(self):
        self.reset_input_dataset()

    def reset_input_dataset(self):
        self.random = torch.Generator().manual_seed(1)

    def get_batch_tokens(self, prompts):
        return torch.randint(0, 50, (prompts, CONTEXT), generator=self.random)


wanted = CoreEvalConfig(
    model_name=sae.cfg.model_name,
    batch_size_prompts=PROMPTS,
    n_eval_reconstruction_batches=BATCHES,
    n_eval_sparsity_variance_batches=BATCHES,
    compute_kl=True,
    compute_ce_loss=True,
    compute_l2_norms=True,
    compute_sparsity_metrics=True,
    compute_variance_metrics=True,
    compute_featurewise_density_statistics=True,
    compute_featurewise_weight_based_metrics=True,
)
metrics, features = core.run_evals(sae=sae, activation_store=Store(), model=model, eval_config=wanted)

store = Store()
with torch.no_grad():
    tokens = torch.cat([store.get_batch_tokens(PROMPTS) for _ in range(BATCHES)])
    _, cache = model.run_with_cache(tokens, names_filter=[sae.cfg.hook_name])
    x = cache[sae.cfg.hook_name].reshape(-1, D)
    codes = sae.encode(x)
    recon = sae.decode(codes)
    error = (x - recon).pow(2).sum(-1).mean().item()
    by_hand = {"l0": (codes != 0).sum(-1).float().mean().item(), "l2_norm_out": recon.norm(dim=-1).mean().item()}

# Sparse probing: two classes of prompts, of the lower and of the higher half of the tokens.
halves = {name: {} for name in ("train", "test")}
for seed, name in enumerate(halves):
    random = torch.Generator().manual_seed(seed)
    for label, (low, high) in {"low": (0, 25), "high": (25, 50)}.items():
        prompts = torch.randint(low, high, (64, CONTEXT), generator=random)
        with torch.no_grad():
            _, cache = model.run_with_cache(prompts, names_filter=[sae.cfg.hook_name])
        halves[name][label] = cache[sae.cfg.hook_name]
meaned = {name: activation_collection.get_sae_meaned_activations(of, sae, 16) for name, of in halves.items()}
_, accuracies = train_probe_on_activations(meaned["train"], meaned["test"], select_top_k=5)

print(
    json.dumps(
        {
            "architecture": sae.cfg.architecture_str,
            "sparsity": metrics["sparsity"],
            "reconstruction": metrics["reconstruction_quality"],
            "shrinkage": metrics["shrinkage"],
            "behaviour": metrics["model_behavior_preservation"] | metrics["model_performance_preservation"],
            "by_hand": by_hand,
            "error": error,
            "densities": len(features["feature_density"]),
            "probing": accuracies,
        }
    )
)
