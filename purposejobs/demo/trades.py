"""What people of a trade have done, can do and write in a note: the stuff that résumés of the demo are made of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trade:
    skills: tuple[str, ...]
    # From the first post to the present one.
    titles: tuple[str, ...]
    employers: tuple[str, ...]
    deeds: tuple[str, ...]
    degrees: tuple[str, ...]
    notes: tuple[str, ...]


TRADES = {
    "software": Trade(
        skills=("Python", "Django", "PostgreSQL", "TypeScript", "Go", "Redis", "Kubernetes", "Observability", "HTMX"),
        titles=("Junior Developer", "Software Engineer", "Backend Engineer", "Senior Backend Engineer"),
        employers=(
            "Kettle & Loom",
            "Civic Ledger",
            "Northlight Health",
            "Fernweh Maps",
            "Parcelwise",
            "Open Ballot Lab",
        ),
        deeds=(
            "Moved a nightly batch of four hours to a queue that is never more than a minute behind.",
            "Took part in an on-call rota of six, and wrote the runbooks that halved its alarms.",
            "Replaced three services by one module and eleven thousand lines by two.",
            "Brought the slowest page from nine seconds to under one, with two indexes and a measured guess.",
            "Introduced reviews in pairs; new colleagues ship in their first week since.",
            "Led the move from one database to another without a minute of downtime.",
            "Built the interface that partner cities use to publish open data.",
        ),
        degrees=("BSc Computer Science", "MSc Computer Science", "Apprenticeship in application development"),
        notes=(
            "I have run services at night for years; I would like the next one to put food or water somewhere.",
            "Your routing problem is the nicest kind of hard. I wrote down a first idea on my site.",
            "I can start in six weeks and would move for this.",
        ),
    ),
    "data": Trade(
        skills=(
            "SQL",
            "Python",
            "R",
            "dbt",
            "Statistics",
            "Data visualisation",
            "Survey design",
            "GIS",
            "Causal inference",
        ),
        titles=("Research Assistant", "Junior Data Analyst", "Data Analyst", "Senior Data Analyst"),
        employers=("Institute for Fair Cities", "Tidewater Research", "Meadow Analytics", "Regional Health Atlas"),
        deeds=(
            "Built the indicator set by which a city council decides where to open health posts.",
            "Cleaned nine years of survey data and published it with a codebook.",
            "Showed that a popular programme did not work, and helped to build the one that does.",
            "Trained forty colleagues to answer their own questions in SQL.",
            "Wrote the yearly impact report, down to the footnotes.",
            "Automated a monthly report that used to take two people three days.",
        ),
        degrees=("BSc Statistics", "MSc Public Policy", "MA Sociology", "MSc Geoinformatics"),
        notes=(
            "I like reports that admit what they do not know. Yours did, so here I am.",
            "Happy to do a small analysis of your open data as a first conversation.",
        ),
    ),
    "design": Trade(
        skills=(
            "Interaction design",
            "User research",
            "Prototyping",
            "Accessibility",
            "Figma",
            "Design systems",
            "HTML and CSS",
        ),
        titles=("Junior Designer", "UX Designer", "Product Designer", "Senior Product Designer"),
        employers=("Studio Halbmond", "Public Counter", "Ferry & Co", "Lantern Learning", "Rue des Puits"),
        deeds=(
            "Redesigned a benefits form from forty-one questions to twelve; completion went from 38 to 81 per cent.",
            "Ran sixty interviews in kitchens, cabs and waiting rooms.",
            "Made a design system that three teams use without being told to.",
            "Brought a driver's app to the level AA of the accessibility guidelines.",
            "Introduced weekly tests with people who use screen readers.",
        ),
        degrees=("BA Communication Design", "MA Interaction Design", "BA Fine Arts"),
        notes=(
            "I spent a morning with one of your drivers, as a volunteer. I have opinions about the red button.",
            "My portfolio has two cases that went wrong, and what I learned from them.",
        ),
    ),
    "community": Trade(
        skills=(
            "Community organizing",
            "Volunteer management",
            "Facilitation",
            "Training",
            "Conflict mediation",
            "Budgeting",
            "Event planning",
        ),
        titles=("Volunteer", "Youth Worker", "Community Organizer", "Program Lead"),
        employers=(
            "Quarter Alliance",
            "Casa da Rua Nova",
            "Open Door Network",
            "Neighbours' Parliament",
            "Youth House Delta",
        ),
        deeds=(
            "Built a network of forty-five volunteers that runs a weekly kitchen without any staff.",
            "Won the city's neighbourhood prize with a street that looks after its own trees.",
            "Mediated between a mosque, a school and a car dealer about one yard; all three use it now.",
            "Managed a budget of 240,000 a year, and closed every one of them in order.",
            "Trained ninety volunteers in first aid, in food hygiene and in saying no.",
        ),
        degrees=("BA Social Work", "MA Development Studies", "BA Political Science"),
        notes=(
            "I live four streets from your first fridge, and I know who has the key.",
            "People first, then posters: that is how I would begin.",
            "Portuguese is my mother tongue; my English you are reading.",
        ),
    ),
    "logistics": Trade(
        skills=(
            "Dispatching",
            "Cold chain",
            "Route planning",
            "Warehouse management",
            "Forklift licence",
            "Food safety (HACCP)",
            "Shift planning",
        ),
        titles=("Warehouse Associate", "Driver", "Dispatcher", "Shift Lead"),
        employers=("Hafen Fresh", "Blue Crate", "Elbe Cargo", "City Market Transport", "Polar Kette"),
        deeds=(
            "Dispatched twenty-four vans a day with a lateness of less than three per cent.",
            "Led a shift of fourteen through two Christmas seasons without an accident.",
            "Passed four audits of the cold chain without a finding.",
            "Planned the move of a warehouse over one weekend.",
            "Brought waste down by a fifth by changing the order of three shelves.",
        ),
        degrees=(
            "Apprenticeship in warehouse logistics",
            "BSc Supply Chain Management",
            "Secondary school certificate",
        ),
        notes=(
            "I have driven these streets for nine years. I know where one cannot turn.",
            "Nights are fine with me.",
        ),
    ),
    "fundraising": Trade(
        skills=("Grant writing", "Donor relations", "Proposal budgets", "Reporting", "Campaigns", "Negotiation", "CRM"),
        titles=("Fundraising Assistant", "Grants Officer", "Grants Manager", "Head of Fundraising"),
        employers=(
            "Library for All",
            "Reef Trust",
            "Mothers' Clinic Fund",
            "Foundation Office Rhine",
            "Schools Without Fees",
        ),
        deeds=(
            "Won eleven grants of 1.9 million in total, and reported all of them on time.",
            "Brought regular donors from 300 to 2,100 in three years.",
            "Wrote the proposal that paid for a clinic boat.",
            "Set up the donor database, and taught the team to love it.",
            "Negotiated a partnership with a chain of 120 shops.",
        ),
        degrees=("MA Comparative Literature", "BA International Relations", "MBA Nonprofit Management"),
        notes=(
            "I read your last three annual accounts. The reserve policy alone makes me want to work with you.",
            "Enclosed in my résumé is a list of what I won, and of what I lost.",
        ),
    ),
    "water": Trade(
        skills=(
            "Hydrogeology",
            "Borehole siting",
            "Solar pumps",
            "GIS",
            "Electrical maintenance",
            "Training",
            "AutoCAD",
            "Water quality",
        ),
        titles=("Field Technician", "Junior Engineer", "Field Engineer", "Senior Hydrologist"),
        employers=(
            "Rift Valley Wells",
            "County Water Office",
            "Sahel Sun Pumps",
            "Groundwater Survey",
            "Blue Kilometre",
        ),
        deeds=(
            "Sited sixty-two boreholes, of which fifty-seven give water in the dry season.",
            "Installed forty solar pumps and trained the people who keep them running.",
            "Mapped an aquifer with county staff, on foot and by drone.",
            "Reduced the time to repair from nineteen days to four with a store of spare parts.",
            "Wrote the maintenance handbook that three counties use.",
        ),
        degrees=("BSc Civil Engineering", "MSc Hydrology", "Diploma in electrical engineering", "BSc Geology"),
        notes=(
            "Wells that work after ten years: I have seen too many that did not after two.",
            "I hold a driving licence for heavy vehicles and speak Swahili, English and some Luo.",
        ),
    ),
    "support": Trade(
        skills=(
            "Customer support",
            "Writing",
            "Help desk tools",
            "Troubleshooting",
            "Office management",
            "German",
            "Portuguese",
        ),
        titles=("Call Agent", "Support Agent", "Support Specialist", "Support Lead"),
        employers=("Tramway Tickets", "Kindly Desk", "Librarium", "Hearing Aid House"),
        deeds=(
            "Answered some forty people a day, and kept a satisfaction of 96 per cent for two years.",
            "Wrote 120 help articles; the commonest question has not been asked since.",
            "Built the bridge between support and development: one list, looked at every Tuesday.",
            "Ran the office of a team of thirty, from leases to birthdays.",
        ),
        degrees=("BA Linguistics", "Apprenticeship in office management", "BA Education"),
        notes=("I answer questions for a living and would like them to be about something.",),
    ),
}

VALUES = (
    "Dignity", "Climate justice", "Transparency", "Food for all", "Open source", "Fair pay", "Local leadership",
    "Accessibility", "Clean water", "Learning", "Solidarity", "Long-term thinking",
)  # fmt: skip

SUMMARIES = (
    "{years} years of work that I could explain to my grandmother. I look for a team that measures what matters.",
    "I care about things that still work when nobody looks. {years} years in, I would rather do fewer of them, well.",
    "Came to this trade by a detour and stayed for {years} years. Happiest where the work touches people.",
    "After {years} years in all sizes of organisations, I know that I like small ones with a large task.",
    "Practical, curious, hard to hurry. {years} years of experience, half of them in nonprofits.",
    "I bring {years} years of experience, two languages more than I need, and a bicycle.",
)
