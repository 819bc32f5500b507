"""Which part of the portal may use which: imports point one way, from the last to the first."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mojupravljalec.config import ROOT

PACKAGE = ROOT / "mojupravljalec"

# A feature, and the only others that it may use.
BELOW_ACCOUNTS = {"values", "web", "throttle", "audit", "mail"}
DESK = BELOW_ACCOUNTS | {"accounts"}
FEATURES = {
    "values": set(),
    "web": {"values"},
    "throttle": {"values"},
    "audit": {"values", "web"},
    "mail": {"values", "web", "throttle"},
    "accounts": BELOW_ACCOUNTS,
    "jobs": {"values"},
    "customers": DESK,
    # A reset by mail takes second proofs away where no customer is linked.
    "factors": DESK | {"customers"},
    "metering": DESK | {"customers"},
    "notices": {"values", "web", "audit"},
    "paper": set(),
    "ledger": {"values", "web", "audit", "customers", "paper"},
    "billing": DESK | {"customers", "metering", "ledger", "paper"},
    "search": {"values", "accounts", "customers", "metering", "billing"},
    "imports": DESK | {"customers", "metering", "ledger", "billing", "search"},
    "profile": DESK | {"customers", "metering"},
    "home": {"values", "web", "audit", "customers", "metering", "notices", "ledger", "billing"},
    "info": {"values", "web"},
    "staff": DESK | {"factors"},
    "exports": DESK | {"customers", "metering"},
    "intake": DESK | {"imports", "jobs"},
    "codes": DESK | {"customers", "jobs", "paper"},
    "tray": DESK | {"customers", "ledger", "billing", "search"},
    "journal": DESK | {"customers"},
    "desk": DESK | {"factors", "customers", "metering", "ledger", "billing", "search"},
    "office": DESK | {"customers", "jobs", "metering", "ledger", "imports", "intake", "tray"},
    "api": DESK | {"imports", "intake", "exports", "jobs"},
    "demo": DESK
    | {"factors", "customers", "metering", "notices", "ledger", "billing", "imports", "search"},
}

# A module beside the features, what it may use, and which features may use it.
EVERY = set(FEATURES)
MODULES = {
    "extensions": (set(), EVERY - {"values", "info"}),
    "identity": ({"extensions"}, {"mail", "intake", "codes"}),
    "storage": (
        {"identity"},
        {"metering", "billing", "imports", "demo", "jobs", "intake", "codes", "api"},
    ),
    "transactions": (
        {"extensions"},
        {"accounts", "jobs", "customers", "metering", "ledger", "imports", "exports", "intake"}
        | {"codes"},
    ),
    "config": ({"metering", "values"}, set()),
    "logs": (set(), {"web", "mail", "intake"}),
    "command": (
        {"config", "extensions", "logs", "startup", "__init__"},
        {"imports", "mail", "notices", "demo", "staff", "intake", "exports"},
    ),
    "startup": ({"extensions", "identity", "storage"}, {"mail", "intake"}),
    "tables": (EVERY | {"identity"}, set()),
    "gateway": ({"web", "extensions"}, set()),
    "processes": (set(), set()),
    "server": (
        {"command", "logs", "__init__", "demo", "migrations", "jobs"}
        | {"startup", "gateway", "processes"},
        set(),
    ),
    "cli": (
        {"server", "demo", "imports", "mail", "migrations", "notices"}
        | {"staff", "intake", "exports"},
        set(),
    ),
    "__main__": ({"cli"}, set()),
    "__init__": (EVERY | {"config", "extensions", "tables", "transactions"}, set()),
    "migrations": (
        {"command", "extensions", "identity", "startup", "storage", "tables", "__init__"},
        set(),
    ),
    "translations": ({"config"}, set()),
}

# What talks to a person belongs to its feature alone.
PRIVATE = {"views", "forms", "cli", "page", "wording"}
# Pages that are made of several features.
PAGES_OF_SEVERAL = {
    ("profile.views", "customers.forms"),
    # The office sees the parts of which the resident's pages are made.
    ("desk.views", "billing.page"),
    ("desk.views", "billing.wording"),
    ("desk.views", "ledger.wording"),
    ("desk.views", "metering.page"),
    ("desk.views", "metering.wording"),
}

# Within a feature: of these, a module imports only those before it.
LAYERS = ["rules", "models", "queries", "actions", "forms", "views"]

# Modules that decide or read, and know no framework and no database.
PURE = {
    "accounts.roles",
    "accounts.rules",
    "api.rules",
    "billing.calendar",
    "billing.differences",
    "billing.document",
    "billing.en16931",
    "billing.eslog",
    "billing.eslog_writer",
    "billing.invoice_pdf",
    "billing.rules",
    "billing.said",
    "billing.sums",
    "billing.upn_qr",
    "customers.rules",
    "codes.letters_pdf",
    "codes.rules",
    "desk.rules",
    "exports.files",
    "exports.rules",
    "factors.ceremonies",
    "factors.rules",
    "imports.cells",
    "imports.mapping",
    "imports.table_file",
    "imports.text_encoding",
    "imports.xlsx",
    "ledger.camt053",
    "ledger.rules",
    "ledger.statement_pdf",
    "metering.chart",
    "metering.history",
    "metering.photo",
    "metering.registers",
    "metering.rules",
    "metering.windows",
    "paper.sheets",
    "search.rules",
    "throttle.rules",
    "tray.rules",
    "values.clock",
    "values.deadlines",
    "values.iban",
    "values.money",
    "values.references",
    "values.safe_xml",
    "values.safe_zip",
    "values.spreadsheets",
}
LIBRARIES_OF_PURE = {
    "accounts.rules": {"email_validator"},
    "billing.en16931": {"facturx", "lxml"},
    "billing.eslog": {"lxml"},
    "billing.eslog_writer": {"lxml"},
    "billing.invoice_pdf": {"reportlab"},
    "billing.upn_qr": {"segno"},
    "codes.letters_pdf": {"reportlab", "segno"},
    "exports.files": {"xlsxwriter"},
    "factors.ceremonies": {"webauthn"},
    "factors.rules": {"pyotp", "segno"},
    "imports.xlsx": {"python_calamine"},
    "ledger.camt053": {"lxml"},
    "metering.photo": {"PIL", "pillow_heif"},
    "paper.sheets": {"reportlab"},
    "values.iban": {"stdnum"},
    "values.references": {"stdnum"},
    "values.safe_xml": {"lxml"},
}


def modules() -> list[str]:
    """Every module of the package, as »metering.rules«; a package is »metering.__init__«."""
    paths = sorted(PACKAGE.rglob("*.py"))
    names = (".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in paths)
    return [name for name in names if not name.startswith("migrations.versions.")]


def own_imports(module: str) -> set[str]:
    """The modules of ours that ``module`` imports, also inside its functions."""
    found = set()
    package = ["mojupravljalec", *module.split(".")[:-1]]
    for node in _nodes(module):
        if isinstance(node, ast.ImportFrom):
            whole = [] if not node.level else package[: len(package) - node.level + 1]
            whole += node.module.split(".") if node.module else []
            if whole[:1] == ["mojupravljalec"]:
                found |= {_module([*whole[1:], alias.name]) for alias in node.names}
    return found


def foreign_imports(module: str) -> set[str]:
    """The libraries that ``module`` imports, beyond Python's own."""
    found = set()
    for node in _nodes(module):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
    return found - sys.stdlib_module_names - {"mojupravljalec"}


def _nodes(module: str) -> Iterator[ast.AST]:
    path = PACKAGE.joinpath(*module.split(".")).with_suffix(".py")
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _module(parts: list[str]) -> str:
    """The module that ``parts`` name, or in which the last of them is a name."""
    for names in (parts, parts[:-1]):
        path = PACKAGE.joinpath(*names)
        if names and path.with_suffix(".py").is_file():
            return ".".join(names)
        if (path / "__init__.py").is_file():
            return ".".join([*names, "__init__"])
    raise AssertionError(parts)


def feature(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def layer(module: str) -> int | None:
    name = module.rsplit(".", maxsplit=1)[-1]
    return LAYERS.index(name) if name in LAYERS else None


def test_every_part_is_in_the_tables():
    assert {feature(module) for module in modules()} <= set(FEATURES) | set(MODULES)


def test_the_table_of_features_has_no_circle():
    known: set[str] = set()
    for name, uses in FEATURES.items():
        assert uses <= known, name
        known.add(name)


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_what_its_part_may(module):
    own = feature(module)
    below, _ = MODULES.get(own, (set(), set()))
    beside = {name for name, (_, users) in MODULES.items() if own in users}
    used = {feature(other) for other in own_imports(module)} - {own}
    assert used <= FEATURES.get(own, set()) | below | beside


@pytest.mark.parametrize("module", [name for name in modules() if feature(name) in FEATURES])
def test_a_module_imports_no_page_of_another_feature(module):
    others = {used for used in own_imports(module) if feature(used) not in {"web", feature(module)}}
    private = {used for used in others if set(used.split(".")) & PRIVATE}
    assert private - {used for user, used in PAGES_OF_SEVERAL if user == module} == set()


def test_the_exceptions_are_needed():
    for module, used in PAGES_OF_SEVERAL:
        assert used in own_imports(module)


@pytest.mark.parametrize("module", [name for name in modules() if layer(name) is not None])
def test_a_module_imports_only_layers_below_its_own(module):
    own = {used for used in own_imports(module) if feature(used) == feature(module)}
    assert {
        used for used in own if layer(used) is not None and layer(used) >= layer(module)
    } == set()


@pytest.mark.parametrize("module", [name for name in modules() if layer(name) == 0])
def test_rules_are_pure(module):
    assert module in PURE


@pytest.mark.parametrize("module", sorted(PURE))
def test_what_is_pure_knows_no_framework_and_no_database(module):
    assert foreign_imports(module) <= LIBRARIES_OF_PURE.get(module, set())
    assert {used for used in own_imports(module) if not used.endswith("__init__")} <= PURE


def test_settings_know_of_features_only_what_a_window_is():
    features = {used for used in own_imports("config") if feature(used) != "values"}
    assert features == {"metering.windows"}


def test_the_package_is_found():
    assert Path(PACKAGE / "__init__.py").is_file()
    assert "metering.rules" in modules()
