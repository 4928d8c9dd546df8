"""Expectation values of a circuit and their gradients, on every engine behind one function.

What enters are a `Circuit`, parameters and inputs. What leaves are expectation values, states or
samples; `choose.expectation_function` picks the engine by the device's PennyLane name.
"""
