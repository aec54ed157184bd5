"""Check a statement: that the hub signed it, and that its money adds up.

PYTHONPATH=sdk/python KEY_ID=key_… KEY_FILE=finance.pem python docs/examples/verify_statement.py \
    ST-2026-11-000001
"""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path

from tongbao_client import Client, fetch_hub_keys

origin = os.environ.get("HUB_ORIGIN", "http://127.0.0.1:8000")
hub_keys = fetch_hub_keys(origin)
client = Client(origin, os.environ["KEY_ID"], Path(os.environ["KEY_FILE"]).read_text(), hub_keys)

number = sys.argv[1]
listed = client.call("GET", "/v1/statements").body["statements"]
line = next(each for each in listed if each["number"] == number)
statement = client.call("GET", f"/v1/statements/{number}").body

# What was signed is the document in canonical form: sorted keys, no blanks, one newline.
text = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
document = f"{text}\n".encode()
if sha256(document).hexdigest() != line["digest"]:
    raise SystemExit("The document is not the one in the list.")
hub_keys[line["key_id"]].verify(bytes.fromhex(line["signature"]), document)  # Ed25519
print(number, "is signed by the hub with", line["key_id"])

owed = sum(each["amount"] for each in statement["owed"])
owes = sum(each["amount"] for each in statement["owes"])
print("is owed", owed, "owes", owes, "net", statement["net"], statement["currency"])
if owed - owes + statement["cover"] != statement["net"]:
    raise SystemExit("The statement does not add up.")
