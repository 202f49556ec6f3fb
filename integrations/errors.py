"""What can go wrong at an ATS; each error decides what happens next. Plain Python."""


class TryLater(Exception):
    """The ATS cannot answer now. The row waits: for `after` seconds where the vendor said so, else a growing while.

    `unknown` says that the call may have had its effect all the same, so we look before we send again.
    `is_outage` says that the fault is the ATS's as a whole (it counts towards the connection's circuit).
    """

    def __init__(self, code: str, *, after: float | None = None, unknown: bool = False, is_outage: bool = True) -> None:
        super().__init__(code)
        self.code = code
        self.after = after
        self.unknown = unknown
        self.is_outage = is_outage


class Rejected(Exception):
    """The ATS refuses this one, and will again until a person acts. The code's words are in `wording`."""

    def __init__(self, code: str, **parameters: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.parameters = parameters


class AccessExpired(Exception):
    """The access token is no longer taken: it is refreshed and the call repeated, once. Nothing was done."""


class ConnectionLost(Exception):
    """The grant is dead: everything of this connection waits until somebody reconnects."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(Exception):
    """What a person asked for cannot be done; nothing was changed. The code's words are in `wording`."""

    def __init__(self, code: str, **parameters: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.parameters = parameters
