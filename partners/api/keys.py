"""Keys: see yours, register a successor, revoke one."""

from base64 import urlsafe_b64decode

from sqlalchemy.orm import Session

from partners import keys, schemas
from partners.api.operations import ADMIN, Call, Change, Data, Facts, Read
from partners.errors import KeyExists, KeyNotFound, LastKey, TooManyKeys
from partners.signature_errors import KeyProofInvalid, KeyProofStale, KeyUnacceptable


def _list(call: Call, session: Session, _: Data) -> Facts:
    listed = keys.listed(session, party=call.party, now=call.now)
    return {"partner": call.key.partner, "keys": listed}


def _register(call: Call, session: Session, data: Data) -> Facts:
    key = keys.NewKey(
        public=data["public_key"],
        scopes=tuple(sorted(set(data["scopes"]))),
        created=data["created"],
        proof=urlsafe_b64decode(data["proof"] + "=="),
    )
    return keys.register(session, party=call.party, key=key, now=call.now)


def _revoke(call: Call, session: Session, _: Data) -> Facts:
    return keys.revoke(session, party=call.party, key_id=str(call.path["key"]), now=call.now)


OPERATIONS = (
    Read(
        name="listKeys",
        method="GET",
        path="/v1/keys",
        scopes=ADMIN,
        tag="Keys",
        summary="Every key you ever registered",
        answer=schemas.KeysAnswer,
        read=_list,
    ),
    Change(
        name="registerKey",
        method="POST",
        path="/v1/keys",
        scopes=ADMIN,
        tag="Keys",
        summary="Register a key; its predecessor lives on for 14 days at most",
        body=schemas.KeyBody,
        answer=schemas.KeyAnswer,
        status=201,
        refusals=(KeyUnacceptable, KeyProofInvalid, KeyProofStale, TooManyKeys, KeyExists),
        example={
            "public_key": "ed25519:JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
            "scopes": ["till"],
            "created": 1794999911,
            "proof": "A" * 86,
        },
        work=_register,
    ),
    Change(
        name="revokeKey",
        method="DELETE",
        path="/v1/keys/<key>",
        scopes=ADMIN,
        tag="Keys",
        summary="Revoke a key: it is refused everywhere within five seconds",
        answer=schemas.KeyAnswer,
        refusals=(KeyNotFound, LastKey),
        work=_revoke,
        when_suspended=True,
    ),
)
