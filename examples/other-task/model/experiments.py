"""Experiments by name: what `train.py <name>` sets, before any --set."""

EXPERIMENTS = {
    "baseline": {
        "about": "two letters of context, add-one smoothing",
        "settings": {"order": 2},
    },
}
