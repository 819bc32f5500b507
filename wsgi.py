"""The WSGI entry point: `granian --interface wsgi wsgi:app`, or any other server."""

import os

from mojupravljalec import create_app
from mojupravljalec.command import PRIVATE

os.umask(PRIVATE)
app = create_app()
