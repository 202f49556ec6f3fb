"""Who can sign in to the demo; shown on its sign-in page only."""

from typing import NamedTuple


class Login(NamedTuple):
    email: str
    password: str
    note: str


PASSWORD = "purpose-jobs-demo"  # noqa: S105  meant to be known, and only demo data has it

LOGINS = [
    Login("amira@harvest.example", PASSWORD, "Admin of Open Harvest, which is connected"),
    Login("ben@harvest.example", PASSWORD, "Recruiter of Open Harvest"),
    Login("clara@brightwater.example", PASSWORD, "Admin of Brightwater, not connected yet"),
]
