#!/bin/sh
# Enrol a customer and issue the first points, with nothing but curl and OpenSSL 3:
#   KEY_ID=key_… KEY_FILE=aurora.pem sh docs/examples/first_accrual.sh
set -eu
. "$(dirname "$0")/call.sh"

enrolled=$(call POST /v1/members '{"daily_limit":500,"shares_balance":true}')
member=$(printf '%s' "$enrolled" | sed 's/.*"id":"\([^"]*\)".*/\1/')
echo "Enrolled $member"

receipt=R-$(random)
sale="{\"member\":\"$member\",\"points\":120,\"reference\":\"$receipt\"}"
IDEMPOTENCY_KEY=$(random)
echo "Issued:"
call POST /v1/accruals "$sale"
echo "Sent once more, as after a lost answer: the same answer, no second effect."
call POST /v1/accruals "$sale"
unset IDEMPOTENCY_KEY

echo "Balance:"
call GET "/v1/members/$member/balance?points=100"
