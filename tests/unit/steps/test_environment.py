"""What a job's process is spared."""

import subprocess
import sys

ARROW = """
import sys
import numpy as np
from qmu.steps.frame.environment import keep_pandas_out
from qmu.tables import parquet

keep_pandas_out()
columns = {"sample_id": np.arange(3), "label": [0, 1, 1], "split": ["retain_train"] * 3}
columns["forget"] = np.array([True, False, True])
parquet.write(sys.argv[1], "samples", columns, experiment="e", code_digest="0" * 16)
table = parquet.read(sys.argv[1], "samples", experiment="e")
print(table["label"].tolist(), table["split"][0], "pandas" in sys.modules)
import pandas
print(pandas.Series([1, 2]).sum())
"""


def test_tables_need_no_pandas(tmp_path):
    """Arrow would import it at its first array; whoever asks for it himself gets it."""
    path = str(tmp_path / "samples.parquet")
    ran = subprocess.run(
        [sys.executable, "-c", ARROW, path], capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines() == ["[0, 1, 1] retain_train False", "3"]
