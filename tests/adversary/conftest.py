"""Ledgers to tamper with, and how many trials there are: a sample, or the whole campaign."""

from random import Random

import pytest

from projections.proof.verify import Verify
from tests.adversary.hands import Trial
from tests.adversary.lives import Base, make_base

PARTS = 4


@pytest.fixture(scope="session")
def campaign(pytestconfig) -> bool:
    """Whether everything is run: ``pytest tests/adversary -n 4 --campaign``."""
    return pytestconfig.getoption("campaign")


@pytest.fixture(scope="session")
def bases(campaign, tmp_path_factory) -> list[Base]:
    path = tmp_path_factory.mktemp("bases")
    return [make_base(path / str(seed), seed) for seed in range(12 if campaign else 3)]


@pytest.fixture
def trial(bases, tmp_path):
    def made(*seed: object) -> Trial:
        rng = Random(repr(seed))  # noqa: S311 - reproducible
        one, other = rng.sample(bases, 2)
        return Trial.of(one, other, tmp_path / "trial", rng)

    return made


def seeds(part: int, sample: int, whole: int, *, campaign: bool) -> range:
    return range(part, whole if campaign else sample, PARTS)


def verified(folder, **options):
    answer = Verify(**options).inspect(folder, lambda *_: None)
    return answer, [(each["position"], each["what"]) for each in answer.document["problems"]]
