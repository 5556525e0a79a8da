"""Trains small SAEs with SAELens, saves them as it does, and evaluates them with its own code.

    node --import tsx bench/judge/testing/saelens/rows.ts /tmp/rows.safetensors
    python bench/judge/testing/saelens/make.py /tmp/rows.safetensors bench/judge/testing/saelens

Writes a folder for each SAE, `rows.json` (rows x), and `expected.json`: the codes of these rows, each as [row, latent, code in
units of decoder rows of norm 1], and what `eval_sae_on_synthetic_data` says of the judge's samples. Needs sae-lens (6.54).
"""

import json
import shutil
import sys
from pathlib import Path

import sae_lens
import torch
from sae_lens import SAE, TrainingSAE
from sae_lens.registry import get_sae_training_class
from sae_lens.saes.sae import TrainCoefficientConfig, TrainStepInput
from sae_lens.synthetic.evals import eval_sae_on_synthetic_data
from sae_lens.training.activation_scaler import ActivationScaler
from safetensors.torch import load_file, save_file

STEPS, BATCH, ROWS, D_SAE = 400, 256, 12, 24

rows = load_file(sys.argv[1])
out = Path(sys.argv[2])
D_IN = rows["x"].shape[1]


def train(architecture, steps=STEPS, **fields):
    torch.manual_seed(0)
    sae_class, config = get_sae_training_class(architecture)
    norm = fields.get("normalize_activations")
    sae = sae_class(config(d_in=D_IN, d_sae=D_SAE, **fields))
    adam = torch.optim.Adam(sae.parameters(), lr=4e-3)
    for step in range(steps):
        x = rows["train"][torch.randint(len(rows["train"]), (BATCH,))]
        if norm == "expected_average_only_in":
            x = x * scale()
        coefficients = {
            name: c.value if isinstance(c, TrainCoefficientConfig) else c
            for name, c in sae.get_coefficients().items()
        }
        loss = sae.training_forward_pass(
            TrainStepInput(
                sae_in=x.to(sae.dtype),
                coefficients=coefficients,
                dead_neuron_mask=None,
                n_training_steps=step,
                is_logging_step=False,
            )
        ).loss
        adam.zero_grad()
        loss.backward()
        adam.step()
    return sae


def scale():
    return D_IN**0.5 / rows["train"].norm(dim=-1).mean().item()


def edit(folder, change):
    path = folder / "cfg.json"
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))


def as_legacy(version, **fields):
    """The config that SAELens 3 to 5 wrote beside the same weights, here of a TopK."""

    def change(config):
        k = config.pop("k")
        config.pop("rescale_acts_by_decoder_norm")
        config.pop("metadata")
        config.update(
            sae_lens_training_version=version,
            hook_point="blocks.0.hook_resid_pre",
            finetuning_scaling_factor=False,
            activation_fn_kwargs={"k": k},
            prepend_bos=True,
            context_size=128,
            **fields,
        )

    return change


def legacy_weights(folder):
    weights = load_file(folder / "sae_weights.safetensors")
    save_file({**weights, "scaling_factor": torch.ones(D_SAE)}, folder / "sae_weights.safetensors")


def save(name, sae, training=False, config=None, weights=None, scaler=None):
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    (sae.save_model if training else sae.save_inference_model)(folder)
    edit(folder, lambda config: config["metadata"].pop("training_architecture_details", None))
    if config:
        edit(folder, config)
    if weights:
        weights(folder)
    if scaler:
        scaler.save(str(folder / "activation_scaler.json"))
    # In float32, whatever the weights are stored in.
    loaded = (TrainingSAE if training else SAE).load_from_disk(folder, dtype="float32")
    return evaluate(loaded, scaler)


class Truth:
    """The judge's samples, in its order."""

    def __init__(self):
        self.at = 0

    def sample(self, count):
        self.at += count
        return rows["truth"][self.at - count : self.at]


class Dictionary:
    feature_vectors = rows["features"]

    def __call__(self, acts):
        return acts @ rows["features"] + rows["bias"]


@torch.no_grad()
def evaluate(sae, scaler=None):
    scaler = scaler or ActivationScaler()
    samples = len(rows["x"])
    result = eval_sae_on_synthetic_data(
        sae, Dictionary(), Truth(), num_samples=samples, batch_size=1024, activation_scaler=scaler
    )
    codes = sae.encode(scaler.scale(rows["x"][:ROWS]))
    if not getattr(sae.cfg, "rescale_acts_by_decoder_norm", False):
        codes = codes * sae.W_dec.norm(dim=-1)
    if scaler.scaling_factor:
        codes = codes / scaler.scaling_factor
    metrics = {key.split("/")[-1]: value for key, value in result.to_log_dict().items()}
    fired = [[row, latent, float(f"{codes[row, latent].item():.9g}")] for row, latent in codes.nonzero().tolist()]
    return {"metrics": metrics, "codes": fired}


topk = dict(k=3)
no_rescale = dict(k=3, rescale_acts_by_decoder_norm=False)
jump = dict(jumprelu_init_threshold=1.0, jumprelu_bandwidth=1.0, decoder_init_norm=0.5, l0_coefficient=0.3)
scaler = ActivationScaler(scaling_factor=scale())
expected = {
    "standard": save("standard", train("standard", l1_coefficient=1.0)),
    "standard-own-input": save("standard-own-input", train("standard", l1_coefficient=1.0, apply_b_dec_to_input=False)),
    "standard-fp16": save("standard-fp16", train("standard", l1_coefficient=1.0).to(dtype=torch.float16)),
    "standard-layer-norm": save("standard-layer-norm", train("standard", normalize_activations="layer_norm")),
    "topk": save("topk", train("topk", **topk)),
    "topk-rescaled": save("topk-rescaled", train("topk", **topk), training=True),
    "topk-bf16": save("topk-bf16", train("topk", **topk).to(dtype=torch.bfloat16)),
    "topk-constant-norm": save("topk-constant-norm", train("topk", normalize_activations="constant_norm_rescale", **topk)),
    "topk-legacy-3": save(
        "topk-legacy-3",
        train("topk", **no_rescale),
        config=as_legacy("3.22.2", architecture="standard", activation_fn_str="topk", normalize_activations="none"),
    ),
    "topk-legacy-5": save(
        "topk-legacy-5",
        train("topk", **no_rescale),
        config=as_legacy("5.11.0", architecture="topk", activation_fn="topk", normalize_activations=None),
        weights=legacy_weights,
    ),
    "abstopk": save("abstopk", train("abstopk", **topk)),
    "batchtopk": save("batchtopk", train("batchtopk", k=2.5, topk_threshold_lr=0.1)),
    "batchtopk-training": save("batchtopk-training", train("batchtopk", k=2.5, topk_threshold_lr=0.1), training=True),
    "matryoshka-training": save(
        "matryoshka-training", train("matryoshka_batchtopk", k=2.5, matryoshka_widths=[8, D_SAE]), training=True
    ),
    "jumprelu": save("jumprelu", train("jumprelu", **jump)),
    "jumprelu-scaled": save(
        "jumprelu-scaled",
        train("jumprelu", normalize_activations="expected_average_only_in", **jump),
        training=True,
        scaler=scaler,
    ),
    "gated": save("gated", train("gated", l1_coefficient=1.0)),
    "matching-pursuit": save("matching-pursuit", train("matching_pursuit", max_iterations=3)),
}
x = [[float(v) for v in row] for row in rows["x"][:ROWS].tolist()]
(out / "rows.json").write_text(json.dumps(x))
(out / "expected.json").write_text(json.dumps({"sae_lens": sae_lens.__version__, "saes": expected}))
