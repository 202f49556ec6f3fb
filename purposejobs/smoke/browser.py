"""A browser without a window: it follows links and sends forms as they stand on the page, JavaScript off."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urljoin

import requests

TIMEOUT = 20


class NotOnPage(Exception):
    """A link, form, button or field that should be on the page is not; or the page itself is not there."""


@dataclass(slots=True)
class Button:
    text: str
    name: str
    value: str


@dataclass(slots=True)
class Form:
    """A form with what a browser would send of it."""

    method: str
    action: str
    values: dict[str, str] = field(default_factory=dict)
    # Of each select: its choices by what is read, disabled ones left out.
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    buttons: list[Button] = field(default_factory=list)

    def choice(self, name: str, words: str) -> str:
        """Return the value of the first choice whose text has these words."""
        for text, value in self.choices.get(name, {}).items():
            if words in text:
                return value
        raise NotOnPage(f"no choice {words!r} for {name}")


class Page(HTMLParser):
    """What is read on a page, where its links lead, and its forms."""

    def __init__(self, url: str, content: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self._words: list[str] = []
        self._hidden = 0
        self._form: Form | None = None
        self._link: tuple[str, int] | None = None
        self._button: tuple[Button, int] | None = None
        self._select = self._option = self._textarea = ""
        self._option_at = 0
        self._is_disabled = False
        self.feed(content)
        self.close()
        self.text = " ".join("".join(self._words).split())

    def has(self, *texts: str) -> bool:
        """Say whether all these words can be read."""
        return all(text in self.text for text in texts)

    def link(self, words: str) -> str:
        """Return where the first link with these words leads; one that says just that comes first."""
        found = [url for text, url in self.links if text == words] or [url for text, url in self.links if words in text]
        if not found:
            raise NotOnPage(f"no link {words!r} on {self.url}")
        return urljoin(self.url, found[0])

    def form(self, button: str) -> tuple[Form, Button]:
        """Return the first form with a button whose text has these words, and that button."""
        for form in self.forms:
            for one in form.buttons:
                if button in one.text:
                    return form, one
        raise NotOnPage(f"no button {button!r} on {self.url}")

    # -- Reading -------------------------------------------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        is_disabled = any(name == "disabled" for name, _ in attrs)
        self._words.append(" ")
        if tag in ("script", "style", "noscript", "template"):
            self._hidden += 1
        elif tag == "a" and "href" in given:
            self._link = (given["href"], len(self._words))
        elif tag == "form":
            self._form = Form(given.get("method", "get").lower(), urljoin(self.url, given.get("action", "")))
            self.forms.append(self._form)
        elif self._form is not None:
            self._start_field(tag, given, is_disabled)

    def _start_field(self, tag: str, given: dict[str, str], is_disabled: bool) -> None:
        assert self._form is not None  # noqa: S101  asked just before
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "button" and not is_disabled:
            self._button = (Button("", name, given.get("value", "")), len(self._words))
        elif tag == "select" and not is_disabled:
            self._select = name
            self._form.choices[name] = {}
        elif tag == "option" and self._select:
            self._option, self._option_at, self._is_disabled = given.get("value", ""), len(self._words), is_disabled
            if "selected" in given or self._select not in self._form.values:
                self._form.values[self._select] = self._option
        elif tag == "textarea":
            self._textarea = name
            self._form.values[name] = ""
        elif tag == "input" and name and not is_disabled and kind not in ("submit", "button"):
            if kind == "file":
                self._form.files.add(name)
            elif kind not in ("checkbox", "radio") or "checked" in given:
                self._form.values[name] = given.get("value", "on" if kind == "checkbox" else "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "noscript", "template"):
            self._hidden -= 1
        elif tag == "a" and self._link:
            url, begun = self._link
            self.links.append((self._since(begun), url))
            self._link = None
        elif tag == "button" and self._button and self._form is not None:
            button, begun = self._button
            button.text = self._since(begun)
            self._form.buttons.append(button)
            self._button = None
        elif tag == "option" and self._select and self._form is not None and not self._is_disabled:
            self._form.choices[self._select][self._since(self._option_at)] = self._option
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._form is not None:
            # HTML leaves out a line break that follows the tag.
            self._form.values[self._textarea] = self._form.values[self._textarea].removeprefix("\n")
            self._textarea = ""
        elif tag == "form":
            self._form = None
        self._words.append(" ")

    def handle_data(self, data: str) -> None:
        if self._textarea and self._form is not None:
            self._form.values[self._textarea] += data
        if not self._hidden:
            self._words.append(data)

    def _since(self, begun: int) -> str:
        return " ".join("".join(self._words[begun:]).split())


class Browser:
    """One person's browser: its cookies, and the page it shows."""

    def __init__(self) -> None:
        self.http = requests.Session()
        self.http.trust_env = False
        self.page = Page("about:blank", "")

    def open(self, url: str) -> Page:
        """Go to an address."""
        return self._show(self.http.get(urldefrag(urljoin(self.page.url, url)).url, timeout=TIMEOUT))

    def reload(self) -> Page:
        return self.open(self.page.url)

    def follow(self, words: str) -> Page:
        """Follow the link with these words."""
        return self.open(self.page.link(words))

    def press(self, button: str, files: dict[str, Any] | None = None, **values: str) -> Page:
        """Fill in the form that has this button, and press it. A field that the form does not have is an error."""
        form, pressed = self.page.form(button)
        missing = [name for name in values if name not in form.values] + [
            name for name in files or {} if name not in form.files
        ]
        if missing:
            raise NotOnPage(f"no field {missing[0]!r} beside {button!r} on {self.page.url}")
        data = form.values | values | ({pressed.name: pressed.value} if pressed.name else {})
        if form.method == "get":
            return self._show(self.http.get(form.action, params=data, timeout=TIMEOUT))
        # A browser names the page it comes from; Django asks for it over https.
        headers = {"Referer": self.page.url}
        return self._show(self.http.post(form.action, data=data, files=files, headers=headers, timeout=TIMEOUT))

    def _show(self, answer: requests.Response) -> Page:
        if answer.status_code >= 400:
            raise NotOnPage(f"{answer.url} answered {answer.status_code}")
        self.page = Page(answer.url, answer.text)
        return self.page
