"""How often something may be done: by whom it is done to, and by whom it is done.

A refusal says when there will be another try, and nothing else: least of all whether anybody has
the number.
"""

from datetime import timedelta
from typing import Final

from kit.limits import Buckets, Limit

BUCKETS: Final = Buckets("members.bucket")

CODES_TO_A_NUMBER: Final = Limit("code-to-number", 5, timedelta(minutes=12))
CODES_FROM_AN_ADDRESS: Final = Limit("code-from-address", 30, timedelta(minutes=1))
# Whoever guesses at a number gets 24 tries a day, at one in a million each.
GUESSES_AT_A_NUMBER: Final = Limit("guess-at-number", 10, timedelta(hours=1))
GUESSES_FROM_AN_ADDRESS: Final = Limit("guess-from-address", 30, timedelta(minutes=1))
PASSKEYS_FROM_AN_ADDRESS: Final = Limit("passkey-from-address", 60, timedelta(seconds=10))
CLAIMS_OF_A_PERSON: Final = Limit("claim-of-person", 10, timedelta(minutes=10))

take, fill = BUCKETS.take, BUCKETS.fill
