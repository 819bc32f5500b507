"""Every table, imported once, so that foreign keys and migrations find them all."""

from .accounts.models import Account, Device, MailLink
from .audit.models import AuditEntry
from .customers.models import Customer, CustomerLink
from .imports.models import ImportBatch, ImportChange
from .mail.models import OutboxLetter
from .metering.models import EarlierReading, MeterInstallation, Occupancy, Reading, SupplyPoint
from .throttle.models import ThrottleCount

__all__ = [
    "Account",
    "AuditEntry",
    "Customer",
    "CustomerLink",
    "Device",
    "EarlierReading",
    "ImportBatch",
    "ImportChange",
    "MailLink",
    "MeterInstallation",
    "Occupancy",
    "OutboxLetter",
    "Reading",
    "SupplyPoint",
    "ThrottleCount",
]
