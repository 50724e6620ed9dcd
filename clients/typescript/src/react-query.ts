// TanStack Query for the same operations: hooks, and their options and keys. It is a separate entry
// point, so that other applications need neither React nor TanStack Query.

export * from './generated/@tanstack/react-query.gen.js';
