"""Executes the code cells of a notebook in a folder: python notebook.py NOTEBOOK FOLDER. Prints the number of figures, and
the numbers that it compares."""

import contextlib
import io
import json
import os
import sys

os.environ["MPLBACKEND"] = "Agg"
import matplotlib.pyplot as plt

with open(sys.argv[1]) as file:
    cells = [cell for cell in json.load(file)["cells"] if cell["cell_type"] == "code"]
os.chdir(sys.argv[2])
space, said = {}, io.StringIO()
for number, cell in enumerate(cells):
    with contextlib.redirect_stdout(said):
        exec(compile("".join(cell["source"]), f"cell {number}", "exec"), space)
numbers = {name: float(space[name]) for name in ("codes_differ", "cosines_differ")}
numbers |= {"f1_here": float(space["f1_here"].mean()), "f1": float(space["latents"].inference_f1.mean())}
print(json.dumps({"cells": len(cells), "figures": len(plt.get_fignums()), **numbers}))
