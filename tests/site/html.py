"""Reading a page as a browser does, and what is wrong with it."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

VOID = {"br", "hr", "img", "input", "link", "meta", "path", "rect", "source"}
FIELDS = {"input", "select", "textarea"}


@dataclass
class Element:
    """A tag with what stands in it."""

    tag: str
    attributes: dict[str, str | None]
    parent: "Element | None" = None
    children: list["Element"] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name) or ""

    def __contains__(self, name: str) -> bool:
        return name in self.attributes

    @property
    def text(self) -> str:
        """What is read, on one line."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        # Texts and children keep no common order; for whole headings and labels that is enough.
        yield from self.texts
        for child in self.children:
            yield from child._texts()

    def all(self, *tags: str) -> Iterator["Element"]:
        """The elements inside, at any depth."""
        for child in self.children:
            if not tags or child.tag in tags:
                yield child
            yield from child.all(*tags)

    def inside(self, tag: str) -> bool:
        return self.parent is not None and (self.parent.tag == tag or self.parent.inside(tag))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.at = Element("", {})
        self.unclosed: list[str] = []

    def handle_starttag(self, tag, attrs):
        if len(attrs) != len(dict(attrs)):
            self.unclosed.append(f"<{tag}> has an attribute twice")
        element = Element(tag, dict(attrs), self.at)
        self.at.children.append(element)
        if tag not in VOID:
            self.at = element

    def handle_startendtag(self, tag, attrs):
        self.at.children.append(Element(tag, dict(attrs), self.at))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if tag != self.at.tag:
            self.unclosed.append(f"</{tag}> closes <{self.at.tag}>")
        self.at = self.at.parent or self.root

    def handle_data(self, data):
        self.at.texts.append(data)


def parse(html: str) -> Element:
    """The page as a tree."""
    return _read(html).root


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if reader.at is not reader.root:
        reader.unclosed.append(f"<{reader.at.tag}> is not closed")
    return reader


def faults(html: str, *, language: str) -> list[str]:
    """What is wrong with a whole page, in sentences."""
    reader = _read(html)
    page = reader.root
    return [
        *reader.unclosed,
        *_head(page, language),
        *_ids(page),
        *_scripts(page),
        *_fields(page),
        *_forms(page),
        *_links(page),
        *part_faults(html),
    ]


def part_faults(html: str) -> list[str]:
    """What is wrong with any piece of HTML."""
    found = []
    for element in parse(html).all():
        for name in element.attributes:
            if name == "style" or name.startswith("on"):
                found.append(f"<{element.tag}> has {name}=")
            if name.startswith("hx-"):
                found.append(f"<{element.tag}> has {name}= without data-")
        if element.tag == "form" and "data-hx-post" in element:
            if element["action"] != element["data-hx-post"]:
                found.append("a form for htmx has another action, or none")
        elif "data-hx-post" in element:
            found.append(f"<{element.tag}> posts without a form")
        plain = element["action" if element.tag == "form" else "href"].split("#")[0]
        if "data-hx-get" in element and plain != element["data-hx-get"]:
            found.append("a link for htmx has another href, or none")
    return found


def _head(page: Element, language: str) -> Iterator[str]:
    (html,) = page.children
    if html["lang"] != language:
        yield f"lang is {html['lang']!r}"
    headings = [heading.text for heading in page.all("h1")]
    if len(headings) != 1 or not headings[0]:
        yield f"h1: {headings}"
    title = next(page.all("title")).text
    if not title.startswith(headings[0]):
        yield f"the title {title!r} does not begin with {headings[0]!r}"
    levels = [int(heading.tag[1]) for heading in page.all("h1", "h2", "h3", "h4")]
    if levels[0] != 1 or any(after > before + 1 for before, after in pairwise(levels)):
        yield f"the levels of the headings are {levels}"
    if len(list(page.all("main"))) != 1:
        yield "no <main>, or more"


def _ids(page: Element) -> Iterator[str]:
    ids = Counter(element["id"] for element in page.all() if "id" in element)
    yield from (f"id {name!r} stands {times} times" for name, times in ids.items() if times > 1)
    for element in page.all():
        for attribute in ("for", "aria-labelledby", "aria-describedby"):
            for name in element[attribute].split():
                if name not in ids:
                    yield f"{attribute}={name!r} names nothing"
        target = element["href"]
        if element.tag == "a" and target.startswith("#") and target[1:] not in ids:
            yield f"the link to {target} leads nowhere"


def _scripts(page: Element) -> Iterator[str]:
    for script in page.all("script"):
        if script.text or "src" not in script:
            yield "an inline script"
        if "defer" not in script:
            yield f"{script['src']} is not deferred"
    if len(list(page.all("style"))) != 1:
        yield "not exactly one <style>"


def _fields(page: Element) -> Iterator[str]:
    labels = {label["for"]: label.text for label in page.all("label")}
    for one in page.all(*FIELDS):
        if one["type"] == "hidden":
            continue
        if not (labels.get(one["id"]) or one["aria-label"]):
            yield f"the field {one['name']!r} has no label"
        if "name" not in one:
            yield f"the field {one['id']!r} has no name"
    for button in page.all("button"):
        if not (button.text or button["aria-label"]):
            yield "a button without words"
    for picture in page.all("img"):
        if "alt" not in picture:
            yield f"the picture {picture['src']} has no alt"


def _forms(page: Element) -> Iterator[str]:
    for form in page.all("form"):
        if form["method"] not in {"post", "get"}:
            yield "a form without a method"
        if "action" in form and not re.match(r"/(?!/)", form["action"]):
            yield f"a form goes to {form['action']!r}"
        if form.inside("form"):
            yield "a form in a form"


def _links(page: Element) -> Iterator[str]:
    for link in page.all("a"):
        if "href" not in link:
            yield f"the link {link.text!r} leads nowhere"
        if not (link.text or link["aria-label"]):
            yield f"the link to {link['href']!r} has no words"
