"""A stand-in for Lever: its OAuth pages, its Data API and a small web app, for demos, tests and benches.

It imports nothing of the product and nothing of the product imports it: they meet over HTTP only.
"""
