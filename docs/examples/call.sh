# Sourced by the shell examples: `call METHOD PATH [JSON]` signs a request with the profile cpx-1,
# sends it, believes the answer only if the hub signed it for this very request, and prints it.
# Needs curl and OpenSSL 3; HUB_ORIGIN, KEY_ID and KEY_FILE (an Ed25519 private key, PEM) say the
# rest. IDEMPOTENCY_KEY, when set, is used instead of a random one: set it to retry.

HUB_ORIGIN=${HUB_ORIGIN:-http://127.0.0.1:8000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

random() { openssl rand -hex 16; }
sha256() { openssl dgst -sha256 -binary "$1" | openssl base64 -A; }

call() {
  method=$1 path=$2 content=${3-}
  nonce=$(random)
  # The signature base, one line for each component, and the list of their names.
  printf '"@method": %s\n"@target-uri": %s\n' "$method" "$HUB_ORIGIN$path" > "$work/base"
  names='"@method" "@target-uri"'
  set -- --silent --show-error --max-time 20 --request "$method" --dump-header "$work/head" \
    --output "$work/body"
  if [ -n "$content" ]; then
    printf '%s' "$content" > "$work/content"
    digest="sha-256=:$(sha256 "$work/content"):"
    printf '"content-type": application/json\n"content-digest": %s\n' "$digest" >> "$work/base"
    names="$names \"content-type\" \"content-digest\""
    set -- "$@" --data-binary "@$work/content" --header 'Content-Type: application/json' \
      --header "Content-Digest: $digest"
  fi
  if [ "$method" != GET ]; then
    key=${IDEMPOTENCY_KEY:-$(random)}
    printf '"idempotency-key": %s\n' "$key" >> "$work/base"
    names="$names \"idempotency-key\""
    set -- "$@" --header "Idempotency-Key: $key"
  fi
  parameters="($names);created=$(date +%s);nonce=\"$nonce\";keyid=\"$KEY_ID\";tag=\"cpx-request-1\""
  cp "$work/base" "$work/asked"
  printf '"@signature-params": %s' "$parameters" >> "$work/base"
  signature=$(openssl pkeyutl -sign -rawin -inkey "$KEY_FILE" -in "$work/base" | openssl base64 -A)
  curl "$@" --header "Signature-Input: cpx=$parameters" --header "Signature: cpx=:$signature:" \
    "$HUB_ORIGIN$path" || return 1
  verify || return 1
  cat "$work/body"
  echo
}

# The value of one header of the answer, whatever the case of its name.
header() {
  tr -d '\r' < "$work/head" | awk -v name="$1" '
    { at = index($0, ":") }
    at && tolower(substr($0, 1, at - 1)) == name { value = substr($0, at + 1); sub(/^ */, "", value) }
    END { print value }'
}

verify() {
  status=$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$work/head")
  given=$(header signature-input)
  [ -n "$given" ] || { echo "Not signed by the hub ($status): $(cat "$work/body")" >&2; return 1; }
  case $given in *";nonce=\"$nonce\";"*) ;; *) echo "An answer to another request" >&2; return 1 ;; esac
  [ "$(header content-digest)" = "sha-256=:$(sha256 "$work/body"):" ] ||
    { echo "The content is not what was signed" >&2; return 1; }
  # What the hub must have signed: its status and content, and all that we had covered.
  {
    printf '"@status": %s\n"content-type": %s\n"content-digest": %s\n' \
      "$status" "$(header content-type)" "$(header content-digest)"
    sed 's/^\("[^"]*"\):/\1;req:/' "$work/asked"
    printf '"@signature-params": %s' "${given#*=}"
  } > "$work/answer-base"
  covered='"@status" "content-type" "content-digest"'
  for name in $names; do covered="$covered $name;req"; done
  case $given in *"=($covered);"*) ;; *) echo "The signature covers too little" >&2; return 1 ;; esac
  header signature | sed 's/^[^:]*://; s/:$//' | openssl base64 -d -A > "$work/answer-signature"
  hub_key "$(printf '%s' "$given" | sed 's/.*;keyid="\([^"]*\)".*/\1/')" > "$work/hub.der"
  openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey "$work/hub.der" \
    -in "$work/answer-base" -sigfile "$work/answer-signature" > "$work/said" 2>&1 ||
    { echo "The hub's signature does not verify" >&2; return 1; }
}

# The hub's Ed25519 key of that id, as DER. A real client fetches the keys once and keeps them.
hub_key() {
  x=$(curl --silent --show-error "$HUB_ORIGIN/.well-known/tongbao-keys" | tr -d ' ' |
    tr '{' '\n' | grep -F "\"kid\":\"$1\"" | sed 's/.*"x":"\([^"]*\)".*/\1/' |
    tr '_-' '/+')
  printf '\060\052\060\005\006\003\053\145\160\003\041\000' # Ed25519, in DER.
  printf '%s=' "$x" | openssl base64 -d -A
}
