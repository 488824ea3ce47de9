"""Writes the zip codes that the package `zipcodes` knows into the platform's own file.

python -m proptech_pipelines_tests.contracts.write_zip_codes
"""

from pathlib import Path

import numpy as np
import zipcodes

FILE = Path(__file__).parents[2] / "proptech_pipelines" / "contracts" / "zip_codes.bits"


def bits() -> bytes:
    """A bit for each number 0 to 99999: whether it is a zip code."""
    flags = np.zeros(100_000, np.bool_)
    flags[[int(item["zip_code"]) for item in zipcodes.list_all()]] = True
    return np.packbits(flags).tobytes()


if __name__ == "__main__":
    FILE.write_bytes(bits())
