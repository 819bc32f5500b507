"""Every table, imported once, so that foreign keys and migrations find them all."""

from .accounts.models import Account, Device, MailLink
from .audit.models import AuditEntry
from .billing.models import Invoice
from .customers.models import Customer, CustomerLink
from .imports.models import ImportBatch, ImportChange
from .ledger.models import BankPayment, LedgerEntry, PaymentsKnown
from .mail.models import OutboxLetter, UnwantedMail
from .metering.models import EarlierReading, MeterInstallation, Occupancy, Reading, SupplyPoint
from .notices.models import Notice
from .throttle.models import ThrottleCount

__all__ = [
    "Account",
    "AuditEntry",
    "BankPayment",
    "Customer",
    "CustomerLink",
    "Device",
    "EarlierReading",
    "ImportBatch",
    "ImportChange",
    "Invoice",
    "LedgerEntry",
    "MailLink",
    "MeterInstallation",
    "Notice",
    "Occupancy",
    "OutboxLetter",
    "PaymentsKnown",
    "Reading",
    "SupplyPoint",
    "ThrottleCount",
    "UnwantedMail",
]
