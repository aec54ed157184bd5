"""Keys of partners: register a public key with its proof, make a pair for a trial, revoke."""

import os
import time
from base64 import urlsafe_b64encode
from pathlib import Path

import click

from partners import keys as use_cases
from partners import registry
from partners.public_keys import ED25519, P256, PrivateKey, PublicKey, proof_of_possession
from web.commands.context import Context, json_option, pass_context
from web.commands.noting import note
from web.commands.proposing import propose

SCOPES = click.Choice(use_cases.SCOPES)
LATER_AS = click.option("--as", "by", help="Who proposes it, if the partner has had a key.")
LATER_REASON = click.option("--reason", help="Why, likewise.")


@click.group()
def keys() -> None:
    """Partners' signing keys."""


@keys.command()
@click.argument("slug")
@click.option("--public-key", "file", type=click.Path(exists=True, path_type=Path), required=True)
@json_option
@pass_context
def challenge(context: Context, slug: str, file: Path) -> None:
    """What a partner signs to prove that it holds a key.

    The proof is good for ten minutes.
    """
    with context.database.transaction() as session:
        partner = registry.find(session, slug)
    created = int(time.time())
    text = proof_of_possession(use_cases.public_id(partner.id), file.read_text(), created).decode()
    if context.as_json:
        context.emit_one({"created": created, "sign": text})
    else:
        click.echo(f"--created {created}; sign these {len(text)} bytes, no newline at the end:")
        click.echo(text)


@keys.command()
@click.argument("slug")
@click.option("--public-key", "file", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--scope", "scopes", type=SCOPES, multiple=True, required=True)
@click.option("--created", type=int, required=True, help="The time in the challenge.")
@click.option("--proof", required=True, help="The signature of the challenge, base64url.")
@LATER_AS
@LATER_REASON
@json_option
@pass_context
def add(
    context: Context,
    slug: str,
    file: Path,
    scopes: tuple[str, ...],
    created: int,
    proof: str,
    by: str | None,
    reason: str | None,
) -> None:
    """Register a partner's first public key, or propose another one."""
    _register(context, slug, file.read_text(), scopes, created, proof, by, reason)


@keys.command()
@click.argument("slug")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A new file.")
@click.option("--scope", "scopes", type=SCOPES, multiple=True, default=use_cases.SCOPES)
@click.option("--algorithm", type=click.Choice([ED25519, P256]), default=ED25519, show_default=True)
@LATER_AS
@LATER_REASON
@json_option
@pass_context
def generate(
    context: Context,
    slug: str,
    out: Path,
    scopes: tuple[str, ...],
    algorithm: str,
    by: str | None,
    reason: str | None,
) -> None:
    """Make a key pair for a trial and register it; a real partner makes its own."""
    private = PrivateKey.generate(algorithm)
    with context.database.transaction() as session:
        partner = registry.find(session, slug)
    with os.fdopen(os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(private.to_pem())
    created = int(time.time())
    public = private.public_key.to_text()
    signature = private.sign(proof_of_possession(use_cases.public_id(partner.id), public, created))
    proof = urlsafe_b64encode(signature).decode().rstrip("=")
    try:
        _register(context, slug, public, scopes, created, proof, by, reason)
    except Exception:
        out.unlink()  # A key that nobody knows is in the way of the next try.
        raise


@keys.command(name="list")
@click.argument("slug")
@json_option
@pass_context
def list_(context: Context, slug: str) -> None:
    """Every key a partner ever had."""
    with context.database.transaction() as session:
        partner = registry.find(session, slug)
        context.emit(use_cases.listed(session, party=partner.party, now=context.clock()))


@keys.command()
@click.argument("slug")
@click.argument("key_id")
@json_option
@pass_context
def revoke(context: Context, slug: str, key_id: str) -> None:
    """End a key at once."""
    with context.database.transaction() as session:
        partner = registry.find(session, slug)
        facts = use_cases.revoke(session, party=partner.party, key_id=key_id, now=context.clock())
        note(context, session, "key-revoked", f"partner {slug}", after={"key": key_id})
    context.emit_one(facts)


def _register(
    context: Context,
    slug: str,
    public: str,
    scopes: tuple[str, ...],
    created: int,
    proof: str,
    by: str | None,
    reason: str | None,
) -> None:
    """At once for a partner that never had a key or is not let in yet; else two people agree."""
    PublicKey.from_text(public)
    now = context.clock()
    content = {
        "partner": slug,
        "public": public,
        "scopes": sorted(set(scopes)),
        "created": created,
        "proof": proof,
    }
    with context.database.transaction() as session:
        partner = registry.find(session, slug)
        known = use_cases.listed(session, party=partner.party, now=now)
        if partner.state != "applied" and known:
            if by is None or reason is None:
                raise click.UsageError(
                    f"{slug} has had a key: another is proposed, with --as and --reason"
                )
            use_cases.check(session, party=partner.party, content=content, now=now)
            propose(context, session, "partner-key", content, by, reason)
            return
        key = use_cases.NewKey(
            public=public,
            scopes=tuple(sorted(set(scopes))),
            created=created,
            proof=use_cases.from_base64(proof),
        )
        facts = use_cases.register(session, party=partner.party, key=key, now=now)
        made = {"key": facts["id"], "scopes": facts["scopes"]}
        note(context, session, "key-registered", f"partner {slug}", after=made)
    context.emit_one(facts)
