// What examples import and is not here: what bundlers make of files, and a test runner.

declare module "room-messaging/wasm" {
  const address: string;
  export default address;
}

declare module "vitest" {
  export function test(title: string, act: () => unknown): void;
  export function beforeEach(act: () => unknown): void;
  export function afterEach(act: () => unknown): void;
  export function expect(value: unknown): {
    toBe(expected: unknown): void;
    toEqual(expected: unknown): void;
  };
}
