"""Harbor, an ATS of our invention: it shows that a second provider needs its folder and one setting.

An API key instead of OAuth, other stage names, a documented idempotency key, no webhooks and nothing after the create.
`server.py` is the far side, over HTTP; the rest is what `integrations/<slug>/` would hold.
"""
