"""The trainer: reads letters from the data service, counts, and leaves a checkpoint.

    python3 -B model/train.py --list
    python3 -B model/train.py --describe --profile small --samples 100000
    python3 -B model/train.py baseline --profile small --samples 100000 --seed 0 --out DIR --set order=3
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from experiments import EXPERIMENTS
from ngram import NGram

SNAPSHOTS = 3
PIECE = 4096


def settings_of(name, changes):
    """The experiment's settings with `key=value` changes. Ends with one line where there is no such thing."""
    if name not in EXPERIMENTS:
        complain(f"unknown experiment {name!r}; there are: {', '.join(EXPERIMENTS)}")
    settings = dict(EXPERIMENTS[name]["settings"])
    for change in changes:
        key, _, value = change.partition("=")
        if key not in settings:
            complain(f"--set {change}: {name} has no setting {key!r}; it has: {', '.join(settings)}")
        try:
            settings[key] = type(settings[key])(float(value))
        except ValueError:
            complain(f"--set {change}: {value!r} is not a number")
    return settings


def complain(line):
    print(f"error: {line}", file=sys.stderr)
    sys.exit(2)


def letters(count):
    """Pieces of the training text from the pipe that the supervisor opened."""
    if "LOOP_DATA_FD" not in os.environ:
        complain("no data service; let the loop run it, or pipe bench/serve.py in as LOOP_DATA_FD=0")
    left = count
    with os.fdopen(int(os.environ["LOOP_DATA_FD"]), "r", encoding="ascii") as stream:
        while left > 0 and (piece := stream.read(min(PIECE, left))):
            left -= len(piece)
            yield piece


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("experiment", nargs="?")
    parser.add_argument("--list", action="store_true", help="print the experiments as JSON")
    parser.add_argument("--describe", action="store_true", help="print what a verdict on the run will have, train nothing")
    parser.add_argument("--profile")
    parser.add_argument("--samples", type=int)
    parser.add_argument("--batch", type=int, default=1024, help="with --describe: characters that the data service serves at a time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="key=value")
    options = parser.parse_args()
    if options.list:
        print(json.dumps([{"name": name, "description": e["about"]} for name, e in EXPERIMENTS.items()]))
        return
    if options.describe:
        # The data service serves whole batches, and the judge counts what was served.
        samples = -(-options.samples // options.batch) * options.batch
        names = [options.experiment] if options.experiment else list(EXPERIMENTS)
        print(json.dumps([{"name": name, "declares": {"samples": samples}} for name in names]))
        return
    settings = settings_of(options.experiment, options.set)
    if options.samples is None or options.out is None:
        complain("--samples and --out are needed")
    train(options, settings)


def train(options, settings):
    started = time.time()
    model, before, done = NGram(settings), "", 0
    every = max(1, options.samples // SNAPSHOTS)
    out = options.out
    (out / "evals").mkdir(parents=True, exist_ok=True)
    with (out / "progress.jsonl").open("w") as progress:
        for piece in letters(options.samples):
            snapshot = (done + len(piece)) // every > done // every
            for letter in piece:
                model.learn(before, letter)
                before = before[-model.order :] + letter
            done += len(piece)
            seconds = time.time() - started
            point = {
                "step": done,
                "samples": done,
                "totalSamples": options.samples,
                "samplesPerSecond": done / seconds,
                "etaSeconds": (options.samples - done) * seconds / done,
                "values": {"contexts": len(model.counts), "seen_once": seen_once(model)},
            }
            progress.write(json.dumps(point) + "\n")
            progress.flush()
            if snapshot:
                save(out / f"evals/{done}.json", model)
    if done < options.samples:
        complain(f"the data service ended after {done} letters")
    save(out / "checkpoint.json", model)
    result = {
        "version": 1,
        "status": "finished",
        "reason": None,
        "experiment": options.experiment,
        "config": settings,
        "steps": done,
        "samples": done,
        "seconds": time.time() - started,
        "declared": {},
        "claimed": {"contexts": len(model.counts), "seen_once": seen_once(model)},
    }
    (out / "result.json").write_text(json.dumps(result))


def seen_once(model):
    """The share of contexts that were seen a single time, about which counting says little."""
    return sum(sum(row.values()) == 1 for row in model.counts.values()) / len(model.counts)


def save(path, model):
    path.write_text(json.dumps({"settings": model.settings, "counts": model.counts}))


if __name__ == "__main__":
    main()
