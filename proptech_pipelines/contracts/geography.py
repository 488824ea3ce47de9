"""The zip codes and states of the United States, as the package `zipcodes` knows them.

`zip_codes.bits` has a bit for each number 0 to 99999. To ask the package takes 0.65 CPU seconds, in each run;
`python -m proptech_pipelines_tests.contracts.write_zip_codes` does, and a test compares.
"""

from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]

_CODES = (
    "AAAEAKALAPARASAZCACOCTDCDEFLFMGAGUHIIAIDILINKSKYLAMAMDMEMHMIMNMOMPMSMT"
    "NCNDNENHNJNMNVNYOHOKORPAPRPWRISCSDTNTXUTVAVIVTWAWIWVWY"
)
STATE_CODES = frozenset(_CODES[at : at + 2] for at in range(0, len(_CODES), 2))
"""States, the District of Columbia, territories, freely associated states and military addresses."""


@cache
def known_zip_codes() -> Flags:
    """A flag for each number 0 to 99999: whether it is a zip code.

    Standard, post office box, unique and military codes all count.
    """
    file = resources.files("proptech_pipelines.contracts") / "zip_codes.bits"
    return np.unpackbits(np.frombuffer(file.read_bytes(), np.uint8)).astype(np.bool_)


@cache
def known_states() -> Flags:
    """A flag for each pair of bytes, the first the high one: whether it is a state code."""
    flags = np.zeros(65_536, np.bool_)
    flags[[int.from_bytes(code.encode(), "big") for code in STATE_CODES]] = True
    return flags
