"""Circuits as data: the value, its gates and noise, ansatz builders, embeddings of states.

What enters are numbers of qubits and layers, angles, or states to embed. What leaves is a `Circuit`
that every simulator and every backend reads; nothing here executes one.
"""
