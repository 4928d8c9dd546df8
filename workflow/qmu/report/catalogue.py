"""The report's figures: name, title, caption file, category and labels.

The Snakefile reads this to declare outputs and their place in ``snakemake --report``; it imports
nothing that draws. Captions are the ``.rst`` files of ``workflow/report``, which the HTML report
shows too: each is written once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

CAPTIONS = Path(__file__).parents[2] / "report"
TEMPLATE = Path(__file__).parent / "templates" / "report.html.j2"
PARTS = tuple(sorted(TEMPLATE.parent.glob("*.*")))


@dataclass(frozen=True)
class Entry:
    """One figure. ``alt`` says in words what the picture shows, for those who cannot see it."""

    stem: str
    title: str
    category: str
    alt: str

    @property
    def caption(self) -> str:
        """Name of the caption file, relative to the folder of captions."""
        return f"{self.stem}.rst"

    @property
    def labels(self) -> dict[str, str]:
        """What ``snakemake --report`` shows in the figure's row."""
        return {"figure": self.title}


FIGURES = (
    Entry(
        "membership",
        "Members against images never trained on",
        "Membership inference",
        "Dot plot. For each model, attack and variant: the share of forget-class members that the "
        "attack calls members, beside the share of same-class images that were never trained on.",
    ),
    Entry(
        "auc",
        "Ranking members above non-members (AUC)",
        "Membership inference",
        "Table of the AUC of every attack on every variant with its interval, for the forget class "
        "and for the other classes; cells whose interval excludes one half are coloured.",
    ),
    Entry(
        "roc",
        "Members found at few false alarms (ROC curves)",
        "Membership inference",
        "ROC curves on logarithmic axes, one panel per attack and one line per variant, forget "
        "class; rates too low to be measured are grey, guessing is dashed.",
    ),
    Entry(
        "confidence",
        "Confidence on members and non-members",
        "Membership inference",
        "Histograms of the logit-scaled confidence of every variant on forget-class members and "
        "on images of that class that were never trained on.",
    ),
    Entry(
        "devices",
        "The attacks on every device",
        "Noise and shots",
        "Dot plots, one column per device and one block per model: how often the published attack "
        "calls forget-class members and never-seen images members, and the AUC of the strongest "
        "attack, for every variant.",
    ),
    Entry(
        "signal",
        "What a quantum computer leaves of the signal, by embedding",
        "Noise and shots",
        "Line plots, one block per model, against the two-qubit gates of exact and approximate "
        "embeddings: slope and correlation of noisy against exact expectation values, the shots "
        "that make up for the slope, and accuracies with intervals: ideal, embedded, noisy, and "
        "corrected from exact values and from finitely many shots.",
    ),
    Entry(
        "sweep",
        "Leakage and accuracy against noise and shots",
        "Noise and shots",
        "Line plots, one block per model: the AUC of the loss and the accuracy of every variant "
        "against the strength of the noise, the number of shots, and how often an attacker asks; "
        "dashed, the AUC of an ideal model made equally inaccurate.",
    ),
    Entry(
        "accuracy",
        "Accuracy on four splits",
        "Utility",
        "Dot plot of the accuracy of every variant on the forget class and the other classes, "
        "training and test images.",
    ),
    Entry(
        "distance",
        "Distance to the retrained model",
        "Fidelity to retraining",
        "Dot plot of the Kullback-Leibler and Jensen-Shannon divergence of every variant from the "
        "retrained model on four splits; the floor between retrained models is shaded.",
    ),
    Entry(
        "quality",
        "Measures of unlearning quality",
        "Fidelity to retraining",
        "Dot plots, one panel per measure: the value of every variant with its interval, beside "
        "what a retrained model itself reaches.",
    ),
    Entry(
        "cost",
        "Cost relative to retraining",
        "Cost",
        "Dot plot on a logarithmic axis of each method's gradient evaluations and seconds divided "
        "by those of retraining.",
    ),
    Entry(
        "training",
        "Training and unlearning, step by step",
        "Training",
        "Line plots of training loss and accuracy of the target and retrained models, and of the "
        "forget-set loss during unlearning with the line of a uniform guess.",
    ),
    Entry(
        "dag",
        "The pipeline",
        "Pipeline",
        "Diagram of the jobs: data feeds shadow models, target, retrained model and ensemble; "
        "these feed attacks and unlearning, then scoring, the summary and the report.",
    ),
)


def text_digest() -> str:
    """Hex digest (16 characters) of the page's templates and the captions: what the report depends
    on besides code and data."""
    digest = hashlib.sha256()
    for file in (*PARTS, *(CAPTIONS / entry.caption for entry in FIGURES)):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


STEMS = tuple(entry.stem for entry in FIGURES)
SUFFIXES = ("svg", "png")
