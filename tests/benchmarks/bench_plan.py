"""Which engines meet on which problems, and the targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bench_engines import Problem

REFERENCE = Problem()
FLEET = "fused fleet (vmap)"
FLEET_LOOP = "fused fleet (map)"
DOUBLE, NODE = "fused double", "translated node"


@dataclass(frozen=True)
class Case:
    """One problem on one axis; the engines take turns on it."""

    axis: str
    problem: Problem
    engines: tuple[str, ...]

    @property
    def value(self) -> int:
        return getattr(self.problem, "wires" if self.axis == "qubits" else self.axis)


def cases(quick: bool) -> Iterator[Case]:
    """The reference problem first, then each axis with the others at the reference."""
    rivals = ("default_qubit",) if quick else ("default_qubit", "tensorcircuit")
    ours = ("fused", DOUBLE, NODE, "lightning", "tape_per_sample")
    yield Case("reference", REFERENCE, (*ours, *rivals))
    for batch in (256, 1024) if quick else (1, 4, 16, 32, 64, 256, 1024):
        large = batch == 256 and not quick
        engines = ("fused", *(() if quick else ("lightning",)), *(rivals if large else ()))
        engines += (DOUBLE, NODE) if batch == 256 else ()
        yield Case("batch", replace(REFERENCE, batch=batch), engines)
    for wires in (4, 8, 10) if quick else (4, 6, 8, 10, 12, 14, 16):
        engines = ("fused", "lightning") if 4 < wires <= 12 and not quick else ("fused",)
        yield Case("qubits", replace(REFERENCE, wires=wires), engines)
    for layers in (1, 20) if quick else (1, 2, 5, 10, 20):
        engines = ("fused",) if quick else ("fused", "lightning")
        engines += ("default_qubit",) if layers == 1 and not quick else ()
        yield Case("layers", replace(REFERENCE, layers=layers), engines)
    for fleet in (32,) if quick else (4, 16, 32, 64):
        yield Case("fleet", replace(REFERENCE, fleet=fleet), ("fused alone", FLEET, FLEET_LOOP))
    if not quick:
        small = Problem(batch=8, fleet=32)
        yield Case("fleet", small, ("fused alone", FLEET, FLEET_LOOP))


@dataclass(frozen=True)
class Target:
    """A ratio to reach: ``over`` against ``under``, at least or at most ``bound``."""

    text: str
    axis: str
    batch: int
    over: str
    under: str
    bound: float
    at_least: bool = True
    compile_time: bool = False
    fleet: int = 1


TARGETS = (
    Target(
        "lightning against one tape per sample",
        "reference",
        32,
        "tape_per_sample",
        "lightning",
        100,
    ),
    Target("fused against default.qubit, step", "reference", 32, "default_qubit", "fused", 4),
    Target("fused against TensorCircuit-NG, step", "reference", 32, "tensorcircuit", "fused", 4),
    Target(
        "fused against default.qubit, compilation",
        *("reference", 32, "default_qubit", "fused", 7),
        compile_time=True,
    ),
    Target(
        "fused against TensorCircuit-NG, compilation",
        *("reference", 32, "tensorcircuit", "fused", 7),
        compile_time=True,
    ),
    Target("translated node against fused", "reference", 32, NODE, "fused", 1.2, at_least=False),
    Target("double against single, batch 256", "batch", 256, DOUBLE, "fused", 2.5, at_least=False),
    Target("fused against the floor, batch 256", "batch", 256, "fused", "floor", 5, at_least=False),
    Target(
        "fused against the floor, batch 1024", "batch", 1024, "fused", "floor", 5, at_least=False
    ),
    Target(
        "one model of a fleet of 32 against one alone (map)",
        *("fleet", 32, FLEET_LOOP, "fused alone", 1 / 3),
        at_least=False,
        fleet=32,
    ),
    Target(
        "one model of a fleet of 32 against one alone (vmap)",
        *("fleet", 32, FLEET, "fused alone", 1 / 3),
        at_least=False,
        fleet=32,
    ),
)

# What limits the figures, and what was tried. Shown below the table.
NOTES = """\
Fleet: a model of a fleet costs about as much per sample as one trained alone. XLA's small matrix
  products and element-wise passes do not get cheaper with more models, and a fleet's states leave
  the second-level cache. Tried without gain: vmap (slower than a loop over models), models folded
  into wider products, models or parts of the state as leading axes, concurrent chunks, sequential
  vmap rules. The pipeline therefore loops over models inside one program and lets jobs run beside
  each other. An accelerator takes the vmap route.
Compilation: scanning over layers instead of unrolling five of them compiles 1.5 times faster, but
  its step is 1.3 (batch 32) to 1.9 (batch 256) times slower; circuits above six layers scan.
Above 12 qubits the states of a batch of 32 leave the cache and cost grows faster than the work.
Numba kernels took 8 to 17 microseconds per sample for the forward pass, no better than XLA.
Double precision costs twice single, the price of its bytes, at 32 and at 256 samples, whole or in
  blocks of 64 and 128. Where the C library gives a step's memory back to the system after every
  call (MALLOC_MMAP_THRESHOLD_=131072), page faults of 2 microseconds each double it: 4,900 a call.
Floor: operations of the cheaper route over the rate of a large single-precision product, measured
  in the same round."""
