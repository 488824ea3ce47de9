"""Ways to be wrong, each as an edit of one file: `find`, which stands there once, becomes `replace`.

`log` is what shows it, and `way` how the log is brought to its end: see `test_wrong_variants.py`.
"""

from proptech_pipelines_tests.wrong_variants.arithmetic import ARITHMETIC
from proptech_pipelines_tests.wrong_variants.engine import REBUILDS, SLICING, UPKEEP
from proptech_pipelines_tests.wrong_variants.enriched_listings import ENRICHED_LISTINGS
from proptech_pipelines_tests.wrong_variants.event_time import EVENT_TIME
from proptech_pipelines_tests.wrong_variants.figures import FIGURES
from proptech_pipelines_tests.wrong_variants.hourly import HOURLY
from proptech_pipelines_tests.wrong_variants.price_drop_notifications import PRICE_DROP_NOTIFICATIONS
from proptech_pipelines_tests.wrong_variants.processed_properties import PROCESSED_PROPERTIES
from proptech_pipelines_tests.wrong_variants.property_history import PROPERTY_HISTORY
from proptech_pipelines_tests.wrong_variants.readmissions import READMISSIONS
from proptech_pipelines_tests.wrong_variants.recommendations import RECOMMENDATIONS
from proptech_pipelines_tests.wrong_variants.stale_price_cuts import STALE_PRICE_CUTS
from proptech_pipelines_tests.wrong_variants.variant import WrongVariant

__all__ = ["WRONG_VARIANTS", "WrongVariant"]

WRONG_VARIANTS = (
    *EVENT_TIME,
    *ARITHMETIC,
    *FIGURES,
    *SLICING,
    *UPKEEP,
    *REBUILDS,
    *PROPERTY_HISTORY,
    *ENRICHED_LISTINGS,
    *HOURLY,
    *PRICE_DROP_NOTIFICATIONS,
    *STALE_PRICE_CUTS,
    *PROCESSED_PROPERTIES,
    *RECOMMENDATIONS,
    *READMISSIONS,
)
