"""The independent reference: what every table must hold, in plain Python, from the rules of DESIGN 4.

It knows nothing of the engine and imports nothing but the standard library; `test_architecture.py` holds it
to that. One module a table, the file is the table's name, `rows(log)` its rows. Rows are to be compared as
multisets: by key columns and values, not by their order.
"""

from collections.abc import Callable

from proptech_pipelines_tests.reference import (
    analytics_late,
    analytics_windows,
    enriched_listings,
    late_events,
    market_alerts,
    market_index,
    market_periods,
    personalized_recommendations,
    price_change_analysis,
    price_change_late,
    price_change_windows,
    price_cut_first_views,
    price_cut_late_views,
    price_drop_notifications,
    processed_properties,
    property_analytics,
    property_current,
    property_days,
    property_history,
    property_history_mark_counts,
    property_history_marks,
    property_price_comparison,
    property_processing_errors,
    property_saves,
    property_search_index,
    recommendation_late,
    recommended_homes,
    stale_price_cuts,
    trending_late,
    trending_neighborhoods,
    trending_ranks,
    trending_windows,
)
from proptech_pipelines_tests.reference.log import Entry, Event, Idle, Log, Readmit, Row
from proptech_pipelines_tests.reference.staging import Staged, dead, staged

__all__ = ["TABLES", "Entry", "Event", "Idle", "Log", "Readmit", "Row", "Staged", "dead", "staged"]

TABLES: dict[str, Callable[[Log], list[Row]]] = {
    "enriched_listings": enriched_listings.rows,
    "late_events": late_events.rows,
    "market_alerts": market_alerts.rows,
    "market_index": market_index.rows,
    "market_periods": market_periods.rows,
    "price_change_analysis": price_change_analysis.rows,
    "price_change_late": price_change_late.rows,
    "price_change_windows": price_change_windows.rows,
    "property_current": property_current.rows,
    "property_days": property_days.rows,
    "property_history": property_history.rows,
    "property_history_mark_counts": property_history_mark_counts.rows,
    "property_history_marks": property_history_marks.rows,
    "property_price_comparison": property_price_comparison.rows,
    "property_search_index": property_search_index.rows,
    "price_cut_first_views": price_cut_first_views.rows,
    "price_cut_late_views": price_cut_late_views.rows,
    "price_drop_notifications": price_drop_notifications.rows,
    "processed_properties": processed_properties.rows,
    "property_processing_errors": property_processing_errors.rows,
    "property_saves": property_saves.rows,
    "stale_price_cuts": stale_price_cuts.rows,
    "trending_windows": trending_windows.rows,
    "trending_ranks": trending_ranks.rows,
    "trending_neighborhoods": trending_neighborhoods.rows,
    "trending_late": trending_late.rows,
    "property_analytics": property_analytics.rows,
    "analytics_windows": analytics_windows.rows,
    "analytics_late": analytics_late.rows,
    "personalized_recommendations": personalized_recommendations.rows,
    "recommendation_late": recommendation_late.rows,
    "recommended_homes": recommended_homes.rows,
}
"""The rows of each table by its name."""
