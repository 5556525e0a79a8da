"""Runs encode.py of a folder on the rows of its x.bin: python -I -B -c <this> FOLDER LIBRARY ROWS D LATENTS.

Writes the codes [ROWS, LATENTS] and their reconstruction [ROWS, D] as float32 to standard output. The code is the
researcher's: who reads the output trusts no byte of it. Exit code 3: a package is missing.
"""

import array
import json
import os
import resource
import struct
import sys

# What the encoder prints goes elsewhere.
out = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)

folder, library = sys.argv[1:3]
rows, d, latents = map(int, sys.argv[3:6])
for limit, most in ((resource.RLIMIT_AS, 24 << 30), (resource.RLIMIT_FSIZE, 1 << 20), (resource.RLIMIT_CORE, 0)):
    hard = resource.getrlimit(limit)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(limit, (most, most))


def tensor(data, shape):
    if library == "torch":
        import torch

        if len(data) == 0:
            return torch.zeros(shape)
        return torch.frombuffer(bytearray(data), dtype=torch.float32).reshape(shape)
    import numpy

    return numpy.frombuffer(data, "<f4").reshape(shape).copy()


def load(path):
    with open(path, "rb") as file:
        raw = file.read()
    (size,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + size])
    header.pop("__metadata__", None)
    return {
        name: tensor(raw[8 + size :][entry["data_offsets"][0] : entry["data_offsets"][1]], entry["shape"])
        for name, entry in header.items()
    }


def written(what, values, shape):
    if tuple(values.shape) != shape:
        raise ValueError(f"{what} gives {list(values.shape)}, {list(shape)} expected")
    out.write(array.array("f", values.reshape(-1).tolist()).tobytes())


try:
    import importlib.util

    spec = importlib.util.spec_from_file_location("encode", os.path.join(folder, "encode.py"))
    form = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(form)
    sae = load(os.path.join(folder, "sae_weights.safetensors"))
    with open(os.path.join(folder, "x.bin"), "rb") as file:
        x = tensor(file.read(), (rows, d))
    codes = form.encode(x, sae)
    recon = form.decode(codes, sae)
except ModuleNotFoundError as error:
    print(f"error: {error.name}", file=sys.stderr)
    sys.exit(3)
written("encode()", codes, (rows, latents))
written("decode()", recon, (rows, d))
out.close()
