"""`market_alerts`: the windows beyond a limit, and which."""

from proptech_pipelines_tests.reference import price_change_windows
from proptech_pipelines_tests.reference.log import Log, Row
from proptech_pipelines_tests.reference.price_change_analysis import analysis


def rows(log: Log) -> list[Row]:
    """One row for each window whose mean or spread is beyond its limit; the others have none."""
    alerts = [_alert(window, analysis(window)) for window in price_change_windows.rows(log)]
    return [alert for alert in alerts if alert["reason"]]


def _alert(window: Row, judged: Row) -> Row:
    reasons = [
        name
        for name, is_beyond in (
            ("average_change", judged["is_average_alert"]),
            ("volatility", judged["is_volatility_alert"]),
        )
        if is_beyond
    ]
    return {
        "zip_code": window["zip_code"],
        "window_start": window["window_start"],
        "window_end": judged["window_end"],
        "state_code": window["state_code"],
        "event_count": window["event_count"],
        "change_sum": window["change_sum"],
        "change_square_sum": window["change_square_sum"],
        "average_change_ppb": judged["average_change_ppb"],
        "reason": ",".join(reasons),
    }
