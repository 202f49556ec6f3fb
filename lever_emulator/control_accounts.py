"""The part of `/_control` that looks into accounts and changes what is in them."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from lever_emulator import pipeline, tokens
from lever_emulator.account import Account, Row
from lever_emulator.seeds import (
    CATEGORY_FIELDS,
    SALARY_FIELDS,
    add_posting,
    add_user,
    made_up_posting,
    make_account,
    posting_content,
)
from lever_emulator.sessions import find_user
from lever_emulator.settings import AUDIENCES
from lever_emulator.shapes import opportunity, public
from lever_emulator.store import Store

Body = dict[str, Any]
POSTING_FIELDS = ("owner", "hiringManager", "workplaceType", "country", "content", "tags")
POSTING_STATES = ("published", "internal", "closed", "draft", "pending", "rejected")


def summary(store: Store, account: Account) -> Body:
    """Return an account at a glance."""
    admins = [user for user in account.active_users() if user["accessRole"] == "super admin"]
    grants = [grant for grant in store.grants.values() if grant["account"] == account.id]
    return {
        "id": account.id,
        "name": account.name,
        "super_admin": admins[0]["id"] if admins else None,
        "api_key": account.row["apiKeys"][0]["key"] if account.row["apiKeys"] else None,
        "users": len(account.users),
        "postings": len(account.postings),
        "contacts": len(account.contacts),
        "opportunities": len(account.opportunities),
        "deleted": len(account.deleted),
        "notes": len(account.notes),
        "webhooks": len(account.webhooks),
        "grants": len(grants),
    }


def account_named(store: Store, key: str) -> Account:
    """Return an account or say that it is not there."""
    if key not in store.accounts:
        raise LookupError(f"There is no account {key}.")
    return store.accounts[key]


def list_accounts(store: Store, request: Request, body: Body) -> Body:
    """List accounts."""
    return {"accounts": [summary(store, account) for account in store.accounts.values()]}


def create_account(store: Store, request: Request, body: Body) -> Body:
    """Make an account: {name, id?, users?: [{name, email, accessRole?}], postings?: number or [{text, team?, ...}]}."""
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ValueError("name is needed.")
    users, postings, key = body.get("users"), body.get("postings", 3), body.get("id")
    if key in store.accounts:
        raise ValueError(f"There is an account {key} already.")
    for user in users or []:
        if not isinstance(user, dict) or not user.get("name") or "@" not in str(user.get("email")):
            raise ValueError("users must be a list of objects with name and email.")
    if not isinstance(postings, int) and not (
        isinstance(postings, list) and all(isinstance(row, dict) and row.get("text") for row in postings)
    ):
        raise ValueError("postings must be a number, or a list of objects with text.")
    return _whole(store, make_account(store, name, users, postings, key))


def show_account(store: Store, request: Request, body: Body) -> Body:
    """Show an account with its users and postings."""
    return _whole(store, _account(store, request))


def _whole(store: Store, account: Account) -> Body:
    return {
        **summary(store, account),
        "users": list(account.users.values()),
        "postings": [public(row) for row in account.postings.values()],
        "switches": account.row["_switches"],
    }


def make_tokens(store: Store, request: Request, body: Body) -> Body:
    """Give tokens without a browser: {client_id?, user?, scopes?, audience?}; the answer of the token endpoint."""
    account = _account(store, request)
    client_id = body.get("client_id") or next(iter(store.apps))
    if client_id not in store.apps:
        raise LookupError(f"There is no app {client_id}.")
    user = body.get("user") or summary(store, account)["super_admin"]
    if user not in account.users:
        raise LookupError(f"There is no user {user} in this account.")
    scopes = body.get("scopes") or list(dict.fromkeys(["offline_access", *store.apps[client_id]["scopes"]]))
    grant = tokens.give_grant(store, client_id, account, user, scopes)
    return tokens.issue_tokens(store, grant, scopes, body.get("audience", AUDIENCES[0]))


def revoke(store: Store, request: Request, body: Body) -> Body:
    """Do what "Revoke Access" does: {client_id?}."""
    account = _account(store, request)
    apps = [body["client_id"]] if body.get("client_id") else list(store.apps)
    return {"revoked": sum(tokens.forget_grants_of_app(store, account, app) for app in apps)}


def expire_tokens(store: Store, request: Request, body: Body) -> Body:
    """Let the account's access tokens run out now; refresh tokens stay."""
    return {"expired": tokens.expire_access_tokens(store, _account(store, request))}


def show_opportunities(store: Store, request: Request, body: Body) -> Body:
    """Show everything about an account's opportunities; narrowed by email, posting, tag or contact; `limit` (none)."""
    account, params = _account(store, request), request.query_params
    keys: set[str] = set(account.opportunities)
    if "email" in params:
        people = account.contacts_with(params["email"])
        keys &= {key for person in people for key in account.by_contact.get(person, ())}
    for name, index in (("posting", account.by_posting), ("tag", account.by_tag), ("contact", account.by_contact)):
        if name in params:
            keys &= index.get(params[name], set())
    rows = sorted((account.opportunities[key] for key in keys), key=lambda row: (row["createdAt"], row["id"]))
    limit = int(params.get("limit", len(rows)))
    return {"count": len(rows), "opportunities": [everything_about(store, account, row) for row in rows[:limit]]}


def everything_about(store: Store, account: Account, row: Row) -> Body:
    """Return an opportunity with notes, résumés (size and SHA-256), files, posting and the person's links."""
    shown = opportunity(account, row, store.settings.public_url)
    resumes = [account.resumes[key] for key in row.get("_resumes", [])]
    files = [account.files[key] for key in row.get("_files", [])]
    return {
        **shown,
        "account": account.id,
        "posting": row["_posting"],
        "notes": [
            {
                "id": key,
                "user": account.notes[key]["user"],
                "values": [f["value"] for f in account.notes[key]["fields"]],
            }
            for key in row.get("_notes", [])
        ],
        "resumes": [
            {"id": item["id"], "name": item["file"]["name"], "size": item["file"]["size"], "sha256": item["_sha256"]}
            for item in resumes
        ],
        "files": [
            {"id": item["id"], "name": item["name"], "size": item["size"], "sha256": item["_sha256"]} for item in files
        ],
    }


def create_opportunities(store: Store, request: Request, body: Body) -> Body:
    """Make many at once, for load, told to nobody.

    {count, posting? or postings?: [ids in turn], stage? or stages?: [ids in turn], tags?, sources?, origin?,
    email_prefix?, ids?: true (answer with the ids)}.
    """
    account = _account(store, request)
    count = body.get("count")
    if not isinstance(count, int) or isinstance(count, bool) or not 0 < count <= 200_000:
        raise ValueError("count must be between 1 and 200000.")
    postings = [_posting_or_none(account, key) for key in body.get("postings") or [body.get("posting")]]
    user = summary(store, account)["super_admin"]
    prefix, begun = body.get("email_prefix", "person"), len(account.opportunities)
    stages = body.get("stages") or [body.get("stage", "lead-new")]
    for stage in stages:
        if stage not in account.stages:
            raise LookupError(f"There is no stage {stage}.")
    common: Row = {name: body[name] for name in ("tags", "sources", "origin") if name in body}
    made = []
    with store.hush():
        for number in range(begun, begun + count):
            wish: Row = {"name": f"Person {number}", "emails": [f"{prefix}{number}@example.com"], **common}
            wish["stage"] = stages[number % len(stages)]
            posting = postings[number % len(postings)]
            row, _ = pipeline.create_opportunity(store, account, wish, user, posting)
            made.append(row["id"])
    answer = {"created": count, "opportunities": len(account.opportunities)}
    return answer | ({"ids": made} if body.get("ids") else {})


def _posting_or_none(account: Account, key: Any) -> Row | None:
    if key is not None and key not in account.postings:
        raise LookupError(f"There is no posting {key}.")
    return account.postings[key] if key else None


def show_opportunity(store: Store, request: Request, body: Body) -> Body:
    """Show everything about one opportunity."""
    account, row = _opportunity(store, request)
    return everything_about(store, account, row)


def change_opportunity(store: Store, request: Request, body: Body) -> Body:
    """Do what people do in the app: {stage?, archive_reason?: id or null, anonymise?: true, user?}."""
    account, row = _opportunity(store, request)
    user = body.get("user") or summary(store, account)["super_admin"]
    if "stage" in body:
        if body["stage"] not in account.stages:
            raise LookupError(f"There is no stage {body['stage']}.")
        pipeline.move_to_stage(store, account, row, body["stage"], user)
    if "archive_reason" in body:
        if body["archive_reason"] is not None and body["archive_reason"] not in account.archive_reasons:
            raise LookupError(f"There is no archive reason {body['archive_reason']}.")
        pipeline.archive(store, account, row, body["archive_reason"])
    if body.get("anonymise"):
        pipeline.anonymise(store, account, row)
    return everything_about(store, account, row)


def delete_opportunity(store: Store, request: Request, body: Body) -> Body:
    """Delete an opportunity, as only the app can."""
    account, row = _opportunity(store, request)
    pipeline.delete_opportunity(store, account, row, summary(store, account)["super_admin"])
    return {"deleted": row["id"]}


def create_posting(store: Store, request: Request, body: Body) -> Body:
    """Add a posting: {text, state?, team?, department?, location?, locations?, commitment?, confidentiality?, ...}.

    Or many made-up ones: {count}.
    """
    account = _account(store, request)
    if "count" in body:
        return _many_postings(store, account, body["count"])
    if not body.get("text"):
        raise ValueError("text is needed.")
    if body.get("state", "published") not in POSTING_STATES:
        raise ValueError(f"state must be one of {', '.join(POSTING_STATES)}.")
    return public(add_posting(account, body, summary(store, account)["super_admin"], store.clock.now()))


def _many_postings(store: Store, account: Account, count: Any) -> Body:
    if not isinstance(count, int) or isinstance(count, bool) or not 0 < count <= 20_000:
        raise ValueError("count must be between 1 and 20000.")
    owner, now, begun = summary(store, account)["super_admin"], store.clock.now(), len(account.postings)
    for number in range(begun, begun + count):
        add_posting(account, made_up_posting(number), owner, now)
    return {"created": count, "postings": len(account.postings)}


def change_posting(store: Store, request: Request, body: Body) -> Body:
    """Close, reopen, rename, hide: {state?, distributionChannels?, text?, confidentiality?, team?, location? ...}."""
    account, row = _posting(store, request)
    if body.get("state", row["state"]) not in POSTING_STATES:
        raise ValueError(f"state must be one of {', '.join(POSTING_STATES)}.")
    if body.get("text") and body["text"] != row["text"]:
        pipeline.rename_posting(store, account, row, body["text"])
    if body.get("confidentiality"):
        if body["confidentiality"] not in ("confidential", "non-confidential"):
            raise ValueError("confidentiality must be confidential or non-confidential.")
        pipeline.set_confidentiality(store, account, row, body["confidentiality"])
    row["categories"] |= {name: body[name] for name in CATEGORY_FIELDS if name in body}
    if "locations" in body:
        row["categories"]["allLocations"] = body["locations"]
    row |= {name: body[name] for name in (*POSTING_FIELDS, *SALARY_FIELDS) if name in body}
    if any(name in body for name in ("description", "descriptionHtml", "lists", "closing", "closingHtml")):
        row["content"] = posting_content(body)
    channels = body.get("distributionChannels", row["distributionChannels"])
    pipeline.set_state(store, account, row, str(body.get("state", row["state"])), channels)
    return public(row)


def delete_posting(store: Store, request: Request, body: Body) -> Body:
    """Delete a posting."""
    account, row = _posting(store, request)
    pipeline.delete_posting(store, account, row, summary(store, account)["super_admin"])
    return {"deleted": row["id"]}


def create_user(store: Store, request: Request, body: Body) -> Body:
    """Add a user: {name, email, accessRole?}."""
    account = _account(store, request)
    if not body.get("name") or "@" not in str(body.get("email")):
        raise ValueError("name and email are needed.")
    return add_user(account, body, store.clock.now())


def change_user(store: Store, request: Request, body: Body) -> Body:
    """Change a user: {active?: bool, accessRole?, email?, name?}."""
    found = find_user(store, request.path_params["user"])
    if found is None:
        raise LookupError(f"There is no user {request.path_params['user']}.")
    account, user = found
    user |= {name: body[name] for name in ("accessRole", "email", "name", "jobTitle") if name in body}
    active = body.get("active", user["deactivatedAt"] is None)
    pipeline.set_active(store, account, user, bool(active))
    if not active and store.switch("deactivation_kills_grants", account):
        tokens.forget_grants_of_user(store, user["id"])
    return user


def list_apps(store: Store, request: Request, body: Body) -> Body:
    """List the partner apps, secrets too: this is a toy."""
    return {"apps": list(store.apps.values())}


def create_app(store: Store, request: Request, body: Body) -> Body:
    """Register an app, or replace the one of that id: {client_id, client_secret, redirect_uris, name?, scopes?}."""
    for name in ("client_id", "client_secret"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise ValueError(f"{name} is needed.")
    seeded: Row = next(iter(store.apps.values()), {})
    return store.add_app(
        {
            "client_id": body["client_id"],
            "client_secret": body["client_secret"],
            "name": body.get("name", "Partner"),
            "redirect_uris": list(body.get("redirect_uris", [])),
            "scopes": list(body.get("scopes") or seeded.get("scopes", [])),
        }
    )


def _account(store: Store, request: Request) -> Account:
    return account_named(store, request.path_params["account"])


def _opportunity(store: Store, request: Request) -> tuple[Account, Row]:
    found = store.find_opportunity(request.path_params["opportunity"])
    if found is None:
        raise LookupError(f"There is no opportunity {request.path_params['opportunity']}.")
    return found


def _posting(store: Store, request: Request) -> tuple[Account, Row]:
    key = request.path_params["posting"]
    for account in store.accounts.values():
        if key in account.postings:
            return account, account.postings[key]
    raise LookupError(f"There is no posting {key}.")


TABLE: list[tuple[str, str, Callable[[Store, Request, Body], Any]]] = [
    ("GET", "/apps", list_apps),
    ("POST", "/apps", create_app),
    ("GET", "/accounts", list_accounts),
    ("POST", "/accounts", create_account),
    ("GET", "/accounts/{account}", show_account),
    ("POST", "/accounts/{account}/tokens", make_tokens),
    ("POST", "/accounts/{account}/revoke", revoke),
    ("POST", "/accounts/{account}/expire_tokens", expire_tokens),
    ("GET", "/accounts/{account}/opportunities", show_opportunities),
    ("POST", "/accounts/{account}/opportunities", create_opportunities),
    ("POST", "/accounts/{account}/postings", create_posting),
    ("POST", "/accounts/{account}/users", create_user),
    ("GET", "/opportunities/{opportunity}", show_opportunity),
    ("POST", "/opportunities/{opportunity}", change_opportunity),
    ("DELETE", "/opportunities/{opportunity}", delete_opportunity),
    ("POST", "/postings/{posting}", change_posting),
    ("DELETE", "/postings/{posting}", delete_posting),
    ("POST", "/users/{user}", change_user),
]
