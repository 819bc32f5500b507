"""Files that are made while somebody waits."""

import io

from flask import send_file
from werkzeug.wrappers import Response


def download(data: bytes, mimetype: str, name: str, *, attached: bool = True) -> Response:
    """``data`` as a file called ``name``; if it is not ``attached``, a browser may show it."""
    return send_file(
        io.BytesIO(data), mimetype=mimetype, as_attachment=attached, download_name=name
    )
