"""The demo: two companies, their jobs and people, and one company's account at the ATS.

logins    (here) who can sign in; shown on the sign-in page and printed by `make demo`, where DEMO is on
cast      the companies, their teams, jobs and postings      people    the candidates
trades    what people of a trade have done and can do        resumes   their résumés, as PDF
market    writes all of it into the database                 ats       connects one company, and sends its candidates
"""

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
    Login("dario@brightwater.example", PASSWORD, "Recruiter of Brightwater"),
]
