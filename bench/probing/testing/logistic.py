"""Fits logistic regressions with scikit-learn: JSON {x, label} in, JSON {weights, intercept} out."""

import json
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression

given = json.load(sys.stdin)
model = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(np.array(given["x"]), np.array(given["label"]))
json.dump({"weights": model.coef_[0].tolist(), "intercept": float(model.intercept_[0])}, sys.stdout)
