"""The fault suite: real processes, everything that can go wrong at once, and then the books are checked.

    make fault                 the long one: 2,000 exports over 20 connections
    FAULT_SEED=7 make fault    the same choices again (what the clock decides differs)
    make test                  holds the short one, test_faults.py

stack.py     servers and processes of its own, which may be killed
town.py      companies, connections, people who apply
trouble.py   faults of the ATS, kills, and what people do meanwhile
verdict.py   what must be true in the end, and the table
"""
