"""The search for the smallest deviance over ratios of standard deviations, which may be 0.

The deviance is even in each ratio x (only x^2 enters), so a step beyond 0 is reflected and an optimum
at the boundary is an ordinary stationary point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.agreement_counts import Floats

_STEPS = 60
_HALVINGS = 12
_DECREASE = 1e-11
_SMALL = 0.02


@dataclass(frozen=True)
class Value:
    """A deviance and its exact gradient."""

    deviance: float
    gradient: Floats

    @property
    def noise(self) -> float:
        """Rounding error of the deviance, a sum of as many terms as there are ratings."""
        return 4e-15 * abs(self.deviance)


Criterion = Callable[[Floats], Value]


def newton(criterion: Criterion, x: Floats, hessian: Floats | None = None) -> Floats:
    """Newton's method: a Hessian from differences of the exact gradient, then BFGS updates.

    Parameters
    ----------
    criterion : callable
        Returns a `Value` for ratios (p,).
    x : float array, (p,)
        Where to start.
    hessian : float array, (p, p), optional
        A positive definite one to start with; worked out if not given.

    Returns
    -------
    float array, (p,)
        It ends when the decrease that the next step promises is below rounding error.
    """
    if not len(x):
        return x
    value = criterion(x)
    hessian = curved(criterion, x, value) if hessian is None else hessian
    for _ in range(_STEPS):
        step = np.asarray(np.linalg.solve(hessian, value.gradient), dtype=np.float64)
        if 0.5 * float(value.gradient @ step) < _DECREASE + value.noise:
            x = np.abs(x - step)
            break
        step = step * min(1.0, 0.5 / float(np.max(np.abs(step) / (x + 0.1))))
        new, new_value = _downhill(criterion, x, step, value)
        hessian = _updated(hessian, new - x, new_value.gradient - value.gradient)
        x, value = new, new_value
    return x


def _downhill(criterion: Criterion, x: Floats, step: Floats, value: Value) -> tuple[Floats, Value]:
    """The step, halved until the deviance does not rise."""
    for _ in range(_HALVINGS):
        new = np.abs(x - step)
        new_value = criterion(new)
        if new_value.deviance <= value.deviance + value.noise:
            return new, new_value
        step = step / 2
    return x, value


def curved(criterion: Criterion, x: Floats, value: Value) -> Floats:
    """Forward differences of the gradient, made positive definite."""
    moves = 1e-4 * np.eye(len(x))
    rows = np.array([(criterion(x + move).gradient - value.gradient) / 1e-4 for move in moves])
    values, vectors = np.linalg.eigh((rows + rows.T) / 2)
    positive = np.maximum(np.abs(values), 1e-6 * max(float(np.abs(values).max()), 1e-6))
    matrix: Floats = (vectors * positive) @ vectors.T
    return matrix


def _updated(hessian: Floats, moved: Floats, change: Floats) -> Floats:
    """The BFGS update, left out where the curvature along the step is not clearly positive."""
    curvature = float(moved @ change)
    along = hessian @ moved
    length = float(moved @ along)
    if curvature <= 1e-3 * length:
        return hessian
    new: Floats = hessian + np.outer(change, change) / curvature - np.outer(along, along) / length
    return new


def settled(criterion: Criterion, x: Floats) -> Floats:
    """Set small ratios to exactly 0 where that is at least as good, and settle the others.

    Parameters
    ----------
    criterion : callable
    x : float array, (p,)
        From `newton`.

    Returns
    -------
    float array, (p,)
    """
    for i in np.flatnonzero(x < _SMALL):
        without = np.delete(x, i)

        def inner(y: Floats, i: int = int(i)) -> Value:
            value = criterion(np.insert(y, i, 0.0))
            return Value(value.deviance, np.delete(value.gradient, i))

        if inner(without).deviance <= criterion(x).deviance + 1e-6:
            return np.insert(settled(inner, newton(inner, without)), int(i), 0.0)
    return x
