"""What a method's work costs: samples counted, and what a quantum computer would run for them.

A method never writes into the bill: what it asks of its `Problem` is counted there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Ledger:
    """What a run costs: one gradient evaluation = one sample's loss gradient; one forward
    evaluation = one sample's output; one Hessian product = one sample's Hessian times a vector."""

    gradient_evaluations: int = 0
    forward_evaluations: int = 0
    hessian_products: int = 0

    def columns(self, circuit_parameters: int) -> dict[str, list[int]]:
        """The ``cost`` table of a circuit with P_q = ``circuit_parameters`` angles.

        Circuit executions are those of hardware: one for a forward evaluation, 2 P_q + 1 for a
        gradient by the two-term parameter-shift rule (Schuld et al. 2019, arXiv:1811.11184). A
        Hessian product is a derivative of the gradient along one vector, so it takes the gradient
        at two points, ahead of and behind the parameters: 2 (2 P_q + 1). That is the least there
        is: shifting every pair of angles (Mari, Bromley and Killoran 2021, arXiv:2008.06517) gives
        the whole matrix without the error of a difference, for some 2 P_q^2 executions.
        """
        gradients, forwards = self.gradient_evaluations, self.forward_evaluations
        products = self.hessian_products
        of_gradient = 2 * circuit_parameters + 1
        circuits = forwards + (gradients + 2 * products) * of_gradient
        return {
            "gradient_evaluations": [gradients],
            "forward_evaluations": [forwards],
            "hessian_products": [products],
            "circuit_executions": [circuits],
            "samples_read": [gradients + forwards + products],
        }
