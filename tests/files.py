"""The files that the portal stores."""

from mojupravljalec import storage
from mojupravljalec.storage import Shelf


def stored(shelf: Shelf) -> set[str]:
    """Return the names of the files on a shelf of the current application."""
    return {path.name for path in storage.path_of(shelf, "").iterdir()}
