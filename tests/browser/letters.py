"""E-mails as the mail server would have had them: workers of the tests write them into files."""

import email
import os
import re
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from tests.processes import wait_until


def letters(to, words: str) -> list[EmailMessage]:
    """Return the e-mails to somebody with these words in the subject."""
    found = []
    for path in Path(os.environ["EMAIL_FILE_PATH"]).glob("*.log"):
        for text in re.split(r"^-{79}\n", path.read_text(), flags=re.MULTILINE):
            letter = email.message_from_string(text, policy=default)
            if letter["To"] == to.email and words in letter["Subject"]:
                found.append(letter)
    return found


def only_letter(to, words: str) -> EmailMessage:
    wait_until(lambda: letters(to, words), what=f"an e-mail about {words}")
    (letter,) = letters(to, words)
    return letter


def forget_letters() -> None:
    """Begin with none: other tests wrote to the same people."""
    for path in Path(os.environ["EMAIL_FILE_PATH"]).glob("*.log"):
        path.unlink()
