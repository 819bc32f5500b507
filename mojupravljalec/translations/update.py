"""`make messages`: find every text in the code and bring the catalogues up to date.

What is gone from the code goes from the catalogue too, and nothing is guessed: a new text stands
there empty until somebody translates it, and the exit status is 1. Equal input gives equal bytes.
"""

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from ..config import ROOT

HERE = Path(__file__).parent
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2)}
# A real date would make every run a change.
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
HEADERS = {"sl": "# What the portal says in Slovenian.", "en": "# English, where the id differs."}


def path_of(language: str) -> Path:
    """The catalogue as people edit it; the compiled one stands beside it."""
    return HERE / language / "LC_MESSAGES" / "messages.po"


def template() -> Catalog:
    """Every text of the code and the templates, not translated."""
    with (HERE / "messages.ini").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = Catalog()
    for name, _line, text, _comments, context in extract_from_dir(
        ROOT, methods, options, keywords=KEYWORDS, directory_filter=_has_texts
    ):
        # No line: a catalogue that names lines changes with every edit of the code.
        found.add(text, locations=[(name.replace("\\", "/"), 0)], context=context)
    return found


def _has_texts(folder: str) -> bool:
    first, *rest = Path(folder).relative_to(ROOT).parts
    return first in {"mojupravljalec", "templates"} and "__pycache__" not in rest


def read(language: str) -> Catalog:
    """The catalogue as it stands in its file."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def renewed(old: Catalog, found: Catalog) -> Catalog:
    """The texts of ``found`` with the translations of ``old``; English only where it has one."""
    language = old.locale_identifier or ""
    new = Catalog(
        locale=language,
        header_comment=HEADERS[language],
        project="mojupravljalec",
        version="1",
        msgid_bugs_address="README.md",
        last_translator="Moj upravljalec",
        language_team=language,
        creation_date=LONG_AGO,
        revision_date=LONG_AGO,
        fuzzy=False,
    )
    for message in _texts(found):
        known = old.get(_key(message), message.context)
        kept = known.string if known and known.id == message.id and not known.fuzzy else None
        if language == "sl" or kept or wants_english(message):
            new.add(message.id, kept, message.locations, context=message.context)
    return new


def _texts(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def wants_english(message: Message) -> bool:
    """Whether the id ends with a note that must not be shown, as in »Sign in (heading)«."""
    return bool(re.search(r" \([a-z ]+\)$", _key(message)))


def untranslated(catalog: Catalog) -> list[str]:
    """The ids whose translation is missing, also in one of its plural forms."""
    return [_key(message) for message in _texts(catalog) if not _is_whole(message, catalog)]


def _is_whole(message: Message, catalog: Catalog) -> bool:
    if isinstance(message.id, str):
        return bool(message.string)
    forms = message.string or ()
    return len(forms) == catalog.num_plurals and all(forms)


def as_po(catalog: Catalog) -> bytes:
    """For people: sorted by id, the files named without lines."""
    file = io.BytesIO()
    write_po(file, catalog, width=100, sort_output=True, include_lineno=False)
    return file.getvalue()


def as_mo(catalog: Catalog) -> bytes:
    """For the portal."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def update(language: str, found: Catalog) -> list[str]:
    """Write both files of ``language``; the ids that still need a translation."""
    catalog = renewed(read(language), found)
    _write(path_of(language), as_po(catalog))
    _write(path_of(language).with_suffix(".mo"), as_mo(catalog))
    return untranslated(catalog)


def _write(path: Path, data: bytes) -> None:
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)


def main(say: Any = sys.stderr.write) -> int:
    """0, or 1 when a text is not translated."""
    found = template()
    missing = [(language, id_) for language in HEADERS for id_ in update(language, found)]
    for language, id_ in missing:
        say(f"{language}: not translated: {id_}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
