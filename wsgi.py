"""The WSGI entry point: `granian --interface wsgi wsgi:app`, or any other server."""

import os

from mojupravljalec import create_app, logs
from mojupravljalec.command import PRIVATE

os.umask(PRIVATE)
logs.set_up("web")
app = create_app()
