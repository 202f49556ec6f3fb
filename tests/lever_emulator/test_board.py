"""The emulator's pages in a real browser: dragging, newcomers, accessibility."""

import pytest
from axe_playwright_python.sync_playwright import Axe

SETTINGS = ("/users", "/settings/integrations", "/settings/webhooks")
ADDRESSES = ("/", "/candidates", "/postings", *SETTINGS, "/control", "/log")


@pytest.fixture
def board(page, lever):
    """The pipeline board of the account, seen by its Super Admin."""
    # The sign-in page shows the first accounts only; a test process may have made more before this one.
    page.request.post(f"{lever.server.url}/login", form={"user": lever.admin, "next": "/candidates"})
    page.goto(f"{lever.server.url}/candidates")
    return page


def column(page, stage: str):
    return page.locator(f"[data-stage='{stage}']")


def test_newcomer_appears_by_itself_and_is_dragged_on(board, lever):
    created = lever.create(name="Ada Quill", tags=["Purpose Jobs"])
    card = column(board, "lead-new").get_by_role("link", name="Ada Quill")
    card.wait_for()
    board.drag_and_drop(f"[data-move='/candidates/{created['id']}/stage'] .posting", "[data-stage='lead-responded']")
    board.locator("#spoken", has_text="Ada Quill moved").wait_for(state="attached")
    assert column(board, "lead-responded").locator(".name").all_inner_texts() == ["Ada Quill"]
    assert column(board, "lead-new").locator(".name").count() == 0
    assert lever.get(f"/opportunities/{created['id']}")["data"]["stage"] == "lead-responded"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_has_an_accessibility_violation_or_overflows(board, lever, receiver, scheme, width):
    receiver.answers = [500]
    lever.subscribe(f"{receiver.url}/{'long' * 40}", "applicationCreated", "candidateDeleted")
    created = lever.create(name="Ada Quill", postings=[lever.posting("Backend Engineer")["id"]])
    lever.fault(endpoint="GET /v1/stages", kind="503", count=1)
    lever.get("/stages", 503)
    board.emulate_media(color_scheme=scheme)
    board.set_viewport_size({"width": width, "height": 800})
    found = {}
    lever.delivered()
    delivery = f"/settings/webhooks/deliveries/{lever.deliveries()[0]['id']}"
    for address in (*ADDRESSES, f"/candidates/{created['id']}", delivery, "/login"):
        board.goto(lever.server.url + address)
        found[address] = [violation["id"] for violation in Axe().run(board).response["violations"]]
        overflow = board.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{address} is {overflow} px too wide"
    assert not any(found.values()), found
