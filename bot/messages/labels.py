"""Colour and description of the labels that Baton creates in GitLab."""

from collections.abc import Mapping

LABELS: Mapping[str, tuple[str, str]] = {
    "LABEL_UNSCHEDULED": ("#cc338b", "Came into the week after it had started"),
    "LABEL_OUTAGE": ("#c21e56", "Users cannot use the service, or parts of it"),
    "LABEL_DATA_LOSS": ("#dc143c", "Data is lost, or seems to be"),
    "LABEL_GOAL": ("#0b5cad", "What the week is for"),
    "LABEL_TOIL": ("#8fbc8f", "Work by hand that a machine should do"),
    "LABEL_REPORT": ("#330066", "What passed from one shift to the next"),
    "AP1": ("#cd5b45", "Availability and performance: most urgent"),
    "AP2": ("#ed9121", "Availability and performance: urgent"),
    "AP3": ("#eee600", "Availability and performance: can wait"),
}
"""By variable, or by name where no variable gives it."""
