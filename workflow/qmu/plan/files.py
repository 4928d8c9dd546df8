"""The files of an experiment, as the rules name them: templates filled in as far as is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product

from qmu import paths
from qmu.config.experiment import Experiment
from qmu.variants import INNOCENT, RESIDUE, RETRAIN, TARGET, cells

from . import ibm
from .data import memorised_by
from .train import blocks, further
from .unlearn import refers


def filled(template: str, **values: Iterable[object]) -> list[str]:
    """The template once for every combination of the values; other wildcards stay."""
    files = []
    for combination in product(*values.values()):
        file = template
        for name, value in zip(values, combination, strict=True):
            file = file.replace(f"{{{name}}}", str(value))
        files.append(file)
    return files


def one_of(names: Iterable[object]) -> str:
    """A wildcard's pattern: one of the names, or nothing at all where there are none."""
    return "|".join(map(str, names)) or "(?!)"


class Files:
    """File names of one experiment; ``{model}``, ``{seed}``, ``{variant}`` and the like are left
    for Snakemake.

    Of a sequence what follows from a request stands in its folder ``{request}``; what all requests
    share (the pool, the targets, their shadow models) has the names of ``shared``, which are these
    very names where there is one request alone.
    """

    def __init__(self, experiment: Experiment, shared: bool = False) -> None:
        self.experiment = experiment
        self.seeds: Sequence[int] = experiment.common.seeds
        self.folder = "/{request}" if experiment.requests and not shared else ""
        self.shared = Files(experiment, shared=True) if self.folder else self

    def at(self, template: str) -> str:
        """A template of `qmu.paths` below this experiment's folder."""
        name = self.experiment.common.experiment
        return template.replace("{experiment}", f"{name}{self.folder}")

    def log(self, name: str) -> str:
        """The log of a job."""
        return f"{self.shared.at(paths.LOGS)}{self.folder}/{name}.log"

    def benchmark(self, name: str) -> str:
        """What Snakemake measures of a job."""
        return f"{self.shared.at(paths.BENCHMARKS)}{self.folder}/{name}.tsv"

    def every(self, files: Iterable[str]) -> list[str]:
        """The files of every request of a sequence; as they are where there is one alone."""
        return [
            file.replace("{request}", request)
            for request in self.experiment.audits or ("",)
            for file in files
        ]

    def until(self, files: Iterable[str], request: str | None) -> list[str]:
        """The files of all requests of a sequence before one, request by request."""
        known, files = list(self.experiment.audits), list(files)
        place = known.index(request) if request else 0
        return [file.replace("{request}", one) for one in known[:place] for file in files]

    def before(self, files: Iterable[str], request: str | None) -> list[str]:
        """The files of the request before one; none before the first."""
        files = list(files)
        found = self.until(files, request)
        return found[len(found) - len(files) :]

    def started_from(self, kind: str, variant: str, request: str | None) -> list[str]:
        """One table, of every seed, of the models that a method starts from: what it made of the
        request before, at first the targets."""
        return self.before(self.of_seeds(kind, variant), request) or self.of_seeds(kind, TARGET)

    def shadows_started_from(self, variant: str, request: str | None) -> str:
        """The shadow models that a method starts from."""
        before = self.before([self.fleet(paths.SHADOWS, "fleet_parameters", variant)], request)
        return next(iter(before), self.fleet(paths.SHADOWS, "fleet_parameters", TARGET))

    def variant(self, kind: str, variant: str = "{variant}") -> str:
        """One table of a model variant."""
        return self.at(paths.model_tables()[kind]).replace("{variant}", variant)

    def variant_tables(self) -> dict[str, str]:
        """All tables of a model variant, by kind."""
        return {kind: self.at(file) for kind, file in paths.model_tables().items()}

    def of_seeds(self, kind: str, variant: str = "{variant}") -> list[str]:
        """One table of a model variant for every seed."""
        return filled(self.variant(kind, variant), seed=self.seeds)

    def tables(self, kind: str, variants: Iterable[str]) -> list[str]:
        """One table of some variants of one seed."""
        return [self.variant(kind, variant) for variant in variants]

    @staticmethod
    def of_job(files: Iterable[str], wildcards: Mapping[str, str]) -> list[str]:
        """The files with what is known of a job filled in, as an input function must return it."""
        found = list(files)
        for name, value in wildcards.items():
            found = [file.replace(f"{{{name}}}", str(value)) for file in found]
        return found

    def cells(
        self,
        *templates: str,
        models: Iterable[str] | None = None,
        without: Collection[str] = (),
    ) -> list[str]:
        """Every template's files for the variants of all models, or of ``models``, and all seeds,
        in the order of `qmu.variants.cells`; each file once."""
        variants = self.experiment.all_variants
        if models is not None:
            variants = {model: variants[model] for model in models}
        found = cells(variants, self.seeds, without)
        return list(
            dict.fromkeys(
                filled(template, model=[model], seed=[seed], variant=[variant])[0]
                for template in templates
                for model, seed, variant in found
            )
        )

    def made(self, kind: str, without: Collection[str] = ()) -> list[str]:
        """One table of every variant and seed; none where the models were made elsewhere."""
        elsewhere = self.experiment.predictions is not None
        return [] if elsewhere else self.cells(self.variant(kind), without=without)

    def samples(self) -> list[str]:
        """The splits of every seed."""
        return filled(self.at(paths.SAMPLES), seed=self.seeds)

    def fleet(self, folder: str, kind: str, variant: str = "{variant}") -> str:
        """One table of a fleet; the target's shadow models belong to no request."""
        at = self.shared.at if variant == TARGET else self.at
        return at(paths.fleet_tables(folder)[kind]).replace("{variant}", variant)

    def fleet_tables(self, folder: str, kinds: tuple[str, ...]) -> dict[str, str]:
        """Some tables of a fleet, by kind."""
        return {kind: self.at(file) for kind, file in paths.fleet_tables(folder, kinds).items()}

    def shadow_outputs(self, variant: str) -> list[str]:
        """The outputs of all blocks of shadow models of a variant."""
        file = self.fleet(paths.SHADOWS, "fleet_outputs", variant)
        return filled(file, block=blocks(self.experiment, variant))

    def tuned_on(self, variant: str, kind: str) -> list[str]:
        """One table of the shadow models of a variant that settings are tried on, in blocks."""
        tune, size = self.experiment.tune, self.experiment.common.shadows.block
        count = 0 if tune is None else -(-tune.models // size)
        return filled(self.fleet(paths.SHADOWS, kind, variant), block=range(count))

    def imported_shadows(self, variants: Iterable[str]) -> list[str]:
        """The outputs of shadow models that a table of predictions holds, all in one block."""
        fleets = [self.fleet(paths.SHADOWS, "fleet_outputs", variant) for variant in variants]
        return [file for fleet in fleets for file in filled(fleet, block=[0])]

    def memorised(self) -> list[str]:
        """Outputs of the shadow models that say how far rows are memorised; none where no request
        asks."""
        model = memorised_by(self.experiment)
        return self.of_job(self.shadow_outputs(TARGET), {"model": model}) if model else []

    def of_variants(self, kind: str, variants: Iterable[str]) -> list[str]:
        """One table of some variants, variant by variant, for every seed."""
        return [file for variant in variants for file in self.of_seeds(kind, variant)]

    def retrained(self, kind: str) -> list[str]:
        """One table of the further retrained models, model by model, for every seed."""
        return self.of_variants(kind, further(self.experiment))

    def reference(self, variant: str) -> list[str]:
        """Outputs of retrained shadow models, where a method's stopping rule asks for them."""
        return self.shadow_outputs(RETRAIN) if refers(self.experiment, variant) else []

    def compared_fleets(self, group: str) -> dict[str, list[str]]:
        """Outputs of shadow models before and after the audited method, and of retrained ones.

        Models of the ladder and innocent edits are retrained models: so are their shadows.
        """
        after = RETRAIN if group in (RESIDUE, INNOCENT) else group
        variants = {"shadows": TARGET, "unlearned": after, "retrained": RETRAIN}
        count = blocks(self.experiment, RETRAIN)
        return {
            name: filled(self.fleet(paths.SHADOWS, "fleet_outputs", variant), block=count)
            for name, variant in variants.items()
        }

    def outputs_on(self, variant: str = "{variant}") -> list[str]:
        """The outputs of a model variant on a further device for every seed."""
        path = self.at(paths.OUTPUTS_ON).replace("{variant}", variant)
        return filled(path, seed=self.seeds)

    def corrected(self, device: str) -> list[str]:
        """The outputs of the device that is corrected, for every seed."""
        source = self.experiment.devices[device].settings["of"]
        return [file.replace("{device}", source) for file in self.outputs_on()]

    def jobs(self, template: str, device: str) -> list[str]:
        """One file of every IBM job of a model variant and seed."""
        file = self.at(template).replace("{device}", device)
        return filled(file, part=range(ibm.parts(self.experiment, device)))

    def all_jobs(self, template: str, device: str) -> list[str]:
        """One file of every IBM job of a device."""
        return self.cells(*self.jobs(template, device), models=self.experiment.circuits)
