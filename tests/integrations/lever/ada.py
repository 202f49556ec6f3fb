"""Ada Quill at Lever: the ids of the recorded answers."""

from datetime import UTC, datetime

API = "https://api.lever.co/v1"
POSTING = "4b25972f-50aa-57a9-a283-f36656fd30a4"
TOMAS = "d2025960-6211-5f75-9812-83a60553db2b"
OPPORTUNITY = "971a19f6-a066-5259-abec-f263c6838d15"
CONTACT = "934d2b18-d311-5aec-b3e6-7ca581f65a01"
PROFILE = "https://purpose.example/candidates/7"
NOTE = "Strong systems background; see profile link."
# The recorded records were made a day later.
SINCE = datetime(2025, 12, 31, tzinfo=UTC)
CREATE = f"{API}/opportunities?perform_as={TOMAS}"
FIND = f"{API}/opportunities?email=ada.quill%40example.com&expand=applications"
NOTES = f"{API}/opportunities/{OPPORTUNITY}/notes"
