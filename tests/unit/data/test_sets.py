"""Datasets: the embedded images, MNIST from local files, and one line for every kind of damage."""

import gzip
import os
import pickle
import struct
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.datasets
import step_example
from qmu import registry
from qmu.data.dataset import Dataset, Description
from qmu.data.dataset import checked as checked_set
from qmu.data.features import principal_components, scaled_by
from qmu.data.images import checked, scaled
from qmu.data.sets import (
    breast_cancer,
    clients,
    covertype,
    digits,
    fashion_mnist,
    iris,
    mnist_embedded,
    mnist_full,
    wine,
)
from qmu.errors import QmuError
from qmu.strict import Strict
from qmu.tables import parquet as tables
from sklearn.linear_model import LogisticRegression

TRAIN, TEST = 12, 5
NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


@pytest.fixture
def arrays(rng):
    def images(count):
        return rng.integers(1, 256, (count, 28, 28), dtype=np.uint8)

    labels = rng.integers(0, 10, TRAIN + TEST).astype(np.uint8)
    return {
        "x_train": images(TRAIN),
        "y_train": labels[:TRAIN],
        "x_test": images(TEST),
        "y_test": labels[TRAIN:],
    }


def idx(array):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


def write_idx(folder, arrays, compress=False, style=str):
    folder.mkdir(exist_ok=True)
    for key, array in arrays.items():
        content = gzip.compress(idx(array)) if compress else idx(array)
        (folder / (style(NAMES[key]) + (".gz" if compress else ""))).write_bytes(content)
    return folder


def load(path):
    return mnist_full.load(mnist_full.Config(path=str(path)))


def failure(path):
    with pytest.raises(QmuError) as caught:
        load(path)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    return text


def same_images(found, arrays):
    pixels = np.concatenate([arrays["x_train"], arrays["x_test"]]).reshape(-1, 784)
    assert found.inputs.dtype == np.uint8
    assert found.labels.dtype == np.int64
    assert found.training.dtype == bool
    assert np.array_equal(found.inputs, pixels)
    assert np.array_equal(found.labels, np.concatenate([arrays["y_train"], arrays["y_test"]]))
    assert np.array_equal(found.training, np.arange(TRAIN + TEST) < TRAIN)


def test_embedded_images_are_500_of_every_class():
    found = mnist_embedded.load(mnist_embedded.Config())
    assert found.inputs.shape == (mnist_embedded.SIZE, mnist_embedded.PIXELS)
    assert found.inputs.dtype == np.uint8
    assert np.array_equal(np.bincount(found.labels), np.full(10, 500))
    assert found.training.all()
    assert found.inputs.max() == 255
    assert len(np.unique(found.inputs, axis=0)) == 5000


@pytest.mark.parametrize("content", [b"", b"not gzip", gzip.compress(b"1,2\n", mtime=0)[:-6]])
def test_a_damaged_package_file_gives_one_line(monkeypatch, tmp_path, content):
    file = tmp_path / "data" / "data" / "mnist_5k.csv.gz"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    monkeypatch.setattr(mnist_embedded.resources, "files", lambda package: tmp_path)
    with pytest.raises(QmuError, match="mnist_embedded: "):
        mnist_embedded.load(mnist_embedded.Config())


@pytest.mark.parametrize("text", [b"1,2,3\n4,5,6\n", b"1,x\n", b"<html></html>"])
def test_a_package_file_with_other_content_gives_one_line(monkeypatch, tmp_path, text):
    test_a_damaged_package_file_gives_one_line(monkeypatch, tmp_path, gzip.compress(text))


@pytest.mark.parametrize("compress", [False, True])
def test_idx_files(tmp_path, arrays, compress):
    same_images(load(write_idx(tmp_path / "idx", arrays, compress)), arrays)


def test_idx_files_under_their_other_name(tmp_path, arrays):
    folder = write_idx(tmp_path / "idx", arrays, style=lambda name: name.replace("-idx", ".idx"))
    same_images(load(folder), arrays)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("flat", [False, True])
def test_npz_files(tmp_path, arrays, save, flat):
    if flat:
        arrays = arrays | {k: arrays[k].reshape(-1, 784) for k in ("x_train", "x_test")}
    save(tmp_path / "mnist.npz", **arrays)
    same_images(load(tmp_path / "mnist.npz"), arrays)


def test_npz_with_pixels_as_numbers(tmp_path, arrays):
    np.savez(tmp_path / "m.npz", **{k: v.astype(np.float64) for k, v in arrays.items()})
    same_images(load(tmp_path / "m.npz"), arrays)


def test_a_missing_path(tmp_path):
    assert "no such file or folder" in failure(tmp_path / "nothing")


def test_an_empty_folder_names_the_file(tmp_path):
    assert "train-images-idx3-ubyte (or train-images-idx3-ubyte.gz) is missing" in failure(tmp_path)


@pytest.mark.parametrize("key", NAMES)
def test_a_missing_idx_file_is_named(tmp_path, arrays, key):
    folder = write_idx(tmp_path / "idx", arrays)
    (folder / NAMES[key]).unlink()
    assert NAMES[key] in failure(folder)


def damage_truncate(content):
    return content[:-3]


def damage_extend(content):
    return content + b"\0"


def damage_magic(content):
    return b"\0\0\x0d" + content[3:]


def damage_empty(content):
    return b""


def damage_header(content):
    return content[:9]


def damage_huge(content):
    return content[:4] + b"\xff" * 4 + content[8:]


def damage_half_gzip(content):
    return gzip.compress(content)[:-9]


def damage_bad_gzip(content):
    packed = bytearray(gzip.compress(content))
    packed[12:20] = b"\xff" * 8
    return bytes(packed)


@pytest.mark.parametrize("key", ["x_train", "y_test"])
@pytest.mark.parametrize(
    "damage",
    [
        damage_truncate,
        damage_extend,
        damage_magic,
        damage_empty,
        damage_header,
        damage_huge,
        damage_half_gzip,
        damage_bad_gzip,
    ],
)
def test_a_damaged_idx_file_is_named(tmp_path, arrays, key, damage):
    folder = write_idx(tmp_path / "idx", arrays)
    file = folder / NAMES[key]
    file.write_bytes(damage(file.read_bytes()))
    assert NAMES[key] in failure(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: {"y_train": a["y_train"][:-1]}, f"{TRAIN} images but labels of shape"),
        (lambda a: {"x_train": a["x_train"][:, :27]}, "28 x 28 pixels, found shape (12, 27, 28)"),
        (lambda a: {"y_test": np.full(TEST, 10, np.uint8)}, "row 0 has a label outside"),
        (
            lambda a: {"x_train": a["x_train"] * (np.arange(TRAIN) != 7)[:, None, None]},
            "the image in row 7 is empty",
        ),
        (lambda a: {"x_test": a["x_test"][:0], "y_test": a["y_test"][:0], "x_train": 0}, "28 x 28"),
    ],
    ids=["labels", "shape", "label", "empty", "none"],
)
@pytest.mark.parametrize("kind", ["npz", "idx"])
def test_wrong_content_names_file_and_row(tmp_path, arrays, change, words, kind):
    arrays = arrays | {key: np.asarray(value, np.uint8) for key, value in change(arrays).items()}
    if kind == "npz":
        np.savez(tmp_path / "m.npz", **arrays)
        assert words in failure(tmp_path / "m.npz")
    elif arrays["x_train"].ndim == 3:
        assert words in failure(write_idx(tmp_path / "idx", arrays))


@pytest.mark.parametrize("kind", ["npz", "idx"])
def test_a_label_that_slipped_from_training_to_test_is_found(tmp_path, arrays, kind):
    """The total number of labels is right, that of each part is not."""
    labels = np.concatenate([arrays["y_train"], arrays["y_test"]])
    arrays = arrays | {"y_train": labels[: TRAIN + 1], "y_test": labels[TRAIN + 1 :]}
    path = tmp_path / "m.npz"
    if kind == "npz":
        np.savez(path, **arrays)
    else:
        path = write_idx(tmp_path / "idx", arrays)
    assert "12 images but labels of shape (13,)" in failure(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"x_train": np.full((TRAIN, 784), 0.5)},
            "row 0 has a pixel outside the integers 0 to 255",
        ),
        ({"x_train": np.full((TRAIN, 784), np.nan)}, "row 0 has a pixel outside"),
        ({"x_train": np.full((TRAIN, 784), 256)}, "row 0 has a pixel outside"),
        ({"x_train": np.full((TRAIN, 784), -1)}, "row 0 has a pixel outside"),
        ({"x_train": np.array(3)}, "28 x 28 pixels, found shape ()"),
        ({"y_train": np.array(3)}, "12 images but labels of shape ()"),
        ({"y_train": np.full(TRAIN, "four")}, "every label must be a number"),
        ({"y_train": np.full(TRAIN, 1j)}, "every label must be a number"),
        ({"x_train": np.full((TRAIN, 784), "1")}, "every pixel must be a number"),
    ],
    ids=range(9),
)
def test_wrong_numbers_in_npz(tmp_path, arrays, change, words):
    np.savez(tmp_path / "m.npz", **(arrays | change))
    assert words in failure(tmp_path / "m.npz")


def test_npz_without_an_array(tmp_path, arrays):
    del arrays["y_test"]
    np.savez(tmp_path / "m.npz", **arrays)
    assert "the array 'y_test' is missing" in failure(tmp_path / "m.npz")


class Explosive:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


def test_no_pickle_is_loaded(tmp_path, arrays):
    objects = np.empty(TRAIN, dtype=object)
    objects[:] = Explosive()
    np.savez(tmp_path / "m.npz", **(arrays | {"y_train": objects}))
    assert "not a readable npz file" in failure(tmp_path / "m.npz")
    (tmp_path / "p.npz").write_bytes(pickle.dumps(Explosive()))
    assert "not a readable npz file" in failure(tmp_path / "p.npz")


def test_a_file_that_is_no_npz(tmp_path, arrays):
    np.save(tmp_path / "m.npy", arrays["x_train"])
    assert "not a readable npz file" in failure(tmp_path / "m.npy")
    (tmp_path / "m.txt").write_text("hello")
    assert "not a readable npz file" in failure(tmp_path / "m.txt")


def test_a_damaged_npz(tmp_path, arrays):
    np.savez_compressed(tmp_path / "m.npz", **arrays)
    content = bytearray((tmp_path / "m.npz").read_bytes())
    content[200:240] = b"\xff" * 40
    (tmp_path / "m.npz").write_bytes(content)
    assert "not a readable npz file" in failure(tmp_path / "m.npz")
    (tmp_path / "m.npz").write_bytes(content[: len(content) // 2])
    assert "not a readable npz file" in failure(tmp_path / "m.npz")


def test_openml_without_a_network_gives_one_line(monkeypatch):
    def refuse(*args, **options):
        raise OSError("no route\nto host")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", refuse)
    with pytest.raises(QmuError, match=r"dataset\.openml: .*dataset\.path") as caught:
        mnist_full.load(mnist_full.Config(openml=True))
    assert "\n" not in str(caught.value)


def test_openml_hands_over_training_images_first(monkeypatch, rng):
    class Found:
        data = rng.integers(1, 256, (20, 784)).astype(float)
        target = np.array([str(i % 10) for i in range(20)])

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda *a, **k: Found)
    monkeypatch.setattr(mnist_full, "TRAINING", 15)
    found = mnist_full.load(mnist_full.Config(openml=True))
    assert np.array_equal(found.labels, np.arange(20) % 10)
    assert found.training.sum() == 15


@pytest.mark.parametrize("inside", ["data", "package/data"])
def test_the_folder_that_a_package_unpacks_to(tmp_path, arrays, inside):
    (tmp_path / inside).parent.mkdir(parents=True, exist_ok=True)
    write_idx(tmp_path / inside, arrays)
    same_images(load(tmp_path), arrays)


def test_fashion_images_are_read_as_digits_are(tmp_path, arrays):
    folder = write_idx(tmp_path / "fashion-mnist", arrays, compress=True)
    config = fashion_mnist.Config(path=str(folder))
    same_images(fashion_mnist.load(config), arrays)
    assert fashion_mnist.describe(config).labels[9] == "Ankle boot"
    assert fashion_mnist.Config().path == "/usr/share/datasets/fashion-mnist"


REAL = [
    (mnist_full, "QMU_MNIST", [6903, 7877, 6990, 7141, 6824, 6313, 6876, 7293, 6825, 6958]),
    (fashion_mnist, "QMU_FASHION_MNIST", [7000] * 10),
]


@pytest.mark.parametrize(("module", "variable", "counts"), REAL, ids=[v for _, v, _ in REAL])
def test_the_real_70_000_images(module, variable, counts):
    path = os.environ.get(variable)
    if not path:
        pytest.skip(f"{variable} names no folder or file of the 70,000 images")
    config = module.Config(path=path)
    found = checked_set(variable, module.describe(config), module.load(config))
    assert np.bincount(found.labels).tolist() == counts
    assert found.training.sum() == 60_000


# Set, rows of each class, and the mean of all numbers as their sources state or imply it.
BUNDLED = [
    (iris, [50, 50, 50], {0: [5.1, 3.5, 1.4, 0.2]}),
    (wine, [59, 71, 48], {0: [14.23, 1.71, 2.43]}),
    (breast_cancer, [212, 357], {0: [17.99, 10.38, 122.8]}),
    (digits, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180], {0: [0.0, 0.0, 5.0, 13.0]}),
]


@pytest.mark.parametrize(("module", "counts", "rows"), BUNDLED, ids=lambda m: str(m)[-20:])
def test_bundled_tables_hold_what_their_sources_list(module, counts, rows):
    found = module.load(module.Config())
    assert np.bincount(found.labels).tolist() == counts
    for row, start in rows.items():
        assert found.inputs[row, : len(start)].tolist() == start
    assert np.isfinite(found.inputs).all()
    assert found.training.all()


def test_clients_differ_and_share_their_weights():
    config = clients.Config(clients=8, rows=4000)
    found, known = clients.load(config), clients.describe(config)
    member = found.groups["client"]
    assert np.bincount(member).tolist() == [4000] * 8
    assert known.groups == ("client",)
    means = np.array([found.inputs[member == one].mean(axis=0) for one in range(8)])
    within = np.array([found.inputs[member == one].std(axis=0) for one in range(8)])
    np.testing.assert_allclose(within, 1.0, atol=0.05)
    assert 0.5 < means.std() < 1.4
    weights = [
        LogisticRegression(C=1e6).fit(found.inputs[member == one], found.labels[member == one])
        for one in range(8)
    ]
    fitted = np.array([one.coef_[0] for one in weights])
    np.testing.assert_allclose(fitted, np.tile(fitted.mean(axis=0), (8, 1)), atol=0.25)


def test_clients_of_another_draw_are_others():
    one, other = (clients.load(clients.Config(draw=draw)).inputs for draw in (0, 1))
    assert one.shape == other.shape == (900, 4)
    assert not np.allclose(one, other)


@pytest.fixture
def forest(rng, monkeypatch):
    monkeypatch.setattr(covertype, "SIZE", 30)
    labels = np.arange(30) % 7 + 1
    return np.column_stack([rng.integers(-200, 8000, (30, 54)), labels])


def covertype_file(path, table, pack):
    text = "".join(",".join(map(str, row)) + "\n" for row in table.tolist()).encode()
    path.write_bytes(gzip.compress(text) if pack else text)
    return covertype.Config(path=str(path))


@pytest.mark.parametrize("pack", [False, True])
def test_covertype_from_a_local_file(tmp_path, forest, pack):
    config = covertype_file(tmp_path / "covtype.data", forest, pack)
    found = checked_set("covertype", covertype.describe(config), covertype.load(config))
    np.testing.assert_array_equal(found.inputs, forest[:, :54])
    np.testing.assert_array_equal(found.labels, forest[:, 54] - 1)


@pytest.mark.filterwarnings("ignore:loadtxt")
@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-200],
        lambda text: text.replace(b",", b";"),
        lambda text: b"Elevation,Aspect\n" + text,
        lambda text: text + text,
        lambda text: b"",
        lambda text: gzip.compress(text)[:-9],
    ],
)
def test_a_damaged_covertype_file_is_named(tmp_path, forest, damage):
    config = covertype_file(tmp_path / "covtype.data", forest, False)
    path = tmp_path / "covtype.data"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(QmuError, match=r"^dataset\.path: .*covtype\.data: ") as caught:
        covertype.load(config)
    assert str(caught.value).isprintable()


def test_covertype_without_a_network_gives_one_line(monkeypatch):
    def refuse():
        raise OSError("no route\nto host")

    monkeypatch.setattr(sklearn.datasets, "fetch_covtype", refuse)
    with pytest.raises(QmuError, match=r"covertype could not be fetched \(OSError\); give dataset"):
        covertype.load(covertype.Config())


def test_checked_refuses_what_no_loader_should_hand_over():
    ones = np.ones((2, 784), np.uint8)
    with pytest.raises(QmuError, match="source: 2 images but labels of shape"):
        checked("source", ones, np.array([1]), np.ones(2, bool))


POOL = {"public": 4, "components": 3, "fit_on": "public", "pool": 10}


def make_pool(folder, source, **fields):
    dataset = {"component": "mnist_full", "settings": {"path": str(source), "openml": False}}
    spec = POOL | {"dataset": dataset} | fields
    step_example.run("data.pool", {}, {"pool": folder / "pool.parquet"}, **spec)
    return tables.read(folder / "pool.parquet", "pool", experiment=step_example.EXPERIMENT)


@pytest.mark.parametrize("fit_on", ["public", "all_training"])
def test_the_pool_step_keeps_ids_and_fits_where_it_is_told(tmp_path, arrays, monkeypatch, fit_on):
    np.savez(tmp_path / "m.npz", **arrays)
    monkeypatch.setattr(mnist_full, "SIZE", TRAIN + TEST)
    table = make_pool(tmp_path, tmp_path / "m.npz", fit_on=fit_on)
    images = load(tmp_path / "m.npz")
    assert np.sum(table["role"] == "public") == 4
    assert np.sum(table["role"] == "pool") == 10
    ids = table["sample_id"]
    assert len(set(ids.tolist())) == 14
    assert np.array_equal(table["image"], images.inputs[ids])
    assert np.array_equal(table["label"], images.labels[ids])
    fit = np.isin(np.arange(TRAIN + TEST), ids[table["role"] == "public"])
    fit = fit if fit_on == "public" else images.training
    expected = principal_components(scaled(images.inputs), fit, 3)[ids]
    np.testing.assert_allclose(table["features"], expected, atol=1e-9)


ROWS = 60
TABLE = np.random.default_rng(3).normal(size=(ROWS, 3)) * [1.0, 100.0, 1.0]


class Named(Strict):
    """Rows that a test names."""


def named_set(monkeypatch, inputs=TABLE, kind="features"):
    module = SimpleNamespace(
        Config=Named,
        describe=lambda config: Description(2, ROWS, kind, (3,), ids=True, groups=("site", "ward")),
        load=lambda config: Dataset(
            inputs,
            np.arange(ROWS) % 2,
            np.ones(ROWS, bool),
            np.arange(ROWS) + 7,
            {"site": np.arange(ROWS) // 10, "ward": np.array(["ä b"] * ROWS)},
        ),
    )
    monkeypatch.setattr(registry, "load", lambda kind, name: module)
    return {"component": "named", "settings": {}}


def pool_of(folder, dataset, **fields):
    spec = POOL | {"dataset": dataset, "public": 20, "components": None, "pool": 30} | fields
    step_example.run("data.pool", {}, {"pool": folder / "pool.parquet"}, **spec)
    return tables.read(folder / "pool.parquet", "pool", experiment=step_example.EXPERIMENT)


def test_the_pool_step_keeps_names_as_text(tmp_path, monkeypatch):
    table = pool_of(tmp_path, named_set(monkeypatch))
    ids = table["sample_id"]
    assert table["id"].tolist() == [str(row + 7) for row in ids]
    assert table["group/site"].tolist() == [str(row // 10) for row in ids]
    assert set(table["group/ward"]) == {"ä b"}


@pytest.mark.parametrize("scale", ["none", "standard", "minmax"])
@pytest.mark.parametrize("fit_on", ["public", "all_training"])
def test_the_pool_step_takes_columns_as_they_are_on_its_scale(tmp_path, monkeypatch, scale, fit_on):
    table = pool_of(tmp_path, named_set(monkeypatch), scale=scale, fit_on=fit_on)
    ids = table["sample_id"]
    public = np.isin(np.arange(ROWS), ids[table["role"] == "public"])
    fit = public if fit_on == "public" else np.ones(ROWS, bool)
    np.testing.assert_allclose(table["features"], scaled_by(TABLE, fit, scale)[ids])
    assert "image" not in table


def test_components_of_columns_follow_no_unit(tmp_path, monkeypatch):
    """The column of large numbers would be the first component by itself."""
    table = pool_of(tmp_path, named_set(monkeypatch), components=2)
    ids = table["sample_id"]
    public = np.isin(np.arange(ROWS), ids[table["role"] == "public"])
    columns = scaled_by(TABLE, public, "standard")
    expected = principal_components(columns, public, 2)[ids]
    np.testing.assert_allclose(table["features"], expected, atol=1e-12)


def test_the_pool_step_feeds_states_as_they_are(tmp_path, monkeypatch):
    states = TABLE + 1j * TABLE[::-1]
    table = pool_of(tmp_path, named_set(monkeypatch, states, "states"))
    found = table["real"] + 1j * table["imaginary"]
    np.testing.assert_array_equal(found, states[table["sample_id"]])
    assert "features" not in table


def test_the_pool_step_refuses_another_number_of_rows(tmp_path, arrays):
    np.savez(tmp_path / "m.npz", **arrays)
    with pytest.raises(QmuError, match="mnist_full has 70000 rows, loaded 17"):
        make_pool(tmp_path, tmp_path / "m.npz")
