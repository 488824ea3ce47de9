"""A short look at all wrong variants: what one edits stands there once. That it is noticed is for the long tests."""

import pytest

from proptech_pipelines_tests.patching import edited
from proptech_pipelines_tests.wrong_variants import WRONG_VARIANTS


@pytest.mark.parametrize("variant", WRONG_VARIANTS, ids=str)
def test_what_a_wrong_variant_edits_stands_in_its_file_once(variant):
    assert edited(variant.file, variant.find, variant.replace)
