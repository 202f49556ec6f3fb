"""The promise of the product walked over HTTP, as a person without JavaScript would: `make smoke`.

browser   pages, links and forms over one session      story   the steps, and what each must show
people    the applicants, and what they send
"""
