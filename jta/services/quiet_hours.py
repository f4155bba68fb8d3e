"""When a study's messages may go out: not in its quiet hours, in its own time zone, whatever the clocks do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from jta.models.sending import DeliverySettings

SATURDAY = 5


@dataclass(frozen=True)
class Hours:
    """Whole hours of the day in a zone; quiet from ``start`` until before ``end``. Equal hours mean: never quiet."""

    zone: str
    start: int = 19
    end: int = 7
    weekends: bool = False

    def is_quiet(self, moment: datetime) -> bool:
        """Say whether nothing may be sent at this moment."""
        local = moment.astimezone(ZoneInfo(self.zone))
        if not self.weekends and local.weekday() >= SATURDAY:
            return True
        if self.start == self.end:
            return False
        if self.start < self.end:
            return self.start <= local.hour < self.end
        return local.hour >= self.start or local.hour < self.end

    def next_allowed(self, moment: datetime) -> datetime:
        """Return the moment itself, or the first full hour after it at which messages may go out."""
        tried = moment
        for _ in range(24 * 8):
            if not self.is_quiet(tried):
                return tried
            # In steps of real time: a local hour that a change of clocks skips or repeats is met as it comes.
            tried = tried.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        return tried


def hours_of(settings: DeliverySettings, zone: str) -> Hours:
    """Return a study's quiet hours."""
    return Hours(zone, settings.quiet_from, settings.quiet_to, settings.weekends)
