"""An OpenID provider on this machine, on Authlib's server side, at PROVIDER_PORT.

It signs in whoever it is told to, without a page. `POST /says` sets who that is and what is wrong
with what it says from now on; `{}` makes it good again.
"""

import hmac
import json
import os
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from authlib.common.security import generate_token
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, scope_to_list
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from flask import Flask, request
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "tongbao-hub", "a-secret-of-the-tests"
PORT = int(os.environ.get("PROVIDER_PORT", "0"))
ISSUER = f"http://127.0.0.1:{PORT}"

app = Flask("provider")
says: dict[str, Any] = {}
codes: dict[str, "Code"] = {}
keys = [RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}, auto_kid=False)]


class Client(ClientMixin):
    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return ""

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(one for one in scope_to_list(scope) if one in ("openid", "email"))

    def check_redirect_uri(self, uri: str) -> bool:
        return uri.endswith("/desk/sign-in/provider/return")

    def check_client_secret(self, secret: str) -> bool:
        return secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):
    code: str
    asked: dict[str, str]
    at: int = field(default_factory=lambda: int(time.time()))

    def get_redirect_uri(self) -> str:
        return self.asked["redirect_uri"]

    def get_scope(self) -> str:
        return self.asked["scope"]

    @property
    def code_challenge(self) -> str:
        return self.asked["code_challenge"]

    @property
    def code_challenge_method(self) -> str:
        return self.asked["code_challenge_method"]


class Grant(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

    def save_authorization_code(self, code: str, request: Any) -> None:
        codes[code] = Code(code, dict(request.payload.data))

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        return codes.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        codes.pop(authorization_code.code)

    def authenticate_user(self, authorization_code: Code) -> str:
        return says.get("sub", "subject-1")


class OpenId(OpenIDCode):
    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return False

    def encode_id_token(self, token: dict[str, Any], request: Any) -> str:
        """As Authlib does, but for what is to be wrong with it."""
        now = int(time.time())
        asked = request.authorization_code.asked
        claims = {
            "iss": ISSUER,
            "sub": says.get("sub", "subject-1"),
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": asked["nonce"],
            "email": "fay@example.com",
            "email_verified": True,
            "amr": ["pwd", "otp"],
            "acr": "urn:example:two",
        } | says.get("claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        for name, ahead in says.get("shifted", {}).items():
            claims[name] += ahead
        match says.get("signed", "well"):
            case "none":
                return jwt.encode({"alg": "none"}, claims, None, ["none"])
            case "secret":  # Under the public key, as if it were a shared secret.
                return _by_hand(claims)
            case "stranger":
                other = RSAKey.generate_key(2048, {"kid": keys[-1].kid}, auto_kid=False)
                return jwt.encode({"alg": "RS256", "kid": keys[-1].kid}, claims, other, ["RS256"])
        return jwt.encode({"alg": "RS256", "kid": keys[-1].kid}, claims, keys[-1], ["RS256"])


def _by_hand(claims: dict[str, Any]) -> str:
    """No library would sign like this."""
    key = keys[-1]
    parts = [
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT", "kid": key.kid}, claims)
    ]
    signature = hmac.digest(key.as_pem(private=False), b".".join(parts), "sha256")
    return b".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


server = AuthorizationServer(app, lambda _: Client(), lambda token, request: None)
server.register_grant(Grant, [OpenId(require_nonce=True), CodeChallenge(required=True)])


@app.get("/.well-known/openid-configuration")
def describe() -> dict[str, Any]:
    return {
        "issuer": says.get("issuer", ISSUER),
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
    }


@app.get("/authorize")
def authorize() -> Any:
    grant = server.get_consent_grant(end_user="somebody")
    return server.create_authorization_response(grant_user="somebody", grant=grant)


@app.post("/token")
def token() -> Any:
    if says.get("slow"):
        time.sleep(says["slow"])
    return server.create_token_response()


@app.get("/keys")
def published() -> Any:
    return KeySet(list(keys)).as_dict(private=False)


@app.post("/says")
def say() -> str:
    says.clear()
    says.update(request.get_json())
    return ""


@app.post("/rotate")
def rotate() -> str:
    keys[:] = [RSAKey.generate_key(2048, {"kid": generate_token(8)}, auto_kid=False)]
    return ""


if __name__ == "__main__":
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    app.run("127.0.0.1", PORT, threaded=True)
