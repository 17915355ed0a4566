"""Installs `repro`: `pip install -e .`; extras: `test`, `cuda` (GPUs), `postgresql` (searches)."""

from setuptools import find_packages, setup

_POSTGRESQL = ["psycopg2-binary>=2.9,<3"]

setup(
    name="repro",
    version="0.1.0",
    description='Re-runs "Do Better ImageNet Models Transfer Better?" in full',
    python_requires=">=3.11,<3.13",
    packages=find_packages(include=["repro", "repro.*"]),
    package_data={
        "repro.datasets.imagenet": ["*.tsv", "WORDNET_LICENSE"],
        "repro.page": ["*.css", "*.js"],
    },
    # An upper bound ends after the newest release that was tested.
    install_requires=[
        "absl-py>=1.4,<3",
        "h5py>=3.10,<4",
        "importlib_resources>=6,<8",  # tensorflow-datasets imports it and does not say so
        "keras>=3.10,<3.16",
        "matplotlib>=3.9,<4",
        "numpy>=1.26,<3",
        "optuna>=4,<6",
        "pandas>=2.2,<4",
        "pillow>=10,<14",
        "pyarrow>=16,<27",
        "scikit-learn>=1.5,<1.10",  # the digits data set, t-SNE
        "scipy>=1.13,<1.18",
        "sqlalchemy>=2,<2.2",
        "tensorflow~=2.20.0",  # the version that tf-models-official 2.20 pins
        "tensorflow-datasets>=4.9.9,<4.10",
        "tf-models-official~=2.20.0",
        "threadpoolctl>=3.1,<4",
        "tqdm>=4.66,<5",
    ],
    extras_require={
        "postgresql": _POSTGRESQL,
        "test": [
            *_POSTGRESQL,
            "dill>=0.3.8,<0.5",  # tfds.testing.DatasetBuilderTestCase imports it
            "hypothesis>=6.100,<7",
            "jax>=0.4.30,<0.11",
            "pytest>=8,<10",
            "pytest-xdist>=3.6,<4",
            "ruff>=0.9,<0.18",
        ],
        "cuda": ["tensorflow[and-cuda]~=2.20.0"],
    },
)
