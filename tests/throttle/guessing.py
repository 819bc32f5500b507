"""A process that books as many tries as it can at once: `python -m tests.throttle.guessing`."""

import sys
import tempfile
import threading
from pathlib import Path

from mojupravljalec import create_app
from mojupravljalec.extensions import db
from mojupravljalec.throttle.actions import Limit, book

from ..conftest import SECRET

TEN = Limit("ten", 10, 900)
TRIES = 10


def main(uri: str) -> None:
    """Wait for a line on standard input, try, and print how many were within the limit."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Path(folder), SECRET_KEY=SECRET, SQLALCHEMY_DATABASE_URI=uri)
        within: list[bool] = []

        def attempt() -> None:
            with app.app_context():
                within.append(book(TEN, "ana"))
                db.session.commit()

        threads = [threading.Thread(target=attempt) for _ in range(TRIES)]
        print("ready", flush=True)  # noqa: T201 what the test reads
        sys.stdin.readline()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(sum(within), len(within), flush=True)  # noqa: T201 what the test reads


if __name__ == "__main__":
    main(sys.argv[1])
