/** The digest worker's hashed address, put in by scripts/build-storefront. */
declare const DIGEST_WORKER_URL: string;
