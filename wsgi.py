"""The WSGI entry point: `granian --interface wsgi wsgi:app`, or any other server."""

from mojupravljalec import create_app

app = create_app()
