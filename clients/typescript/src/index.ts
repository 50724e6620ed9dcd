// The typed client of the HTTP API: one function per operation, the types of the contract, and the
// contract's version.

export * from './generated/index.js';
export { client, type CreateClientConfig } from './generated/client.gen.js';
export { createClient, createConfig, type Client, type Config } from './generated/client/index.js';
export { CONTRACT_SHA256, CONTRACT_VERSION } from './generated/contract.gen.js';
