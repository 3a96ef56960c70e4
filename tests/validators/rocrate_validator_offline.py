"""Run `roc-validator` on crates without a network and print what it finds as JSON.

Its profile wants the JSON-LD context of RO-Crate from the web. The context that the library `rocrate` ships
is served instead, whatever version the crate names; every other address is refused.

Usage: python rocrate_validator_offline.py CRATE…
"""

import json
import sys
from importlib.resources import files

import requests
from rocrate_validator import models, services

CONTEXT = files("rocrate").joinpath("data/ro-crate.jsonld").read_text("utf-8")


def request(self, method, url, **_):
    """A response made here, or a refusal."""
    answer = requests.Response()
    answer.url, answer.request = url, requests.Request(method, url).prepare()
    known = url.startswith("https://w3id.org/ro/crate/") and url.rstrip("/").endswith("context")
    answer.status_code = 200 if known else 503
    answer._content = CONTEXT.encode() if known else b""
    answer.headers["Content-Type"] = "application/ld+json"
    return answer


requests.Session.request = request


def judged(crate):
    """Issues of one crate, recommendations included."""
    settings = services.ValidationSettings(
        rocrate_uri=crate,
        profile_identifier="ro-crate-1.1",
        requirement_severity=models.Severity.RECOMMENDED,
        no_cache=True,
    )
    result = services.validate(settings)
    issues = [
        {"severity": i.severity.name, "check": i.check.identifier, "text": i.message or ""}
        for i in result.get_issues(models.Severity.RECOMMENDED)
    ]
    return {"checks": len(result.executed_checks), "issues": issues}


print(json.dumps([judged(crate) for crate in sys.argv[1:]]))
