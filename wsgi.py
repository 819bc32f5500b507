"""The WSGI entry point, for a server that has read a body before it calls: waitress, uWSGI, ….

Behind one that has not, slow clients hold the threads. `mojupravljalec serve` needs no such care.
"""

import os
import sys

import click

from mojupravljalec import create_app, logs, startup
from mojupravljalec.command import PRIVATE
from mojupravljalec.jobs.heartbeat import Watch

os.umask(PRIVATE)
logs.set_up("web")
app = create_app()
app.after_request(Watch())
with app.app_context():
    try:
        startup.check()
    except click.ClickException as refused:
        sys.exit(f"Error: {refused.message}")
