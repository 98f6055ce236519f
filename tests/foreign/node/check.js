// Checks a proof of one entry (C2SP tlog-proof) by the functions of @sigstore/verify.
//
//   node check.js FILE VKEY
//
// It exits with 0 when checkpoint and proof are accepted, with 1 otherwise.
"use strict";

const { createPublicKey } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { verifyCheckpoint } = require("@sigstore/verify/dist/tlog/checkpoint.js");
const { verifyMerkleInclusion } = require("@sigstore/verify/dist/tlog/merkle.js");

// What stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410).
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

function log(vkey) {
  const [name, id, body] = vkey.split(/\+([0-9a-f]{8})\+/);
  const der = Buffer.concat([SPKI, Buffer.from(body, "base64").subarray(1)]);
  const publicKey = createPublicKey({ key: der, format: "der", type: "spki" });
  return { baseURL: name, logID: Buffer.from(id, "hex"), publicKey };
}

function entry(text) {
  const cut = text.indexOf("\n\n");
  const [head, extra, index, ...hashes] = text.slice(0, cut).split("\n");
  if (head !== "c2sp.org/tlog-proof@v1") {
    throw new Error("not a proof");
  }
  return {
    canonicalizedBody: Buffer.from(extra.replace("extra ", ""), "base64"),
    inclusionProof: {
      logIndex: index.replace("index ", ""),
      hashes: hashes.map((each) => Buffer.from(each, "base64")),
      checkpoint: { envelope: text.slice(cut + 2) },
    },
  };
}

try {
  const found = entry(readFileSync(process.argv[2], "utf8"));
  const checkpoint = verifyCheckpoint(found, [log(process.argv[3])]);
  verifyMerkleInclusion(found, checkpoint);
  console.log("accepted");
} catch (error) {
  console.log(`refused: ${error.message}`);
  process.exitCode = 1;
}
