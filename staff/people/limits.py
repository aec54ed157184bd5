"""How often somebody may try to sign in: by the name that is tried, and by where it comes from.

A refusal says when there will be another try, and nothing else: least of all whether anybody has
the name.
"""

from datetime import timedelta
from typing import Final

from kit.limits import Buckets, Limit

BUCKETS: Final = Buckets("staff.bucket")

# Whoever guesses at somebody's password gets 240 tries a day, and then still needs the app.
PASSWORDS_OF_A_NAME: Final = Limit("password-of-name", 10, timedelta(minutes=6))
# Of a million codes three are right at a time: 288 tries a day.
CODES_OF_A_NAME: Final = Limit("code-of-name", 6, timedelta(minutes=5))
TRIES_FROM_A_NETWORK: Final = Limit("try-from-network", 40, timedelta(minutes=1))
PASSKEYS_FROM_A_NETWORK: Final = Limit("passkey-from-network", 60, timedelta(seconds=10))
PROVIDER_FROM_A_NETWORK: Final = Limit("provider-from-network", 30, timedelta(seconds=20))

take, fill = BUCKETS.take, BUCKETS.fill
