"""How a model is trained: optimiser, schedule and loss, as the configuration names them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from qmu.strict import Strict


class Private(Strict):
    """Differentially private training, DP-SGD (Abadi et al. 2016, arXiv:1607.00133).

    A sample's gradient by all parameters is cut to a norm of ``clip``; a step's sum gets Gaussian
    noise of standard deviation ``noise * clip`` per parameter. ``delta`` is what the certificate
    may fail by: see `qmu.models.training.certified_epsilon`.
    """

    clip: PositiveFloat = 1.0
    noise: PositiveFloat = 1.1
    delta: float = Field(default=1e-5, gt=0, lt=1)


class Federated(Strict):
    """Federated averaging (McMahan et al. 2017, arXiv:1602.05629): an epoch is a round, in which
    every client, a value of the data set's group ``column``, trains the common model for
    ``local_epochs`` on its own rows, and the results' mean, weighted by rows, is the next one.
    """

    column: str = Field(min_length=1)
    local_epochs: PositiveInt = 1


class Training(Strict):
    """One recipe, used alike for the target, every retrained model and every shadow model.

    ``batch_size`` samples a step; an epoch is ``floor(samples / batch_size)`` steps over a fresh
    permutation, so that every step has the same shape. ``schedule``: the learning rate stays, or
    falls epoch by epoch along half a cosine to nearly nothing at the last (Loshchilov and Hutter
    2017, arXiv:1608.03983, without restarts). With ``private`` a step takes every sample with
    probability ``batch_size / samples`` instead. ``federated``: clients train apart.
    """

    optimizer: Literal["sgd", "nesterov", "adam"] = "sgd"
    learning_rate: PositiveFloat = 0.1
    momentum: float = Field(default=0.9, ge=0, lt=1)
    batch_size: PositiveInt = 8
    epochs: PositiveInt = 25
    schedule: Literal["constant", "cosine"] = "constant"
    loss: Literal["ce", "bce_sum"] = "ce"
    private: Private | None = None
    federated: Federated | None = None
