// TanStack Query over the same operations: hooks, and the options and keys that they are made of.
// An entry point of its own, so that who does not use it needs neither React nor TanStack Query.

export * from './generated/@tanstack/react-query.gen.js';
