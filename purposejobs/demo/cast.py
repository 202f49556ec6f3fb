"""The companies of the demo: their teams, their jobs, and what they have at the ATS."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Member:
    email: str
    name: str
    role: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Opening:
    """A job. With `posting` it is connected with the posting of that title."""

    key: str
    title: str
    team: str
    location: str
    workplace: str
    salary: str
    trade: str
    does: tuple[str, ...]
    brings: tuple[str, ...]
    days_old: int
    status: str = "open"
    commitment: str = "Full-time"
    posting: str = ""


@dataclass(frozen=True, slots=True)
class Employer:
    name: str
    website: str
    about: str
    members: tuple[Member, ...]
    jobs: tuple[Opening, ...]
    # What the company has at the ATS: people and postings, in the words of the emulator's control.
    users: tuple[dict[str, object], ...] = field(default=())
    postings: tuple[dict[str, object], ...] = field(default=())


def _posting(title: str, department: str, team: str, location: str, **more: object) -> dict[str, object]:
    return {
        "text": title,
        "department": department,
        "team": team,
        "location": location,
        "commitment": "Full-time",
        "description": f"We are hiring: {title}, {location}.",
        **more,
    }


OPEN_HARVEST = Employer(
    name="Open Harvest",
    website="https://harvest.example/",
    about=(
        "We bring food that would be thrown away to people who need it: 214 markets and farms, 390 kitchens, and an"
        " open platform that tells each van where to go. Forty of us work in Berlin, Hamburg and Lisbon, and with us"
        " some nine hundred volunteers."
    ),
    members=(
        Member("amira@harvest.example", "Amira Haddad", "admin", "Europe/Berlin"),
        Member("ben@harvest.example", "Ben Osei", "recruiter", "Europe/Berlin"),
    ),
    jobs=(
        Opening(
            "oh-backend", "Backend Engineer", "Platform", "Berlin", "hybrid", "€64,000 to €78,000", "software",
            (
                "Plan the routes of sixty vans, every morning before five",
                "Keep the platform simple enough that volunteers from other cities can run it",
                "Measure what a change does to the food that arrives, not only to the latency",
            ),
            ("Several years with Python or another server language, and with SQL", "Care for code that others read"),
            days_old=41, posting="Backend Engineer",
        ),
        Opening(
            "oh-data", "Data Analyst", "Impact", "Remote in Europe", "remote", "€52,000 to €61,000", "data",
            (
                "Find out which pick-ups save food and which only burn diesel",
                "Write the impact report that our donors can check line by line",
            ),
            ("SQL, and Python or R", "Numbers explained so that a kitchen manager nods"),
            days_old=36, posting="Data Analyst, Impact",
        ),
        Opening(
            "oh-community", "Community Organizer", "Programs", "Lisbon", "onsite", "€31,000 to €36,000", "community",
            (
                "Open four neighbourhood fridges with the people who will look after them",
                "Bring shops, parishes, schools and the city to one table",
            ),
            ("Years of work in a neighbourhood, paid or not", "Portuguese and English"),
            days_old=33, posting="Community Organizer",
        ),
        Opening(
            "oh-logistics", "Logistics Coordinator", "Operations", "Hamburg", "onsite", "€40,000 to €46,000",
            "logistics",
            ("Dispatch eighteen vans and their drivers", "Keep the cold chain unbroken, and be able to prove it"),
            ("Dispatching or warehouse experience", "A calm voice at half past five in the morning"),
            days_old=30, posting="Logistics Coordinator",
        ),
        Opening(
            "oh-fundraising", "Fundraising Manager", "Development", "Berlin", "hybrid", "€55,000 to €63,000",
            "fundraising",
            ("Look after thirty foundations and find the next ten", "Build regular giving with our volunteers"),
            ("Grants won and reported", "German and English in writing"),
            days_old=27, posting="Fundraising Manager, Foundations",
        ),
        Opening(
            "oh-design", "Product Designer", "Product", "Berlin", "hybrid", "€58,000 to €68,000", "design",
            ("Redesign the driver's app for gloves, rain and one hand", "Test with people who have no time to test"),
            ("A portfolio of things that are in use", "Interviews done by yourself"),
            days_old=18,
        ),
        Opening(
            "oh-volunteer", "Volunteer Program Lead", "Programs", "Lisbon", "hybrid", "€34,000 to €40,000",
            "community",
            ("Welcome, train and keep three hundred volunteers", "Make the schedule something people look forward to"),
            ("Volunteer management at some scale", "Portuguese and English"),
            days_old=14,
        ),
        Opening(
            "oh-warehouse", "Warehouse Shift Lead", "Operations", "Hamburg", "onsite", "€36,000 to €41,000",
            "logistics",
            ("Lead the night shift of our sorting hall", "Send out only what you would put on your own table"),
            ("A forklift licence", "Two years of leading people"),
            days_old=9,
        ),
        Opening(
            "oh-support", "Support Specialist", "Support", "Remote in Europe", "remote", "€36,000 to €42,000",
            "support",
            ("Answer kitchens and drivers, by phone and in writing", "Turn what they ask for into what we build"),
            ("Patience that shows in writing", "Two of German, Portuguese and English"),
            days_old=62, status="closed",
        ),
        Opening(
            "oh-partners", "Partnerships Lead", "Development", "Berlin", "hybrid", "", "fundraising",
            ("Win supermarkets, one chain at a time",),
            ("Negotiations that both sides remember well",),
            days_old=3, status="draft",
        ),
    ),
    users=(
        {"name": "Amira Haddad", "email": "amira@harvest.example", "accessRole": "super admin"},
        {"name": "Ben Osei", "email": "ben@harvest.example", "accessRole": "team member"},
        {"name": "Ingrid Solberg", "email": "ingrid@harvest.example", "accessRole": "admin"},
        {"name": "Miguel Prates", "email": "miguel@harvest.example", "accessRole": "interviewer"},
        {"name": "Vera Lindt", "email": "vera@harvest.example", "accessRole": "admin", "deactivated": True},
    ),
    postings=(
        _posting("Backend Engineer", "Engineering", "Platform", "Berlin"),
        _posting("Data Analyst, Impact", "Engineering", "Impact", "Remote"),
        _posting("Community Organizer", "Programs", "Community", "Lisbon"),
        _posting("Logistics Coordinator", "Operations", "Dispatch", "Hamburg"),
        _posting("Fundraising Manager, Foundations", "Development", "Foundations", "Berlin"),
        _posting("Product Designer", "Product", "Design", "Berlin"),
        _posting("Product Designer", "Product", "Design", "Lisbon"),
        _posting("Volunteer Programme Lead", "Programs", "Volunteers", "Lisbon"),
        _posting("Warehouse Associate", "Operations", "Warehouse", "Hamburg"),
        _posting("Support Specialist", "Support", "Support", "Remote", state="closed"),
        _posting("Partnerships Lead", "Development", "Partnerships", "Berlin", state="draft"),
        _posting("Executive Assistant", "Operations", "Office", "Berlin", state="internal"),
        _posting("Frontend Engineer", "Engineering", "Platform", "Lisbon"),
    ),
)  # fmt: skip

BRIGHTWATER = Employer(
    name="Brightwater",
    website="https://brightwater.example/",
    about=(
        "Wells that still work after ten years. We build and, above all, maintain water points in Kenya, Ghana and"
        " Uganda, with sensors in every pump and a mechanic within a day's ride. Sixty people, most of them where"
        " the water is."
    ),
    members=(
        Member("clara@brightwater.example", "Clara Novak", "admin", "Europe/Lisbon"),
        Member("dario@brightwater.example", "Dario Conti", "recruiter", "Europe/Rome"),
    ),
    jobs=(
        Opening(
            "bw-backend", "Backend Engineer", "Telemetry", "Lisbon", "remote", "€56,000 to €70,000", "software",
            (
                "Take in readings from four thousand pumps over bad networks",
                "Tell a mechanic about a failing pump before it fails",
            ),
            ("Services that ran for years", "Suspicion of any clock that is not your own"),
            days_old=29,
        ),
        Opening(
            "bw-hydrologist", "Hydrologist", "Field", "Nairobi", "onsite", "", "water",
            ("Site boreholes that last", "Train county staff in measuring and in mapping"),
            ("A degree in hydrology or geology", "Field seasons in dry places"),
            days_old=25,
        ),
        Opening(
            "bw-field", "Field Engineer, Solar Pumps", "Field", "Accra", "onsite", "", "water",
            ("Install and look after solar pumps in three regions", "Keep spare parts where they are needed"),
            ("Electrical or mechanical training", "A driving licence, and no fear of bad roads"),
            days_old=21,
        ),
        Opening(
            "bw-grants", "Grants Writer", "Funding", "Remote in Europe", "remote", "€44,000 to €52,000",
            "fundraising",
            ("Write eight proposals a year, and win three", "Report with numbers from the pumps themselves"),
            ("Institutional grants won", "English as if it were your own"),
            days_old=12, commitment="Part-time",
        ),
        Opening(
            "bw-program", "Program Manager", "Programs", "Kampala", "onsite", "", "community",
            ("Run our work in eastern Uganda with a team of nine",),
            ("Teams led across cultures",),
            days_old=70, status="closed",
        ),
        Opening(
            "bw-office", "Office Manager", "Operations", "Lisbon", "onsite", "", "support",
            ("Keep the small office open, warm and paid for",),
            ("A head for details",),
            days_old=2, status="draft",
        ),
    ),
    users=(
        {"name": "Clara Novak", "email": "clara@brightwater.example", "accessRole": "super admin"},
        {"name": "Dario Conti", "email": "dario@brightwater.example", "accessRole": "team member"},
        {"name": "Wanjiru Kamau", "email": "wanjiru@brightwater.example", "accessRole": "admin"},
    ),
    postings=(
        _posting("Backend Engineer", "Engineering", "Telemetry", "Lisbon"),
        _posting("Backend Engineer", "Engineering", "Telemetry", "Nairobi"),
        _posting("Hydrologist", "Field", "Boreholes", "Nairobi"),
        _posting("Field Engineer (Solar Pumps)", "Field", "Pumps", "Accra"),
        _posting("Grant Writer", "Funding", "Institutions", "Remote", commitment="Part-time"),
        _posting("Program Manager, Uganda", "Programs", "Uganda", "Kampala", state="closed"),
        _posting("Country Director", "Leadership", "Ghana", "Accra", confidentiality="confidential"),
        _posting("Firmware Engineer", "Engineering", "Sensors", "Nairobi"),
        _posting("Office Manager", "Operations", "Office", "Lisbon", state="draft"),
    ),
)  # fmt: skip

EMPLOYERS = (OPEN_HARVEST, BRIGHTWATER)
