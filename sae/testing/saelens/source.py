"""Prints what SAELens has, as registry.py does, from its wheel alone: python source.py sae_lens-6.54.12-py3-none-any.whl

Nothing of it is run, so neither it nor torch has to be installed."""

import ast
import json
import sys
import zipfile
from pathlib import Path

wheel = zipfile.ZipFile(sys.argv[1])
modules = {name: ast.parse(wheel.read(name)) for name in wheel.namelist() if name.startswith("sae_lens/") and name.endswith(".py")}
classes = {node.name: node for module in modules.values() for node in module.body if isinstance(node, ast.ClassDef)}


def is_dataclass(node):
    names = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
    return any(isinstance(name, ast.Name) and name.id == "dataclass" for name in names)


def fields(name):
    """As dataclasses.fields gives them: those of the bases first, each where it was named first."""
    found = {}
    node = classes.get(name)
    if node is None:
        return found
    for base in reversed(node.bases):
        base = base.value if isinstance(base, ast.Subscript) else base
        found.update(fields(base.id) if isinstance(base, ast.Name) else {})
    if is_dataclass(node):
        for line in node.body:
            if isinstance(line, ast.AnnAssign) and "ClassVar" not in ast.unparse(line.annotation):
                found[line.target.id] = True
    return found


def own_fields(function):
    calls = [
        [argument.value if isinstance(argument, ast.Constant) else argument.id for argument in node.args]
        for module in modules.values()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
    ]
    return {name: [field for field in fields(config) if field not in common] for name, _, config in sorted(calls)}


def constant(module, name):
    for node in modules[module].body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return ast.literal_eval(node.value)
    raise SystemExit(f"{module} has no {name}")


common = list(fields("SAEConfig"))
print(
    json.dumps(
        {
            "version": Path(sys.argv[1]).name.split("-")[1],
            "common": common,
            "origin": sorted(constant("sae_lens/loading/pretrained_sae_loaders.py", "LLM_METADATA_KEYS")),
            "inference": own_fields("register_sae_class"),
            "training": own_fields("register_sae_training_class"),
        },
        indent=2,
    )
)
