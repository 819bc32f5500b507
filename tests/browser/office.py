"""The office of a demo utility, served, and the people who work there."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pyotp

from mojupravljalec.accounts.models import Account
from mojupravljalec.accounts.roles import Role
from mojupravljalec.extensions import db
from mojupravljalec.factors.models import TotpKey
from mojupravljalec.metering.models import MeterInstallation, Reading, Source
from mojupravljalec.values import clock

from ..conftest import PASSWORD
from .served import Portal, link_in
from .walker import Walker

DESKTOP = {
    "viewport": {"width": 1280, "height": 800},
    "is_mobile": False,
    "has_touch": False,
}


@dataclass
class Office:
    """A portal with the demo in it. ``hire`` somebody; each test has people of its own."""

    portal: Portal
    password_hash: str
    hired: int = 0
    sent: int = 0
    secrets: dict[str, str] = field(default_factory=dict)

    def hire(self, role: Role = Role.OPERATOR) -> str:
        """Somebody who has set up the phone; the address to sign in with."""
        self.hired += 1
        email = f"{role}.{self.hired}@primer.si"
        self.secrets[email] = pyotp.random_base32()
        with self.portal.data():
            moment = clock.now() - timedelta(days=1)
            account = Account(
                email=email,
                email_key=email,
                first_name="Cvetka",
                last_name=f"Zupan {self.hired}",
                password_hash=self.password_hash,
                created_at=moment,
                activated_at=moment,
            )
            account.role, account.factor_since = role, moment
            db.session.add(account)
            db.session.flush()
            key = TotpKey(account_id=account.id, secret=self.secrets[email], made_at=moment)
            key.confirmed_at = moment
            db.session.add(key)
            db.session.commit()
        return email

    def signs_in(self, walker: Walker, email: str) -> None:
        """Password, then the code of the phone."""
        walker.goes("/prijava?next=/pisarna")
        walker.signs_in(email, PASSWORD)
        walker.is_at("/prijava/drugi-dokaz")
        walker.types(code=pyotp.TOTP(self.secrets[email]).now())
        walker.presses("Prijava")
        walker.is_at("/pisarna")

    def link_to(self, email: str) -> str:
        """The path in the newest letter to ``email``."""
        return urlsplit(link_in(self.portal.letter_to(email))).path

    def code_of(self, secret: str) -> str:
        """What a phone with the secret shows now."""
        return pyotp.TOTP(secret).now()

    def sends_reading(self) -> None:
        """Another resident has sent a reading of this month; the caller commits."""
        self.sent += 1
        day = clock.today()
        meter = db.session.scalars(
            db.select(MeterInstallation)
            .filter_by(removed_on=None)
            .order_by(MeterInstallation.id)
            .offset(20 + self.sent)
            .limit(1)
        ).one()
        last = db.select(db.func.max(Reading.value_l)).filter_by(installation_id=meter.id)
        db.session.add(
            Reading(
                installation_id=meter.id,
                taken_on=day,
                value_l=(db.session.scalar(last) or 0) + 9_000,
                source=Source.PORTAL,
                received_at=clock.now(),
                counts_for=day.replace(day=1),
            )
        )

    def desk(self, open_browser: Any, *, script: bool = True, role: Role = Role.OPERATOR) -> Walker:
        """Somebody at the board, at a desktop computer."""
        walker: Walker = open_browser(self.portal, java_script_enabled=script, **DESKTOP)
        self.signs_in(walker, self.hire(role))
        return walker
