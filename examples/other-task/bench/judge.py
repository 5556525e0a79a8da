"""The judge: measures a run on fresh text and prints its verdict, or with --evals its snapshots, as JSON.

    python3 -B bench/judge.py checkpoints/<run id> --tree-dir .
"""

import argparse
import hashlib
import json
import time
from pathlib import Path

from case import fresh_text, letter_bits, read_run, run_main
from source import ALPHABET, Source

# As in TASK.md, evaluation: letters for a verdict, and for a snapshot.
VERDICT, SNAPSHOT = 8_000, 2_000


def measure(checkpoint, letters, seed, tree_dir):
    text, seed = fresh_text(letters, seed)
    bits = letter_bits(checkpoint, text, tree_dir)
    first = [cost for cost, before in zip(bits[1:], text) if before == " "]
    return seed, {
        "bpc": sum(bits) / len(bits),
        "first_letter": sum(first) / len(first),
        "excess": sum(bits) / len(bits) - Source().bits(text),
    }


def verdict(folder, options):
    run = read_run(folder)
    started = time.time()
    letters = options.samples or VERDICT
    seed, metrics = measure(folder / "out/checkpoint.json", letters, options.eval_seed, options.tree_dir)
    result = {
        "version": 1,
        "run": run["id"],
        "kind": "verified",
        "profile": run["profile"],
        "world": {"name": "made-up language", "hash": hashlib.sha256(" ".join(Source().words).encode()).hexdigest()},
        "tree": run["tree"],
        "metrics": metrics,
        # What was handed out is counted by the data service, not claimed by the trainer.
        "observed": {"samples": run["rowsServed"] or run["samples"]},
        "declared": {},
        "evaluation": {"samples": letters, "batch": 1, "seed": seed},
        "seconds": time.time() - started,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    (folder / "verdict.json").write_text(json.dumps(result))
    return [result]


def snapshots(folder, options):
    """The snapshots in out/evals/ that evals.jsonl does not have yet."""
    record = folder / "evals.jsonl"
    done = {json.loads(line)["samples"] for line in record.read_text().splitlines()} if record.exists() else set()
    points = []
    for path in sorted((folder / "out/evals").glob("*.json"), key=lambda path: int(path.stem)):
        if int(path.stem) in done:
            continue
        _, metrics = measure(path, SNAPSHOT, options.eval_seed, options.tree_dir)
        points.append({"samples": int(path.stem), "evaluationSamples": SNAPSHOT, "metrics": metrics})
        with record.open("a") as file:
            file.write(json.dumps(points[-1]) + "\n")
    return points


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, nargs="?", help="a run folder")
    parser.add_argument("--describe", action="store_true", help="print the names of the numbers of a verdict")
    parser.add_argument("--profile", help="taken with --describe: all profiles have the same numbers")
    parser.add_argument("--tree-dir", default=".", help="the folder that holds model/ as it was trained")
    parser.add_argument("--evals", action="store_true", help="measure the snapshots in place of the end")
    parser.add_argument("--samples", type=int, help="letters to draw")
    parser.add_argument("--eval-seed", type=int, help="which letters; default: others each time")
    parser.add_argument("--json", action="store_true", help="taken, and always so")
    options = parser.parse_args()
    if options.describe:
        print(json.dumps({"metrics": ["bpc", "first_letter", "excess"], "observed": ["samples"], "declared": []}))
        return
    if options.run is None:
        parser.error("which run folder?")
    for line in (snapshots if options.evals else verdict)(options.run, options):
        print(json.dumps(line))


run_main(main)
