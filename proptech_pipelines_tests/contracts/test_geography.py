"""The zip codes and states are exactly those of the package `zipcodes`."""

import numpy as np
import zipcodes

from proptech_pipelines.contracts.geography import STATE_CODES, known_states, known_zip_codes


def test_every_zip_code_of_the_package_is_known_and_no_other():
    codes = sorted(item["zip_code"] for item in zipcodes.filter_by())
    assert [f"{number:05d}" for number in np.flatnonzero(known_zip_codes())] == codes
    assert len(codes) == 42_789
    assert len(zipcodes.filter_by(zip_code_type="STANDARD")) == 30_006


def test_states_are_those_of_the_zip_codes():
    assert {item["state"] for item in zipcodes.filter_by()} == STATE_CODES
    assert np.flatnonzero(known_states()).tolist() == sorted(
        int.from_bytes(code.encode(), "big") for code in STATE_CODES
    )
