"""The folder of letters is empty when a test begins."""

import shutil

import pytest


@pytest.fixture(autouse=True)
def _no_letters(app):
    shutil.rmtree(app.config["MAILBOX"], ignore_errors=True)
