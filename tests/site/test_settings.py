"""A wrong setting is one line that says what is allowed; README holds every one."""

import pytest
from click.testing import CliRunner

from mojupravljalec import create_app
from mojupravljalec.config import PREFIX, ROOT, SETTINGS, WrongSetting, flask_config, load
from mojupravljalec.migrations.cli import upgrade

from ..conftest import SECRET

KEY = {PREFIX + "SECRET_KEY": SECRET}


@pytest.fixture
def _nothing_set(monkeypatch, tmp_path):
    """No setting from outside, and an empty instance folder."""
    import os

    for name in os.environ:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv(PREFIX + "INSTANCE", str(tmp_path))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", ""),
        ("SQLALCHEMY_DATABASE_URI", "mysql://host/name"),
        ("SQLALCHEMY_DATABASE_URI", "postgresql://host/name"),
        ("SITE_URL", "portal.example"),
        ("SITE_URL", "ftp://portal.example"),
        ("SITE_URL", "https://portal.example/path"),
        ("SITE_URL", "https://portal.example?x=1"),
        ("SITE_URL", "https://ana@portal.example"),
        ("SITE_URL", "https://"),
        ("SITE_URL", "https://[::1"),
        ("SITE_URL", "https://portal.example:port"),
        ("SITE_URL", "https://portal.example:65536"),
        ("SITE_NAME", "two\nlines"),
        ("MAIL_PORT", "0"),
        ("MAIL_PORT", "65536"),
        ("MAIL_PORT", "smtp"),
        ("MAIL_SECURITY", "ssl"),
        ("MAIL_SENDER", "Komunala Podgorje <portal@podgorje.example>"),
        ("MAIL_SENDER", "portal"),
        ("OPERATOR_EMAIL", "podgorje.example"),
        ("DEFAULT_LANGUAGE", "de"),
        ("PASSWORD_MIN_LENGTH", "5"),
        ("PASSWORD_MIN_LENGTH", "65"),
        ("LINK_SECOND_PROOF", "yes"),
        ("CODES_PER_ACCOUNT", "0"),
        ("CODES_PER_ADDRESS", "-1"),
        ("CODES_PER_SITE", "many"),
        ("READING_WINDOW", "25"),
        ("READING_WINDOW", "0..3"),
        ("READING_WINDOW", "1..32"),
        ("READING_SOFT_LOW", "0"),
        ("READING_SOFT_HIGH", "nan"),
        ("READING_SOFT_HIGH", "inf"),
        ("READING_SOFT_M3", "1.5"),
        ("READING_REVIEW", "-5"),
        ("PHOTO_MAX_MB", "51"),
        ("PROXIES", "6"),
        ("OPERATOR_IBAN", "SI52031001000051063"),
        ("OPERATOR_TAX_NUMBER", "50223055"),
        ("PURPOSE_CODE", "WATER"),
        ("WORKERS", "0"),
        ("EMBEDDED_WORKER", "maybe"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line_with_what_is_allowed(tmp_path, name, text):
    (allowed,) = (setting.allowed for setting in SETTINGS if setting.name == name)
    with pytest.raises(WrongSetting) as wrong:
        load(tmp_path, KEY | {PREFIX + name: text})
    line = str(wrong.value)
    assert "\n" not in line
    assert PREFIX + name in line
    assert allowed in line


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("SITE_URL", "https://portal.example/", "https://portal.example"),
        ("SITE_URL", "http://[::1]:8000", "http://[::1]:8000"),
        ("MAIL_PORT", "25", 25),
        ("MAIL_SERVER", "", ""),
        ("EMBEDDED_WORKER", "No", False),
        ("EMBEDDED_WORKER", "1", True),
        ("OPERATOR_IBAN", "SI56 0201 7001 4356 205", "SI56020170014356205"),
        ("OPERATOR_TAX_NUMBER", "50223054", "50223054"),
        ("READING_WINDOW", "25..3", "25..3"),
        ("READING_SOFT_LOW", "0.5", 0.5),
        ("SITE_NAME", "  Vodovod Žaga ", "Vodovod Žaga"),
    ],
)
def test_a_right_setting_is_read(tmp_path, name, text, value):
    assert load(tmp_path, KEY | {PREFIX + name: text})[name] == value


@pytest.mark.parametrize("secret", ["SECRET_KEY"])
def test_a_wrong_secret_is_not_printed(tmp_path, secret):
    with pytest.raises(WrongSetting) as wrong:
        load(tmp_path, KEY | {PREFIX + secret: "hunter2"})
    assert "hunter2" not in str(wrong.value)


def test_an_unknown_setting_is_a_mistake(tmp_path):
    with pytest.raises(WrongSetting, match="SITE_NAMES in the environment"):
        load(tmp_path, KEY | {PREFIX + "SITE_NAMES": "x"})
    (tmp_path / "config.py").write_text("SITE_NAMES = 'x'\n")
    with pytest.raises(WrongSetting, match=r"SITE_NAMES in instance/config\.py"):
        load(tmp_path, KEY)


def test_without_a_key_there_is_no_start(tmp_path):
    with pytest.raises(WrongSetting, match="SECRET_KEY is not set") as wrong:
        load(tmp_path, {})
    assert "\n" not in str(wrong.value)


def test_the_environment_goes_before_the_file_and_the_file_before_the_defaults(tmp_path):
    (tmp_path / "config.py").write_text(
        "SITE_NAME = 'file'\nWORKERS = 2\nEMBEDDED_WORKER = False\n"
    )
    found = load(tmp_path, KEY | {PREFIX + "SITE_NAME": "environment"})
    assert found["SITE_NAME"] == "environment"
    assert found["WORKERS"] == 2
    assert found["MAIL_PORT"] == 587


def test_the_kept_key_holds_until_another_is_set(tmp_path):
    (tmp_path / "secret_key").write_text("k" * 40 + "\n")
    assert load(tmp_path, {})["SECRET_KEY"] == "k" * 40
    (tmp_path / "config.py").write_text(f"SECRET_KEY = {'f' * 40!r}\n")
    assert load(tmp_path, {})["SECRET_KEY"] == "f" * 40
    assert load(tmp_path, KEY)["SECRET_KEY"] == SECRET


@pytest.mark.parametrize("text", ["SITE_NAME = ", "1 / 0", "import nothing_like_this"])
def test_a_broken_file_is_one_line(tmp_path, text):
    (tmp_path / "config.py").write_text(text)
    with pytest.raises(WrongSetting, match=r"config\.py cannot be read") as wrong:
        load(tmp_path, KEY)
    assert "\n" not in str(wrong.value)


@pytest.mark.usefixtures("_nothing_set")
def test_a_command_with_a_wrong_setting_ends_with_one_line_and_status_2(monkeypatch):
    done = CliRunner().invoke(upgrade, [])
    assert done.exit_code == 2
    assert done.output.splitlines() == [done.output.strip()]
    assert "MOJUPRAVLJALEC_SECRET_KEY is not set" in done.output
    monkeypatch.setenv(PREFIX + "SECRET_KEY", SECRET)
    monkeypatch.setenv(PREFIX + "MAIL_PORT", "smtp")
    done = CliRunner().invoke(upgrade, [])
    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 1
    assert "MOJUPRAVLJALEC_MAIL_PORT 'smtp'" in done.output


@pytest.mark.usefixtures("_nothing_set")
def test_the_portal_starts_with_nothing_but_a_key(tmp_path):
    app = create_app(SECRET_KEY=SECRET)
    assert app.instance_path == str(tmp_path)


@pytest.mark.parametrize(
    ("site", "host", "cookie"),
    [
        ("https://portal.example", "portal.example", "__Host-portal"),
        ("http://127.0.0.1:8000", "127.0.0.1", "portal"),
    ],
)
def test_what_follows_from_the_site(tmp_path, site, host, cookie):
    config = flask_config(load(tmp_path, KEY | {PREFIX + "SITE_URL": site}), tmp_path)
    assert config["TRUSTED_HOSTS"] == [host]
    assert config["SESSION_COOKIE_NAME"] == cookie
    assert config["SESSION_COOKIE_SECURE"] == site.startswith("https")


def test_every_setting_stands_in_readme_as_it_is():
    text = (ROOT / "README.md").read_text("utf-8")
    table = text.partition("<!-- settings")[2].partition("<!-- end of settings")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{PREFIX}{one.name}` | {_default(one.default)} | {one.allowed} | {one.about} |"
        for one in SETTINGS
    ]


def _default(value):
    return {None: "none", "": "empty"}.get(value, f"`{value}`")
