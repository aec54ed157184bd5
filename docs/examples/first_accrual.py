"""Enrol a customer and issue the first points, with the client of sdk/python:

PYTHONPATH=sdk/python KEY_ID=key_… KEY_FILE=aurora.pem python docs/examples/first_accrual.py
"""

import os
import secrets
from pathlib import Path

from tongbao_client import Client, OutcomeUnknown, fetch_hub_keys

origin = os.environ.get("HUB_ORIGIN", "http://localhost:8000")
hub_keys = fetch_hub_keys(origin)  # Once; then keep them with your settings.
client = Client(origin, os.environ["KEY_ID"], Path(os.environ["KEY_FILE"]).read_text(), hub_keys)

enrolled = client.call("POST", "/v1/members", {"daily_limit": 500, "shares_balance": True})
if enrolled.status != 201:
    raise SystemExit(f"Refused: {enrolled.body['code']}: {enrolled.body['detail']}")
member = enrolled.body["id"]
print("Enrolled", member)

# The key and the receipt number belong to the sale: store them with it before you call, so that
# a retry after a crash says the same thing.
key, receipt = secrets.token_urlsafe(18), f"R-{secrets.token_hex(8)}"
sale = {"member": member, "points": 120, "reference": receipt}
try:
    issued = client.call("POST", "/v1/accruals", sale, idempotency_key=key)
except OutcomeUnknown:
    issued = client.call("POST", "/v1/accruals", sale, idempotency_key=key)
if issued.status != 201:
    raise SystemExit(f"Refused: {issued.body['code']}: {issued.body['detail']}")
print("Issued", issued.body["points"], "in", issued.body["id"])

again = client.call("POST", "/v1/accruals", sale, idempotency_key=key)
print("Sent once more:", again.body["id"], "replayed" if again.replayed else "")

balance = client.call("GET", f"/v1/members/{member}/balance?points=100")
print("Can pay 100:", balance.body["can_pay"], "- available:", balance.body["available"])
