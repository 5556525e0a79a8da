"""Times SAELens: python time.py WORLD, then a request a line on standard input, each answered with a line.

First it prints what it is: {"saelens": ..., "torch": ..., "threads": ..., "devices": ["cpu", ...], "gpu": ...}. A request is
    {"what": "sampler", "device": "cpu", "bf16": false, "batch": 1024, "seconds": 2}
    {"what": "step", "architecture": ..., "settings": {...}, "data": true, and the same fields}
and its answer {"ms": [one number a round]}. Samples are drawn dense, which is faster on a CPU than its sparse tensors.
"""

import contextlib
import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import sae_lens
import torch
from sae_lens.synthetic import SyntheticModel
from trainer import trainer_of

models, trainers = {}, {}
# k and learning rate do not change in so few steps, as in our own measurement.
SAMPLES = 1 << 40


def model_on(device):
    if device not in models:
        models[device] = SyntheticModel.load_from_disk(sys.argv[1], device=device)
    return models[device]


def rounds(work, device, seconds):
    """Milliseconds of each round, after one that is not counted: at least two, then for so many seconds."""

    def timed():
        began = time.perf_counter()
        work()
        if device != "cpu":
            torch.cuda.synchronize()
        return (time.perf_counter() - began) * 1000

    timed()
    found = [timed(), timed()]
    while sum(found) < seconds * 1000:
        found.append(timed())
    return found


def sampler(asked):
    model, bf16 = model_on(asked["device"]), asked["bf16"]

    def draw():
        with torch.autocast(asked["device"], dtype=torch.bfloat16) if bf16 else contextlib.nullcontext():
            model.sample(asked["batch"])

    return draw


def step(asked):
    key = json.dumps([asked[name] for name in ["architecture", "settings", "device", "bf16", "batch"]])
    if key not in trainers:
        trainers[key] = trainer_of(
            *[asked["architecture"], asked["settings"], model_on(asked["device"]), SAMPLES, asked["batch"]],
            device=asked["device"],
            autocast=asked["bf16"],
            autocast_data=asked["bf16"],
        )
    trainer = trainers[key]
    batch = None if asked["data"] else next(trainer.data_provider)

    def train():
        trainer.step(next(trainer.data_provider) if batch is None else batch)
        trainer.n_training_steps += 1

    return train


model_on("cpu")


def say(answer):
    print(json.dumps(answer), flush=True)


cuda = torch.cuda.is_available()
say(
    {
        "saelens": sae_lens.__version__,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "devices": ["cpu", "cuda"] if cuda else ["cpu"],
        "gpu": torch.cuda.get_device_name() if cuda else None,
    }
)
for line in sys.stdin:
    asked = json.loads(line)
    work = {"sampler": sampler, "step": step}[asked["what"]](asked)
    say({"ms": rounds(work, asked["device"], asked["seconds"])})
