"""What is written to the logs of a request."""

import logging


class RoutesOnly(logging.Filter):
    """Name the route of a request that went wrong, not its address: some addresses let in whoever knows them."""

    def filter(self, record: logging.LogRecord) -> bool:
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        if match and isinstance(record.args, tuple) and record.args:
            # The path is the last that Django's messages name.
            record.args = (*record.args[:-1], f"/{match.route}")
        return True
