"""PennyLane's Lightning devices, a whole batch in one register, or sample by sample.

`gates` binds angles, `register` and `samples` are the two engines. What executes the gates is a
`processor`: Lightning's compiled operations called directly, or the PennyLane device around them.
"""
