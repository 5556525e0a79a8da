"""LISTA-Matryoshka in inference form, for use without this project.

    sae = load("folder with sae_weights.safetensors")
    codes = encode(x, sae)            # x [batch, d_in] -> [batch, d_sae]
    recon = decode(codes, sae)

`python encode.py` compares with the file parity.safetensors beside it. The functions use operators only, so
they take torch tensors and numpy arrays.
"""

from pathlib import Path


def encode(x, sae):
    """h = u W_enc + b_enc; steps h += eta (u - z W_dec) W_enc; z is h above the thresholds of its stage."""
    u = x - sae["b_dec"]
    h = u @ sae["W_enc"] + sae["b_enc"]
    z = above(h, sae["thresholds"][0])
    for t in range(len(sae["eta"])):
        h = h + sae["eta"][t] * ((u - z @ sae["W_dec"]) @ sae["W_enc"])
        z = above(h, sae["thresholds"][t + 1])
    return z


def above(h, threshold):
    """relu(h) where h is above the threshold."""
    return h * (h > threshold) * (h > 0)


def decode(codes, sae):
    return codes @ sae["W_dec"] + sae["b_dec"]


def load(folder):
    from safetensors.torch import load_file

    return load_file(Path(folder) / "sae_weights.safetensors")


if __name__ == "__main__":
    from safetensors.torch import load_file

    here = Path(__file__).parent
    sae, parity = load(here), load_file(here / "parity.safetensors")
    codes = encode(parity["x"], sae)
    print("largest difference of codes", (codes - parity["codes"]).abs().max().item())
    print("largest difference of recon", (decode(codes, sae) - parity["recon"]).abs().max().item())
