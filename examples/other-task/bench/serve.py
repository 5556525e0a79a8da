"""The data service: writes the text that a run learns from to standard output, and says how many characters it handed out.

    python3 -B bench/serve.py --profile small --seed 0 --rows 100352
"""

import argparse
import json
import sys

from source import Source


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--profile", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--rows", type=int, required=True, help="characters to write at most")
    parser.add_argument("--batch", type=int, default=1024, help="characters a write")
    options = parser.parse_args()
    rows = batches = 0
    waiting = ""
    try:
        for part in Source().text(f"training {options.seed}"):
            waiting += part
            while len(waiting) >= options.batch and rows < options.rows:
                batch = waiting[: min(options.batch, options.rows - rows)]
                sys.stdout.write(batch)
                sys.stdout.flush()
                waiting = waiting[len(batch) :]
                rows += len(batch)
                batches += 1
            if rows >= options.rows:
                break
    except BrokenPipeError:
        # The trainer has had enough.
        sys.stdout = None
    print(json.dumps({"served": {"rows": rows, "batches": batches}}), file=sys.stderr)


main()
