// Run with node by Tests/Storefront/run: NIST's vectors, every length around the block size, and uneven pieces.

import { SHA256 } from "../src/lib/sha256";

declare function require(name: "crypto"): {
  createHash(name: string): { update(data: Uint8Array): { digest(encoding: "hex"): string } };
};
declare const process: { exitCode: number };
const { createHash } = require("crypto");

let failures = 0;
function expect(name: string, have: string, want: string): void {
  if (have === want) return;
  failures += 1;
  console.error(`${name}: ${have} is not ${want}`);
}
const ascii = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const digest = (bytes: Uint8Array) => new SHA256().update(bytes).hex();

expect("empty", digest(ascii("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
expect("abc", digest(ascii("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
expect(
  "two blocks",
  digest(ascii("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
);
expect(
  "a million times a",
  digest(new Uint8Array(1_000_000).fill(0x61)),
  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
);

let seed = 1;
const random = () => (seed = (seed * 48271) % 2147483647);
for (let length = 0; length < 260; length++) {
  const bytes = Uint8Array.from({ length }, () => random() & 255);
  expect(`length ${length}`, digest(bytes), createHash("sha256").update(bytes).digest("hex"));
}
const large = Uint8Array.from({ length: 300_000 }, () => random() & 255);
const pieces = new SHA256();
for (let offset = 0; offset < large.length; ) {
  const size = random() % 700;
  pieces.update(large.subarray(offset, offset + size));
  offset += size;
}
expect("uneven pieces", pieces.hex(), createHash("sha256").update(large).digest("hex"));

const started = Date.now();
digest(new Uint8Array(64 * 1024 * 1024));
console.log(`sha256: ${failures} failures, ${Math.round((64 * 1000) / (Date.now() - started))} MiB/s`);
process.exitCode = failures ? 1 : 0;
