"""A person at a browser, and all that the browser noticed while they went about."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, expect

PHONE = {
    "viewport": {"width": 360, "height": 640},
    "locale": "sl-SI",
    "timezone_id": "Europe/Ljubljana",
    "has_touch": True,
    "is_mobile": True,
}
PATIENCE = 10_000  # ms
# The browser remarks on every refusal; whether one was due is for `answers` to say.
REMARK = "Failed to load resource: the server responded with a status of "

expect.set_options(timeout=PATIENCE)


class Walker:
    """One browser, signed out at first. ``ends`` says whether anything was amiss."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.puts_up_with: tuple[str, ...] = ()  # parts of complaints that are no wonder
        self.requests: list[str] = []
        self.statuses: list[int] = []
        self.posts: list[Request] = []
        self._complaints: list[str] = []
        self._checked = 0
        context.set_default_timeout(PATIENCE)
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("console", self._said)
        context.on("weberror", lambda error: self._complaints.append(str(error.error)))
        self.page: Page = context.new_page()

    def goes(self, path: str) -> None:
        """Open an address of the portal."""
        self.page.goto(self.url + path)

    def types(self, **fields: str) -> None:
        """Fill the fields in, by the names that the forms give them."""
        for name, text in fields.items():
            self.page.locator(f"[name={name}]").fill(text)

    def presses(self, name: str = "") -> None:
        """Press the button called ``name``, or the first one of the form in the page."""
        if name:
            self.page.get_by_role("button", name=name, exact=True).click()
        else:
            self.page.locator("main form button").first.click()

    def follows(self, name: str) -> None:
        """Follow the link called ``name``."""
        self.page.get_by_role("link", name=name).first.click()

    def is_at(self, path: str) -> None:
        """The address bar shows ``path``, whatever stands behind the question mark."""
        self.page.wait_for_url(lambda url: urlsplit(url).path == path)

    def reads(self, text: str, where: str = "main") -> None:
        """``text`` stands there, in sight."""
        expect(self.page.locator(where).first).to_contain_text(text)

    def signs_in(self, email: str, password: str) -> None:
        """Type name and password on the sign-in page, and press."""
        self.types(email=email, password=password)
        self.presses("Prijava")

    @contextmanager
    def answers(self, *statuses: int) -> Iterator[None]:
        """What is done inside makes the portal give exactly these answers, in this order."""
        self.all_was_well()
        yield
        self.page.wait_for_load_state()
        given, self._checked = self.statuses[self._checked :], len(self.statuses)
        assert given == list(statuses), f"answered with {given}, not {list(statuses)}"

    @contextmanager
    def whatever(self) -> Iterator[None]:
        """What is done inside may be cut short by the browser, so its answers are not counted."""
        self.all_was_well()
        yield
        self.page.wait_for_load_state()
        self._checked = len(self.statuses)

    def all_was_well(self) -> None:
        """No script failed, no policy was violated, nothing was asked of anybody else."""
        unexpected = [status for status in self.statuses[self._checked :] if status >= 400]
        self._checked = len(self.statuses)
        complaints = [
            one for one in self._complaints if not any(part in one for part in self.puts_up_with)
        ]
        self._complaints = []
        assert not unexpected, f"answered with {unexpected}"
        assert not complaints, complaints

    def forgets(self) -> None:
        """Be done with the answers so far, expected or not; other complaints stay."""
        self._checked = len(self.statuses)
        self.all_was_well()

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)
        if request.method == "POST":
            self.posts.append(request)
        if not request.url.startswith((f"{self.url}/", "data:")):
            self._complaints.append(f"a request left the site: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.request.resource_type in {"document", "xhr", "fetch"}:
            self.statuses.append(response.status)
        elif response.status not in {200, 304}:
            self._complaints.append(f"{response.status} for {response.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(REMARK):
            self._complaints.append(f"{message.type}: {message.text}")
