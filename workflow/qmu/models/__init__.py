"""Trainable models: what one is, how it is trained, differentiated and evaluated.

What enters are inputs, labels and parameters. What leaves are parameters, outputs, gradients and
histories; every model is one file in `kinds`.
"""
