// A client for the Tongbao hub: signs a request as the profile cpx-1 asks (RFC 9421), and
// believes the answer only if the hub has signed it for this very request.
//
//   npm install
//   node client.mjs ORIGIN KEYID PRIVATE_KEY_PEM_FILE METHOD PATH [JSON]
//
// prints the status, "verified: true" or "verified: false", and the body. It exits with 1 when
// the answer is unverified: what then became of the request is unknown, so send it again with
// the same idempotency key (set TONGBAO_IDEMPOTENCY_KEY).
//
// In a program, here with a large batch, whose lines would not fit into a command:
//
//   const request = await signRequest({
//     origin, keyId, privateKey, method: "POST", path: "/v1/batches", content: { orders }, idempotencyKey });
//   const { status, body, verified } = await send(request, hubKeys);

import { createHash, createPrivateKey, createPublicKey, randomBytes, randomUUID, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { createSigner, httpbis } from "http-message-signatures";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
const REQUEST_INPUT = /^cpx=\((?<covered>[^()]*)\);.*;nonce="(?<nonce>[\w-]+)";/;
const ANSWER_INPUT =
  /^[a-z*][a-z0-9_.*-]*=\((?<covered>[^()]*)\);created=\d+;nonce="(?<nonce>[\w-]+)";keyid="[^"\\]+";tag="cpx-response-1"$/;
const ALGORITHMS = { ed25519: "ed25519", ec: "ecdsa-p256-sha256" };

/** The hub's public keys by key id. They are as trustworthy as the TLS they came over: keep them. */
export async function fetchHubKeys(origin) {
  const response = await fetch(`${origin}/.well-known/tongbao-keys`);
  if (!response.ok) throw new Error(`the hub's keys are not to be had: status ${response.status}`);
  const { keys } = await response.json();
  return new Map(keys.map((jwk) => [jwk.kid, createPublicKey({ key: jwk, format: "jwk" })]));
}

/** A request as httpbis.signMessage understands it, signed; `content` is sent as JSON. */
export async function signRequest({ origin, keyId, privateKey, method, path, content, idempotencyKey }) {
  const headers = {};
  let body;
  if (content !== undefined) {
    body = Buffer.from(JSON.stringify(content));
    headers["content-type"] = "application/json";
    headers["content-digest"] = contentDigest("sha-256", body);
  }
  if (!SAFE_METHODS.has(method)) headers["idempotency-key"] = idempotencyKey ?? randomUUID();
  const key = createPrivateKey(privateKey);
  const signed = await httpbis.signMessage(
    {
      key: createSigner(key, ALGORITHMS[key.asymmetricKeyType], keyId),
      name: "cpx",
      fields: ["@method", "@target-uri", ...Object.keys(headers)],
      params: ["created", "nonce", "keyid", "tag"],
      paramValues: { nonce: randomBytes(16).toString("base64url"), tag: "cpx-request-1" },
    },
    { method, url: origin + path, headers },
  );
  return { ...signed, body };
}

/** Send a signed request. `verified` tells whether the hub gave this answer to this request. */
export async function send(request, hubKeys) {
  const response = await fetch(request.url, {
    method: request.method,
    headers: request.headers,
    body: request.body,
    redirect: "manual",
  });
  const answer = {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  };
  return { ...answer, verified: await isVerified(request, answer, hubKeys) };
}

/** Whether the signature is the hub's, covers all it must, and fits request and content. */
export async function isVerified(request, answer, hubKeys) {
  // The library checks the cryptography; what is covered, and for whom, is for us to check.
  const given = ANSWER_INPUT.exec(answer.headers["signature-input"] ?? "");
  const asked = REQUEST_INPUT.exec(request.headers["Signature-Input"]);
  const required = [
    '"@status"',
    ...("content-type" in answer.headers ? ['"content-type"'] : []),
    '"content-digest"',
    ...asked.groups.covered.split(" ").map((name) => `${name};req`),
  ];
  if (given?.groups.covered !== required.join(" ")) return false;
  if (given.groups.nonce !== asked.groups.nonce) return false;
  try {
    const verified = await httpbis.verifyMessage(
      {
        keyLookup: async ({ keyid }) => (hubKeys.has(keyid) ? verifier(keyid, hubKeys.get(keyid)) : null),
        notAfter: Infinity, // The echoed nonce makes the answer as fresh as the request.
      },
      answer,
      request,
    );
    return verified === true && (request.method === "HEAD" || digestFits(answer));
  } catch {
    return false;
  }
}

function verifier(id, key) {
  const algorithm = ALGORITHMS[key.asymmetricKeyType];
  const check = (data, signature) =>
    algorithm === "ed25519"
      ? verify(null, data, key, signature)
      : verify("sha256", data, { key, dsaEncoding: "ieee-p1363" }, signature);
  return { id, algs: [algorithm], verify: async (data, signature) => check(data, signature) };
}

function contentDigest(algorithm, body) {
  const name = algorithm.replace("-", "");
  return `${algorithm}=:${createHash(name).update(body).digest("base64")}:`;
}

function digestFits({ headers, body }) {
  const algorithm = /^sha-(256|512)(?==)/.exec(headers["content-digest"])?.[0];
  return algorithm !== undefined && headers["content-digest"] === contentDigest(algorithm, body);
}

async function main([origin, keyId, keyFile, method, path, json]) {
  if (path === undefined) {
    console.error("usage: node client.mjs ORIGIN KEYID PRIVATE_KEY_PEM_FILE METHOD PATH [JSON]");
    return 2;
  }
  const request = await signRequest({
    origin,
    keyId,
    privateKey: readFileSync(keyFile),
    method,
    path,
    content: json === undefined ? undefined : JSON.parse(json),
    idempotencyKey: process.env.TONGBAO_IDEMPOTENCY_KEY,
  });
  const answer = await send(request, await fetchHubKeys(origin));
  console.log(answer.status);
  console.log(`verified: ${answer.verified}`);
  console.log(answer.body.toString());
  return answer.verified ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = await main(process.argv.slice(2));
}
