"""Every table, imported once, so that foreign keys and migrations find them all."""

from .accounts.models import Account, Device, HeldForm, MailLink
from .api.models import ApiAnswer, ApiToken
from .audit.models import AuditEntry
from .billing.models import Invoice
from .codes.models import CodeBatch
from .customers.models import CodeShape, Customer, CustomerLink
from .exports.models import ExportLayout, ReadingExport
from .factors.models import Passkey, RecoveryCode, TotpKey
from .identity import PortalIdentity
from .imports.models import ImportBatch, ImportChange
from .intake.models import HeadingMap, Upload
from .jobs.models import Job, Worker
from .ledger.models import BankPayment, LedgerEntry, PaymentsKnown
from .mail.models import OutboxLetter, UnwantedMail
from .metering.models import EarlierReading, MeterInstallation, Occupancy, Reading, SupplyPoint
from .notices.models import Notice
from .search.models import SearchTerm
from .throttle.models import ThrottleWindow

__all__ = [
    "Account",
    "ApiAnswer",
    "ApiToken",
    "AuditEntry",
    "BankPayment",
    "CodeBatch",
    "CodeShape",
    "Customer",
    "CustomerLink",
    "Device",
    "EarlierReading",
    "ExportLayout",
    "HeadingMap",
    "HeldForm",
    "ImportBatch",
    "ImportChange",
    "Invoice",
    "Job",
    "LedgerEntry",
    "MailLink",
    "MeterInstallation",
    "Notice",
    "Occupancy",
    "OutboxLetter",
    "Passkey",
    "PaymentsKnown",
    "PortalIdentity",
    "Reading",
    "ReadingExport",
    "RecoveryCode",
    "SearchTerm",
    "SupplyPoint",
    "ThrottleWindow",
    "TotpKey",
    "UnwantedMail",
    "Upload",
    "Worker",
]
