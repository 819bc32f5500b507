"""Moj upravljalec: a portal for the customers of small water utilities.

``create_app`` is the table of contents.
"""

import os
from pathlib import Path
from typing import Any

from flask import Flask

from . import (
    accounts,
    api,
    audit,
    billing,
    codes,
    config,
    desk,
    exports,
    extensions,
    factors,
    home,
    info,
    intake,
    jobs,
    journal,
    ledger,
    mail,
    metering,
    office,
    profile,
    search,
    staff,
    tables,
    transactions,
    tray,
    web,
)

__all__ = ["create_app", "tables"]

FEATURES = (
    *(audit, mail, jobs, accounts, factors, metering, billing, ledger, profile, home, info, search),
    *(office, desk, tray, intake, exports, codes, journal, staff, api),
)


def create_app(instance: Path | None = None, *, demo: bool = False, **settings: Any) -> Flask:
    """The portal as a WSGI application.

    ``demo`` opens the demo mailbox; no setting does, only `serve --demo`.
    ``instance`` is the folder of its data (default: instance/ beside the package, or
    MOJUPRAVLJALEC_INSTANCE); ``settings`` go before every other source. Raises WrongSetting.
    """
    folder = instance or Path(os.environ.get("MOJUPRAVLJALEC_INSTANCE", config.ROOT / "instance"))
    app = Flask(
        __name__,
        instance_path=str(folder.resolve()),
        template_folder=str(config.ROOT / "templates"),
        static_folder=str(config.ROOT / "static"),
    )
    environ = {**os.environ, **{config.PREFIX + name: str(v) for name, v in settings.items()}}
    app.config.from_mapping(config.flask_config(config.load(folder, environ), folder, demo=demo))
    extensions.init_database(app)
    transactions.init_app(app)
    web.init_app(app)
    for feature in FEATURES:
        feature.init_app(app)
    return app
