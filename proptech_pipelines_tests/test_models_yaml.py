"""The YAML tests of the models, on the engine and on the reference."""

import pytest

from proptech_pipelines_tests.models_yaml import MODELS, ReferenceDriver, cases, run
from proptech_pipelines_tests.reference import TABLES

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_engine_agrees_with_the_values_worked_out_by_hand(case, engine):
    run(case, engine)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_reference_agrees_with_the_values_worked_out_by_hand(case):
    run(case, ReferenceDriver())


def test_every_table_of_the_reference_has_a_yaml_test_beside_its_model():
    tested = {path.stem: path for path in MODELS.glob("*/tests/*.yaml")}
    assert tested.keys() == TABLES.keys()
    assert [path for path in tested.values() if not (path.parent.parent / f"{path.stem}.sql").exists()] == []


def test_every_case_has_several_batches_and_a_name_of_its_own():
    assert [str(case) for case in CASES if len(case.batches) < 2] == []
    assert len({str(case) for case in CASES}) == len(CASES)
