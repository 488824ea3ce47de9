"""The zip codes and states of the United States, as the package `zipcodes` knows them."""

from functools import cache

import numpy as np
import numpy.typing as npt
import zipcodes

Flags = npt.NDArray[np.bool_]

_CODES = (
    "AAAEAKALAPARASAZCACOCTDCDEFLFMGAGUHIIAIDILINKSKYLAMAMDMEMHMIMNMOMPMSMT"
    "NCNDNENHNJNMNVNYOHOKORPAPRPWRISCSDTNTXUTVAVIVTWAWIWVWY"
)
STATE_CODES = frozenset(_CODES[at : at + 2] for at in range(0, len(_CODES), 2))
"""States, the District of Columbia, territories, freely associated states and military addresses."""


@cache
def known_zip_codes() -> Flags:
    """A flag for each number 0 to 99999: whether it is a zip code. Takes half a second the first time.

    Standard, post office box, unique and military codes all count.
    """
    flags = np.zeros(100_000, np.bool_)
    for first_digit in "0123456789":  # in tenths, because the package makes a dict of each code
        flags[[int(item["zip_code"]) for item in zipcodes.similar_to(first_digit)]] = True
    return flags


@cache
def known_states() -> Flags:
    """A flag for each pair of bytes, the first the high one: whether it is a state code."""
    flags = np.zeros(65_536, np.bool_)
    flags[[int.from_bytes(code.encode(), "big") for code in STATE_CODES]] = True
    return flags
