"""Trains in SAELens with our settings: python train.py WORLD RUN... where a run is an object in JSON

    {"architecture": ..., "settings": {...}, "samples": ..., "batch": ..., "seed": ..., "folder": ..., "evaluate": ...}

Saves each SAE as trained into its folder, and prints for each what SAELens' own evaluation says on so many fresh samples.
"""

import json
import sys

import torch
from sae_lens.synthetic import SyntheticModel
from sae_lens.synthetic.evals import eval_sae_on_synthetic_data
from trainer import trainer_of

model = SyntheticModel.load_from_disk(sys.argv[1])
said = {}
for run in map(json.loads, sys.argv[2:]):
    torch.manual_seed(run["seed"])
    sae = trainer_of(run["architecture"], run["settings"], model, run["samples"], run["batch"]).fit()
    sae.save_model(run["folder"])
    result = eval_sae_on_synthetic_data(
        sae, model.feature_dict, model.activation_generator, num_samples=run["evaluate"], batch_size=run["batch"]
    )
    said[run["folder"]] = {key.split("/")[-1]: value for key, value in result.to_log_dict().items()}
print(json.dumps(said))
