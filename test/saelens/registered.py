"""Loads one exported folder with SAELens and its own module alone: python registered.py FOLDER prints how far its codes
are off, the explained variance of its reconstruction and of ours on the rows of parity.safetensors, and its metadata."""

import json
import sys

import torch
from sae_lens import SAE
from safetensors.torch import load_file

folder = sys.argv[1]
sys.path.insert(0, folder)
import register_sae  # noqa: E402, F401

parity = load_file(f"{folder}/parity.safetensors")
sae = SAE.load_from_disk(folder)


def explained(x, recon):
    return 1 - ((x - recon).pow(2).sum() / (x - x.mean(0)).pow(2).sum()).item()


with torch.no_grad():
    # A batch of contexts, as a hook gives it.
    x = parity["x"]
    codes = sae.encode(x.reshape(4, -1, x.shape[-1]))
    recon = sae.decode(codes).reshape(x.shape)
    codes = codes.reshape(len(x), -1)
off = (codes - parity["codes"]).abs().max().item()
variance = [explained(x, recon), explained(x, parity["recon"])]
metadata = {name: sae.cfg.metadata[name] for name in ("model_name", "hook_name", "context_size")}
print(json.dumps({"off": off, "fire": int((codes != 0).sum()), "variance": variance, "metadata": metadata}))
